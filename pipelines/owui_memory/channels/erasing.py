"""What goes with messages that were deleted, changed, or are of somebody who wants to be forgotten.

The state database loses it at once, and whatever cites it is told no more; a thread then takes it from where
memories are kept. What other messages say as well stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, select, update

from ..backends.backend_holder import BackendHolder
from ..core.memory import EPISODE, Memory
from ..core.scope import channel_owner
from ..language.borne_out import bears_out, shares_words
from ..state import channel_authors, channel_memories, channel_messages, reading
from .claims import Said
from .queue import READ, UNREAD
from .reading import source_of

Forget = Callable[[str, Collection[str]], object]  # memories of an owner, everywhere

_AT_ONCE = 100  # memories
_C, _M, _A = channel_memories.c, channel_messages.c, channel_authors.c


def erase_channel(engine: Engine, erase_all: Callable[[str], Any], source: str, channel: str) -> Any:
    """Erase a channel: what was said and what was learned of it. What members have of their own stays theirs.

    erase_all: erases all of an owner, as `Eraser.erase_user`; returns what it returns.
    """
    owner = channel_owner(source, channel)
    with engine.begin() as connection:
        connection.execute(delete(channel_memories).where(_C.channel_id == owner, _C.user_id != owner))
    return erase_all(owner)


class Sweeping:
    """Takes away what cites messages that are not what they were. Blocks."""

    def __init__(self, engine: Engine, live: BackendHolder, forget: Forget) -> None:
        """forget: not to be called while memories are written."""
        self._engine, self._reading = engine, reading(engine)
        self._live, self._forget = live, forget

    def sweep(self) -> bool:
        """Look at some memories again; whether there were any. Raises what the backend raises."""
        waiting = select(_C.user_id, _C.memory_id).where(_C.gone).distinct().limit(_AT_ONCE)
        with self._reading.connect() as connection:
            found = [(row.user_id, row.memory_id) for row in connection.execute(waiting)]
        by_owner: dict[str, list[str]] = {}
        for owner, memory_id in found:
            by_owner.setdefault(owner, []).append(memory_id)
        for owner, ids in by_owner.items():
            self._look_at(owner, ids)
        return bool(found)

    def _look_at(self, owner: str, ids: list[str]) -> None:
        backend = self._live.get()
        memories = {one.id: one for one in backend.get_all(ids)}
        told: dict[str, list[tuple[Any, Said]]] = {}
        with self._reading.connect() as connection:
            for row in connection.execute(_cited(owner, ids)):
                said = Said(row.message_id, row.author, row.author_name, row.text, row.at, "")
                told.setdefault(row.memory_id, []).append((row, said))
            unwanted = set(connection.scalars(_of_the_silent(owner, ids)))
        kept = {
            id_: listed
            for id_, listed in told.items()
            if id_ not in unwanted and _still_says(memories.get(id_), [said for _, said in listed])
        }
        lost = [id_ for id_ in ids if id_ not in kept]
        if lost:
            self._forget(owner, lost)
        with self._engine.begin() as connection:
            for id_, listed in kept.items():
                self._keep(connection, owner, id_, [row for row, _ in listed])
            for id_ in lost:
                if id_ in memories and memories[id_].kind == EPISODE:
                    _read_again(connection, [row for row, _ in told.get(id_, ())])
                mine = and_(_C.user_id == owner, _C.memory_id == id_)
                connection.execute(delete(channel_memories).where(mine))

    @staticmethod
    def _keep(connection: Connection, owner: str, memory_id: str, rows: Collection[Any]) -> None:
        """Unless another message has changed meanwhile: then it is looked at again."""
        before = {(row.channel_id, row.message_id) for row in rows}
        now = connection.execute(_cited(owner, [memory_id]))
        if {(row.channel_id, row.message_id) for row in now} == before:
            mine = and_(_C.user_id == owner, _C.memory_id == memory_id, _C.gone)
            connection.execute(delete(channel_memories).where(mine))


def _cited(owner: str, ids: Collection[str]) -> Any:
    """The citations of memories whose messages say what they said, with these. An edited one is read anew."""
    there = and_(_M.user_id == _C.channel_id, _M.message_id == _C.message_id, ~_C.gone)
    said = (_M.author, _M.author_name, _M.text, _M.at)
    wanted = select(_C.memory_id, _C.channel_id, _C.message_id, *said).join(channel_messages, there)
    return wanted.where(_C.user_id == owner, _C.memory_id.in_(ids))


def _of_the_silent(owner: str, ids: Collection[str]) -> Any:
    """Those of some memories that cite an author who is not to be read."""
    silent = and_(_A.source == _C.source, _A.author == _C.author, _A.silent)
    wanted = select(_C.memory_id).join(channel_authors, silent)
    return wanted.where(_C.user_id == owner, _C.memory_id.in_(ids), _C.gone)


def _still_says(memory: Memory | None, said: Collection[Said]) -> bool:
    """Whether messages that are left say a memory. A passage holds all of its messages, so that it cannot."""
    if memory is None or memory.kind == EPISODE:
        return False
    sources = [one for one in map(source_of, said) if shares_words(one, memory.text)]
    return bool(sources) and bears_out(sources, memory.text)


def _read_again(connection: Connection, rows: Collection[Any]) -> None:
    """What else a passage held is kept in another one."""
    for row in rows:
        mine = and_(_M.user_id == row.channel_id, _M.message_id == row.message_id, _M.state == READ)
        connection.execute(update(channel_messages).where(mine).values(state=UNREAD))
