"""Memories that a message asks to be forgotten are not told for it."""

from __future__ import annotations

from collections.abc import Iterable

from ..language.forget_requests import _NEAR, _NEARER, _SENTENCE_END, _SHARE, _share, _words, means_all, wish
from .rank import Ranked


def unwanted(text: str, items: Iterable[Ranked]) -> frozenset[str]:
    """The ids of those that a message asks to be forgotten."""
    asked = wish(text)
    if not asked:
        return frozenset()
    if means_all(asked):
        return frozenset(one.memory.id for one in items)
    words = _words(asked)
    alone = sum(bool(sentence.strip()) for sentence in _SENTENCE_END.split(text)) == 1
    near = _NEAR if alone else _NEARER
    return frozenset(
        one.memory.id for one in items if one.meaning >= near or _share(words, one.memory.text) >= _SHARE
    )
