"""Which of the languages that we have texts in a message is written in: by script, else by its common words.

It errs on the side of telling none: then English is spoken. No model or package is needed for it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from ..core.locales import CODES
from .detection import likely
from .scripts import fold, script

_LOOKED_CHARS = 500
_NOT_RUSSIAN = re.compile("[іїєґўђјљњћџѓќѕәғқңөұүһҗҳӯӣ]")  # letters of other languages in Cyrillic
_KANA = ("HIRAGANA", "KATAKANA")
_TOLD_BY_WORDS = ("en", "de", "es", "fr", "ru")
_CHINESE, _TRADITIONAL, _JAPANESE = "gb2312", "big5", "shift_jis"  # each lacks the others' own forms


def language_for(told: str, text: str) -> str:
    """The code of the language in which somebody is answered: the one that is told, else their message's."""
    return told or language_in(text) or CODES[0]


def language_in(text: str) -> str:
    """The code of a message's language; "" where that cannot be told. Looks at its beginning only."""
    text = unicodedata.normalize("NFC", text[:_LOOKED_CHARS]).casefold()
    found = (script(char) for char in text if char.isalpha())
    letters = Counter("KANA" if name.startswith(_KANA) else name for name in found)
    if not letters:
        return ""
    most, _ = letters.most_common(1)[0]
    if most in ("KANA", "CJK"):
        return "ja" if letters["KANA"] else _of_han(text)
    if most == "CYRILLIC" and _NOT_RUSSIAN.search(text):
        return ""
    return _of_words(text, "ru" if most == "CYRILLIC" else "") if most in ("CYRILLIC", "LATIN") else ""


def _of_han(text: str) -> str:
    """Chinese, unless there are characters that only Japanese writes so."""
    chinese = sum(_can(char, _CHINESE) and not _can(char, _JAPANESE) for char in text)
    others = (_CHINESE, _TRADITIONAL)
    japanese = sum(_can(char, _JAPANESE) and not any(_can(char, one) for one in others) for char in text)
    return "ja" if japanese > chinese else "zh"


def _can(char: str, encoding: str) -> bool:
    try:
        return bool(char.encode(encoding))
    except UnicodeEncodeError:
        return False


def _of_words(text: str, otherwise: str) -> str:
    """otherwise: the code where no word tells it."""
    found = [table.language for table in likely(fold(text)) if table.language]
    if not found:
        return otherwise
    codes = [code for code in found if code in _TOLD_BY_WORDS]
    return codes[0] if len(codes) == 1 else ""
