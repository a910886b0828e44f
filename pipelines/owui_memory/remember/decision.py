"""What is decided of a message, as changes for the journal."""

from __future__ import annotations

from typing import Any

from ..core.change import REAFFIRMED, Change
from ..core.exchange import Batch, Exchange
from ..core.memory import Memory


def decided(
    batch: Batch, position: int, op: str, exchange: Exchange, memory: Memory | None = None, **values: Any
) -> Change:
    """A change that a message asks for: of this memory, or of a new one. values: more of its fields."""
    if memory is not None:
        known = {"kind": memory.kind, "expired": memory.expires, "scope": memory.scope}
        values = {"memory_id": memory.id, "before": memory.text, **known, **values}
    told = {"source": exchange.message_id, "said_at": exchange.said_at}
    texts = {"memory_id": "", "before": "", "after": ""}
    return Change(batch.name, position, batch.user_id, op, **{**texts, **told, **values})


def reaffirmed(batch: Batch, position: int, exchange: Exchange, memory: Memory) -> Change:
    """The note that a message said again what is known."""
    return decided(batch, position, REAFFIRMED, exchange, memory, after=memory.text, expired="", made=True)
