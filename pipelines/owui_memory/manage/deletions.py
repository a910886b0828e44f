"""Deletion in Open WebUI is followed here: a deleted chat's passages go, and by the setting the facts that
only it said; a deleted user is erased.

What is deleted is written down first, and carried out by whoever comes next, until it is done everywhere.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import and_, delete, func, select, update

from ..core.change import CHAT_DELETED, COMMANDS, REAFFIRMED, REFLECTED, Change
from ..core.memory import EPISODE, Memory, hash_of, is_id, is_person
from ..core.scope import WEBUI
from ..remember.episodes import ids_of
from ..remember.journal import Journal
from ..state import (
    channel_memories,
    channel_messages,
    deletions,
    episodes,
    hold,
    journal,
    metadata,
    outbox,
    put_row,
    reading,
    webui_seen,
)
from ..state.episodes_table import EpisodesTable
from .erasure.erase import Eraser
from .erasure.erasures import SETTLED_S
from .memories import Control

USER = ""  # in the place of a chat: all of its user
# Of a chat's rows these stay: keys of messages, what is taken away below, and what was decided.
_STAYING = ("outbox", "episodes", "switches", "deletions", "webui_seen")
_OF_NOBODY = ("erasures", "deletions", "webui_seen")  # say nothing of a user but who it was


@dataclass(frozen=True, slots=True)
class Deletion:
    """A chat that was deleted, or all of a user where `chat_id` is USER. at: Unix seconds."""

    user_id: str
    chat_id: str
    at: float


class Deletions:
    """Of all users. Threads may share it; methods block, and raise the errors of `core/errors.py`."""

    def __init__(self, control: Control, eraser: Eraser) -> None:
        self._control, self._eraser, self._engine = control, eraser, control.engine
        self._reading, self._journal = reading(control.engine), Journal(control.engine)
        self._passages = EpisodesTable(control.engine)
        self._passed: dict[Deletion, float] = {}  # when each was carried out first, by the monotonic clock

    def note(self, user_id: str, chat_id: str = USER) -> None:
        """Write down that a chat, or a user, is deleted: of a chat, nothing that comes later is kept."""
        row = {"user_id": user_id, "chat_id": chat_id, "at": time.time(), "done": False}
        with self._engine.begin() as connection:
            put_row(connection, deletions, row)

    def note_all_chats(self, user_id: str) -> int:
        """The same of all of a user's chats that are Open WebUI's; how many they are.

        Those are the ones that were seen there, and what may have come from there since: no import, and with
        an id as it gives them.
        """
        mine = webui_seen.c.user_id == user_id
        with self._reading.connect() as connection:
            seen = frozenset(connection.scalars(select(webui_seen.c.chat_id).where(mine))) - {USER}
            last = connection.scalar(select(func.max(webui_seen.c.seen_at)).where(mine)) or 0.0
            told = select(outbox.c.chat_id).where(outbox.c.user_id == user_id)
            imported = set(connection.scalars(told.where(outbox.c.imported != "")))
            lived = set(connection.scalars(told.where(outbox.c.imported == "")))
            first = select(outbox.c.chat_id).where(outbox.c.user_id == user_id).group_by(outbox.c.chat_id)
            older = set(connection.scalars(first.having(func.min(outbox.c.created_at) < last)))
        others = (imported - lived) | (older if seen else set())
        chats = [one for one in self.chats_of(user_id) if one in seen or (is_id(one) and one not in others)]
        for chat_id in chats:
            self.note(user_id, chat_id)
        return len(chats)

    def chats_of(self, user_id: str) -> frozenset[str]:
        """The ids of the chats of which something is known, "" for what has none."""
        with self._reading.connect() as connection:
            return frozenset(
                chat_id
                for column in (episodes.c.chat_id, outbox.c.chat_id, journal.c.chat)
                for chat_id in connection.scalars(
                    select(column).where(column.table.c.user_id == user_id).distinct()
                )
            )

    def users(self) -> frozenset[str]:
        """The users of whom something is known."""
        rows = [
            select(table.c.user_id).distinct()
            for table in metadata.sorted_tables
            if "user_id" in table.c and table.name not in _OF_NOBODY
        ]
        rows += [
            select(table.c.author).where(table.c.source == WEBUI).distinct()
            for table in (channel_messages, channel_memories)
        ]
        with self._reading.connect() as connection:
            found = {user_id for wanted in rows for user_id in connection.scalars(wanted)}
        return frozenset(filter(is_person, found))  # channels have rows, too

    def take_back(self, user_id: str, chats: Collection[str], before: float) -> None:
        """These are there again, deleted before a Unix time: what is said in them is kept once more."""
        with self._engine.begin() as connection:
            mine = and_(deletions.c.user_id == user_id, deletions.c.done, deletions.c.at < before)
            for chat_id in set(connection.scalars(select(deletions.c.chat_id).where(mine))) & set(chats):
                connection.execute(delete(deletions).where(mine, deletions.c.chat_id == chat_id))

    def carry_out(self) -> int:
        """Erase what was deleted; how many chats and users that were.

        A chat is gone through twice: what was under way at first has come to rest by the second time.

        Raises the fault of a place that cannot be reached, when all others are done: the next call goes on.
        """
        fault: Exception | None = None
        done = 0
        for one in self._open():
            try:
                if one.chat_id == USER:
                    self._eraser.erase_user(one.user_id)  # with this row
                else:
                    self._erase_chat(one)
                done += 1
            except Exception as error:  # noqa: BLE001 - the others are to go, too
                self._passed[one], fault = time.monotonic(), error  # some may have gone: not again at once
        if fault is not None:
            raise fault
        return done

    def only_deleted(self, user_id: str) -> list[Memory]:
        """The facts that only deleted chats said, where the setting is to ask."""
        if self._control.settings.on_chat_deleted != "ask":
            return []
        mine = and_(deletions.c.user_id == user_id, deletions.c.chat_id != USER)
        with self._reading.connect() as connection:
            chats = frozenset(connection.scalars(select(deletions.c.chat_id).where(mine)))
        return list(self._control.of_ids(self._only_in(user_id, chats)).values()) if chats else []

    def _open(self) -> list[Deletion]:
        """What is to be carried out now."""
        wanted = select(deletions).where(deletions.c.done.is_(False)).order_by(deletions.c.at)
        with self._reading.connect() as connection:
            found = [Deletion(row.user_id, row.chat_id, row.at) for row in connection.execute(wanted)]
        return [one for one in found if one not in self._passed or self._is_settled(one)]

    def _is_settled(self, one: Deletion) -> bool:
        return one in self._passed and time.monotonic() - self._passed[one] >= SETTLED_S

    def _erase_chat(self, one: Deletion) -> None:
        """What waits of it, what it was told, perhaps the facts that only it said, and its passages."""
        user_id, chat_id = one.user_id, one.chat_id
        with self._engine.begin() as connection:
            hold(connection, user_id)
            waiting = outbox.c.exchange.is_not(None)
            connection.execute(
                delete(outbox).where(outbox.c.user_id == user_id, outbox.c.chat_id == chat_id, waiting)
            )
            for table in metadata.sorted_tables:
                if {"user_id", "chat_id"} <= set(table.c.keys()) and table.name not in _STAYING:
                    mine = and_(table.c.user_id == user_id, table.c.chat_id == chat_id)
                    connection.execute(delete(table).where(mine))
        facts: Collection[str] = ()
        if self._control.settings.on_chat_deleted == "erase":
            facts = self._only_in(user_id, frozenset({chat_id}))
        if facts:
            self._eraser.forget(user_id, facts, until=one.at)  # goes on by itself where a place is away
        entries = self._passages.of_chat(user_id, chat_id)
        passages = [id_ for entry in entries for id_ in ids_of(entry)]
        self._journal.intend([_receipt(one, len(passages), len(facts))])
        self._eraser.erase_passages(user_id, passages, [entry.exchange for entry in entries], chat_id)
        if not self._is_settled(one):
            self._passed.setdefault(one, time.monotonic())
            return
        del self._passed[one]
        mine = and_(deletions.c.user_id == user_id, deletions.c.chat_id == chat_id, deletions.c.at == one.at)
        with self._engine.begin() as connection:
            connection.execute(update(deletions).where(mine).values(done=True))

    def _only_in(self, user_id: str, chats: frozenset[str]) -> list[str]:
        """The ids of the facts that were said in these chats, nowhere else, and by no command."""
        origins: dict[str, list[Change]] = {}
        for change in _said(self._journal.of_user(user_id)):
            origins.setdefault(change.memory_id, []).append(change)
        return [
            memory_id
            for memory_id, changes in origins.items()
            if any(change.op == "add" for change in changes)
            and all(change.chat in chats and not _is_wanted(change) for change in changes)
        ]


def _receipt(one: Deletion, passages: int, facts: int) -> Change:
    """What its user is told of it: by its batch, only the first one of a deletion is kept."""
    return Change(
        batch=f"receipt-deleted-{hash_of(f'{one.user_id} {one.chat_id} {one.at}')}",
        position=0,
        user_id=one.user_id,
        op=CHAT_DELETED,
        memory_id="",
        before="",
        after="",
        kind=EPISODE,
        chat=one.chat_id,
        refused=f"{passages} passages and {facts} facts were erased",
        made=True,
    )


def _said(changes: list[Change]) -> Iterator[Change]:
    """What made facts what they are."""
    for change in changes:
        is_origin = change.op in ("add", "replace", REAFFIRMED)
        if is_origin and change.made and not change.refused and change.memory_id and change.kind != EPISODE:
            yield change


def _is_wanted(change: Change) -> bool:
    """Whether its user has asked for it, or brought it back; or others were merged into it.

    A merge's row has the chat of one of its parts only. That a plan has ended is no new origin.
    """
    is_merge = change.batch.startswith(REFLECTED) and change.op != "replace"
    return bool(change.undoes) or change.batch.startswith(COMMANDS) or is_merge
