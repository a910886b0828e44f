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
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, or_, select, update

from ...backends.locations import HOLD_S
from ...core.change import FORGET, FORGOTTEN, REFLECTED, TOMBSTONES, heirs
from ...core.exchange import message_id_of
from ...core.memory import EPISODE
from ...core.scope import team_in
from ...language.words import is_mark, mark_of
from ...remember.turns import CLAIM_S
from ...state import (
    count_up,
    cuts,
    decisions,
    episodes,
    erasures,
    hold,
    injected,
    insert_new,
    journal,
    locations,
    metadata,
    outbox,
    reading,
    recalls,
    versions,
)
from ...state.clock import is_ahead
from ...state.reflections_table import forget_statements

SETTLED_S = 2 * CLAIM_S  # after which nothing that was under way is left
_AT_ONCE = 500  # ids in a statement
_EVER = 1e12  # a Unix time that databases take for later than any

BEGUN, ONCE, DONE = 0, 1, 2  # passes
_LATELY = (injected, recalls, journal, episodes, cuts)
_LATE = "late, "  # of what the second pass found

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
            counts = _Forgetting(connection, user_id, list(memory_ids), set(texts), until).run(erasure.id)
            count_up(connection, user_id)
        return erasure, counts

    def unqueue(self, user_id: str, memory_ids: Collection[str], texts: Iterable[str]) -> int:
        """Takes messages that said these memories and still wait out of the queue; returns how many."""
        with self._engine.begin() as connection:
            hold(connection, user_id)
            return _Forgetting(connection, user_id, list(memory_ids), set(texts)).from_queue()

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
        mine = {table: table.c.user_id == erasure.user_id for table in _LATELY}
        counts: Counter[str] = Counter()
        with self._engine.begin() as connection:
            hold(connection, erasure.user_id)
            if erasure.whole:
                late = {injected: injected.c.injected_at <= until, recalls: recalls.c.at <= until}
                late[journal] = _before(erasure)
                late[cuts] = cuts.c.at <= until
                late[episodes] = episodes.c.said_at <= erasure.asked_at
                for table, which in late.items():
                    gone = connection.execute(delete(table).where(mine[table], which))
                    counts[_LATE + _NAMES[table.name]] += gone.rowcount
            else:
                counts += _Forgetting(connection, erasure.user_id, list(erasure.memory_ids), set()).again()
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

    def get(self, erasure_id: int) -> Erasure | None:
        """The erasure with this id, or None."""
        return next(iter(self._select(erasures.c.id == erasure_id)), None)

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


class _Forgetting:
    """What the state says of some memories of a user. A tombstone without text stays of each."""

    def __init__(
        self,
        connection: Connection,
        user_id: str,
        ids: Sequence[str],
        texts: set[str],
        until: float = math.inf,
    ) -> None:
        self._connection, self._user_id, self._texts = connection, user_id, texts
        self._until = min(until, _EVER)
        self._ids = self._with_former(ids)
        self._history = self._rows(journal, journal.c.memory_id)
        for row in self._history:
            # What a passage answers is also in others that stay: see `quotes.removal`.
            passage = row.kind == EPISODE
            self._texts |= (
                {row.before if row.op == "remove" else row.after} if passage else {row.before, row.after}
            )
        self._texts |= {
            row.text for row in self._rows(injected, injected.c.memory_id) if not is_mark(row.text)
        }
        self._texts.discard("")

    def run(self, erasure_id: int) -> Counter[str]:
        counts = Counter(queue=self.from_queue())
        counts["summaries of chats"] = self._from_abstracts()
        counts["explanations"] = self._from_explanations()
        counts["told lines"] = self._from_injected()
        counts["journal"] = self._from_journal()
        counts["sentences of the profile"] = self._from_profile()
        buried = [
            _tombstone(self._user_id, memory_id, erasure_id, position)
            for position, memory_id in enumerate(self._ids)
        ]
        insert_new(self._connection, journal, buried)
        return counts

    def again(self) -> Counter[str]:
        counts = Counter(
            {_LATE + "told lines": self._from_injected(), _LATE + "journal": self._from_journal()}
        )
        counts[_LATE + "explanations"] = self._from_explanations()
        counts[_LATE + "summaries of chats"] = self._from_abstracts()
        counts[_LATE + "sentences of the profile"] = self._from_profile()
        return counts

    def _with_former(self, ids: Sequence[str]) -> Sequence[str]:
        """With those that the same memories had before their removal was taken back, and their parts'."""
        known = list(dict.fromkeys(ids))
        new = known
        while new:
            self._ids = new
            undone = [row.undoes for row in self._rows(journal, journal.c.memory_id) if row.undoes]
            of_them = select(journal.c.memory_id).where(journal.c.user_id == self._user_id)
            found = [
                memory_id
                for some in _parts(undone)
                for memory_id in self._connection.scalars(of_them.where(journal.c.id.in_(some)))
            ]
            new = [one for one in dict.fromkeys((*found, *self._parts_of(new))) if one and one not in known]
            known += new
        return known

    def _parts_of(self, ids: Sequence[str]) -> list[str]:
        """The ids of memories that have become a part of these, and still are."""
        back = select(journal.c.undoes).where(journal.c.user_id == self._user_id, journal.c.undoes > 0)
        batches = {row.batch for row in self._rows(journal, journal.c.memory_id)}
        merged = []
        for batch in filter(lambda name: name.startswith(REFLECTED), batches):
            mine = (journal.c.user_id == self._user_id, journal.c.batch == batch, journal.c.id.not_in(back))
            rows = self._connection.execute(select(journal).where(*mine).order_by(journal.c.id)).all()
            merged += [part for part, heir in heirs(rows).items() if heir in ids]
        return merged

    def from_queue(self) -> int:
        """Messages that said it are not to be read any more; those of a batch in work are begun anew."""
        sources = {message for row in self._history for message in row.source.split()}
        mine = and_(
            outbox.c.user_id == self._user_id,
            outbox.c.exchange.is_not(None),
            outbox.c.created_at <= self._until,
        )
        rows = self._connection.execute(select(outbox).where(mine)).all()
        said = [row for row in rows if message_id_of(row.key) in sources or self._is_in(row.exchange)]
        done = {"state": "done", "exchange": None, "error": ""}
        for some in _parts([row.id for row in said]):
            self._connection.execute(update(outbox).where(outbox.c.id.in_(some)).values(**done))
        broken = {row.batch for row in said if row.state == "claimed"}
        anew = {"state": "pending", "batch": "", "attempts": 0, "ready_at": time.time(), "error": ""}
        others = and_(outbox.c.batch.in_(broken), outbox.c.state == "claimed")
        self._connection.execute(update(outbox).where(others).values(**anew))
        return len(said)

    def _from_journal(self) -> int:
        mine = {row.id for row in self._history if row.before or row.after or row.op == FORGET}
        for some in _parts(sorted(self._texts)):
            alike = or_(journal.c.before.in_(some), journal.c.after.in_(some))
            mine |= set(
                self._connection.scalars(
                    select(journal.c.id).where(
                        journal.c.user_id == self._user_id, alike, journal.c.at <= self._until
                    )
                )
            )
        blank = {"before": "", "after": "", "refused": FORGOTTEN, "made": False}
        for some in _parts(sorted(mine)):
            self._connection.execute(update(journal).where(journal.c.id.in_(some)).values(**blank))
        return len(mine)

    def _from_injected(self) -> int:
        """What recall told a chat must not be learned from its answers: a mark of the text stays."""
        rows = {row.id: row for row in self._rows(injected, injected.c.memory_id)}
        for some in _parts(sorted(self._texts)):
            which = and_(
                injected.c.user_id == self._user_id,
                injected.c.text.in_(some),
                injected.c.injected_at <= self._until,
            )
            rows |= {row.id: row for row in self._connection.execute(select(injected).where(which))}
        speaking = [row for row in rows.values() if not is_mark(row.text)]
        for some in _parts([row.id for row in speaking]):
            self._connection.execute(delete(injected).where(injected.c.id.in_(some)))
        marked = [{**row._mapping, "text": mark_of(row.text), "line": "", "gone": True} for row in speaking]
        insert_new(self._connection, injected, marked)
        return len(speaking)

    def _from_abstracts(self) -> int:
        """An abstract may say it in other words: all are made anew, without the messages that said it."""
        saying = and_(cuts.c.user_id == self._user_id, cuts.c.abstract != "")
        return self._connection.execute(update(cuts).where(saying).values(abstract="")).rowcount

    def _from_profile(self) -> int:
        return forget_statements(self._connection, self._user_id, self._ids)

    def _from_explanations(self) -> int:
        """What was asked stays, but where it may have said what is forgotten."""
        chats = {row.chat for row in self._history if row.chat}
        mine = select(recalls).where(recalls.c.user_id == self._user_id)
        changed = 0
        for row in self._connection.execute(mine).all():
            kept = json.loads(row.explanation)
            query = kept.get("query")
            if query and (row.chat_id in chats or self._weighs(kept) or self._is_in(query)):
                blank = json.dumps({**kept, "query": ""}, ensure_ascii=False)
                self._connection.execute(
                    update(recalls).where(recalls.c.id == row.id).values(explanation=blank)
                )
                changed += 1
        return changed

    def _weighs(self, kept: dict[str, Any]) -> bool:
        weighed = {one["memory_id"] for name in ("weighed", "quoted") for one in kept.get(name, ())}
        return not weighed.isdisjoint(self._ids)

    def _is_in(self, said: str) -> bool:
        """In a text, or in one written as JSON."""
        folded = said.casefold()
        return any(
            form in folded
            for text in self._texts
            for form in (text.casefold(), json.dumps(text)[1:-1].casefold())
        )

    def _rows(self, table: Any, column: Any) -> list[Any]:
        return [
            row
            for some in _parts(self._ids)
            for row in self._connection.execute(
                select(table).where(table.c.user_id == self._user_id, column.in_(some))
            )
        ]


def _before(erasure: Erasure) -> Any:
    """Changes from before it was begun, or of what was worked on then."""
    return or_(journal.c.batch.in_(erasure.batches), journal.c.at <= erasure.asked_at)


def _tombstone(user_id: str, memory_id: str, erasure_id: int, position: int) -> dict[str, Any]:
    """So that no copy comes back from a location that was left: see `Locations.removed_since`."""
    empty = dict.fromkeys(("before", "after", "expires", "source", "model", "refused"), "")
    named = {"user_id": user_id, "memory_id": memory_id, "batch": f"{TOMBSTONES}{erasure_id}"}
    more = {"position": position, "op": "remove", "kind": "fact", "made": True, "at": time.time()}
    return {**empty, **named, **more}


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for begin in range(0, len(items), _AT_ONCE):
        yield items[begin : begin + _AT_ONCE]


def _erasure(row: Any) -> Erasure:
    lists: Any = {name: tuple(json.loads(row[name])) for name in ("memory_ids", "batches", "locations")}
    others: Any = {name: row[name] for name in ("id", "user_id", "whole", "passes", "asked_at")}
    return Erasure(**others, **lists)
