"""Sentences by which an embedder is measured: see calibration.py.

Line by line the same in each language. A question is answered by the fact in its place, and by no other; the
facts are written as an LLM writes them ("The user ...") and as users do ("I ...").
"""

QUESTIONS = (
    (  # en
        "What is my surname?",
        "Where does my sister live?",
        "What do I eat in the morning?",
        "Which sport do I do?",
        "Which subject was I worst at in school?",
    ),
    (  # de
        "Wie heiße ich mit Nachnamen?",
        "Wo wohnt meine Schwester?",
        "Was esse ich morgens?",
        "Welchen Sport mache ich?",
        "In welchem Schulfach war ich am schlechtesten?",
    ),
    (  # es
        "¿Cuál es mi apellido?",
        "¿Dónde vive mi hermana?",
        "¿Qué como por la mañana?",
        "¿Qué deporte practico?",
        "¿Qué asignatura se me daba peor en la escuela?",
    ),
    (  # fr
        "Quel est mon nom de famille ?",
        "Où habite ma sœur ?",
        "Qu'est-ce que je mange le matin ?",
        "Quel sport est-ce que je fais ?",
        "Dans quelle matière étais-je le plus mauvais à l'école ?",
    ),
    (  # ru
        "Какая у меня фамилия?",
        "Где живёт моя сестра?",
        "Что я ем по утрам?",
        "Каким спортом я занимаюсь?",
        "По какому предмету я хуже всего учился в школе?",
    ),
    (  # tr
        "Soyadım ne?",
        "Kız kardeşim nerede yaşıyor?",
        "Sabahları ne yiyorum?",
        "Hangi sporu yapıyorum?",
        "Okulda en kötü olduğum ders hangisiydi?",
    ),
    (  # ar
        "ما هو اسم عائلتي؟",
        "أين تعيش أختي؟",
        "ماذا آكل في الصباح؟",
        "أي رياضة أمارس؟",
        "في أي مادة كنت الأضعف في المدرسة؟",
    ),
    (  # hi
        "मेरा उपनाम क्या है?",
        "मेरी बहन कहाँ रहती है?",
        "मैं सुबह क्या खाता हूँ?",
        "मैं कौन सा खेल खेलता हूँ?",
        "स्कूल में मैं किस विषय में सबसे कमज़ोर था?",
    ),
    (  # zh
        "我姓什么？",
        "我妹妹住在哪里？",
        "我早上吃什么？",
        "我做什么运动？",
        "我上学时哪门课最差？",
    ),
    (  # ja
        "私の名字は何ですか？",
        "私の妹はどこに住んでいますか？",
        "私は朝に何を食べますか？",
        "私は何のスポーツをしていますか？",
        "学校で私が一番苦手だった科目は？",
    ),
    (  # ko
        "내 성이 뭐지?",
        "내 여동생은 어디에 살아?",
        "나는 아침에 뭘 먹지?",
        "나는 무슨 운동을 해?",
        "학교에서 내가 제일 못한 과목은 뭐였지?",
    ),
)

FACTS = (
    (  # en
        "The user's family name is Novak.",
        "My sister has settled in Zurich.",
        "The user has porridge with apples for breakfast.",
        "I swim in a club twice a week.",
        "The user always failed mathematics.",
    ),
    (  # de
        "Der Familienname des Nutzers ist Novak.",
        "Meine Schwester lebt jetzt in Zürich.",
        "Der Nutzer frühstückt Haferbrei mit Äpfeln.",
        "Ich schwimme zweimal die Woche im Verein.",
        "Der Nutzer ist in Mathematik immer durchgefallen.",
    ),
    (  # es
        "El apellido del usuario es Novak.",
        "Mi hermana se ha instalado en Zúrich.",
        "El usuario desayuna avena con manzana.",
        "Nado en un club dos veces por semana.",
        "El usuario siempre suspendía matemáticas.",
    ),
    (  # fr
        "Le nom de famille de l'utilisateur est Novak.",
        "Ma sœur s'est installée à Zurich.",
        "L'utilisateur prend du porridge aux pommes au petit déjeuner.",
        "Je nage en club deux fois par semaine.",
        "L'utilisateur a toujours raté les mathématiques.",
    ),
    (  # ru
        "Фамилия пользователя — Новак.",
        "Сестра обосновалась в Цюрихе.",
        "Пользователь завтракает овсянкой с яблоками.",
        "Два раза в неделю я плаваю в клубе.",
        "Пользователь всегда проваливал математику.",
    ),
    (  # tr
        "Kullanıcının soyadı Novak.",
        "Kız kardeşim Zürih'e yerleşti.",
        "Kullanıcı kahvaltıda elmalı yulaf lapası yer.",
        "Haftada iki kez kulüpte yüzerim.",
        "Kullanıcı matematikten hep kalırdı.",
    ),
    (  # ar
        "لقب المستخدم هو نوفاك.",
        "استقرت أختي في زيورخ.",
        "يفطر المستخدم على الشوفان والتفاح.",
        "أسبح في ناد مرتين في الأسبوع.",
        "كان المستخدم يرسب دائما في الرياضيات.",
    ),
    (  # hi
        "उपयोगकर्ता का कुलनाम नोवाक है।",
        "मेरी बहन ज्यूरिख में बस गई है।",
        "उपयोगकर्ता नाश्ते में सेब के साथ दलिया लेता है।",
        "मैं हफ़्ते में दो बार क्लब में तैरता हूँ।",
        "उपयोगकर्ता गणित में हमेशा फ़ेल होता था।",
    ),
    (  # zh
        "用户的姓氏是诺瓦克。",
        "我妹妹在苏黎世定居了。",
        "用户早餐吃苹果燕麦粥。",
        "我每周在俱乐部游泳两次。",
        "用户的数学总是不及格。",
    ),
    (  # ja
        "ユーザーの姓はノヴァク。",
        "妹はチューリッヒに落ち着きました。",
        "ユーザーの朝食はりんご入りのオートミール。",
        "週に二回クラブで泳いでいます。",
        "ユーザーはいつも数学で落第していた。",
    ),
    (  # ko
        "사용자의 성은 노박이다.",
        "여동생은 취리히에 정착했어요.",
        "사용자는 아침으로 사과를 넣은 오트밀을 먹는다.",
        "일주일에 두 번 클럽에서 수영해요.",
        "사용자는 늘 수학에서 낙제했다.",
    ),
)

# Of each language's facts, those that speak of "the user".
THIRD_PERSON = (0, 2, 4)

# Whatever people ask a model that is not about them.
OTHER = (
    (  # en
        "How do I sort a table in Excel?",
        "Write a short poem about the sea.",
        "What is the boiling point of water?",
        "Why does my code not compile?",
        "Who painted the Mona Lisa?",
    ),
    (  # de
        "Wie sortiere ich eine Tabelle in Excel?",
        "Schreib ein kurzes Gedicht über das Meer.",
        "Bei wie viel Grad siedet Wasser?",
        "Warum lässt sich mein Code nicht übersetzen?",
        "Wer hat die Mona Lisa gemalt?",
    ),
    (  # es
        "¿Cómo ordeno una tabla en Excel?",
        "Escribe un poema corto sobre el mar.",
        "¿A qué temperatura hierve el agua?",
        "¿Por qué no compila mi código?",
        "¿Quién pintó la Mona Lisa?",
    ),
    (  # fr
        "Comment trier un tableau dans Excel ?",
        "Écris un court poème sur la mer.",
        "À quelle température l'eau bout-elle ?",
        "Pourquoi mon code ne compile-t-il pas ?",
        "Qui a peint la Joconde ?",
    ),
    (  # ru
        "Как отсортировать таблицу в Excel?",
        "Напиши короткое стихотворение о море.",
        "При какой температуре кипит вода?",
        "Почему мой код не компилируется?",
        "Кто написал «Мону Лизу»?",
    ),
    (  # tr
        "Excel'de bir tabloyu nasıl sıralarım?",
        "Deniz hakkında kısa bir şiir yaz.",
        "Su kaç derecede kaynar?",
        "Kodum neden derlenmiyor?",
        "Mona Lisa'yı kim yaptı?",
    ),
    (  # ar
        "كيف أرتب جدولا في إكسل؟",
        "اكتب قصيدة قصيرة عن البحر.",
        "ما هي درجة غليان الماء؟",
        "لماذا لا يعمل الكود الخاص بي؟",
        "من رسم الموناليزا؟",
    ),
    (  # hi
        "एक्सेल में तालिका को कैसे क्रमबद्ध करूँ?",
        "समुद्र पर एक छोटी कविता लिखो।",
        "पानी किस तापमान पर उबलता है?",
        "मेरा कोड कंपाइल क्यों नहीं हो रहा?",
        "मोना लिसा किसने बनाई?",
    ),
    (  # zh
        "怎么在Excel里给表格排序？",
        "写一首关于大海的短诗。",
        "水的沸点是多少度？",
        "为什么我的代码编译不了？",
        "《蒙娜丽莎》是谁画的？",
    ),
    (  # ja
        "Excelで表を並べ替えるには？",
        "海について短い詩を書いて。",
        "水の沸点は何度ですか？",
        "私のコードがコンパイルできないのはなぜ？",
        "モナ・リザを描いたのは誰？",
    ),
    (  # ko
        "엑셀에서 표를 어떻게 정렬해?",
        "바다에 대한 짧은 시를 써 줘.",
        "물의 끓는점은 몇 도야?",
        "내 코드가 왜 컴파일되지 않지?",
        "모나리자는 누가 그렸어?",
    ),
)

# Lines of chats and diaries: a form of its own, that embedders find alike.
DATED = (
    "[2 March 2022] Anna: I finally repotted the ferns, and they look so much better now!",
    "[17 October 2021] Peter: That sounds great. How did the exam go in the end?",
    "[30 June 2024] Anna: We watched the boats all afternoon. The kids loved it.",
    "2023-09-11: Peter brought back the ladder and stayed for dinner.",
    "[5 January 2023] Maria: Thanks! I'm still looking for a used bike, by the way.",
    "2022-12-20: Anna said the new office is too loud, so she works from the library.",
)

# The first two facts in the other person, by the number of their language above.
RESTATED = {
    0: ("My surname is Novak.", "The user's sister has settled in Zurich."),  # en
    2: ("Mi apellido es Novak.", "La hermana del usuario se ha instalado en Zúrich."),  # es
    4: ("Моя фамилия — Новак.", "Сестра пользователя обосновалась в Цюрихе."),  # ru
    6: ("لقبي هو نوفاك.", "استقرت أخت المستخدم في زيورخ."),  # ar
    8: ("我的姓氏是诺瓦克。", "用户的妹妹在苏黎世定居了。"),  # zh
    9: ("私の姓はノヴァクです。", "ユーザーの妹はチューリッヒに落ち着いた。"),  # ja
}

# Further scripts, of which many embedders know little: only what their sentences have in common is measured.
FURTHER = (
    (  # el
        "Το επώνυμο του χρήστη είναι Νόβακ.",
        "Η αδελφή μου εγκαταστάθηκε στη Ζυρίχη.",
        "Κολυμπάω δύο φορές την εβδομάδα.",
    ),
    (  # he
        "שם המשפחה של המשתמש הוא נובאק.",
        "אחותי השתקעה בציריך.",
        "אני שוחה פעמיים בשבוע.",
    ),
    (  # th
        "นามสกุลของผู้ใช้คือโนวัค",
        "น้องสาวของฉันย้ายไปอยู่ที่ซูริก",
        "ฉันว่ายน้ำสัปดาห์ละสองครั้ง",
    ),
    (  # bn
        "ব্যবহারকারীর পদবি নোভাক।",
        "আমার বোন জুরিখে বসবাস করছে।",
        "আমি সপ্তাহে দুবার সাঁতার কাটি।",
    ),
    (  # ta
        "பயனரின் குடும்பப் பெயர் நோவாக்.",
        "என் தங்கை சூரிச்சில் குடியேறிவிட்டாள்.",
        "நான் வாரத்தில் இரண்டு முறை நீந்துகிறேன்.",
    ),
    (  # fa
        "نام خانوادگی کاربر نوواک است.",
        "خواهرم در زوریخ ساکن شده است.",
        "من شنا کردن را دوست دارم.",
    ),
)
