"""What is to be erased, as the state database has it, and what is erased there.

An erasure is written down before it begins, by ids and without a text, so that whoever comes next finishes
one that was broken off. It is gone through twice: what was under way at the first time (a batch that somebody
worked on, a message that was just told) has come to rest by the second one.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, or_, select, update

from ...backends.locations import HOLD_S
from ...core.scope import team_in
from ...remember.turns import CLAIM_S
from ...state import (
    count_up,
    cuts,
    decisions,
    episodes,
    erasures,
    hold,
    injected,
    journal,
    locations,
    metadata,
    outbox,
    reading,
    recalls,
    versions,
)
from ...state.clock import is_ahead
from .forgotten_rows import ForgottenRows

SETTLED_S = 2 * CLAIM_S  # after which nothing that was under way is left

BEGUN, ONCE, DONE = 0, 1, 2  # passes

# Which rows of a user are counted under which name; others under the table's.
_NAMES = {
    "injected": "told lines",
    "recalls": "explanations",
    "journal": "journal",
    "cuts": "summaries of chats",
    "episodes": "exchanges with passages",
    "reflections": "profiles",
}
# Whose rows of a user stay: a number each, and what was erased when.
_STAYING = (versions.name, erasures.name)


@dataclass(frozen=True)
class Erasure:
    """One, as far as it is done. memory_ids: those to forget; none of a whole user.

    locations: ids of those where it is still to be done. batches: those that were worked on when it began.
    """

    id: int
    user_id: str
    whole: bool
    memory_ids: tuple[str, ...]
    batches: tuple[str, ...]
    locations: tuple[int, ...]
    passes: int
    asked_at: float


class Erasures:
    """The erasures in the state database."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = engine, reading(engine)

    def teams(self) -> list[str]:
        """The ids that any team's memories lie under."""
        with self._reading.connect() as connection:
            return [owner for owner in connection.scalars(select(versions.c.user_id)) if team_in(owner)]

    def begin_user(self, user_id: str) -> tuple[Erasure, Counter[str]]:
        """Writes down that a user is to be erased, and erases the queue and the permissions at once."""
        with self._engine.begin() as connection:
            hold(connection, user_id)
            erasure = self._insert(connection, user_id, True, ())
            waiting = and_(outbox.c.user_id == user_id, outbox.c.exchange.is_not(None))
            counts = Counter[str]()
            for name, which in (
                ("queue", delete(outbox).where(waiting)),
                ("messages that were read", delete(outbox).where(outbox.c.user_id == user_id)),
                ("permissions", delete(decisions).where(decisions.c.user_id == user_id)),
            ):
                counts[name] = connection.execute(which).rowcount
            count_up(connection, user_id)
        return erasure, counts

    def begin_memories(
        self, user_id: str, memory_ids: Collection[str], texts: Iterable[str], until: float = math.inf
    ) -> tuple[Erasure, Counter[str]]:
        """Writes down that these memories are to be erased, and erases what the state database says of them.

        texts: what they say, as far as it is known. until: what was said later in the same words stays.
        """
        with self._engine.begin() as connection:
            hold(connection, user_id)
            erasure = self._insert(connection, user_id, False, memory_ids)
            counts = ForgottenRows(connection, user_id, list(memory_ids), set(texts), until).run(erasure.id)
            count_up(connection, user_id)
        return erasure, counts

    def texts_of(self, user_id: str, memory_ids: Collection[str], texts: Iterable[str]) -> set[str]:
        """What these memories say and have said. texts: what is known of that."""
        with self._engine.connect() as connection:
            return ForgottenRows(connection, user_id, list(memory_ids), set(texts)).texts

    def unqueue(self, user_id: str, memory_ids: Collection[str], texts: Iterable[str]) -> int:
        """Takes messages that said these memories and still wait out of the queue; returns how many."""
        with self._engine.begin() as connection:
            hold(connection, user_id)
            return ForgottenRows(connection, user_id, list(memory_ids), set(texts)).from_queue()

    def finish_user(self, erasure: Erasure, *, fresh: bool) -> Counter[str]:
        """Erases the rest of a user's rows, in every table that has users.

        fresh: else what the user has said since it was begun stays.
        """
        counts: Counter[str] = Counter()
        with self._engine.begin() as connection:
            hold(connection, erasure.user_id)
            for table in metadata.sorted_tables:
                if "user_id" not in table.c or table.name in _STAYING or table in (outbox, decisions):
                    continue
                which = table.c.user_id == erasure.user_id
                if table is journal and not fresh:
                    which = and_(which, _before(erasure))
                gone = connection.execute(delete(table).where(which))
                counts[_NAMES.get(table.name, table.name)] += gone.rowcount
            count_up(connection, erasure.user_id)
        return counts

    def settle(self, erasure: Erasure) -> Counter[str]:
        """The second pass over what may have been written while the first one was under way."""
        until = erasure.asked_at + SETTLED_S
        counts: Counter[str] = Counter()
        with self._engine.begin() as connection:
            hold(connection, erasure.user_id)
            if erasure.whole:
                for table, which in (
                    (injected, injected.c.injected_at <= until),
                    (recalls, recalls.c.at <= until),
                    (journal, _before(erasure)),
                    (cuts, cuts.c.at <= until),
                    (episodes, episodes.c.said_at <= erasure.asked_at),
                ):
                    gone = connection.execute(delete(table).where(table.c.user_id == erasure.user_id, which))
                    counts[_NAMES[table.name]] += gone.rowcount
            else:
                rows = ForgottenRows(connection, erasure.user_id, list(erasure.memory_ids), set())
                counts += rows.blanked()
            count_up(connection, erasure.user_id)
        return counts

    def since(self, erasure_id: int) -> list[Erasure]:
        """The erasures with a later id, done or not."""
        return list(self._select(erasures.c.id > erasure_id))

    def newest(self) -> int:
        """The id of the last one that was begun; 0 if there was none."""
        with self._reading.connect() as connection:
            return connection.scalar(select(func.max(erasures.c.id))) or 0

    def open(self) -> list[Erasure]:
        """The erasures that are not done yet, oldest first."""
        return list(self._select(erasures.c.passes < DONE))

    def update(self, erasure: Erasure, *, passes: int, left: Collection[int]) -> None:
        """Notes how far an erasure has come."""
        done = {"passes": passes, "locations": json.dumps(sorted(left))}
        with self._engine.begin() as connection:
            connection.execute(update(erasures).where(erasures.c.id == erasure.id).values(**done))

    def copying(self) -> bool:
        """Whether memories are on their way from one location to another."""
        with self._reading.connect() as connection:
            held = (
                select(locations.c.id).where(is_ahead(locations.c.held_until, time.time(), HOLD_S)).limit(1)
            )
            return connection.scalar(held) is not None

    def _insert(
        self, connection: Connection, user_id: str, whole: bool, memory_ids: Collection[str]
    ) -> Erasure:
        busy = select(outbox.c.batch).where(outbox.c.user_id == user_id, outbox.c.state == "claimed")
        row: dict[str, Any] = {
            "user_id": user_id,
            "whole": whole,
            "memory_ids": json.dumps(sorted(memory_ids)),
            "batches": json.dumps(sorted(set(connection.scalars(busy)))),
            "locations": json.dumps(list(connection.scalars(select(locations.c.id)))),
            "passes": BEGUN,
            "asked_at": time.time(),
        }
        added = connection.execute(erasures.insert().values(**row)).inserted_primary_key
        return _erasure({"id": (added or (0,))[0], **row})

    def _select(self, *which: Any) -> Iterator[Erasure]:
        with self._reading.connect() as connection:
            rows = connection.execute(select(erasures).where(*which).order_by(erasures.c.id)).mappings()
            yield from [_erasure(row) for row in rows]


def _before(erasure: Erasure) -> Any:
    """Changes from before it was begun, or of what was worked on then."""
    return or_(journal.c.batch.in_(erasure.batches), journal.c.at <= erasure.asked_at)


def _erasure(row: Any) -> Erasure:
    lists: Any = {name: tuple(json.loads(row[name])) for name in ("memory_ids", "batches", "locations")}
    others: Any = {name: row[name] for name in ("id", "user_id", "whole", "passes", "asked_at")}
    return Erasure(**others, **lists)
