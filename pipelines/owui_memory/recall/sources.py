"""Which messages memories come from, and which of these do not count for a turn.

What a message itself says is no memory of it: its answer may be asked for again, or of a second model. And
what only an earlier version of an edited message said is left out at once; the writer takes it back later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, bindparam, or_, select, union_all

from ..core.change import EDITED, REAFFIRMED
from ..core.exchange import EPISODES, episodes_name, message_id_of
from ..core.memory import Memory
from ..core.turn import Turn
from ..state import decisions, journal, outbox, reading
from ..state.prepared import Prepared

_AT_ONCE = 500  # ids in a statement
_BROUGHT_BACK = 5  # times that a memory was forgotten and brought back, and is followed

_OF_USER = outbox.c.user_id == bindparam("user_id")
_OWN = select(outbox.c.key).where(_OF_USER, outbox.c.key == bindparam("own"))
_OTHER_VERSIONS = select(outbox.c.key).where(
    _OF_USER,
    outbox.c.chat_id == bindparam("chat_id"),
    outbox.c.follows == bindparam("follows"),
    outbox.c.follows != "",
    outbox.c.key != bindparam("own"),
)
_newer, _answered = outbox.alias("newer"), outbox.alias("answered")


def _earlier_than(newer: Any, key: ColumnElement[str], asked_at: ColumnElement[float]) -> Any:
    """Earlier versions of messages that are newer."""
    return select(outbox.c.key).where(
        newer.c.user_id == bindparam("user_id"),
        newer.c.follows != "",
        _OF_USER,
        outbox.c.chat_id == newer.c.chat_id,
        outbox.c.follows == newer.c.follows,
        outbox.c.key != key,
        outbox.c.said_at <= asked_at,
    )


_NOT_TAKEN_BACK_YET = _earlier_than(_newer, _newer.c.key, _newer.c.said_at).where(_newer.c.state != "done")
# The newest version may be being answered: then the queue does not have it yet.
_BEING_EDITED = (
    _earlier_than(decisions, decisions.c.exchange_key, decisions.c.created_at)
    .outerjoin_from(
        decisions,
        _answered,
        and_(_answered.c.user_id == decisions.c.user_id, _answered.c.key == decisions.c.exchange_key),
    )
    .where(_answered.c.id.is_(None))
)
_ASIDE = Prepared(union_all(_OWN, _OTHER_VERSIONS, _NOT_TAKEN_BACK_YET, _BEING_EDITED))

_OF_A_STEP = "id memory_id op before after source said_at undoes model batch".split()  # noqa: SIM905
_STEPS = select(*(journal.c[name] for name in _OF_A_STEP)).where(
    journal.c.refused == "", or_(journal.c.made, journal.c.undoes == 0)
)
_IDS: Any = bindparam("ids", expanding=True)
_OF_MEMORIES = Prepared(_STEPS.where(journal.c.memory_id.in_(_IDS)).order_by(journal.c.id), "ids")
# What is stored already and is marked as made with the rest of its batch: its memory has no name there yet.
_JUST_ADDED = Prepared(
    _STEPS.where(
        journal.c.batch.in_(_IDS), journal.c.op == "add", journal.c.memory_id == "", journal.c.undoes == 0
    ),
    "ids",
)
_WITH_IDS = Prepared(_STEPS.where(journal.c.id.in_(_IDS)), "ids")


@dataclass(frozen=True, slots=True)
class Aside:
    """Messages that do not count: their ids, and the batches of their passages."""

    messages: frozenset[str] = frozenset()
    batches: frozenset[str] = frozenset()

    @classmethod
    def of(cls, keys: Iterable[str]) -> Aside:
        keys = list(keys)
        return cls(
            frozenset(map(message_id_of, keys)), frozenset(EPISODES + episodes_name(key) for key in keys)
        )

    def __bool__(self) -> bool:
        return bool(self.messages)


@dataclass(frozen=True, slots=True)
class Step:
    """A change of a memory, or a message that said it again.

    before: what it said until then, "" for a new one. after: what it says from then on. sources: ids of the
    messages that it came from.
    """

    id: int
    changed: bool
    before: str
    sources: frozenset[str]
    said_at: float
    after: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """What became of a memory, oldest first, without what was taken back; empty where that is not known.

    said: all texts that it had, but for those that were taken back because their message was edited.
    """

    steps: tuple[Step, ...] = ()
    said: frozenset[str] = frozenset()

    @property
    def said_at(self) -> datetime | None:
        """When it was said last; None where that is not known."""
        last = self.steps[-1].said_at if self.steps else 0.0
        return datetime.fromtimestamp(last, UTC) if last else None

    def without(self, messages: Collection[str]) -> Past:
        """As if these messages had not been: what another one has said or changed since stays."""
        end = len(self.steps)
        while end and self.steps[end - 1].sources and self.steps[end - 1].sources <= set(messages):
            end -= 1
        return Past(self.steps[:end])

    def text_without(self, messages: Collection[str], text: str) -> str:
        """What a memory of this text says without these messages; "" where nothing else has said it."""
        later = self.steps[len(self.without(messages).steps) :]
        return next((step.before for step in later if step.changed), text)


class Sources:
    """Read from the state database. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._reading = reading(engine)

    def aside(self, turn: Turn) -> Aside:
        """The messages that do not count for a turn, as far as they may be remembered.

        They are the turn's own message, its other versions, and of the user's other edited messages the
        earlier versions that the writer has not taken back yet.
        """
        asked = {
            "user_id": turn.user_id,
            "own": turn.exchange_key,
            "chat_id": turn.chat_id,
            "follows": turn.follows,
        }
        with self._reading.connect() as connection:
            return Aside.of(row[0] for row in _ASIDE.rows(connection, asked))

    def of(self, memory_ids: Iterable[str]) -> Mapping[str, Past]:
        with self._reading.connect() as connection:
            return _pasts(connection, memory_ids, _BROUGHT_BACK)

    def as_without(self, memories: Iterable[Memory], messages: Collection[str]) -> list[Memory]:
        """Memories as they are without these messages, `updated_at` being when they were said last.

        Left out are those that nothing else has said.
        """
        memories = list(memories)
        pasts = self.of(memory.copy_of or memory.id for memory in memories) if memories else {}
        just_added = [memory for memory in memories if memory.id not in pasts and memory.batch]
        pasts = {**pasts, **self._just_added(just_added)}
        as_they_are = (_without(memory, pasts, messages) for memory in memories)
        return [memory for memory in as_they_are if memory is not None]

    def _just_added(self, memories: Sequence[Memory]) -> Mapping[str, Past]:
        """The pasts of memories that the journal does not name yet."""
        if not memories:
            return {}
        with self._reading.connect() as connection:
            rows = list(_rows(connection, _JUST_ADDED, (memory.batch for memory in memories)))
        of_text = {(row.batch, row.after): Past(tuple(_steps([row])), _said([row])) for row in rows}
        wanted = ((memory.id, (memory.batch, memory.text)) for memory in memories)
        return {id_: of_text[said] for id_, said in wanted if said in of_text}


def _without(memory: Memory, pasts: Mapping[str, Past], messages: Collection[str]) -> Memory | None:
    if memory.copy_of and not _is_said(memory.text, pasts.get(memory.copy_of), messages):
        return None
    if memory.copy_of:
        return replace(memory, updated_at=memory.said_at or memory.updated_at)
    past = pasts.get(memory.id, Past())
    text = past.text_without(messages, memory.text)
    if not text:
        return None
    known = past.without(messages).said_at
    stored = (memory.updated_at, memory.created_at) if text == memory.text else (memory.created_at,)
    return replace(memory, text=text, updated_at=next(filter(None, (known, *stored)), None))


def _is_said(text: str, past: Past | None, messages: Collection[str]) -> bool:
    """Whether a memory has said this, and not only by messages that do not count or were taken back.

    Of what was forgotten the words are gone, but not what was shared of it.
    """
    if past is None:
        return True
    kept = past.without(messages).steps
    only_so = any(step.after == text for step in past.steps[len(kept) :])
    said = {step.after for step in kept} | (set() if only_so else past.said)
    return not said.isdisjoint((text, ""))


def _pasts(connection: Connection, memory_ids: Iterable[str], follow: int) -> dict[str, Past]:
    rows = defaultdict(list)
    for row in _rows(connection, _OF_MEMORIES, memory_ids):
        rows[row.memory_id].append(row)
    back = {
        row.undoes: id_ for id_, of_one in rows.items() for row in of_one if row.undoes and row.op == "add"
    }
    earlier: dict[str, tuple[Step, ...]] = {}
    if back and follow:
        removals = list(_rows(connection, _WITH_IDS, back))
        before = _pasts(connection, [row.memory_id for row in removals], follow - 1)
        for removal in removals:
            steps = before.get(removal.memory_id, Past()).steps
            earlier[back[removal.id]] = tuple(step for step in steps if step.id < removal.id)
    return {
        id_: Past((*earlier.get(id_, ()), *_steps(of_one)), _said(of_one)) for id_, of_one in rows.items()
    }


def _rows(connection: Connection, statement: Prepared, ids: Iterable[Any]) -> Iterable[Any]:
    wanted = list(dict.fromkeys(ids))
    for begin in range(0, len(wanted), _AT_ONCE):
        yield from statement.rows(connection, {"ids": wanted[begin : begin + _AT_ONCE]})


def _steps(rows: Collection[Any]) -> Iterable[Step]:
    undone = {row.undoes for row in rows}
    for row in rows:
        if not row.undoes and row.id not in undone:
            sources = frozenset(row.source.split())
            yield Step(row.id, row.op != REAFFIRMED, row.before, sources, row.said_at, row.after)


def _said(rows: Collection[Any]) -> frozenset[str]:
    edited = {row.undoes for row in rows if row.model == EDITED}
    return frozenset(row.after for row in rows if not row.undoes and row.id not in edited)
