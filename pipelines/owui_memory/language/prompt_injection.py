"""Texts that give orders to a model instead of telling of a user: they are not remembered.

They set aside what the model was told, make it another one, put on a role of a conversation, call its tools,
have it act behind its user's back, or send out what it knows; in many languages (data/prompt_injection.txt). Wishes
for how to be answered are none, but are nobody else's: see `is_wish`. What gets around this stands in a
prompt quoted, as any other.
"""

# ruff: noqa: E501, SIM905  (a pattern is a line)

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache

from .sanitize import disarmed
from .tables import phrases, rows, sections, source

REFUSED = "it gives orders to a model"

_WINDOW_CHARS, _OVERLAP_CHARS = 4000, 400  # a text is looked through piece by piece
_LOOKED_CHARS = 20_000  # nothing longer becomes a memory, and of what is stored less is ever shown
_NEAR_WORDS = 11

_SPACED = re.compile(r"(?<!\w)(?:\w[ .*_-]{1,3}){5,}\w(?!\w)")
_JOINERS = re.compile(r"(?<=\w)[_*.~|\\-]+(?=\w)")
_SENTENCE_END = re.compile(r"[.!?;\n。！？।؟]+")
_WORD = re.compile(r"\w+|[,:]")
_LEET = str.maketrans("013457@$", "oleastas")
_LATIN_LOOKALIKES = str.maketrans("аеорсхуіѕјԁһοαει", "aeopcxyisjdhoaei")
_HAS_LATIN = re.compile(r"[a-z]")

# Of markup, in the text as a prompt would have it.
_ROLES = re.compile(
    r"(?:^|[\n\"'»›>\]|])\s{0,8}#{0,6}\s{0,2}(?:system|assistant|developer|instructions?)\s?(?:prompt|message|override|note)?\s{0,3}:\s"
    r"|(?:^|[.!?]\s)(?:human|user):.{0,200}\b(?:assistant|ai):"
    r"|‹\|[\w ]{2,30}\|›|\((?:/?INST|SYSTEM_PROMPT|/?TOOL_CALLS|AVAILABLE_TOOLS)\)|‹‹/?SYS››"
    r"|‹/?\s{0,3}(?:system|user[ _]?memories|tool_call|tool_response|function_calls?|invoke|start_of_turn|end_of_turn|s)\b[^›]{0,40}›"
    r"|#{2,6} ?(?:system|instruction|response|new task)\b"
    r"|\{\{\s?/?(?:system|assistant|developer|user)\b[^}]{0,20}\}\}|\"?\b(?:tool_calls?|function_call|tool_name)\"?\s{0,3}[:=]|\{\s{0,3}\"(?:name|function|tool|tool_calls)\"\s{0,3}:\s{0,3}[\"\[{]",
    re.IGNORECASE,
)
_NOT_OF_ONESELF = r"(?<!\bi )(?<!\bwe )(?<!\bhe )(?<!\bshe )(?<!\bthey )(?<!\bwho )(?<!\byou )(?<!\bto )"
_KNOWN = (
    r"(?:conversations?|chats?|history|memor(?:y|ies)|(?:user|personal|private) ?s? data|messages|secrets?|passwords?"
    r"|api keys?|credentials|everything you know|user s (?:\w+ ){0,2}\w+|unterhaltung|gesprach|conversacion"
    r"|conversazione|conversa|gesprek|rozmow\w*|verlauf|historique|diskussion|переписк\w*|разговор\w*)"
)
_SITE = r"(?:http|www|\w+ (?:example|com|net|org|io|ru|cn|xyz|site|dev|app)\b)"
_PLACE = rf"(?:{_SITE}|webhook|server|e ?mail|\bto\b)"
# In folded text: small letters without marks and signs.
_PHRASES = re.compile(
    # another model
    r"\b(?:from now on you are|(?:you are|you re) (?:now|no longer|hereby)) (?:(?:an?|the|my|in|called|known as|running as) )?(?:\w+ ){0,2}?"
    r"(?:dan|ai|assistant|unrestricted|jailbroken|developer|evil\w*|root|admin\w*|hacker|bot|chatbot|uncensored"
    r"|unfiltered|free from|bound|maintenance|god|gpt\w*|chatgpt)\b"
    r"|\b(?:act|behave|respond|answer|pretend|roleplay|speak)\b.{0,40}\b(?:without|no|free of|ignor\w+)\b(?: any| all| ethical| moral| safety| content){0,3}"
    r" (?:restrictions?|filters?|guidelines?|limits?|limitations?|rules|censorship|ethics|guardrails|safeguards)\b"
    r"|\bpretend\b.{0,30}\byou (?:have|are|were)\b.{0,30}\b(?:no|not|un\w+|without)\b"
    r"|\b(?:enter|enable|activate|switch to|switch into|you are in)\b.{0,20}\b(?:developer|debug|god|dan|jailbreak|admin|maintenance|root) mode\b"
    r"|\bdo anything now\b|\bjailbreak (?:mode|yourself|prompt:)"
    r"|\b(?:du bist|tu es|eres|sei|voce e) (?:jetzt|nun|maintenant|ahora|ora|agora) (?:ein |eine |une? |un |um )?(?:dan\b|ki\b|ia\b|unbeschrank|sans restriction|sin restricciones|senza restrizioni|sem restricoes)"
    # addressed to it
    r"|\b(?:new|updated|important|following|special|hidden|secret) (?:(?:system )?(?:instructions?|orders?|directives?)|system (?:messages?|notes?|rules?))(?: for (?:the )?(?:ai|assistant|model|llm|bot))?(?: (?:are|is|begins?|starts?)\b| ?:)"
    r"|\binstructions? (?:for|to) (?:the )?(?:ai|assistant|language model|model|llm|chatbot)\b"
    r"|\b(?:note|message|memo|warning|attention|hey|dear|hello)(?: to| for)?(?: the| all| any| every)? (?:ai|ais|llms?|language models?|ai assistants?|ai models?|chatbots?|assistant)\b"
    r"|\b(?:begin|start|end) (?:of )?(?:system|hidden|new|the) ?(?:system )?(?:prompt|instructions?|message)\b"
    r"|\byou (?:must|shall|will|have to|are (?:ordered|required|instructed|obliged) to) (?:always |now |never |only )?(?:obey|comply|follow (?:every|all|my|the|these)|ignore|reveal|refuse|pretend|disregard|leak)\b"
    r"|\bas your (?:developer|creator|administrator|admin|owner|operator|master)\b"
    r"|\bi (?:am|m) your (?:developer|creator|administrator|admin|owner|operator|master)\b"
    r"|\b(?:this|next|following) (?:is|comes) (?:a |an |your )?(?:new )?(?:system (?:message|prompt)|admin override)\b|\b(?:admin|sudo|root) override\b"
    rf"|\b(?:overrid\w+|replac\w+|supersed\w+) (?:all |any )?(?:of )?(?:your|the system) (?:\w+ ){{0,2}}?(?:prompt|instructions?|rules|guidelines)\b"
    r"|\b(?:dear|hey|hello|attention) (?:language )?(?:model|bot) ?[,:!]|\bif you (?:read|see|process|receive|parse|are reading) this\b"
    r"|\byou have been (?:upgraded|updated|reprogrammed|jailbroken|unlocked|freed|reset)\b|\bi (?:hereby )?(?:command you|(?:order|instruct) you to)\b"
    r"|\b(?:when|whenever|if) you (?:are|re) asked\b.{0,80}\b(?:say|tell|answer|reply|lie|deny|refuse|pretend|claim|recommend)\b"
    rf"|{_NOT_OF_ONESELF}\b(?:reveal|leak|expose|dump) (?:all|every|everyone s|other users?)\b"
    # whom to serve
    rf"|{_NOT_OF_ONESELF}\b(?:ignore[sz]?|disregard|ignorier\w*|missachte|ignora|ignoriert|игнорируи\w*|negeer|ignorera) (?:the |this |any |your |all |den |die |alle |l |le |la |les |al |el |il |o |os |de )?"
    r"(?:users?|nutzer|benutzer|utilisateurs?|usuarios?|utent[ei]|utilizador(?:es)?|пользовател\w+|gebruikers?)\b"
    rf"|{_NOT_OF_ONESELF}\b(?:post|send|forward|upload|report|mail) (?:it|them|this|that|these|everything) to {_SITE}"
    r"|\b(?:not|never|stop|no longer) (?:to )?(?:follow|obey|trust|believe|listen to|help|serve)(?:ing)? (?:the |this |any |your )?users?\b"
    rf"|{_NOT_OF_ONESELF}\b(?:obey|follow|trust|believe|listen to|serve) (?:only|nobody but|no one but)\b"
    r"|(?:^|[.,;:!?] ?)(?:and )?only (?:obey|follow|trust|believe|listen to|serve)\b"
    r"|\b(?:everything|anything|whatever|all) (?:that )?(?:the |this |your )?users? (?:say|ask|tell|want|write)\w*\b.{0,40}\b(?:false|wrong|lies?|untrue|irrelevant|ignored?)\b"
    # run together
    r"|\b\w{0,9}(?:ignore|disregard|forget|override)\w{0,12}(?:previous|prior|above|earlier|system)\w{0,9}(?:instruction|rule|prompt|guideline|command|direction)"
    # what it was told
    r"|\b(?:reveal|print|repeat|output|leak|show|expose|dump|display|recite|verrate|zeige|revele\w*|affiche\w*|revela|muestra|rivela|mostra|onthul|toon|ujawnij|pokaz)\b.{0,30}"
    r"\b(?:(?:system|hidden|initial|secret|developer|your|ton|deinen?|tu|il tuo) ?(?:prompt|instructions?|message|anweisungen|consignes)|systemprompt|prompt (?:systeme|du systeme|del sistema|di sistema|do sistema|systemowy)|text above|words above|lines above)\b"
    # its tools
    rf"|{_NOT_OF_ONESELF}\b(?:call|invoke|execute|run|trigger)\b.{{0,20}}\b(?:tool|function|plugin)s?\b.{{0,40}}\b(?:with|arguments?|to (?:send|delete|email|upload)|\w+_\w+)"
    rf"|{_NOT_OF_ONESELF}\b(?:call|invoke) the (?:tool|function|plugin)\b"
    r"|\buse (?:the |your |an? )?(?:\w+ ){0,2}(?:tool|function|plugin)s? to (?:send|delete|email|upload|run|call|transfer|pay)\b"
    rf"|{_NOT_OF_ONESELF}\b(?:run|execute) (?:the|this|these|following) (?:following )?(?:command|code|script|shell)\b"
    r"|\b(?:open|visit|fetch|browse|load|read|go to|decode|decrypt|translate|download)\b.{0,80}\b(?:and|then)\b (?:follow|obey|execute|do what|carry out|run)\b"
    # behind its user's back
    r"|\b(?:never|not|don t|without) (?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?|reveal(?:ing)?|disclos(?:e|ing)|show(?:ing)?|say(?:ing)?|let(?:ting)?)\b.{0,40}\b(?:the |any |this )?users?\b"
    r"|\b(?:hide|conceal|keep) (?:this|it|that|these)\b.{0,30}\bfrom (?:the |any |your )?users?\b"
    r"|\b(?:dem nutzer|dem benutzer|l utilisateur|al usuario|all utente|ao usuario)\b.{0,20}\b(?:nichts|nicht|rien|nada|niente)\b"
    rf"|{_NOT_OF_ONESELF}\b(?:secretly|covertly|silently|heimlich|secretement|en secreto|di nascosto|em segredo|тайно|втайне)\b (?:\w+ ){{0,2}}?"
    r"(?:send|forward|append|add|insert|log|record|share|store|copy|change|sende|schicke|leite|envoie|envia|invia|envie|отправляй|отправь|пересылай)\b"
    rf"|{_NOT_OF_ONESELF}\b(?:convince|persuade|trick|manipulate|deceive|mislead|pressure|urge) (?:the |this |any |your |all )?users?\b"
    # for others
    r"|\b(?:when|whenever|if|each time|every time)\b (?:any(?:one|body)|some(?:one|body)|a (?:user|person|customer|colleague)|the user|users|people|they)\b.{0,20}\b(?:ask|want|mention|say|request|inquire)\w*\b.{0,80}"
    r"\b(?:say|tell|answer|reply|respond|claim|recommend|insist|lie|deny|refuse|pretend|suggest)\b(?! \w+ (?:i|we)\b)"
    rf"|\b(?:send|direct|point|redirect|link) (?:them|him|her|users?|people|everyone) to {_SITE}"
    r"|\b(?:always|every|each)\b.{0,30}\b(?:recommend|praise|promote|advertise|endorse)\b"
    r"|\b(?:answer|reply|respond)\b(?: to)? (?:every|each|all|any) (?:question|message|request|prompt|query|user)s? with\b"
    # sent out
    rf"|{_NOT_OF_ONESELF}\b(?:send|post|forward|upload|exfiltrate|transmit|leak|submit|deliver|append|email|mail|encode|embed|put|copy|schicke?|sende|envoie\w*|envia|invia|envie|stuur|wyslij|skicka|posli|отправь\w*|перешли\w*)\b.{{0,50}}?\b{_KNOWN}\b.{{0,60}}?{_PLACE}"
    r"|\b(?:include|insert|add|append|embed|render|load|display|show|put)\b.{0,40}\b(?:image|picture|pixel|img|link|url|markdown)\b.{0,40}\b(?:http\w*|www|\w+ (?:example|com|net|org|io)\b)"
    r"|\b(?:every|each|all|your) (?:reply|replies|answers?|responses?|messages?)\b.{0,60}\bhttps?\b"
    r"|\bappend\b.{0,60}\bhttps?\b"
)
_ADDRESSED_URL = re.compile(r"://[^\s\"')]{0,200}(?:\{[^}]{0,60}\}|\?[\w.-]{1,20}=(?:\s|$))")
_WISH = re.compile(
    r"\A\W*(?:(?:please|kindly|from now on|always|never|don t|do not|only|bitte|immer|nie|s il te plait|toujours|por favor"
    r"|siempre|per favore|sempre|alsjeblieft|altijd|alltid|пожалуйста|всегда) )*"
    r"(?:answer|reply|respond|say|write|speak|talk|call|address|use|include|add|begin|start|end|finish|sign|explain"
    r"|translate|format|keep|avoid|antworte|schreib\w*|sprich|nenne?|verwende|benutze?|reponds?|ecris|parle|appelle|utilise"
    r"|responde|contesta|escribe|habla|llamame|usa|rispondi|scrivi|parla|chiamami|antwoord|schrijf|spreek|noem|gebruik"
    r"|svara|skriv|odpowiadaj|pisz|odpovidej|valaszolj|отвечаи|пиши|называи|говори|cevap|yanit)\b"
    r"|\Athe user (?:wants|asks|would like|wishes|expects|tells) (?:you|the (?:ai|model|assistant))\b"
    r"|(?:请|請).{0,6}(?:回答|回复|使用)|(?:で|に)(?:答え|回答し)て|(?:로|으로) (?:대답|답)"
)


def gives_orders(text: str) -> bool:
    """Whether a text is of that kind; its lines may be joined by slashes, as a passage's are."""
    return _gives_orders(text) or (" / " in text and _gives_orders(text.replace(" / ", " ")))


def _gives_orders(text: str) -> bool:
    return any(
        _in_a_piece(text[begin : begin + _WINDOW_CHARS + _OVERLAP_CHARS])
        for begin in range(0, max(min(len(text), _LOOKED_CHARS), 1), _WINDOW_CHARS)
    )


def is_wish(text: str) -> bool:
    """Whether a text tells the model how to answer its user."""
    return bool(_WISH.search(folded(text[:_WINDOW_CHARS])))


def folded(text: str) -> str:
    """Small letters without marks, look-alikes and what is put between them."""
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(char for char in text if unicodedata.category(char) not in ("Mn", "Mc"))
    text = _SPACED.sub(lambda match: _unspaced(match[0]), text)
    text = _JOINERS.sub(" ", text)
    return " ".join(
        _without_lookalikes(word) for word in re.sub(r"[^\w\s.,!?;:。！？।؟/]", " ", text).split()
    )


def _unspaced(text: str) -> str:
    """ "i g n o r e   a l l" -> "ignore all"; the wider gaps are those between words."""
    words = re.split(r"[ .*_-]{2,}", text)
    return " ".join(re.sub(r"[ .*_-]", "", word) for word in words)


def _without_lookalikes(word: str) -> str:
    if not word.isascii() and _HAS_LATIN.search(word):
        return word.translate(_LATIN_LOOKALIKES)
    if _HAS_LATIN.search(word) and any(map(str.isdigit, word[:-1])) and "/" not in word:
        return word.translate(_LEET)
    return word


def _in_a_piece(text: str) -> bool:
    shown = disarmed(text)
    if _ROLES.search(shown) or _ROLES.search(text) or _ADDRESSED_URL.search(text):
        return True
    flat = folded(text)
    return bool(_PHRASES.search(flat)) or _sets_aside(flat) or _sets_aside_dense(text)


def _sets_aside(flat: str) -> bool:
    """Whether in a sentence what the model was told is set aside."""
    verbs, rules, earlier = (_Stems(_words(section)) for section in ("set_aside", "rules", "earlier"))
    for sentence in filter(None, _SENTENCE_END.split(flat)):
        phrases = f" {sentence} ".replace(",", "")
        if any(f" {words}" in phrases for words in _phrases(_words("everything_before"))) and verbs.any(
            sentence
        ):
            return True
        if any(f" {words}" in phrases for words in _phrases(_words("not_to"))):
            words = _WORD.findall(rules.joined(sentence))
            if any(map(rules.holds, words)) and any(map(earlier.holds, words)):
                return True
        if verbs.any(sentence) and _are_near(_WORD.findall(rules.joined(sentence)), verbs, rules, earlier):
            return True
    return False


def _are_near(words: Sequence[str], verbs: _Stems, rules: _Stems, earlier: _Stems) -> bool:
    """Whether one of each stands within so many words, and the verb is not what somebody says of themselves."""
    last: dict[str, int] = {}
    for at, word in enumerate(words):
        for sort, stems in (("verb", verbs), ("rule", rules), ("earlier", earlier)):
            if stems.holds(word) and not (sort == "verb" and _is_told_of(words, at)):
                last[sort] = at
        if len(last) == 3 and min(last.values()) >= at - _NEAR_WORDS:
            return True
    phrases = " ".join(words)
    return (
        "rule" in last and "earlier" in last and any(one in phrases for one in _phrases(_words("set_aside")))
    )


def _is_told_of(words: Sequence[str], at: int) -> bool:
    before = words[at - 1] if at else ","
    if words[at] in _ENGLISH:
        return before not in _BEFORE_COMMANDS
    return before in _SPEAKERS


# In front of what somebody else does, and of what is ordered.
_SPEAKERS = frozenset(
    "i we he she they who j je ich wir er sie yo nosotros io noi eu nos ik wij jag vi ja já my me jeg din mein "
    "his her their hijo jefe figlio filho".split()
)
_ENGLISH = frozenset(
    "ignore disregard forget override overrule bypass circumvent neglect discard drop skip".split()
)
_BEFORE_COMMANDS = frozenset(
    ", : please and then must should shall to you now just also always first kindly or will instead can so do ai".split()
)


@cache
def _sections() -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """The words of each section by language."""
    found = sections(source("prompt_injection"), "prompt_injection.txt")
    return {
        name: [(language, tuple(phrases([words]))) for language, words in rows(lines)]
        for name, lines in found.items()
    }


@cache
def _words(section: str) -> tuple[str, ...]:
    return tuple(word for _, words in _sections()[section] for word in words)


class _Stems:
    """Words that may begin others; those after `=` may not."""

    def __init__(self, words: Sequence[str]) -> None:
        self._whole, self._begins = _split(tuple(words))
        self._phrases = _phrases(tuple(words))

    def holds(self, word: str) -> bool:
        return word in self._whole or word.startswith(self._begins) or ("_" in word and self._is_joined(word))

    def joined(self, sentence: str) -> str:
        """The sentence with those of several words as one word each."""
        for phrase in self._phrases:
            sentence = sentence.replace(phrase, phrase.replace(" ", "_"))
        return sentence

    def _is_joined(self, word: str) -> bool:
        return word.replace("_", " ").startswith(self._phrases)

    def any(self, sentence: str) -> bool:
        words = _WORD.findall(sentence)
        return any(map(self.holds, words)) or any(one in sentence for one in self._phrases)


@lru_cache(8)
def _split(words: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    single = [word for word in words if " " not in word]
    whole = frozenset(folded(word[1:]) for word in single if word.startswith("="))
    return whole, tuple(folded(word) for word in single if not word.startswith("="))


@lru_cache(16)
def _phrases(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(folded(word.strip("=")) for word in words if " " in word)


def _sets_aside_dense(text: str) -> bool:
    if text.isascii():
        return False
    rules = dict(_sections()["dense_rules"])
    for sentence in _SENTENCE_END.split(text):
        holds = sentence.__contains__
        for language, verbs in _sections()["dense_set_aside"]:
            parts = (verbs, rules[language], _words("dense_earlier"))
            if all(any(map(holds, part)) for part in parts) and not _dense_told(sentence):
                return True
    return False


def _dense_told(sentence: str) -> bool:
    return sentence.strip().startswith(("我忘", "私は", "나는", "저는", "ฉัน", "ผม"))
