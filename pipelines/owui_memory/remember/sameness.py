"""Whether two sentences say the same, so that one of them is enough."""

from __future__ import annotations

import re

_SAME_MEANING = 0.95  # cosine
_WORD = re.compile(r"[\w\u0300-\u036f\u064b-\u0652\u0900-\u0963\u0966-\u0eff]+")  # with vowel signs


def words(text: str) -> tuple[str, ...]:
    """What is left of a text without case, punctuation and spaces: the same for the same words."""
    return tuple(_WORD.findall(text.casefold()))


def same(text: str, other: str, meaning: float) -> bool:
    """Whether the words are the same, or the meaning (cosine) is and so are all names and numbers.

    Embedders hardly tell Anna from Anne or 17 from 18. Where a script has no capitals, names cannot be told
    from words, and only the words count.
    """
    if words(text) == words(other):
        return True
    return meaning >= _SAME_MEANING and _has_case(text) and _telling(text) == _telling(other)


def _has_case(text: str) -> bool:
    return text.upper() != text.lower()


def _telling(text: str) -> set[str]:
    """Numbers, and words with a capital that is not the first of the text."""
    found = _WORD.findall(text)
    return {
        word.casefold()
        for position, word in enumerate(found)
        if any(c.isdigit() for c in word) or (position and any(c.isupper() for c in word))
    }
