"""Whether two sentences say the same, so that one of them is enough."""

from __future__ import annotations

from collections.abc import Collection

from ..backends.base import Backend, Memory
from ..scopes import writing_view
from ..words import denials, has_case, telling, words
from .outbox import Batch

_SAME_MEANING = 0.95  # cosine
_SAYS = 0.6  # cosine; "I am vegan" has 0.61 to "The user is vegan."
_NEAREST = 3  # memories that a sentence is compared with


def same(text: str, other: str, meaning: float) -> bool:
    """Whether the words are the same, or the meaning (cosine) is and so are all names and numbers.

    Embedders hardly tell Anna from Anne, 17 from 18, or a statement from its denial. Where a script has no
    capitals, names cannot be told from words, and only the words count.
    """
    if words(text) == words(other):
        return True
    if meaning < _SAME_MEANING or not has_case(text) or denials(text) != denials(other):
        return False
    return telling(text) == telling(other)


def says(message: str, memory: str, meaning: float) -> bool:
    """Whether a message says what a memory holds, in its own words and perhaps among other things."""
    named = telling(memory)
    return bool(message) and meaning >= _SAYS and (not named or not named.isdisjoint(words(message)))


def known_as(backend: Backend, batch: Batch, text: str, *, but: Collection[str] = ()) -> Memory | None:
    """The memory that says this already, in these words or nearly so. `but`: ids that do not count."""
    near = backend.search(batch.user_id, text, _NEAREST + len(but), writing_view(batch.scope))
    return next(
        (
            found.memory
            for found in near
            if found.memory.id not in but and same(text, found.memory.text, found.meaning)
        ),
        None,
    )
