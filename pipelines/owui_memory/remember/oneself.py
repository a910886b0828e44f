"""Signs that somebody speaks of themselves, or asks to remember: words and verb forms of thirty languages.

They only ever rescue: a text that has one is looked at. What lacks them is judged by its shape, and in a
script that is not known here, nothing is made of the lack. A word that means something else in another
language rescues there too; that is why the commonest of those (German "im", Romanian "am") are left out.
"""

# ruff: noqa: SIM905  (lists of words, a language or two a line, are read and corrected as text)

from __future__ import annotations

import re

from ..words import script

# I, my, we, our; verbs that carry their subject; "remember", "always", "from now on".
_WORDS = frozenset(
    """
    i my mine myself we our ours remember forget note always never anymore
    ich mein meine meinen meinem meiner meines wir unser unsere unseren unserer bin hab habe wohne merk merke
      merken denk vergiss vergessen immer niemals künftig gefällt
    ik mijn wij we ons onze ben heb onthoud vergeet altijd nooit voortaan
    jag min mitt mina vår vårt våra ihåg glöm alltid aldrig jeg mine vores husk glem altid aldri
    je j mon ma mes nous notre nos souviens rappelle retiens oublie oubliez toujours jamais désormais
    yo mi mis mío mía nosotros nuestro nuestra nuestros soy estoy voy fui tuve gusta gustan encanta
      recuerda recuerde acuérdate olvides olvide siempre nunca apunta
    eu meu minha meus minhas nós nosso nossa nossos sou estou vou tenho tive gosto moro lembra lembre
      esqueça esqueças esquece anota
    io mio mia miei mie noi nostro nostra nostri sono ho sto piace sempre mai ricorda ricordati ricordi
      dimenticare
    mea mei mele nostru noastră sunt locuiesc aminte uita mereu niciodată
    mój moja moje mojej nasz nasza nasze jestem mam mieszkam zapamiętaj pamiętaj zapomnij zawsze nigdy
    já můj náš naše jsem mám bydlím pamatuj zapomeň vždy nikdy
    moj naš naša imam živim zapamti upamti zaboravi uvijek uvek nikad
    я мой моя моё мое мои моего моей моему моим мою мы наш наша наше наши у запомни помни забудь забывай
      всегда никогда мій моє мої ми запам пам завжди ніколи аз съм моят моята
    εγώ μου μας είμαι έχω μένω θυμήσου θυμάσαι ξεχάσεις πάντα ποτέ
    benim biz bizim adım annem babam eşim kızım oğlum evim işim kardeşim köpeğim kedim hatırla unutma asla
    én vagyok lakom élek dolgozom szeretem szeretek nevem jegyezd emlékezz felejtsd mindig soha
    minä minun mun mä olen asun nimeni meillä meidän muista unohda aina koskaan
    saya aku ku kami kita ingat ingatlah lupa selalu nhớ tôi mình chúng luôn
    mimi wangu yangu langu changu kwangu nina ninaishi kumbuka usisahau ako ko akin aking kami namin tandaan
    أنا انا نحن لدي عندي لديّ اسمي زوجتي زوجي ابني ابنتي أمي أبي أخي أختي بيتي عملي عائلتي كلبي قطتي أعيش
      أسكن أعمل أحب أدرس أكره تذكر تذكّر تنس تنسى دائما دائمًا أبدا
    هستم دارم اسمم همسرم دخترم پسرم
    मैं मैंने मेरा मेरी मेरे मुझे मुझको हम हमारा हमारी हमारे याद भूलना हमेशा कभी
    אני שלי אנחנו שלנו אשתי בעלי בני בתי זכור תזכור תזכרי תשכח תמיד לעולם
    저 저는 저도 저의 제가 제 나는 나도 난 내가 내 나의 우리 우리는 저희 저희는
      기억해 기억해줘 잊지 앞으로 항상
    """.split()
)
_PHRASES = re.compile(
    r"your (?:answers|replies|responses)|from now on"
    r"|ab jetzt|ab sofort|vanaf nu|från och med nu|à partir de maintenant|dorénavant"
    r"|(?:a partir de|desde) (?:ahora|agora)|de ahora en adelante|de agora em diante|d'ora in poi|od teraz"
    r"|с этого момента|отныне|bundan sonra|mulai sekarang|من الآن|अब से|từ giờ"
    r"|\b(?:call me|nenn mich|llámame|appelle[sz]?-moi|chiamami|me chame|chama-me|noem mij?|kall[ad] mig"
    r"|mów mi|říkej mi|зови меня|называй меня)\b|と呼んで|라고 불러",
    re.IGNORECASE,
)
# A verb that states, in the commonest languages; an imperative would stand first.
_STATES = frozenset(
    """is are was were has had lives works likes loves hates ist sind war waren hat hatte est sont était ont
      es está son eran tiene era é são foi tem è erano ha är har hade er jest są ma""".split()
)
_POINTS = frozenset(
    "that this it what das dies es was c ça ce esto eso isso isto questo quello det to".split()
)
# Objects of a request ("give me a recipe") as much as of a fact ("call me Ada"). At the beginning, of a fact.
_OBJECTS = frozenset(
    """me us mich mir uns mij m nos moi mi ci mie mnie mi mně mne меня мне нас нам мене мені με
      bana beni minulle minua mig meg لي""".split()
)
# A first word that ends like the first person of verbs: vivo, moro, nací, mudei; mieszkam, bydlím, živim,
# lubię; живу, работаю; μένω; أعمل. An imperative ends otherwise in these languages.
_VERB = re.compile(
    r"^(?!(?:esto|isto|questo|hello|ciao|bueno|claro|certo|buongiorno|[cq]u[aá]n[dt]o|como|cómo|también|aquí"
    r"|allí|así|почему|أين|أنت|أيضا|أهلا|أخبر\w+|أعط\w+)(?!\w))"
    r"(?:(?:no|non|não|ya|já|ahora|agora|ora|nie|ne|не|уже|сейчас|لا|δεν)\s+)?"
    r"(?:\w{3,}o|\w{3,}[éí]|\w{3,}ei|\w{2,}[aeiáéí]m|\w+ę|\w{2,}[юу](?:сь)?|\w{2,}ω|أ\w{3,})(?!\w)",
    re.IGNORECASE,
)
_ENDING = re.compile(r"\w{2,20}(?:yorum|d[ıiuü]m|l[ıü]m|ł[ea]m)(?!\w)", re.IGNORECASE)  # Turkish, Polish

_CHINESE_ASKS = re.compile(r"(?:给|給|帮|幫|替|为|為|告诉|告訴|教|让|讓)我们?")
_CHINESE = re.compile(
    r"[我咱俺]|本人|记住|記住|记得|記得|别忘|別忘|不要忘|以后|以後|今后|今後|从现在|總是|总是|永远|永遠"
)
_JAPANESE = re.compile(
    r"[私僕俺]|わたし|ぼく|おれ|自分|うちの|我が|覚え|忘れない|これから|いつも|今後"
    r"|(?<!ござい)(?<!願いし)(?<!願い致し)(?<!様)(?:です|ます|ました|ません|たい|好き|嫌い|[てで]い?る|った|んだ|だ)\W*$"
)
_KOREAN = re.compile(
    r"(?<!감사합)(?<!감사드립)(?<!고맙습)(?<!죄송합)(?<!반갑습)(?<!부탁합)(?<!부탁드립)니다\W*$"
    r"|(?:[어아여해]요|[예에]요|[았었했]어|[았었했]다|좋아|싫어)\W*$"
)

# An apostrophe ends a word (I'm, j'habite); the vowel signs of India's scripts do not.
_WORD = re.compile(r"[^\W\d][\w\u0300-\u036f\u064b-\u0652\u0900-\u0963\u0966-\u0eff]*")
_KANA, _HANGUL, _HAN = (
    re.compile(r"[\u3040-\u30ff]"),
    re.compile(r"[\uac00-\ud7af]"),
    re.compile(r"[\u3400-\u9fff]"),
)
_KNOWN_SCRIPTS = frozenset(
    "LATIN GREEK CYRILLIC HEBREW ARABIC DEVANAGARI HIRAGANA KATAKANA CJK HANGUL".split()
)


def known_script(text: str) -> bool:
    """Whether the lack of a sign says something: most letters are of scripts that are known here."""
    if text.isascii():
        return True
    found = [char for char in text if char.isalpha()]
    return 2 * sum(script(char) in _KNOWN_SCRIPTS for char in found) >= len(found)


def shows_statements(sentence: str) -> bool:
    """Whether statements have a form of their own in its language, which `signs` counts: Japanese, Korean."""
    return bool(_KANA.search(sentence) or _HANGUL.search(sentence))


def signs(sentence: str) -> int:
    """How many signs a sentence has that its speaker speaks of themselves or wants something kept."""
    words = [word.lower() for word in _WORD.findall(sentence)]
    count = sum(word in _WORDS for word in words)
    count += bool(_PHRASES.search(sentence))
    count += bool(words) and words[0] in _OBJECTS
    spoken = sentence.lstrip("-*• \t\"'“¡(")
    count += bool(_VERB.match(spoken)) + bool(_ENDING.search(spoken))
    if _KANA.search(sentence):
        count += bool(_JAPANESE.search(sentence))
    elif _HANGUL.search(sentence):
        count += bool(_KOREAN.search(sentence))
    elif _HAN.search(sentence):
        count += bool(_CHINESE.search(_CHINESE_ASKS.sub("", sentence)))
    return count


def weak_sign(sentence: str) -> bool:
    """Whether the speaker occurs in it at all, if only as the one who asks: "give me ..."."""
    return any(word.lower() in _OBJECTS for word in _WORD.findall(sentence))


def names_and_states(sentence: str) -> bool:
    """Whether it begins with who it is about and a verb that states: "Clara is allergic to nuts"."""
    words = _WORD.findall(sentence)[:2]
    if len(words) < 2 or words[0].lower() in _POINTS:
        return False
    return words[0][0].isupper() and words[1] in _STATES


def tells_of_others(sentence: str) -> bool:
    """Whether it states something of others: a number, a name within it, a verb that is no imperative's."""
    words = _WORD.findall(sentence)
    if not words or words[0].lower() in _POINTS:
        return False
    named = any(word[0].isupper() and word != "I" for word in words[1:])
    return named or any(char.isdigit() for char in sentence) or any(word in _STATES for word in words[1:5])
