"""Every change of a memory with before, after and where it came from: for why, undo and erase.

A change is written before it is made and marked once it is made, so that a crash between the two is
mended by making it again: see `reconcile`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError

from ..state import journal, reading


@dataclass(frozen=True, slots=True)
class Change:
    """One row. `op`: add, replace, remove or undo; `refused`: why it was not made, else empty.

    `source`: ids of the messages it came from, `at`: Unix time in seconds, `made`: False while it is only
    intended, `undoes`: the id of the change that this one takes back.
    """

    batch: str
    position: int
    user_id: str
    op: str
    memory_id: str
    before: str
    after: str
    kind: str = "fact"
    expires: str = ""
    source: str = ""
    model: str = ""
    refused: str = ""
    made: bool = False
    undoes: int = 0
    at: float = 0.0
    id: int = 0


class Journal:
    """Kept in the state database."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = engine, reading(engine)

    def intend(self, changes: list[Change]) -> None:
        """Write down a batch's changes, all or none; those of a batch that is there already stay."""
        rows = [{**_columns(change), "at": time.time()} for change in changes]
        try:
            with self._engine.begin() as connection:
                for row in rows:
                    connection.execute(journal.insert().values(row))
        except IntegrityError:
            pass  # an earlier try wrote them

    def of_batch(self, batch: str) -> list[Change]:
        """What was decided for a batch, in order."""
        return list(self._select(journal.c.batch == batch))

    def of_user(self, user_id: str) -> list[Change]:
        """All changes of a user's memories, oldest first."""
        return list(self._select(journal.c.user_id == user_id))

    def made(self, change: Change, memory_id: str) -> None:
        """Mark a change as made."""
        with self._engine.begin() as connection:
            connection.execute(
                update(journal).where(journal.c.id == change.id).values(made=True, memory_id=memory_id)
            )

    def _select(self, which: Any) -> Iterator[Change]:
        with self._reading.connect() as connection:
            rows = connection.execute(select(journal).where(which).order_by(journal.c.id)).mappings()
            yield from [Change(**row) for row in rows]


def _columns(change: Change) -> dict[str, Any]:
    return {
        column.name: getattr(change, column.name)
        for column in journal.columns
        if column.name not in ("id", "at")
    }
