"""Which of the languages that we have texts in a message is written in: by script, else by a few small words.

It errs on the side of telling none: then English is spoken. No model or package is needed for it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache

from . import CODES, locale

_LOOKED_CHARS = 500
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NOT_RUSSIAN = re.compile("[іїєґўђјљњћџѓќѕәғқңөұүһҗҳӯӣ]")  # letters of other languages in Cyrillic
_OF_ONE = {"ß": "de", "ñ": "es", "¿": "es", "¡": "es", "œ": "fr"}
_OF_NONE = re.compile("[ãõąęłżźśćńčěšřůőűığşåøæðþ]")  # letters of languages that we have no texts in
_CHINESE, _JAPANESE = "gb2312", "shift_jis"  # each lacks the short forms that only the other one has


def language_in(text: str) -> str:
    """The code of a message's language; "" where that cannot be told. Looks at its beginning only."""
    text = unicodedata.normalize("NFC", text[:_LOOKED_CHARS]).casefold()
    letters = Counter(_script(char) for char in text if char.isalpha())
    if not letters:
        return ""
    most, _ = letters.most_common(1)[0]
    if most in ("KANA", "HAN"):
        return "ja" if letters["KANA"] else _of_han(text)
    if most == "CYRILLIC":
        return "" if _NOT_RUSSIAN.search(text) else "ru"
    return _of_latin(text) if most == "LATIN" else ""


@lru_cache(4096)
def _script(char: str) -> str:
    name = unicodedata.name(char, "")
    if name.startswith("CJK "):
        return "HAN"
    first, _, _ = name.partition(" ")
    return "KANA" if first in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA") else first


def _of_han(text: str) -> str:
    """Chinese, unless there are characters that only Japanese writes so."""
    chinese = sum(_can(char, _CHINESE) and not _can(char, _JAPANESE) for char in text)
    japanese = sum(
        _can(char, _JAPANESE) and not _can(char, _CHINESE) and not _can(char, "big5") for char in text
    )
    return "ja" if japanese > chinese else "zh"


def _can(char: str, encoding: str) -> bool:
    try:
        return bool(char.encode(encoding))
    except UnicodeEncodeError:
        return False


def _of_latin(text: str) -> str:
    if _OF_NONE.search(text):
        return ""
    found = Counter(code for char, code in _OF_ONE.items() if char in text)
    known = _telltales()
    for word in dict.fromkeys(_WORD.findall(text.replace("’", "'"))):
        if code := known.get(word):
            found[code] += 1
    ranked = found.most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return ""
    return ranked[0][0]


@cache
def _telltales() -> Mapping[str, str]:
    return {
        word: code
        for code in CODES
        if locale(code).has("telltales")
        for word in locale(code).words("telltales")
    }
