"""Every change of a memory with before, after and where it came from: for why, undo and erase.

A change is written before it is made and marked once it is made, so that a crash between the two is
mended by making it again: see `apply`.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine, Executable, and_, delete, exists, false, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from ..core.change import (
    COMMANDS,
    FORGET,
    FORGOTTEN,
    REAFFIRMED,
    REFLECTED,
    TAKEN_BACK,
    TOMBSTONES,
    Change,
    ToForget,
    heirs,
)
from ..core.exchange import IMPORTS
from ..core.memory import EPISODE
from ..state import count_up, journal, reading
from ..state.clock import is_recent

_FEW = 20  # messages that are looked for by their ids
_UNDER_WAY_S = 60.0  # in which a change that was written down is made, unless it broke off

# What can be taken back.
_IS_CHANGE = (
    journal.c.op.in_(("add", "replace", "remove")),
    journal.c.made,
    journal.c.refused == "",
    journal.c.undoes == 0,
    ~journal.c.batch.startswith(TOMBSTONES, autoescape=True),
)
_IS_INTENDED = and_(~journal.c.made, journal.c.refused == "", journal.c.op != FORGET)


class Journal:
    """Kept in the state database."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self._reading = engine, reading(engine)

    def intend(self, changes: Sequence[Change]) -> None:
        """Write down a batch's changes, all or none; those of a batch that is there already stay."""
        if not changes:
            return
        rows = [{**_columns(change), "at": time.time()} for change in changes]
        # IntegrityError: an earlier try wrote them.
        with suppress(IntegrityError), self.engine.begin() as connection:
            connection.execute(journal.insert(), rows)
            if any(change.made for change in changes):
                count_up(connection, changes[0].user_id)

    def made(self, user_id: str, changes: Mapping[int, str]) -> None:
        """Mark changes of a user's memories as made: their ids with those of their memories."""
        mine = update(journal).where(journal.c.user_id == user_id)
        made = (
            mine.where(journal.c.id == change_id).values(made=True, memory_id=memory_id)
            for change_id, memory_id in changes.items()
        )
        self._write(*made, changes_of=user_id)

    def of_batch(self, batch: str) -> list[Change]:
        """What was decided for a batch, in order."""
        return list(self._select(journal.c.batch == batch))

    def of_user(self, user_id: str) -> list[Change]:
        """All changes of a user's memories, oldest first."""
        return list(self._select(journal.c.user_id == user_id))

    def newest(self, user_id: str, most: int, before: int = 0) -> list[Change]:
        """A user's changes of facts, newest first; before: only those with ids below it, 0 for all."""
        wanted = (
            select(journal)
            .where(journal.c.user_id == user_id, journal.c.made, journal.c.kind != EPISODE)
            .where(journal.c.op.in_(("add", "replace", "remove")))
            .where(*([journal.c.id < before] if before else []))
            .order_by(journal.c.id.desc())
            .limit(most)
        )
        with self._reading.connect() as connection:
            return [Change(**row) for row in connection.execute(wanted).mappings()]

    def added_in(self, user_id: str, chat: str) -> int:
        """How many memories a chat has added so far, taken back or not."""
        added = (
            journal.c.user_id == user_id,
            journal.c.chat == chat,
            journal.c.op == "add",
            journal.c.kind != EPISODE,
        )
        with self._reading.connect() as connection:
            return connection.scalar(select(func.count()).select_from(journal).where(*added)) or 0

    def of_memory(self, memory_id: str) -> list[Change]:
        """What was made of one memory, oldest first."""
        return list(self._select(journal.c.memory_id == memory_id, journal.c.made))

    def now_called(self, memory_id: str) -> str:
        """The id that a memory has now: another one where its removal was taken back, or it was merged."""
        while True:
            removals = [change.id for change in self.of_memory(memory_id) if change.op == "remove"]
            back = list(self._select(journal.c.undoes.in_(removals), journal.c.made)) if removals else []
            if back and back[-1].memory_id in ("", memory_id):
                return memory_id
            heir = back[-1].memory_id if back else self._heir(memory_id)
            if not heir:
                return memory_id
            memory_id = heir

    def _heir(self, memory_id: str) -> str:
        """The memory that one has become a part of, "" if it has not."""
        batches = [change.batch for change in self.of_memory(memory_id) if change.op == "remove"]
        if not batches or not batches[-1].startswith(REFLECTED):
            return ""
        return heirs(self.of_batch(batches[-1])).get(memory_id, "")

    def from_messages(self, user_id: str, message_ids: Set[str]) -> list[Change]:
        """What was made of some messages, oldest first."""
        which = [journal.c.user_id == user_id, journal.c.made]
        if len(message_ids) <= _FEW:  # of an import's many, all rows are looked at here
            named = (journal.c.source.contains(one, autoescape=True) for one in message_ids)
            which.append(or_(false(), *named))
        return [change for change in self._select(*which) if not message_ids.isdisjoint(change.sources)]

    def latest(self, user_id: str) -> Change | None:
        """A user's last change that is not taken back, one of its batch; None where there is none.

        Its texts may be erased by now, where it is a removal that the user asked for.
        """
        undone = select(journal.c.undoes).where(journal.c.user_id == user_id, journal.c.undoes > 0)
        other = journal.alias()
        asked_for = exists().where(
            other.c.user_id == journal.c.user_id,
            other.c.batch == journal.c.batch,
            other.c.memory_id == journal.c.memory_id,
            other.c.op == FORGET,
        )
        erased = and_(
            journal.c.op == "remove", journal.c.refused == FORGOTTEN, journal.c.undoes == 0, asked_for
        )
        mine = (
            journal.c.user_id == user_id,
            journal.c.id.not_in(undone),
            ~journal.c.batch.startswith(IMPORTS, autoescape=True),  # is taken back as a whole
        )
        newest = select(func.max(journal.c.id)).where(*mine, or_(and_(*_IS_CHANGE), erased))
        with self._reading.connect() as connection:
            id_ = connection.scalar(newest)
        return next(self._select(journal.c.id == id_), None) if id_ else None

    def asked_to_forget(self, after: int) -> list[ToForget]:
        """What users asked to be forgotten and is neither erased nor brought back, by ids from `after` on."""
        open_ones = (journal.c.id > after, journal.c.op == FORGET, journal.c.refused == "")
        columns = (journal.c[name] for name in ToForget._fields)
        with self._reading.connect() as connection:
            return [ToForget(*row) for row in connection.execute(select(*columns).where(*open_ones))]

    def brought_back(self, asked: Sequence[ToForget]) -> dict[int, bool]:
        """Those of one user that were brought back since (True), or are just about to be, by their ids."""
        user_id, first = asked[0].user_id, min(one.id for one in asked)
        removal, back = journal.alias(), journal.alias()
        wanted = (
            select(removal.c.batch, removal.c.memory_id, back.c.made)
            .join(back, back.c.undoes == removal.c.id)
            .where(back.c.user_id == user_id, back.c.id > first, back.c.refused == "")
            .where(or_(back.c.made, is_recent(back.c.at, time.time(), _UNDER_WAY_S)))
        )
        with self._reading.connect() as connection:
            found = {(row.batch, row.memory_id): row.made for row in connection.execute(wanted)}
        return {one.id: found[key] for one in asked if (key := (one.batch, one.memory_id)) in found}

    def settle(self, asked: Sequence[ToForget]) -> None:
        """Those were brought back: they are to be erased no more."""
        taken_back = update(journal).values(refused=TAKEN_BACK)
        self._write(*(taken_back.where(journal.c.id == one.id) for one in asked))

    def newest_id(self) -> int:
        with self._reading.connect() as connection:
            return connection.scalar(select(func.max(journal.c.id))) or 0

    def learned(self, user_id: str, after: int, until: int) -> list[Change]:
        """What was made of what a user said, and what models changed by tools; not what users asked for.

        By ids from `after` (without it) to `until`, oldest first.
        """
        ids = (journal.c.id > after, journal.c.id <= until)
        of_tools = journal.c.model != ""
        asked_for = journal.c.batch.startswith(COMMANDS, autoescape=True) & ~of_tools
        in_order = or_(*(journal.c.batch.startswith(one, autoescape=True) for one in (REFLECTED, IMPORTS)))
        facts = (*_IS_CHANGE, journal.c.kind != EPISODE)
        return list(self._select(journal.c.user_id == user_id, *facts, *ids, ~asked_for, ~in_order))

    def changed_by(self, batch: str) -> list[Change]:
        """What a batch has changed, in order, taken back or not."""
        return list(self._select(journal.c.batch == batch, *_IS_CHANGE))

    def made_since(self, after: int, user_id: str, memory_ids: Collection[str], *, but: str) -> list[Change]:
        """What was made of these memories, by ids from `after` on, except in the batch `but`."""
        found = self._select(journal.c.user_id == user_id, journal.c.id > after, journal.c.batch != but)
        return [change for change in found if change.memory_id in memory_ids]

    def undone_since(self, user_id: str, since: float) -> list[Change]:
        """The changes of a user's memories that were taken back since a time, or are about to be."""
        undone = select(journal.c.undoes).where(
            journal.c.user_id == user_id, journal.c.undoes > 0, journal.c.at >= since
        )
        return list(self._select(journal.c.id.in_(undone)))

    def taken_back(self, change: Change) -> bool:
        """Whether a change has been undone, or is about to be."""
        return any(self._select(journal.c.undoes == change.id))

    def drop(self, user_id: str, change_ids: Sequence[int]) -> None:
        """Take away rows of a user's that tell nothing any more."""
        mine = delete(journal).where(journal.c.user_id == user_id)
        if change_ids:
            self._write(*(mine.where(journal.c.id == change_id) for change_id in change_ids))

    def ascribe(self, change: Change) -> None:
        """Write down which messages a change is from by now, and their chat."""
        mine = and_(journal.c.user_id == change.user_id, journal.c.id == change.id)
        self._write(update(journal).where(mine).values(source=change.source, chat=change.chat))

    def erase_batch(self, user_id: str, batch: str) -> None:
        """Take away what was decided for a batch that was erased."""
        mine = and_(journal.c.user_id == user_id, journal.c.batch == batch)
        self._write(delete(journal).where(mine), changes_of=user_id)

    def broken_off(self, user_id: str) -> list[str]:
        """The batches that were to keep a user's memories in order, and are not made as a whole."""
        in_order = journal.c.batch.startswith(REFLECTED, autoescape=True)
        wanted = select(journal.c.batch).where(journal.c.user_id == user_id, in_order, _IS_INTENDED)
        with self._reading.connect() as connection:
            return list(connection.scalars(wanted.distinct()))

    def begin_taking_back(self, user_id: str, batch: str, made: Mapping[int, str]) -> None:
        """Mark what was made of a batch, and that it is broken off: what it adds is not there any more."""
        self.made(user_id, made)
        added = (
            journal.c.user_id == user_id,
            journal.c.batch == batch,
            journal.c.op.in_(("add", REAFFIRMED)),
        )
        self._write(update(journal).where(*added, journal.c.refused == "").values(made=False))

    def erase_unmade(self, user_id: str, batch: str) -> None:
        """Take away what a batch was to change, and has not."""
        mine = (journal.c.user_id == user_id, journal.c.batch == batch)
        unmade = or_(_IS_INTENDED, journal.c.op.in_(("add", REAFFIRMED)))
        self._write(delete(journal).where(*mine, unmade), changes_of=user_id)

    def _write(self, *changes: Executable, changes_of: str = "") -> None:
        """In one transaction. changes_of: the user whose memories are other ones then."""
        with self.engine.begin() as connection:
            for change in changes:
                connection.execute(change)
            if changes_of:
                count_up(connection, changes_of)

    def _select(self, *which: Any) -> Iterator[Change]:
        with self._reading.connect() as connection:
            wanted = select(journal).where(*which, journal.c.op != FORGET).order_by(journal.c.id)
            rows = connection.execute(wanted).mappings()
            yield from [Change(**row) for row in rows]


def _columns(change: Change) -> dict[str, Any]:
    return {
        column.name: getattr(change, column.name)
        for column in journal.columns
        if column.name not in ("id", "at")
    }
