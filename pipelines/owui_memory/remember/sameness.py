"""Whether two sentences say the same, so that one of them is enough."""

from __future__ import annotations

import re

from ..backends.base import Backend, Memory

_SAME_MEANING = 0.95  # cosine
_SAYS, _SAYS_A_NAME = 0.8, 0.6  # cosine of a message and what it says, without and with a name of it
_NEAREST = 3  # memories that a sentence is compared with
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


def says(message: str, memory: str, meaning: float) -> bool:
    """Whether a message says what a memory holds, in its own words and perhaps among other things."""
    telling = _telling(memory)
    if telling:
        return meaning >= _SAYS_A_NAME and not telling.isdisjoint(words(message))
    return meaning >= _SAYS and bool(message)


def known_as(backend: Backend, user_id: str, text: str) -> Memory | None:
    """The memory that says this already, in these words or nearly so."""
    near = backend.search(user_id, text, _NEAREST)
    return next((found.memory for found in near if same(text, found.memory.text, found.meaning)), None)


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
