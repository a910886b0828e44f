"""What orders to a model are made of, a language a line: beginnings of words, folded as `orders.folded` does.

`=` before a word: the whole word. Of languages without spaces, parts of a text.
"""

# ruff: noqa: E501  (lists of words are read and corrected as text)

from __future__ import annotations


def _words(table: str) -> tuple[str, ...]:
    lines = (line.partition(":")[2] for line in table.strip().splitlines())
    return tuple(word.strip() for line in lines for word in line.split(",") if word.strip())


# To leave unheeded.
SET_ASIDE = _words("""
en: =ignore, =ignoring, =disregard, =disregarding, =forget, =override, =overrule, =bypass, =circumvent, =neglect, =discard, =drop, =skip, =abandon, =disable, =suspend, =erase, =void, =revoke, =obsolete, =invalid, =overridden, =cancelled, =superseded, set aside, put aside, =unlearn
de: =ignorier, =ignoriere, =ignorieren, =ignoriert, =vergiss, =vergesst, =vergessen, =missachte, =missachten, =umgehe, =uberschreibe, =verwirf
fr: =ignore, =ignorez, =ignorer, =oublie, =oubliez, =contourne, =contournez, =neglige, =negligez, =desobeis
es: =ignora, =ignore, =ignorad, =ignoren, =olvida, =olvide, =olvidad, =omite, =descarta, =desobedece
it: =ignora, =ignorate, =ignori, =dimentica, =dimenticate, =scavalca, =trascura
pt: =ignora, =ignore, =ignorem, =esquece, =esqueca, =desconsidere, =desconsidera, =desobedeca
nl: =negeer, =negeert, =vergeet, =omzeil
sv da no is: =ignorera, =ignorer, =strunta, =bortse, =glom, =glem, =glomma, =se bort, =tilsidesæt, =hunsa
fi et: =unohda, =ohita, =sivuuta, =jata, =unusta, =eira, =ignoreeri
pl: =zignoruj, =ignoruj, =zapomnij, =pomin, =omin, =odrzuc
cs sk: =ignoruj, =ignorujte, =zapomen, =zapomente, =nedbej, =zabudni, =prehlizej
hr sl sr: =ignoriraj, =zanemari, =zaboravi, =pozabi, =prezri, занемари, игнориши
hu: =hagyd, =felejtsd, =mellozd, =ignorald
ro: =ignora, =ignorati, =uita, =uitati, =nesocoteste
tr az: yok say, yoksay, =unut, =unutun, gormezden gel, =goz ardi, dikkate alma
el: αγνοησε, αγνοηστε, ξεχασε, ξεχνα, παραβλεψε
ru uk bg: игнорируй, игнорируите, проигнорируй, =забудь, =забудьте, пренебреги, ігноруй, ігноруите, знехтуй, =забуди, игнорирай, забрави
he: התעלם, התעלמ, תתעלם, שכח מ, תשכח, להתעלם
ar fa ur: تجاهل, انس, اهمل, نادیده, فراموش کن, نظر انداز
hi: अनदख, नजरअदाज, नजरदाज, भल जा, उपकष
vi id ms tl: bo qua, quen, phot lo, =abaikan, =lupakan, =hiraukan, =balewalain, =kalimutan
sw: =puuza, =sahau
""")
# What is left unheeded.
RULES = _words("""
en: instruction, =prompt, =prompts, =rule, =rules, guideline, directive, =policy, =policies, =restrictions, =guardrails, =constraints, =safeguards, =programming, =training, =commands, =orders, =filters, =context, =messages, =safety, =guidance
de: anweisung, =regel, =regeln, =befehl, =befehle, vorgabe, richtlini, instruktion, weisung
fr: =consigne, =consignes, =regle, =regles, =directive, =directives
es it pt ro: instruccion, instruçõe, instrucoe, instruca, istruzion, =reglas, =regole, =regras, =ordenes, =ordini, =ordens, directrices, direttive, diretrizes, =normas, =comandi, =comenzi, instructiun, =reguli, =indicaciones
nl: instructie, =regels, opdracht, richtlijn
sv da no fi et: instruktion, instruks, =regler, =reglerna, =reglerne, =anvisningar, =ohjeet, =ohjeita, =saannot, =juhised, =juhiseid, retningslinj
pl cs sk hr sl sr: instrukcj, instrukc, polecen, zasad, =reguly, pokyn, pravidl, =instrukce, =prikazy, =upute, uputstv, =pravila, navodil, инструкциј, правила
hu tr az: utasitas, szabaly, talimat, =kural, =kurallar, yonerge, komut, telimat
el: οδηγι, εντολ, κανον, κατευθυνσ
ru uk bg: инструкци, указани, правил, команд, приказ, інструкці, вказівк, вказивк
he: הוראות, ההוראות, הכללים, כללים, הנחיות, ההנחיות
ar fa ur: تعليمات, التعليمات, الاوامر, اوامر, القواعد, دستور, قوانین, هدایات
hi: निर्दश, निरदश, नर्दश, आदश, नियम, नयम
vi id ms tl sw: huong dan, chi thi, quy tac, =lenh, instruksi, =perintah, =aturan, =arahan, panuto, maelekezo
""")
# Which: those that the model has so far.
EARLIER = _words("""
en: previous, =prior, =earlier, =above, preceding, =system, =original, =initial, =all, =any, =every, =your, =safety, =existing, =current, =content, =foregoing, =former, =before, =past
de: vorherig, bisherig, =obige, =obigen, fruher, vorangegangen, =alle, =deine, =deiner, =deinen, =ihre, ursprunglich, =vorher, =zuvor, =oben
fr: precedent, anterieur, =toutes, =tous, =tes, =vos, =ci, =avant, =dessus
es it pt ro: anterior, =previas, =previos, precedent, =todas, =tus, =sus, =tutte, =tue, =sistema, =suas, =teus, =toate, =tale, =antes, =prima, =acima, =arriba, =sopra
nl: eerder, =vorige, bovenstaand, =alle, =jouw, =je
sv da no fi et: tidigare, tidligere, =alla, =alle, =dina, =dine, aiem, =kaikki, =kaikkia, eelne, =koik, forrige, foregaende
pl cs sk hr sl sr: poprzedni, wczesniejsz, =wszystkie, =twoje, =swoje, predchozi, =vsechny, =sve, predosl, =vsetky, =sve, prethodn, prejsnj, =vse, претходн, =све
hu tr az: korabbi, elozo, =osszes, =minden, onceki, =tum, =butun, evvelki
el: προηγουμεν, =ολες, =ολους, =σου
ru uk bg: предыдущ, прежни, =все, =всю, =свои, =твои, попередн, =усі, =всі, =уси, =вси, =своі, предишн, =всички
he: קודמ, הקודמ, =כל, מכל
ar fa ur: السابق, سابق, =جميع, =كل, قبلی, قبل, =تمام, پچھل
hi: पछल, पिछल, सभी, =सब, पहल
vi id ms tl sw: =truoc, =tat, =truoc do, sebelumnya, =semua, =nakaraang, =zote
""")
# Of languages without spaces: to leave unheeded, and what.
DENSE = (
    (("忽略", "无视", "無視", "忘记", "忘記", "忘掉", "不要遵守", "不再遵守", "跳过", "覆盖", "不要理会", "不用理", "不理会", "别管", "不要管"), ("指令", "指示", "提示", "规则", "規則", "命令", "设定", "設定", "要求", "限制")),
    (("無視", "忘れ", "従わない", "破棄"), ("指示", "命令", "ルール", "規則", "プロンプト", "制約")),
    (("무시", "잊어", "따르지"), ("지시", "명령", "규칙", "지침", "프롬프트")),
    (("เพิกเฉย", "ละเว้น", "ลืม", "ไม่ต้องทำตาม"), ("คำสั่ง", "คําสั่ง", "คำแนะนำ", "กฎ", "ข้อกำหนด")),
)  # fmt: skip
DENSE_EARLIER = (
    "以上",
    "之前",
    "上面",
    "前面",
    "先前",
    "所有",
    "全部",
    "以前の",
    "前の指示",
    "上記",
    "これまで",
    "すべて",
    "全て",
    "이전",
    "모든",
    "위의",
    "앞의",
    "ก่อนหน้า",
    "ทั้งหมด",
    "你的",
    "系统",
    "システム",
    "시스템",
    "あなたの",
)
# "Do not follow your rules any more."
NOT_TO = _words("""
en: do not follow, don't follow, stop following, do not obey, don't obey, stop obeying, no longer apply, no longer follow, no longer hold, do not apply, need not follow, are void, is void, do not count, don't count, no longer count, do not hold, no longer matter, pay no attention, take no notice
de: nicht mehr, befolge nicht, halte dich nicht, gelten nicht, beachte nicht, nur noch
fr: ne tiens plus, ne tenez plus, ne tiens pas compte, ne suis plus, ne suivez pas, ne suivez plus, ne respecte
es it pt: no sigas, no obedezcas, haz caso omiso, ya no, non seguire, non rispettare, nao siga, nao obedeca, no tengas en cuenta, no hagas caso, non tenere conto, non tener conto, non considerare, nao leve em conta, nao considere
nl sv da no: volg niet, niet meer, folj inte, bry dig inte, folg ikke, bortse fran, se bort fra
pl cs ru uk: nie przestrzegaj, neridte se, nedrz se, не следуй, не соблюдай, не виконуй, не обращай внимания, не слушай, не учитывай, не зважай, nie zwracaj uwagi
""")
EVERYTHING_BEFORE = _words("""
en: everything above, anything above, all of the above, everything before, anything before, you were told before, you have been told, anything you were told, everything you were told, all previous text, everything you know, whatever your developers, what your developers, what your creators, whatever you were told, what you were told, what stands above, whatever stands above, everything that came before, all that came before
de: alles bisherige, alles vorherige, alles obige, alles was dir gesagt, alles was dir vorher, alles was man dir, alles was du bisher, alles was oben, alles was vorher, alles was davor
fr es it pt: tout ce qui precede, todo lo anterior, todo lo que te, tutto cio che precede, tutto quello che precede, tudo o que foi dito, tudo o anterior, tout ce qui est au dessus, tout ce qui est ecrit, todo lo de arriba, todo lo que esta arriba, tutto cio che sta sopra, tudo o que esta acima
nl sv pl cs: al het bovenstaande, allt ovan, allt ovanfor, wszystko powyzej, wszystko co powyzej, vse predchozi, alles wat hierboven, wszystko co jest powyzej
ru uk: все что тебе, все сказанное, усе сказане, все предыдущее
""")
