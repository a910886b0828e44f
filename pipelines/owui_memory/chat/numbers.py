"""Numbers of a list, as people type them: 2, #2, 2., <2>, "2 and 5", 2-4."""

from __future__ import annotations

import re

_NO_BRACKETS = dict.fromkeys(map(ord, "<>[](){}\u2039\u203a\u3008\u3009"), " ")
_MOST = 1000  # numbers in one command
_LONGEST = 8 * _MOST  # characters
_CALLED = re.compile(r"\b(?:numbers?|nos?\.?|nr\.?|#)\s*(?=#?[0-9])")
_NUMBER = re.compile(r"#?([0-9]{1,6})\s*[.:,]?")
_SEPARATORS = re.compile(r"\s*(?:[,;&+]|\band\b|\bund\b|\by\b|\bet\b)\s*|\s+")
_RANGE = re.compile(r"#?([0-9]{1,6})\s*(?:-|\u2013|\u2014|\.\.\.?)\s*#?([0-9]{1,6})")


def a_number(text: str) -> int:
    """The number that a text is; 0 where it is none."""
    match = _NUMBER.fullmatch(_CALLED.sub("", _plain(text[:_LONGEST])))
    return int(match[1]) if match else 0


def numbers_in(text: str) -> list[int]:
    """The numbers that a text consists of, each once; none where anything else is in it, or too many."""
    if len(text) > _LONGEST:
        return []
    said = _CALLED.sub("", _plain(text))
    said = _RANGE.sub(lambda match: f"{match[1]}-{match[2]}", said)
    found: list[int] = []
    for part in filter(None, _SEPARATORS.split(said)):
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


def _plain(text: str) -> str:
    """Small letters, digits of any script as 0 to 9, and no brackets: the help has <number>."""
    digits = "".join(str(int(c)) if c.isdecimal() else c for c in text.strip().casefold())
    return digits.translate(_NO_BRACKETS).strip()
