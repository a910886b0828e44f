"""A user's request as the journal has it: a batch, and its changes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from ..core.change import Change
from ..core.exchange import Batch, Exchange
from ..core.memory import EPISODE, Memory
from ..remember.quotes import removal
from .outcomes import Asked


def batch_of(asked: Asked) -> Batch:
    """The batch that a request is, as if it were an exchange."""
    exchange = Exchange(asked.key, asked.user_id, asked.chat_id, "", "", asked.at, scope=asked.scope)
    return Batch(asked.key, asked.user_id, (exchange,), 2 if asked.again else 1, asked.at or time.time())


def change_of(
    asked: Asked, position: int, op: str, memory: Memory | None = None, *, after: str = "", **others: str
) -> Change:
    """One change that was asked for: of a memory, or `add` without one. others: further fields of it."""
    if memory is not None:
        others = {"kind": memory.kind, "expired": memory.expires, "scope": memory.scope, **others}
    return Change(
        model=asked.model,
        batch=asked.key,
        position=position,
        user_id=asked.user_id,
        op=op,
        memory_id=memory.id if memory else "",
        before=memory.text if memory else "",
        after=after,
        source=asked.message_id,
        said_at=asked.at,
        **others,  # type: ignore[arg-type]
    )


def removals(asked: Asked, memories: Iterable[Memory]) -> Iterator[Change]:
    """One for each of these memories."""
    for position, memory in enumerate(memories):
        if memory.kind == EPISODE:
            yield removal(batch_of(asked), position, memory, asked.message_id)
        else:
            yield change_of(asked, position, "remove", memory)
