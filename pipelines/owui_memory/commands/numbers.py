"""Numbers of a list, as people type them: 2, #2, 2., <2>, "2 and 5", 2-4."""

from __future__ import annotations

import re
from functools import cache

from ..core.locales import CODES, locale
from .verbs import folded, is_glued

_NO_BRACKETS = dict.fromkeys(map(ord, "<>[](){}\u2039\u203a\u3008\u3009"), " ")
_MOST = 1000  # numbers in one command
_LONGEST = 8 * _MOST  # characters
_NUMBER = re.compile(r"#?([0-9]{1,6})\s*[.:,]?")
_RANGE = re.compile(r"#?([0-9]{1,6})\s*(?:[-~]|\u2013|\u2014|\u301c|\.\.\.?)\s*#?([0-9]{1,6})")


def a_number(text: str) -> int:
    """The number that a text is; 0 if it is none."""
    match = _NUMBER.fullmatch(_bare(text[:_LONGEST]))
    return int(match[1]) if match else 0


def numbers_in(text: str) -> list[int]:
    """The numbers that a text consists of, each once; none if anything else is in it, or too many."""
    if len(text) > _LONGEST:
        return []
    said = _bare(text)
    said = _RANGE.sub(lambda match: f"{match[1]}-{match[2]}", said)
    found: list[int] = []
    for part in filter(None, _separators().split(said)):
        if between := _RANGE.fullmatch(part.strip(".")):
            first, last = sorted((int(between[1]), int(between[2])))
            if last >= first + _MOST:
                return []
            found += range(first, last + 1)
        elif match := _NUMBER.fullmatch(part):
            found.append(int(match[1]))
        else:
            return []
    return list(dict.fromkeys(found)) if len(found) <= _MOST else []


def _bare(text: str) -> str:
    """Small letters, digits of any script as 0 to 9; nothing around numbers, as <brackets> are."""
    digits = "".join(str(int(c)) if c.isdecimal() else c for c in folded(text.strip()))
    return _around().sub("", digits.translate(_NO_BRACKETS).strip())


@cache
def _around() -> re.Pattern[str]:
    """What numbers are called: "no. 2", 第2条, 2番."""
    before = "|".join(word if is_glued(word) else rf"\b{word}\.?" for word in _words("before numbers"))
    after = "|".join(word if is_glued(word) else rf"{word}\b" for word in _words("after numbers"))
    return re.compile(rf"(?:{before}|#)\s*(?=#?[0-9])|(?<=[0-9])\s*(?:{after})(?![0-9])")


@cache
def _separators() -> re.Pattern[str]:
    between = _words("between numbers")
    spelled = "|".join(rf"\b{word}\b" if not is_glued(word) else word for word in between)
    return re.compile(rf"\s*(?:[,;&+、]|{spelled})\s*|\s+")


def _words(kind: str) -> list[str]:
    """Of all languages, longer ones first."""
    found = {folded(word) for code in CODES for word in locale(code).words(f"word {kind}")}
    return [re.escape(word) for word in sorted(found, key=lambda word: (-len(word), word))]
