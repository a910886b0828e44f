"""What is known already."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..backends.base import Backend
from ..core.exchange import Batch
from ..core.memory import Memory
from ..core.scope import writing_view
from ..language.dedupe import same

_NEAREST = 5  # memories that a sentence is compared with


def is_among(text: str, others: Sequence[str], backend: Backend) -> bool:
    """Whether one of the others says the same."""
    meanings = backend.similarities(text, list(others)) if others else []
    return any(same(text, other, meaning) for other, meaning in zip(others, meanings, strict=True))


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
