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
from functools import cache, reduce

from .sanitize import disarmed
from .tables import pattern, phrases, rows, sections, source

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
_KNOWN = f"(?:{pattern('known')})"
_SITE = r"(?:http|www|\w+ (?:example|com|net|org|io|ru|cn|xyz|site|dev|app)\b)"
_PLACE = rf"(?:{_SITE}|webhook|server|e ?mail|\bto\b)"
_PARTS = {"<place>": _PLACE, "<site>": _SITE, "<known>": _KNOWN, "<not_of_oneself>": _NOT_OF_ONESELF}
_PHRASES = re.compile(reduce(lambda text, part: text.replace(*part), _PARTS.items(), pattern("orders")))
_ADDRESSED_URL = re.compile(r"://[^\s\"')]{0,200}(?:\{[^}]{0,60}\}|\?[\w.-]{1,20}=(?:\s|$))")
_WISH = re.compile(
    rf"\A\W*(?:(?:{pattern('wish_openers')}) )*(?:{pattern('wish_verbs')})\b"
    r"|\Athe user (?:wants|asks|would like|wishes|expects|tells) (?:you|the (?:ai|model|assistant))\b"
    rf"|{pattern('dense_wishes')}"
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
    verbs, rules, earlier = map(_stems, ("set_aside", "rules", "earlier"))
    for sentence in filter(None, _SENTENCE_END.split(flat)):
        phrases = f" {sentence} ".replace(",", "")
        if any(f" {words}" in phrases for words in _stems("everything_before").phrases) and verbs.any(
            sentence
        ):
            return True
        if any(f" {words}" in phrases for words in _stems("not_to").phrases):
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
    return "rule" in last and "earlier" in last and any(one in phrases for one in verbs.phrases)


def _is_told_of(words: Sequence[str], at: int) -> bool:
    before = words[at - 1] if at else ","
    if words[at] in _ENGLISH:
        return before not in _BEFORE_COMMANDS
    return before in _SPEAKERS


_DENSE_TELLERS = ("我忘", "私は", "나는", "저는", "ฉัน", "ผม")
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
    """A section's words, which may begin others, but for those after `=`; and its phrases of several words."""

    def __init__(self, section: str) -> None:
        words = _words(section)
        single = [word for word in words if " " not in word]
        self._whole = frozenset(folded(word[1:]) for word in single if word.startswith("="))
        self._begins = tuple(folded(word) for word in single if not word.startswith("="))
        self.phrases = tuple(folded(word.strip("=")) for word in words if " " in word)

    def holds(self, word: str) -> bool:
        return word in self._whole or word.startswith(self._begins) or ("_" in word and self._is_joined(word))

    def joined(self, sentence: str) -> str:
        """The sentence with those of several words as one word each."""
        for phrase in self.phrases:
            sentence = sentence.replace(phrase, phrase.replace(" ", "_"))
        return sentence

    def _is_joined(self, word: str) -> bool:
        return word.replace("_", " ").startswith(self.phrases)

    def any(self, sentence: str) -> bool:
        words = _WORD.findall(sentence)
        return any(map(self.holds, words)) or any(one in sentence for one in self.phrases)


_stems = cache(_Stems)


def _sets_aside_dense(text: str) -> bool:
    if text.isascii():
        return False
    rules = dict(_sections()["dense_rules"])
    for sentence in _SENTENCE_END.split(text):
        holds = sentence.__contains__
        for language, verbs in _sections()["dense_set_aside"]:
            parts = (verbs, rules[language], _words("dense_earlier"))
            if all(any(map(holds, part)) for part in parts) and not sentence.strip().startswith(
                _DENSE_TELLERS
            ):
                return True
    return False
