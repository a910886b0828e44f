"""Whether two sentences say the same, so that one of them is enough."""

# ruff: noqa: SIM905  (lists of words, a language or two a line, are read and corrected as text)

from __future__ import annotations

import re
from collections.abc import Collection

from ..backends.base import Backend, Memory

_SAME_MEANING = 0.95  # cosine
_SAYS, _SAYS_A_NAME = 0.8, 0.6  # cosine of a message and what it says, without and with a name of it
_NEAREST = 3  # memories that a sentence is compared with
# Where denial is an ending or a prefix (Turkish, Czech) it is not seen.
_DENIALS = frozenset(
    """
    no not never nothing nobody neither nor cannot without t
    nicht kein keine keinen keinem keiner nie niemals nichts ohne niet geen nooit zonder
    inte ikke ej aldrig aldri utan uden uten ne n pas jamais sans nunca jamás sin tampoco não nem sem
    non mai senza nu niciodată fără nie nigdy bez не нет никогда без ні ніколи δεν δε μη μην ποτέ χωρίς
    değil asla soha nincs ei eivät tidak bukan tanpa
    """.split()
)
_WORD = re.compile(r"[\w\u0300-\u036f\u064b-\u0652\u0900-\u0963\u0966-\u0eff]+")  # with vowel signs


def words(text: str) -> tuple[str, ...]:
    """What is left of a text without case, punctuation and spaces: the same for the same words."""
    return tuple(_WORD.findall(text.casefold()))


def same(text: str, other: str, meaning: float) -> bool:
    """Whether the words are the same, or the meaning (cosine) is and so are all names and numbers.

    Embedders hardly tell Anna from Anne, 17 from 18, or a statement from its denial. Where a script has no
    capitals, names cannot be told from words, and only the words count.
    """
    if words(text) == words(other):
        return True
    if meaning < _SAME_MEANING or not _has_case(text) or _denials(text) != _denials(other):
        return False
    return _telling(text) == _telling(other)


def says(message: str, memory: str, meaning: float) -> bool:
    """Whether a message says what a memory holds, in its own words and perhaps among other things."""
    telling = _telling(memory)
    if telling:
        return meaning >= _SAYS_A_NAME and not telling.isdisjoint(words(message))
    return meaning >= _SAYS and bool(message)


def known_as(backend: Backend, user_id: str, text: str, *, but: Collection[str] = ()) -> Memory | None:
    """The memory that says this already, in these words or nearly so. `but`: ids that do not count."""
    near = backend.search(user_id, text, _NEAREST + len(but))
    return next(
        (
            found.memory
            for found in near
            if found.memory.id not in but and same(text, found.memory.text, found.meaning)
        ),
        None,
    )


def _has_case(text: str) -> bool:
    return text.upper() != text.lower()


def _denials(text: str) -> frozenset[str]:
    """As a set: some of them are harmless words in another language, and then in both texts."""
    return _DENIALS.intersection(words(text))


def _telling(text: str) -> set[str]:
    """Numbers, and words with a capital that is not the first of the text."""
    found = _WORD.findall(text)
    return {
        word.casefold()
        for position, word in enumerate(found)
        if any(c.isdigit() for c in word) or (position and any(c.isupper() for c in word))
    }
