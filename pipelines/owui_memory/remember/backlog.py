"""How the queue of exchanges stands: what waits and what was given up, counted and listed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Engine, and_, func, select

from ..core.exchange import Batch, Exchange
from ..state import outbox, reading
from .turns import rows_where

LEFT = ("pending", "claimed", "postponed")  # states of what is still to be remembered
NEWER = "newer"  # of an exchange that is worked on: another answer to it


@dataclass(frozen=True, slots=True)
class Counts:
    """How many exchanges wait (or are being worked on), and how many were given up.

    since: when the oldest of the former began to wait, in Unix seconds; 0 where there is none.
    later: how many of imports wait until nothing else does.
    """

    pending: int
    dead: int
    since: float = field(default=0.0, compare=False)
    later: int = 0


class Standing(NamedTuple):
    """How a batch stands; `name` is "" before it is claimed. waiting_since: Unix time in seconds."""

    name: str
    user_id: str
    exchanges: int
    attempts: int
    waiting_since: float
    error: str


class Backlog:
    """What the queue in the state database holds. Threads and processes may share it."""

    def __init__(self, engine: Engine) -> None:
        self._reading = reading(engine)

    def counts(self) -> Counts:
        with self._reading.connect() as connection:
            counting = select(outbox.c.state, func.count(), func.min(outbox.c.waiting_since))
            rows = connection.execute(counting.group_by(outbox.c.state)).all()
        left = [row for row in rows if row[0] in LEFT]
        dead = sum(row[1] for row in rows if row[0] == "dead")
        later = sum(row[1] for row in rows if row[0] == "later")
        since = min((row[2] for row in left), default=0.0)
        return Counts(sum(row[1] for row in left), dead, since, later)

    def listed(self, most: int, *, dead: bool) -> list[Standing]:
        """The oldest batches that wait or, `dead`, were given up: how they stand, without what was said."""
        since, attempts = func.min(outbox.c.waiting_since), func.max(outbox.c.attempts)
        wanted = (
            select(outbox.c.batch, outbox.c.user_id, func.count(), attempts, since, func.max(outbox.c.error))
            .where(outbox.c.state.in_(("dead",) if dead else LEFT))
            .group_by(outbox.c.batch, outbox.c.user_id, outbox.c.chat_id)
            .order_by(since)
            .limit(most)
        )
        with self._reading.connect() as connection:
            return [Standing(*row) for row in connection.execute(wanted)]

    def waiting_of(self, user_id: str) -> int:
        waiting = and_(outbox.c.user_id == user_id, outbox.c.state.in_(LEFT))
        with self._reading.connect() as connection:
            return connection.scalar(select(func.count()).select_from(outbox).where(waiting)) or 0

    def pending_batches(self) -> list[Batch]:
        """What waits or is being worked on, oldest first."""
        return self._batches(*LEFT)

    def dead_batches(self) -> list[Batch]:
        """What was given up, oldest first."""
        return self._batches("dead")

    def was_erased(self, batch: Batch) -> bool:
        """Whether its exchanges were taken away while it was worked on: see `manage.erasure.erase`."""
        with self._reading.connect() as connection:
            return connection.scalar(select(outbox.c.id).where(outbox.c.batch == batch.name).limit(1)) is None

    def _batches(self, *states: str) -> list[Batch]:
        grouped: dict[tuple[str, str, str], list[Any]] = {}
        with self._reading.connect() as connection:
            for row in rows_where(connection, outbox.c.state.in_(states)):
                grouped.setdefault((row.batch, row.user_id, row.chat_id), []).append(row)
        return [batch_of(rows, name=rows[0].batch, attempts=rows[0].attempts) for rows in grouped.values()]


def batch_of(rows: list[Any], *, name: str, attempts: int) -> Batch:
    """The batch that these rows of one user's are, under this name."""
    first = rows[0]
    exchanges = tuple(exchange_of(json.loads(row.exchange)) for row in rows)
    return Batch(name, first.user_id, exchanges, attempts, first.waiting_since, first.error)


def exchange_of(kept: dict[str, Any]) -> Exchange:
    """An exchange as a row keeps it, with the newest answer to it."""
    newer = kept.pop(NEWER, {})
    return Exchange(**{**kept, **newer, "replaces": tuple(kept.get("replaces", ()))})
