"""Without an LLM: the user's own statements, each once, unless they are known."""

from __future__ import annotations

from collections.abc import Iterator

from ..backends.base import Backend
from .changes import heard
from .gate import statements
from .journal import Change
from .outbox import Batch, Exchange
from .sameness import known_as, same


def decide_verbatim(backend: Backend, batch: Batch) -> Iterator[Change]:
    """The changes for a batch. Raises what the backend raises."""
    kept: list[str] = []
    said = ((exchange, text) for exchange in batch.exchanges for text in _statements(exchange))
    for position, (exchange, text) in enumerate(said):
        if known := known_as(backend, batch.user_id, text):
            yield heard(batch, position, exchange, known)
        elif not _is_among(kept, text, backend):
            kept.append(text)
            yield Change(
                batch=batch.name,
                position=position,
                user_id=batch.user_id,
                op="add",
                memory_id="",
                before="",
                after=text,
                source=exchange.message_id,
                said_at=exchange.said_at,
            )


def _statements(exchange: Exchange) -> list[str]:
    return statements(exchange.user_text, exchange.assistant_text)


def _is_among(kept: list[str], text: str, backend: Backend) -> bool:
    meanings = backend.similarities(text, kept)
    return any(same(text, other, meaning) for other, meaning in zip(kept, meanings, strict=True))
