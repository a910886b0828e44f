"""What is known already."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..backends.base import Backend
from ..core.exchange import Batch
from ..core.memory import Memory
from ..core.scope import writing_view
from ..language.dedupe import same, same_wish

_WISHES = 100  # of a user's, with which a new one is compared
_NEAREST = 5  # memories that a sentence is compared with


def is_among(text: str, others: Sequence[str], backend: Backend) -> bool:
    """Whether one of the others says the same."""
    meanings = backend.similarities(text, list(others)) if others else []
    return any(same(text, other, meaning) for other, meaning in zip(others, meanings, strict=True))


def known_as(backend: Backend, batch: Batch, text: str, *, but: Collection[str] = ()) -> Memory | None:
    """The memory that says this already, in these words or nearly so. `but`: ids that do not count."""
    near = backend.search(batch.user_id, text, _NEAREST + len(but), writing_view(batch.scope))
    others = (found for found in near if found.memory.id not in but)
    return next((one.memory for one in others if same(text, one.memory.text, one.meaning)), None)


def wishes_of(backend: Backend, batch: Batch) -> list[Memory]:
    """What is stored of how a batch's user wants to be answered, as far as the batch may change it."""
    view = writing_view(batch.scope)
    stored = backend.of_kind(batch.user_id, "preference", _WISHES)
    return [memory for memory in stored if view.sees(memory.scope)]


def wish_like(backend: Backend, text: str, wishes: Sequence[Memory]) -> Memory | None:
    """The nearest of some wishes that are one with a text, or in whose place it is: see `same_wish`."""
    near = backend.similarities(text, [wish.text for wish in wishes]) if wishes else []
    ranked = sorted(zip(near, wishes, strict=True), key=lambda pair: -pair[0])
    return next((wish for likeness, wish in ranked if same_wish(text, wish.text, likeness)), None)
