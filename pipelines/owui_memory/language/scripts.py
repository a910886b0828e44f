"""Scripts and marks by what Unicode says of each character: categories, widths and names, no ranges.

The script of a letter is how its name begins ("KHMER LETTER KA"); marks of sentences and questions are known
by their names, too ("ETHIOPIC QUESTION MARK"). So a script counts as soon as Python's Unicode has it.
"""

# ruff: noqa: SIM905  (lists of names are read as text)

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from re import Pattern

_CACHED_CHARS = 16_384
_ASCII_WORDS = re.compile(r"[A-Za-z0-9_]+")

# Scripts that set no spaces between words and are not wide: as their letters' names in Unicode begin.
_SPACELESS = frozenset(
    "THAI LAO KHMER MYANMAR TIBETAN TAI NEW JAVANESE BALINESE BUGINESE CHAM AHOM KAWI BATAK".split()
)  # NEW TAI LUE
_WIDTHS = frozenset(("FULLWIDTH", "HALFWIDTH"))

# What the names of marks hold that end a sentence.
_SENTENCE_ENDS = tuple(
    " ".join(name.split())
    for name in """FULL STOP, QUESTION MARK, EXCLAMATION MARK, INTERROBANG, DANDA, SIGN SECTION,
        SIGN LITTLE SECTION, MARK SHAD, MARK NYIS SHAD, SIGN KHAN, SIGN BARIYOOSAN, PADA LUNGSI, CARIK,
        SOF PASUQ, END OF PARAGRAPH, MUCAAD, CHEIKHEI, KUNDDALIYA, ANGKHANKHU, KHOMUT,
        PARAGRAPH SEPARATOR""".split(",")
)
_ASKING = ("QUESTION MARK", "INTERROBANG")
_OPENING = ("INVERTED", "PRESENTATION FORM")
_NOT_AT_ENDS = (*_OPENING, "ARMENIAN QUESTION", "ARMENIAN EXCLAMATION")  # these stand within words
_LAST_OF_LETTERS, _LAST_GREEK = 0x20000, 0x2000  # what comes after has no marks, and no Greek letters
_GREEK_QUESTION_MARK = "\N{GREEK QUESTION MARK}"  # which becomes a semicolon in normalised text
_POINTS = range(10, 36)  # combining classes of the vowel points of Hebrew and Arabic
_WITHIN_WORDS = "\N{ARMENIAN QUESTION MARK}"  # stands over a vowel of the word that is asked about


@lru_cache(_CACHED_CHARS)
def script(char: str) -> str:
    """The script of a letter, as its name in Unicode begins: LATIN, KHMER, CJK; "" of what has no name."""
    first, _, rest = unicodedata.name(char, "").partition(" ")
    if first in _WIDTHS:
        first = rest.partition(" ")[0]
    return "CJK" if first == "IDEOGRAPHIC" else first


@lru_cache(_CACHED_CHARS)
def is_letter(char: str) -> bool:
    """Whether a character is a letter, or a vowel sign of one."""
    return unicodedata.category(char)[0] in "LM"


@lru_cache(_CACHED_CHARS)
def is_of_word(char: str) -> bool:
    """Whether a character is part of a word: a letter, a vowel sign, a digit of any script, an underscore."""
    return char == "_" or unicodedata.category(char)[0] in "LMN"


@lru_cache(_CACHED_CHARS)
def sets_no_spaces(char: str) -> bool:
    """Whether a character is of a script with words without spaces between them, or of Hangul.

    Hangul has spaces, but its particles stick to the words.
    """
    if char.isascii() or not (is_letter(char) or unicodedata.category(char) == "Nl"):
        return False
    return unicodedata.east_asian_width(char) == "W" or script(char) in _SPACELESS


def is_dense(text: str) -> bool:
    """Whether a text has words without spaces between them."""
    return not text.isascii() and any(map(sets_no_spaces, text))


def scripts_of(text: str) -> frozenset[str]:
    """The scripts of a text's letters."""
    if text.isascii():
        return frozenset(("LATIN",)) if any(map(str.isalpha, text)) else frozenset()
    return frozenset(script(char) for char in text if char.isalpha())


def fold(text: str) -> str:
    """A text in small letters and composed, as phrases are compared: of Arabic and Hebrew, without points."""
    text = unicodedata.normalize("NFC", text.lower().replace("i\N{COMBINING DOT ABOVE}", "i"))
    if not any(map(_is_pointed, text)):
        return text
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not _is_point(c)))


@lru_cache(_CACHED_CHARS)
def _is_pointed(char: str) -> bool:
    return not char.isascii() and any(map(_is_point, unicodedata.normalize("NFD", char)))


@lru_cache(_CACHED_CHARS)
def _is_point(char: str) -> bool:
    return char == "\N{ARABIC TATWEEL}" or unicodedata.combining(char) in _POINTS


@cache
def signs() -> str:
    """The vowel signs and accents of all scripts, for a pattern's character class: `\\w` lacks them."""
    return _ranges(_mark_codes())


def has_signs(text: str) -> bool:
    """Whether a text has any of those."""
    return any(unicodedata.category(char)[0] == "M" for char in set(text))


@cache
def accents() -> str:
    """The marks that combine with any letter, for a pattern's character class."""
    return _ranges(
        [code for code in _mark_codes() if unicodedata.name(chr(code), "").startswith("COMBINING ")]
    )


@cache
def _mark_codes() -> list[int]:
    return [code for code in range(_LAST_OF_LETTERS) if unicodedata.category(chr(code))[0] == "M"]


def _ranges(codes: list[int]) -> str:
    """Ascending characters as a class has them: from first to last, wherever none is missing."""
    known = frozenset(codes)
    firsts = [code for code in codes if code - 1 not in known]
    lasts = [code for code in codes if code + 1 not in known]
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in zip(firsts, lasts, strict=True))


@lru_cache(_CACHED_CHARS)
def ends_sentences(char: str) -> bool:
    """Whether a mark ends sentences, in any script."""
    if char.isascii():
        return char in ".!?"
    name = unicodedata.name(char, "")
    return (
        unicodedata.category(char) == "Po"
        and any(part in name for part in _SENTENCE_ENDS)
        and not any(part in name for part in _NOT_AT_ENDS)
    )


@cache
def question_mark() -> Pattern[str]:
    """Where a sentence has the mark of a question, of any script: at its end, in Armenian anywhere."""
    marks = re.escape("".join(filter(_asks, _marks())))
    greek = rf"(?<=[{_greek_letters()}])\s{{0,2}}[;{_GREEK_QUESTION_MARK}]"
    return re.compile(rf"(?:[{marks}]|{greek})[^\w;]{{0,40}}$|{_WITHIN_WORDS}")


@cache
def sentence_end() -> Pattern[str]:
    """What separates sentences: a line's end, or a mark and the space behind it.

    Where the mark is of another script than Latin, no space needs to follow.
    """
    dense = re.escape("".join(c for c in _marks() if not c.isascii() and ends_sentences(c)))
    closing = r"[\"'”’»)\]」』]{0,9}"
    spaced = rf"(?<=[.!?…]){closing}\s+|(?<=[{_greek_letters()}];)\s+"
    return re.compile(rf"{spaced}|(?<=[{dense}]){closing}(?![{dense}\d])\s*|\n+")


def _asks(char: str) -> bool:
    name = unicodedata.name(char, "")
    return any(part in name for part in _ASKING) and not any(part in name for part in _OPENING)


@cache
def _marks() -> tuple[str, ...]:
    return tuple(c for c in map(chr, range(_LAST_OF_LETTERS)) if unicodedata.category(c) in ("Po", "So"))


@cache
def _greek_letters() -> str:
    return "".join(c for c in map(chr, range(_LAST_GREEK)) if script(c) == "GREEK" and is_letter(c))


def words_of(text: str) -> list[str]:
    """The words of a text as they are written: letters, vowel signs, digits."""
    if text.isascii():
        return _ASCII_WORDS.findall(text)
    return "".join(char if is_of_word(char) else " " for char in text).split()


def bare(word: str) -> str:
    """A word without accents, points and vowel signs that combine."""
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if unicodedata.category(c) != "Mn")
