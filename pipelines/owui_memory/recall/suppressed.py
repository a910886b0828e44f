"""Memories that a message asks to be forgotten are not told for it."""

from __future__ import annotations

from collections.abc import Iterable

from ..language.forget_requests import forget_request, is_alone, means_all, share_of, words_asked
from .rank import Ranked

_NEAR = 0.6  # relevance, where a message asks for nothing else
_NEARER = 0.8
_SHARE = 0.5  # of the words of a request


def suppressed(text: str, items: Iterable[Ranked]) -> frozenset[str]:
    """The ids of those that a message asks to be forgotten."""
    asked = forget_request(text)
    if not asked:
        return frozenset()
    if means_all(asked):
        return frozenset(one.memory.id for one in items)
    words = words_asked(asked)
    near = _NEAR if is_alone(text) else _NEARER
    return frozenset(
        one.memory.id for one in items if one.meaning >= near or share_of(words, one.memory.text) >= _SHARE
    )
