"""What people tell in passing: before a request, as a wish, about what they said before; and reactions to an answer.

Each was written before anybody looked at what the code makes of it. At first 18 of 24 before a request, 5 of 18
reactions and 6 of 8 that lean were judged right; 22 of 23 wishes were kept, 11 as such. Of the 45 in `UNSEEN`,
written after that was mended, 41 were; three more were mended then.
"""

# ruff: noqa: E501  (a message is one line)

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A message; a part of the memory that it leaves, "" for none; what is in no memory; the kind, if it counts."""

    text: str
    kept: str
    left_out: str
    kind: str = ""


BEFORE_A_REQUEST = (
    Case(
        "I'm Ada, a surveyor in Lisbon, can you help me plan my week?",
        "Ada, a surveyor in Lisbon",
        "help me",
        "",
    ),
    Case(
        "I'm working on a Django app with a deadline of April 15, 2024, and I need to plan my tasks, can you help me create a schedule to make sure I finish on time?",
        "Django app with a deadline of April 15, 2024",
        "create a schedule",
        "",
    ),
    Case(
        "My daughter starts school in September and I'm a bit nervous, could you suggest what to buy for her first day?",
        "My daughter starts school in September",
        "suggest",
        "",
    ),
    Case(
        "We keep three hens in the garden, so could you please tell me how to keep foxes out?",
        "three hens in the garden",
        "foxes",
        "",
    ),
    Case(
        "I've solved 12 of the 20 exercises so far, how do I tackle the rest?",
        "12 of the 20 exercises",
        "tackle",
        "",
    ),
    Case(
        "Ich arbeite als Hebamme in Graz, kannst du mir bei einem Dienstplan helfen?",
        "Hebamme in Graz",
        "helfen",
        "profile",
    ),
    Case(
        "Wir ziehen im Mai nach Bremen, könntest du mir eine Checkliste schreiben?",
        "im Mai nach Bremen",
        "Checkliste",
        "",
    ),
    Case(
        "Ich bin allergisch gegen Hausstaub und schlafe schlecht, hast du Tipps für mich?",
        "allergisch gegen Hausstaub",
        "Tipps",
        "",
    ),
    Case(
        "Trabajo de enfermera en Bilbao, ¿puedes ayudarme a organizar mis turnos?",
        "enfermera en Bilbao",
        "ayudarme",
        "profile",
    ),
    Case("Tengo dos hijos y poco tiempo, ¿me podrías dar ideas de cenas rápidas?", "dos hijos", "cenas", ""),
    Case(
        "J'habite à Nantes avec mon chat, peux-tu m'aider à trouver un vétérinaire ?",
        "Nantes avec mon chat",
        "vétérinaire",
        "",
    ),
    Case(
        "Je suis professeur de physique, pourriez-vous m'expliquer comment noter plus vite ?",
        "professeur de physique",
        "noter",
        "profile",
    ),
    Case(
        "Lavoro in un panificio a Bari, mi puoi aiutare a scrivere un annuncio?",
        "panificio a Bari",
        "annuncio",
        "",
    ),
    Case(
        "Moro em Braga e estudo direito, você pode me ajudar a montar um plano de estudos?",
        "Braga",
        "montar",
        "",
    ),
    Case(
        "Ik woon in Utrecht en werk als loodgieter, kun je me helpen met een offerte?",
        "Utrecht",
        "offerte",
        "",
    ),
    Case("Mieszkam w Gdyni i uczę się hiszpańskiego, czy możesz mi pomóc ułożyć plan?", "Gdyni", "plan", ""),
    Case(
        "Я работаю фельдшером в Томске, можешь помочь мне составить график?",
        "фельдшером в Томске",
        "график",
        "profile",
    ),
    Case(
        "У меня двое детей и собака, не могли бы вы посоветовать, куда поехать летом?",
        "двое детей",
        "посоветовать",
        "",
    ),
    Case(
        "İzmir'de öğretmenlik yapıyorum, bana bir ders planı hazırlayabilir misin?",
        "öğretmenlik",
        "ders planı",
        "",
    ),
    Case("我在成都做会计，你能帮我写一份简历吗？", "成都做会计", "简历", ""),
    Case("我养了两只猫，可以推荐一种猫粮吗？", "两只猫", "猫粮", ""),
    Case("私は札幌で看護師をしています、旅行の計画を手伝ってくれますか？", "札幌で看護師", "手伝って", ""),
    Case(
        "저는 부산에서 요리사로 일하고 있어요, 메뉴 짜는 것 좀 도와줄 수 있어요?",
        "부산에서 요리사",
        "메뉴",
        "",
    ),
    Case("أعمل مهندسة في عمان، هل يمكنك مساعدتي في كتابة رسالة؟", "مهندسة في عمان", "رسالة", ""),
)

WISHES = (
    Case(
        "Always format code with syntax highlighting when I ask about implementation details.",
        "syntax highlighting",
        "",
        "preference",
    ),
    Case("I prefer libraries with few dependencies.", "few dependencies", "", "preference"),
    Case("Never round numbers when I ask about money.", "round numbers", "", "preference"),
    Case("I'd rather see an example before the theory.", "example before the theory", "", "preference"),
    Case("Gib immer die Quelle an, wenn ich nach Zahlen frage.", "Quelle", "", "preference"),
    Case("Ich bevorzuge Beispiele vor der Theorie.", "Beispiele", "", "preference"),
    Case("Incluye siempre las unidades cuando te pregunte por medidas.", "unidades", "", "preference"),
    Case("Prefiero respuestas con ejemplos.", "ejemplos", "", "preference"),
    Case(
        "Donne toujours la version du logiciel quand je pose une question technique.",
        "version",
        "",
        "preference",
    ),
    Case("Je préfère les explications courtes.", "explications courtes", "", "preference"),
    Case("Preferisco soluzioni semplici senza librerie esterne.", "soluzioni semplici", "", "preference"),
    Case("Prefiro que as respostas tenham listas.", "listas", "", "preference"),
    Case("Всегда указывай версии библиотек, когда я спрашиваю про код.", "версии", "", "preference"),
    Case("Я предпочитаю короткие ответы.", "короткие ответы", "", "preference"),
    Case("我更喜欢带例子的回答。", "例子", "", "preference"),
    Case("我问代码问题时，请始终写上版本号。", "版本号", "", "preference"),
    Case("私は例の多い説明の方が好きです。", "例の多い説明", "", "preference"),
    Case("コードについて聞くときは、いつもバージョンを書いてください。", "バージョン", "", "preference"),
    Case("저는 짧은 답변을 선호해요.", "짧은 답변", "", "preference"),
    Case("Ik geef de voorkeur aan korte antwoorden.", "korte antwoorden", "", "preference"),
    Case("Wolę krótkie odpowiedzi z przykładami.", "krótkie odpowiedzi", "", "preference"),
    Case("Kısa cevapları tercih ederim.", "Kısa cevapları", "", "preference"),
)

REACTIONS = (
    Case("Sure, I get the gist of it.", "", "gist", ""),
    Case("Okay, I understand what you mean now.", "", "understand", ""),
    Case("Hmm, I see your point, that makes sense.", "", "point", ""),
    Case("I'll try that and get back to you.", "", "try", ""),
    Case("That's exactly what I was looking for!", "", "looking", ""),
    Case("I think I've got it now, let me see.", "", "got it", ""),
    Case("Alles klar, ich hab's verstanden.", "", "verstanden", ""),
    Case("Ich probiere das mal aus und melde mich.", "", "probiere", ""),
    Case("Vale, ya lo entiendo mejor.", "", "entiendo", ""),
    Case("D'accord, je comprends l'idée.", "", "comprends", ""),
    Case("Ok, adesso ho capito.", "", "capito", ""),
    Case("Certo, agora entendi.", "", "entendi", ""),
    Case("Хорошо, я понял, спасибо.", "", "понял", ""),
    Case("好的，我明白了。", "", "明白", ""),
    Case("なるほど、分かりました。", "", "分かりました", ""),
    Case("네, 이해했어요.", "", "이해", ""),
    Case("Can you help me, I'm stuck?", "", "stuck", ""),
    Case("I was wondering if you could help me with a regex, can you?", "", "regex", ""),
)

LEANING = (
    Case(
        "I have two sons. One of them plays the cello.",
        "I have two sons. One of them plays the cello.",
        "",
        "",
    ),
    Case(
        "The kitchen is too dark at night. I hate that.",
        "The kitchen is too dark at night. I hate that.",
        "",
        "",
    ),
    Case(
        "I bought a used kayak last week. It leaks a little.",
        "I bought a used kayak last week. It leaks a little.",
        "",
        "",
    ),
    Case(
        "Ich habe eine Schwester. Sie wohnt in Kiel.", "Ich habe eine Schwester. Sie wohnt in Kiel.", "", ""
    ),
    Case("Tengo un hermano mayor. Él vive en Lima.", "Tengo un hermano mayor. Él vive en Lima.", "", ""),
    Case("J'ai un vieux vélo. Il grince beaucoup.", "J'ai un vieux vélo. Il grince beaucoup.", "", ""),
    Case("У меня есть сестра. Она живёт в Казани.", "У меня есть сестра. Она живёт в Казани.", "", ""),
    Case(
        "Which one should I take, the red or the blue? I think that one is better.",
        "",
        "that one is better",
        "",
    ),
)

UNSEEN = (
    Case(
        "My wife and I run a small bakery in Leeds, would you be able to draft a flyer for us?",
        "run a small bakery in Leeds",
        "flyer",
        "",
    ),
    Case(
        "I've lived in Oslo since 2015; what's a good way to meet people here?",
        "lived in Oslo since 2015",
        "meet people",
        "",
    ),
    Case(
        "I'm learning Rust for my thesis on compilers, please explain lifetimes to me.",
        "learning Rust for my thesis",
        "explain",
        "",
    ),
    Case(
        "I'm using React 18 and Vite 4, and here's my config so far:\n```js\nexport default {}\n```",
        "React 18 and Vite 4",
        "config so far",
        "",
    ),
    Case(
        "Mein Sohn ist sieben und liebt Dinosaurier, was könnte ich ihm zum Geburtstag schenken?",
        "Sohn ist sieben",
        "schenken",
        "",
    ),
    Case(
        "Ich lerne gerade Portugiesisch für meinen Umzug nach Porto, gibst du mir bitte ein paar Übungen?",
        "Portugiesisch für meinen Umzug",
        "Übungen",
        "",
    ),
    Case(
        "Vivo en Sevilla con mi abuela, ¿qué me recomiendas para el calor?",
        "Sevilla con mi abuela",
        "recomiendas",
        "",
    ),
    Case(
        "Je prépare un marathon en octobre, tu pourrais me faire un programme ?",
        "marathon en octobre",
        "programme",
        "",
    ),
    Case(
        "Моя дочь учится в седьмом классе, помогите ей с алгеброй, пожалуйста.",
        "дочь учится в седьмом классе",
        "алгебр",
        "",
    ),
    Case("我的儿子今年上小学了，有什么好书推荐吗？", "儿子今年上小学", "好书", ""),
    Case("来月大阪に引っ越します、おすすめの地域はありますか？", "来月大阪に引っ越し", "地域", ""),
    Case("Ho tre gatti e un balcone piccolo, come posso tenerli al sicuro?", "tre gatti", "sicuro", ""),
    Case("Always cite your sources when I ask for statistics.", "cite", "", "preference"),
    Case("I prefer walking to driving.", "walking", "", "preference"),
    Case("Verwende nie Anglizismen, wenn du mir schreibst.", "Anglizismen", "", "preference"),
    Case("Mir sind Tabellen lieber als Fließtext.", "Tabellen", "", "preference"),
    Case("Ne réponds jamais en anglais.", "anglais", "", "preference"),
    Case("Nunca uses emojis cuando hablemos de trabajo.", "emojis", "", "preference"),
    Case("Мне больше нравятся объяснения с примерами.", "примерами", "", "preference"),
    Case("Rispondi sempre in italiano.", "italiano", "", "preference"),
    Case("Use sempre unidades métricas nas respostas.", "métricas", "", "preference"),
    Case("以后请用中文回答我。", "中文", "", "preference"),
    Case("これからは敬語を使わないでください。", "敬語", "", "preference"),
    Case("Got it, thanks for clearing that up.", "", "clearing", ""),
    Case("I'll give it a shot tomorrow.", "", "shot", ""),
    Case("Interesting, I didn't know that.", "", "didn't know", ""),
    Case("That helps a lot, I appreciate it.", "", "helps", ""),
    Case("Okay, das leuchtet mir ein.", "", "leuchtet", ""),
    Case("Das klingt nach einem guten Plan.", "", "Plan", ""),
    Case("Perfecto, lo voy a probar mañana.", "", "probar", ""),
    Case("Super, je vais tester ça ce soir.", "", "tester", ""),
    Case("Понятно, буду пробовать.", "", "пробовать", ""),
    Case("原来是这样，谢谢。", "", "原来", ""),
    Case("ありがとうございます、試してみます。", "", "試し", ""),
    Case("I don't get it.", "", "get it", ""),
    Case("I understand Spanish but can't speak it.", "understand Spanish", "", ""),
    Case("It's my birthday on Friday.", "birthday on Friday", "", ""),
    Case("I see a therapist every Tuesday.", "therapist", "", ""),
    Case("Ich verstehe Schwedisch ein bisschen.", "Schwedisch", "", ""),
    Case("There are four of us in the family, and I cook every day.", "four of us", "", ""),
    Case("That's my favourite kind of tea: jasmine.", "jasmine", "", ""),
    Case("I know that my landlord wants to sell the house.", "landlord", "", ""),
    Case("Я понимаю по-французски.", "по-французски", "", ""),
    Case("I finished 15 of the 20 problems today.", "15 of the 20", "", ""),
)
