"""Imports of users' pasts: what one would bring, one that is begun, how far they are, and taking one back.

All of it goes through the queue, and becomes memories and passages as what is said here does, when nothing
else is to be done: see `remember.later`. What was brought is known by the import's id.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial

from sqlalchemy import ColumnElement, Engine, and_, delete, func, select, update

from ...backends.backend_holder import BackendHolder
from ...backends.base import Backend
from ...config.settings import Valves
from ...core.batched import batched
from ...core.chat_servers import AnsweredBy
from ...core.errors import Retry
from ...core.exchange import Exchange, episodes_name, message_id_of
from ...core.locales import message
from ...core.locales.refused import Refused
from ...core.scope import past_owner
from ...remember import admission
from ...remember.apply import Changes
from ...remember.episodes import ids_of
from ...remember.journal import Journal
from ...remember.later import Later
from ...remember.outbox import Outbox
from ...state import hold, imports, outbox, reading
from ...state.episodes_table import EpisodesTable
from ...state.switches_table import Switches
from .entries import Fact, Flaw
from .exchanges import IsCommand, chat_of, exchanges, given
from .formats import Found
from .previews import Preview, Seen, estimated

Archive = Callable[[], Iterable[Found]]  # reads it from its beginning: see `reading.read`

_AT_ONCE = 10  # exchanges in a transaction: others write in between, and compute
_PAUSE_S = 0.2
_UNDONE_AT_ONCE = 100
_STOPPED = "stopped-"  # begins the batch of what was under way when its import was taken back
_MOST_TAKEN = 500_000  # exchanges and facts of an archive
_NAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class Import:
    """One that was begun. count: exchanges and facts that it brought; left: of these, to be remembered still.

    dead: that were given up.
    """

    import_id: str
    user_id: str
    source: str
    name: str
    begun_at: float
    count: int = 0
    left: int = 0
    dead: int = 0


class Imports:
    """Of all users. Threads may share it; methods block, and raise the errors of `core/errors.py`."""

    def __init__(self, engine: Engine, settings: Callable[[], Valves], is_command: IsCommand) -> None:
        self._engine, self._reading, self._settings = engine, reading(engine), settings
        self._later = Later(engine, Outbox(engine))
        self._switches, self._is_command = Switches(engine), is_command
        self._journal, self._passages = Journal(engine), EpisodesTable(engine)
        self._closed = threading.Event()

    def close(self) -> None:
        """End what is under way; the same call goes on with it after the next start."""
        self._closed.set()

    def preview(self, user_id: str, archive: Archive) -> Preview:
        """What these entries would bring to a user. Nothing is changed.

        Raises:
            Refused: the archive cannot be opened, or nothing in it is known.
        """
        seen = Seen()
        for some in _unhurried(batched(self._taken(user_id, archive, seen), _AT_ONCE)):
            for one in self._new(user_id, some, seen):
                seen.count(one)
        return estimated(seen.preview(user_id), seen.sample, self._settings(), self._passages.wants(user_id))

    def begin(self, user_id: str, archive: Archive, name: str = "") -> Preview:
        """Bring these entries to a user; what it brings, as `preview` tells it, and the import's id.

        It is safe on disk afterwards, and remembered in the background. Where it is broken off, the same call
        goes on; done twice it brings nothing new.
        """
        import_id, seen = self._opened(user_id, name[:_NAME_CHARS]), Seen()
        for some in _unhurried(batched(self._taken(user_id, archive, seen), _AT_ONCE)):
            new = self._later.put(some, import_id)
            seen.known += len(some) - len(new)
            for one in new:
                seen.count(one)
        begun = replace(seen.preview(user_id), id=import_id)
        mine = and_(imports.c.user_id == user_id, imports.c.import_id == import_id)
        with self._engine.begin() as connection:
            there = connection.scalar(select(outbox.c.id).where(*_brought(user_id, import_id)).limit(1))
            named = update(imports).values(source=", ".join(begun.labels))
            connection.execute((named if there else delete(imports)).where(mine))
        return begun if there else replace(begun, id="")

    def _opened(self, user_id: str, name: str) -> str:
        """The id of a new import, or of one of the same file that was broken off."""
        broken_off = and_(imports.c.user_id == user_id, imports.c.name == name, imports.c.source == "")
        with self._engine.begin() as connection:
            if (import_id := connection.scalar(select(imports.c.import_id).where(broken_off))) is None:
                import_id = uuid.uuid4().hex
                row = {"import_id": import_id, "user_id": user_id, "source": "", "name": name}
                connection.execute(imports.insert().values(**row, begun_at=time.time()))
        return str(import_id)

    def all(self, user_id: str | None = None) -> list[Import]:
        """The imports of a user, or of all, newest first, with how far they are."""
        wanted = select(imports).order_by(imports.c.begun_at.desc())
        counted = select(outbox.c.imported, outbox.c.state, func.count()).where(outbox.c.imported != "")
        if user_id is not None:
            wanted, counted = (
                wanted.where(imports.c.user_id == user_id),
                counted.where(outbox.c.user_id == user_id),
            )
        with self._reading.connect() as connection:
            rows = connection.execute(wanted).mappings().all()
            states = (
                connection.execute(counted.group_by(outbox.c.imported, outbox.c.state)).all() if rows else []
            )
        counts = {(imported, state): count for imported, state, count in states}
        waiting = ("later", "pending", "claimed", "postponed")
        return [
            Import(
                **row,
                count=sum(count for (imported, _), count in counts.items() if imported == row["import_id"]),
                left=sum(counts.get((row["import_id"], state), 0) for state in waiting),
                dead=counts.get((row["import_id"], "dead"), 0),
            )
            for row in rows
        ]

    def undo(self, user_id: str, import_id: str, live: BackendHolder) -> int:
        """Take back all that an import has brought; how many exchanges and facts that were.

        What was said elsewhere too stays. Broken off anywhere, the same call goes on.

        Raises:
            Refused: the user has no such import.
        """
        mine = and_(imports.c.import_id == import_id, imports.c.user_id == user_id)
        with self._reading.connect() as connection:
            if connection.scalar(select(imports.c.import_id).where(mine)) is None:
                raise Refused(message("page: no such import"))
        brought = and_(*_brought(user_id, import_id))
        undone = 0
        with live.writing() as backend:
            while rows := self._stopped(mine, brought, user_id):  # more of it may come meanwhile
                # All of its messages at once, and before any is out of sight: a fact may be from several.
                Changes(self._journal).retract(backend, user_id, {message_id_of(key) for key, _ in rows})
                self._remove_unmarked(backend, user_id, {batch for _, batch in rows})
                for keys in batched([key for key, _ in rows], _UNDONE_AT_ONCE):
                    self._remove_passages(backend, user_id, [episodes_name(key) for key in keys])
                    with self._engine.begin() as connection:
                        connection.execute(delete(outbox).where(brought, outbox.c.key.in_(keys)))
                undone += len(rows)
        return undone

    def _stopped(
        self, mine: ColumnElement[bool], brought: ColumnElement[bool], user_id: str
    ) -> list[tuple[str, str]]:
        """The keys and batches of all that is there of an import, none of it under way any more.

        Where nothing is, the import itself is gone. What was worked on has lost its batch: whoever did so
        takes back what they store from now on.
        """
        under_way = update(outbox).where(brought, outbox.c.state != "done")
        stopped = {"state": "done", "exchange": None, "error": "", "batch": _STOPPED + outbox.c.batch}
        with self._engine.begin() as connection:
            hold(connection, user_id)
            connection.execute(under_way.values(stopped))
            rows = connection.execute(select(outbox.c.key, outbox.c.batch).where(brought)).all()
            if not rows:
                connection.execute(delete(imports).where(mine))
        return [(key, batch) for key, batch in rows]

    def _remove_unmarked(self, backend: Backend, user_id: str, batches: Collection[str]) -> None:
        """Remove what stopped batches have stored, where the journal does not know it yet."""
        for name in (one.removeprefix(_STOPPED) for one in batches if one.startswith(_STOPPED)):
            marked = {change.memory_id for change in self._journal.of_batch(name) if change.made}
            for memory in backend.added_by(user_id, name) if name else ():
                if memory.id not in marked:
                    backend.remove(memory.id)

    def _remove_passages(self, backend: Backend, user_id: str, names: list[str]) -> None:
        entries = [entry for name in names if (entry := self._passages.get(user_id, name)) is not None]
        ids = [id_ for entry in entries for id_ in ids_of(entry)]
        if ids:
            backend.remove_all(past_owner(user_id), ids)
            self._passages.remove(user_id, [entry.exchange for entry in entries])

    def _taken(self, user_id: str, archive: Archive, seen: Seen) -> Iterator[Exchange]:
        """What of an archive may be remembered; the rest is counted in `seen`."""
        owners = {one.entry.owner for one in self._all(archive) if not isinstance(one.entry, Flaw)} - {""}
        settings, is_on = self._settings(), cache(partial(self._switches.is_on, user_id))
        if not settings.enabled:
            raise Refused(message("page: off on this server"), message("page: off on this server, hint"))
        if not is_on(""):
            raise Refused(message("page: off for this user"), message("page: off for this user, hint"))
        taken = 0
        for entry, source, label in self._all(archive):
            if taken >= _MOST_TAKEN:
                seen.flaws["", "there is more in it than may be read"] += 1
                return
            if isinstance(entry, Flaw):
                seen.flaws[entry.where, entry.reason] += 1
                continue
            seen.labels.add(label)
            if not _is_theirs(user_id, entry.owner, owners):
                seen.skipped["of another user"] += 1
            elif isinstance(entry, Fact):
                if reason := admission.refusal(entry.text):
                    seen.skipped[reason] += 1
                else:
                    taken += 1
                    yield given(user_id, entry)
            elif not is_on(chat := chat_of(source, entry)):
                seen.skipped["memory is switched off in the chat"] += 1
            else:
                for one in exchanges(user_id, source, entry, settings, self._is_command):
                    if isinstance(one, str):
                        seen.skipped[one] += 1
                    elif not is_on(chat, AnsweredBy.read(one.answered_by).model):
                        seen.skipped["the model was left out"] += 1
                    else:
                        taken += 1
                        yield one

    def _all(self, archive: Archive) -> Iterator[Found]:
        for one in archive():
            if self._closed.is_set():
                raise Retry("The server stops.", hint="Ask again when it is back.")
            yield one

    def _new(self, user_id: str, some: list[Exchange], seen: Seen) -> list[Exchange]:
        keys = [one.key for one in some]
        there = and_(outbox.c.user_id == user_id, outbox.c.key.in_(keys))
        with self._reading.connect() as connection:
            known = set(connection.scalars(select(outbox.c.key).where(there)))
        new = {one.key: one for one in some if one.key not in known and hash(one.key) not in seen.keys}
        seen.keys.update(map(hash, new))
        seen.known += len(some) - len(new)
        return list(new.values())


def _is_theirs(user_id: str, owner: str, owners: Collection[str]) -> bool:
    """Whether what has this owner there is for this user here.

    An export of one user of another server is; of an export of several users only what has the user's own id.
    """
    return owner in ("", user_id) or (user_id not in owners and len(owners) == 1)


def _brought(user_id: str, import_id: str) -> tuple[ColumnElement[bool], ...]:
    return outbox.c.user_id == user_id, outbox.c.imported == import_id


def _unhurried(parts: Iterator[list[Exchange]]) -> Iterator[list[Exchange]]:
    """The same, with a pause after each, twice as long as it took: chats are held in the same process."""
    began = time.monotonic()
    for some in parts:
        yield some
        time.sleep(min(2 * (time.monotonic() - began), _PAUSE_S))
        began = time.monotonic()
