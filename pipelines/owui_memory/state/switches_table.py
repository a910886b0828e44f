"""A user's own switches: memory in one chat (which goes first) or always, for a model; notes in chats."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Boolean, Connection, Engine, and_, bindparam, func, literal, select

from . import note_switches, put_row, reading, switches
from .engine import Patience

# Named so that a statement with values of columns can hold it: see `bound`.
_USER, _CHAT, _MODEL = "switches_user", "switches_chat", "switches_model"
_OF_MODEL = "model:"  # begins what stands for a model in the place of a chat


def _switch(chat: Any) -> Any:
    mine = switches.c.user_id == bindparam(_USER, type_=switches.c.user_id.type)
    return select(switches.c.is_on).where(mine, switches.c.chat_id == chat).scalar_subquery()


# For statements that read or write something else of a message anyway.
IS_ON = and_(
    func.coalesce(
        _switch(bindparam(_CHAT, type_=switches.c.chat_id.type)), _switch(""), literal(True), type_=Boolean
    ),
    func.coalesce(_switch(bindparam(_MODEL, type_=switches.c.chat_id.type)), literal(True), type_=Boolean),
)
_IS_ON = select(IS_ON)


def bound(user_id: str, chat_id: str, model: str = "") -> dict[str, str]:
    """The values of a statement with `IS_ON` in it. model: its id, "" where that does not matter."""
    return {_USER: user_id, _CHAT: chat_id, _MODEL: _OF_MODEL + model}


class Switches:
    """Kept in the state database; nothing of it is cached, so that all servers obey at once."""

    def __init__(self, engine: Engine) -> None:
        self._writing, self._reading = Patience(engine), Patience(reading(engine))

    def set(self, user_id: str, chat_id: str, on: bool) -> None:
        """Switch memory on or off in a chat, or always where `chat_id` is "".

        Always leaves alone the chats that have their own: one that was to be left out stays so.
        """
        row = {"user_id": user_id, "chat_id": chat_id, "is_on": on, "at": time.time()}

        def keep(connection: Connection) -> None:
            put_row(connection, switches, row)

        self._writing.run(keep)

    def set_model(self, user_id: str, model: str, on: bool) -> None:
        """Leave a model out of memory, in all chats, or no longer."""
        self.set(user_id, _OF_MODEL + model, on)

    def is_on(self, user_id: str, chat_id: str, model: str = "") -> bool:
        """Whether memory may be used there, as far as the user has said; on where they have not.

        `chat_id`: "" for a request that belongs to no chat.
        """
        values = bound(user_id, chat_id, model)
        return bool(self._reading.run(lambda connection: connection.scalar(_IS_ON, values)))

    def of_chats(self, user_id: str) -> dict[str, bool]:
        """The switches that a user has set in chats, newest first."""
        mine = (switches.c.user_id == user_id, switches.c.chat_id != "")
        wanted = select(switches.c.chat_id, switches.c.is_on).where(*mine).order_by(switches.c.at.desc())
        rows = self._reading.run(lambda connection: connection.execute(wanted).all())
        return {row.chat_id: row.is_on for row in rows if not row.chat_id.startswith(_OF_MODEL)}

    def models_off(self, user_id: str) -> list[str]:
        """The models that a user has left out."""
        mine = (switches.c.user_id == user_id, switches.c.chat_id.startswith(_OF_MODEL), ~switches.c.is_on)
        wanted = select(switches.c.chat_id).where(*mine).order_by(switches.c.chat_id)
        rows = self._reading.run(lambda connection: list(connection.scalars(wanted)))
        return [row.removeprefix(_OF_MODEL) for row in rows]


class NoteSwitches:
    """Whether chats show a user what was used and learned: notes under answers, status lines, sources."""

    def __init__(self, engine: Engine) -> None:
        self._writing, self._reading = Patience(engine), Patience(reading(engine))

    def set(self, user_id: str, on: bool) -> None:
        row = {"user_id": user_id, "is_on": on, "at": time.time()}
        self._writing.run(lambda connection: put_row(connection, note_switches, row))

    def wants(self, user_id: str) -> bool:
        """True where the user has not said."""
        mine = select(note_switches.c.is_on).where(note_switches.c.user_id == user_id)
        return self._reading.run(lambda connection: connection.scalar(mine)) is not False
