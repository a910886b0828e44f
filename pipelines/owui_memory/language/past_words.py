"""Words of questions about what was said before, and of times, language by language: see `past`."""

# ruff: noqa: E501  (lists of words are read and corrected as text)

# One language a line. Phrases of one that sets no spaces are looked for anywhere.
SIGNS = """
did i ask, did i say, did i tell, did i mention, did i bring up, i asked you, i told you, i mentioned, i brought up, have i asked, have i said, have i told, have i mentioned, did we, have we, we discussed, we talked, we spoke, we decided, we agreed, you told me, you suggested, did you say, did you tell, did you suggest, did you recommend, our conversation, our conversations, our chat, our chats, our discussions, our sessions, my sessions, earlier chats, past chats, last time, how often did, how often have, how many times, in which order, in what order, the order in which, summary of how, summary of my, summary of our, summarize how, summarize my, summarize our, summarise how, summarise my, has progressed
habe ich dir, hab ich dir, habe ich dich, hab ich dich, habe ich gefragt, habe ich dich gefragt, hab ich dich gefragt, habe ich gesagt, habe ich dir gesagt, habe ich dir erzählt, hab ich dir erzählt, habe ich erwähnt, haben wir, hatten wir, hast du gesagt, hast du mir, hast du vorgeschlagen, hast du empfohlen, unser gespräch, unsere gespräche, unseren gesprächen, unserem gespräch, letztes mal, beim letzten mal, wie oft, wie viele male, in welcher reihenfolge, zusammenfassung meiner, zusammenfassung unserer
te pregunté, te dije, te conté, mencioné, hemos hablado, hablamos, hemos decidido, decidimos, acordamos, hemos acordado, me dijiste, me recomendaste, me sugeriste, nuestra conversación, nuestras conversaciones, la última vez, cuántas veces, con qué frecuencia, en qué orden
t'ai demandé, t'ai dit, t'ai parlé, ai mentionné, avons nous, nous avons, on a parlé, on a décidé, m'as dit, as tu dit, m'as conseillé, notre conversation, nos conversations, la dernière fois, combien de fois, à quelle fréquence, dans quel ordre
я спрашивал, я спрашивала, я тебе говорил, я тебе говорила, я говорил, я говорила, я рассказывал, я рассказывала, я упоминал, я упоминала, мы говорили, мы обсуждали, мы решили, мы договорились, ты говорил, ты сказал, ты советовал, ты предлагал, нашем разговоре, наших разговорах, наши разговоры, в прошлый раз, как часто, сколько раз, в каком порядке
ti ho chiesto, ti ho detto, ti ho raccontato, ho menzionato, abbiamo parlato, abbiamo deciso, abbiamo discusso, mi hai detto, mi hai consigliato, la nostra conversazione, le nostre conversazioni, l'ultima volta, quante volte, quanto spesso, in che ordine, in quale ordine
te perguntei, te disse, te contei, lhe perguntei, eu mencionei, nós falamos, falamos sobre, conversamos, decidimos, combinamos, você disse, você me disse, você sugeriu, nossa conversa, nossas conversas, da última vez, a última vez, quantas vezes, com que frequência, em que ordem
heb ik gevraagd, heb ik je gevraagd, heb ik gezegd, heb ik je verteld, heb ik genoemd, hebben we, hadden we, heb je gezegd, heb je me, ons gesprek, onze gesprekken, de vorige keer, vorige keer, hoe vaak, hoeveel keer, in welke volgorde
pytałem, pytałam, mówiłem, mówiłam, wspominałem, wspominałam, opowiadałem, opowiadałam, rozmawialiśmy, ustaliliśmy, zdecydowaliśmy, omawialiśmy, mówiłeś, radziłeś, proponowałeś, nasza rozmowa, naszej rozmowie, naszych rozmów, naszych rozmowach, ostatnim razem, jak często, ile razy, w jakiej kolejności
sana sordum, sormuştum, sana söyledim, söylemiştim, sana anlattım, bahsettim, bahsetmiştim, konuştuk, konuşmuştuk, karar verdik, kararlaştırdık, söylemiştin, önermiştin, konuşmamızda, konuşmalarımızda, geçen sefer, ne sıklıkla, kaç kez, kaç kere, hangi sırayla
سألتك, قلت لك, أخبرتك, ذكرت لك, تحدثنا, ناقشنا, قررنا, اتفقنا, قلت لي, أخبرتني, اقترحت, محادثتنا, محادثاتنا, آخر مرة, المرة الماضية, كم مرة, بأي ترتيب
我问过, 我问了, 我说过, 我告诉过, 我提到, 我提过, 我们聊, 我们谈, 我们讨论, 我们决定, 我们商定, 你说过, 你建议, 之前的对话, 以前的对话, 上次, 多少次, 几次, 什么顺序, 问了你, 问过你, 告诉过你
聞いた, 訊いた, 言ったこと, 話したこと, 話しました, 話した, 伝えた, 決めた, 決まった, 相談した, 前回, 以前の会話, これまでの会話, 何回, どのくらいの頻度, どの順番, どんな順番
물어봤, 물었던, 말했던, 말했지, 이야기했, 얘기했, 언급했, 결정했, 정했, 논의했, 지난번, 지난 대화, 우리 대화, 몇 번, 얼마나 자주, 어떤 순서
"""

# Of each language: yesterday | the day before | last week | last month | last year | this week | this month.
SPANS = """
yesterday | day before yesterday | last week, past week, previous week | last month, past month, previous month | last year | this week | this month
gestern | vorgestern | letzte woche, letzter woche, vorige woche, voriger woche, vergangene woche | letzten monat, letztem monat, vorigen monat, vergangenen monat | letztes jahr, letztem jahr, voriges jahr | diese woche, dieser woche | diesen monat, diesem monat
ayer | anteayer, antes de ayer | la semana pasada | el mes pasado | el año pasado | esta semana | este mes
hier | avant hier | la semaine dernière, la semaine passée | le mois dernier, le mois passé | l'année dernière, l'an dernier | cette semaine | ce mois ci
вчера | позавчера | на прошлой неделе, прошлую неделю, прошлой неделе | в прошлом месяце | в прошлом году | на этой неделе | в этом месяце
ieri | l'altro ieri | la settimana scorsa, la scorsa settimana | il mese scorso, lo scorso mese | l'anno scorso, lo scorso anno | questa settimana | questo mese
ontem | anteontem | semana passada | mês passado | ano passado | esta semana, nesta semana | este mês, neste mês
gisteren | eergisteren | vorige week, afgelopen week | vorige maand, afgelopen maand | vorig jaar, afgelopen jaar | deze week | deze maand
wczoraj | przedwczoraj | w zeszłym tygodniu, w ubiegłym tygodniu | w zeszłym miesiącu, w ubiegłym miesiącu | w zeszłym roku, w ubiegłym roku | w tym tygodniu | w tym miesiącu
dün | evvelsi gün, önceki gün | geçen hafta | geçen ay | geçen yıl, geçen sene | bu hafta | bu ay
أمس, البارحة | أول أمس | الأسبوع الماضي | الشهر الماضي | العام الماضي, السنة الماضية | هذا الأسبوع | هذا الشهر
昨天 | 前天 | 上周, 上星期, 上个星期 | 上个月, 上月 | 去年 | 这周, 本周, 这个星期 | 这个月, 本月
昨日 | 一昨日, おととい | 先週 | 先月 | 去年, 昨年 | 今週 | 今月
어제 | 그저께, 그제 | 지난주, 지난 주 | 지난달, 지난 달 | 작년, 지난해 | 이번 주 | 이번 달
"""

# Names of months, January first; a word of each language a column.
MONTHS = """
january januar janvier enero января январе gennaio janeiro januari stycznia styczniu ocak يناير
february februar février febrero февраля феврале febbraio fevereiro februari lutego lutym şubat فبراير
march märz mars marzo марта марте março maart marca marcu mart مارس
april avril abril апреля апреле aprile kwietnia kwietniu nisan أبريل
may mai mayo мая мае maggio maio mei maja maju mayıs مايو
june juni juin junio июня июне giugno junho czerwca czerwcu haziran يونيو
july juli juillet julio июля июле luglio julho lipca lipcu temmuz يوليو
august août agosto августа августе augustus sierpnia sierpniu ağustos أغسطس
september septembre septiembre сентября сентябре settembre setembro września wrześniu eylül سبتمبر
october oktober octobre octubre октября октябре ottobre outubro października październiku ekim أكتوبر
november novembre noviembre ноября ноябре novembro listopada listopadzie kasım نوفمبر
december dezember décembre diciembre декабря декабре dicembre dezembro grudnia grudniu aralık ديسمبر
"""

# Words for days, weeks, months and years, and those that say that a number of them is counted back from today.
UNITS = """
day days tag tage tagen día días jour jours день дня дней giorno giorni dia dias dag dagen dzień dni gün يوم أيام 天 日 일
week weeks woche wochen semana semanas semaine semaines неделю недели недель settimana settimane weken tydzień tygodnie tygodni hafta أسبوع أسابيع 周 星期 週間 주
month months monat monate monaten mes meses mois месяц месяца месяцев mese mesi mês maand maanden miesiąc miesiące miesięcy ay شهر أشهر 个月 か月 ヶ月 개월 달
year years jahr jahre jahren año años an ans год года лет anno anni ano anos jaar jaren rok lata lat yıl sene سنة سنوات 年 년
"""
