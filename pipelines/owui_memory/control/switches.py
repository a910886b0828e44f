"""Users' own switches: memory off in one chat, or always."""

from __future__ import annotations

from sqlalchemy import Engine, select

from ..state import put_row, reading, switches


class Switches:
    """Kept in the state database."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = engine, reading(engine)

    def set(self, user_id: str, chat_id: str, on: bool) -> None:
        """Switch memory on or off for a chat; `chat_id` "": for all chats."""
        with self._engine.begin() as connection:
            put_row(connection, switches, {"user_id": user_id, "chat_id": chat_id, "off": not on})

    def is_on(self, user_id: str, chat_id: str) -> bool:
        """Whether memory is on in a chat: neither it nor all chats are switched off."""
        mine = (switches.c.user_id == user_id, switches.c.chat_id.in_(("", chat_id)), switches.c.off)
        with self._reading.connect() as connection:
            return connection.execute(select(switches.c.off).where(*mine)).first() is None
