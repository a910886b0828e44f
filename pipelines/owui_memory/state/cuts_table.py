"""Where the prompts of long chats were cut, and the abstracts that stand in place of what is not in them."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    bindparam,
    delete,
    func,
    not_,
    or_,
    select,
    update,
)

from ..core.change import EDITED, FORGET, REFLECTED
from ..core.exchange import episodes_name, message_id_of
from ..core.turn import Turn
from .engine import reading, unsynced
from .prepared import Prepared
from .schema import cuts, deletions, episodes, erasures, journal, outbox
from .statements import hold, insert_new

_MOST = 12  # of a chat for one limit: those of earlier cuts are for messages that are edited
_AT_ONCE = 500  # values in a statement

_OF_CHAT = Prepared(
    select(cuts.c.position, cuts.c.abstract, cuts.c.used, cuts.c.read_at)
    .where(
        cuts.c.user_id == bindparam("user_id"),
        cuts.c.chat_id == bindparam("chat_id"),
        cuts.c.context_tokens == bindparam("limit"),
    )
    .order_by(cuts.c.at)
)
# What was to be forgotten, or does not hold: not what was edited, or said twice.
_FORGOTTEN = and_(
    or_(journal.c.op == "remove", journal.c.op == FORGET),
    journal.c.model != EDITED,
    not_(journal.c.batch.startswith(REFLECTED)),
)
_REMOVED = Prepared(
    select(func.max(journal.c.at)).where(journal.c.user_id == bindparam("user_id"), _FORGOTTEN)
)


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut. position: of the first message after it, see `core.turn.Turn`.

    abstract: what stands in place of the messages before, as JSON; "" for none. used: a prompt was cut here;
    else the abstract is ready for when one is. read_at: Unix time when those messages were read.
    """

    position: str
    abstract: str
    used: bool
    read_at: float


@dataclass(frozen=True, slots=True)
class Place:
    """A chat of a user, and the limit that its prompts are cut for, in tokens."""

    user_id: str
    chat_id: str
    limit: int

    @classmethod
    def of(cls, turn: Turn, limit: int) -> Place:
        """Where a turn is; a chat without an id is known by how it began."""
        return cls(turn.user_id, turn.chat_id or turn.positions[0], limit)


class CutsTable:
    """For all users. Threads may share it; methods block."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = unsynced(engine), reading(engine)

    def of_chat(self, place: Place) -> list[Cut]:
        """The cuts of a chat; without abstracts that were read before a memory of the user was removed.

        They may say what is to be forgotten.
        """
        asked = {"user_id": place.user_id, "chat_id": place.chat_id, "limit": place.limit}
        with self._reading.connect() as connection:
            found = [Cut(*row) for row in _OF_CHAT.rows(connection, asked)]
            if not any(one.abstract for one in found):
                return found
            ((removed_at,),) = _REMOVED.rows(connection, asked)
        return [replace(one, abstract="") if one.read_at <= (removed_at or 0) else one for one in found]

    def use(self, place: Place, position: str, read_at: float) -> None:
        """A prompt was cut here, unless something of the chat was erased since it was read."""
        with self._engine.begin() as connection:
            if self._is_gone(connection, place, read_at):
                return
            row = self._row(place, position)
            insert_new(connection, cuts, [{**row, "abstract": "", "used": True, "read_at": 0.0}])
            of_chat = cuts.c.user_id == place.user_id, cuts.c.chat_id == place.chat_id
            told = connection.scalar(select(cuts.c.told).where(*of_chat, cuts.c.told).limit(1)) is not None
            values = {"used": True, "told": told}
            connection.execute(update(cuts).where(*self._is(place, position)).values(values))
            newest = (
                select(cuts.c.position)
                .where(*self._is(place))
                .order_by(cuts.c.at.desc(), cuts.c.position)
                .limit(_MOST)
            )
            connection.execute(delete(cuts).where(*self._is(place), cuts.c.position.not_in(newest)))

    def put(self, place: Place, position: str, abstract: str, read_at: float) -> bool:
        """An abstract is ready; False where it, or what it is of, was erased since that was read."""
        with self._engine.begin() as connection:
            if self._is_gone(connection, place, read_at):
                return False
            row = self._row(place, position)
            insert_new(connection, cuts, [{**row, "abstract": "", "used": False, "read_at": 0.0}])
            values = {"abstract": abstract, "read_at": read_at}
            connection.execute(update(cuts).where(*self._is(place, position)).values(values))
        return True

    def tell(self, user_id: str, chat_id: str) -> bool:
        """Whether the user is to be told that prompts of a chat are cut: True once."""
        mine = cuts.c.user_id == user_id, cuts.c.chat_id == chat_id, cuts.c.used
        with self._reading.connect() as connection:
            told = connection.scalars(select(cuts.c.told).where(*mine)).all()
        if not told or any(told):
            return False
        with self._engine.begin() as connection:
            connection.execute(update(cuts).where(*mine).values(told=True))
        return True

    def remembered(self, user_id: str, chat_id: str, names: Collection[str]) -> set[str]:
        """Which of a chat's messages may be kept: those that were, and of which nothing was forgotten.

        names: of the messages, as an exchange's key ends in: the whole key in a chat without an id, else the
        part behind the message's own id.
        """
        removed = select(journal.c.memory_id).where(
            journal.c.user_id == user_id, _FORGOTTEN, journal.c.memory_id != ""
        )
        sources = select(journal.c.source).where(
            journal.c.user_id == user_id, or_(journal.c.memory_id.in_(removed), _FORGOTTEN)
        )
        lacking = select(episodes.c.exchange).where(episodes.c.user_id == user_id, episodes.c.gone > 0)
        of_user = select(outbox.c.key).where(outbox.c.user_id == user_id)
        keys: list[str] = []
        with self._reading.connect() as connection:
            if chat_id:
                keys = list(connection.scalars(of_user.where(outbox.c.chat_id == chat_id)))
            else:
                wanted = list(names)
                for at in range(0, len(wanted), _AT_ONCE):
                    some = outbox.c.key.in_(wanted[at : at + _AT_ONCE])
                    keys += connection.scalars(of_user.where(some))
            forgotten = {message for text in connection.scalars(sources) for message in text.split()}
            in_part = set(connection.scalars(lacking))
        kept = {
            key
            for key in keys
            if message_id_of(key) not in forgotten and (not in_part or episodes_name(key) not in in_part)
        }
        told = {f"~{key.rpartition('~')[2]}" for key in kept} if chat_id else kept
        return told.intersection(names)

    @staticmethod
    def _is_gone(connection: Connection, place: Place, read_at: float) -> bool:
        hold(connection, place.user_id)  # whoever erases the chat's rows comes before, or after
        erased = erasures.c.user_id == place.user_id, erasures.c.asked_at >= read_at
        deleted = deletions.c.user_id == place.user_id, deletions.c.chat_id == place.chat_id
        gone = (
            select(erasures.c.id).where(*erased),
            select(deletions.c.at).where(*deleted, deletions.c.at >= read_at),
        )
        return any(connection.scalar(one.limit(1)) is not None for one in gone)

    @staticmethod
    def _row(place: Place, position: str) -> dict[str, object]:
        ids = {"user_id": place.user_id, "chat_id": place.chat_id, "position": position}
        return {**ids, "context_tokens": place.limit, "told": False, "at": time.time()}

    @staticmethod
    def _is(place: Place, position: str = "") -> list[ColumnElement[bool]]:
        mine: list[ColumnElement[bool]] = [
            cuts.c.user_id == place.user_id,
            cuts.c.chat_id == place.chat_id,
            cuts.c.context_tokens == place.limit,
        ]
        return [*mine, cuts.c.position == position] if position else mine
