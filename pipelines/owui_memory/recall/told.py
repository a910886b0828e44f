"""What recall has put into which chat, so that it is never taken for news from there."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Engine, and_, delete, select

from ..backends.base import Memory
from ..chat.body import Turn
from ..state import reading, told

_KEPT_S = 90 * 24 * 3600  # after which a chat is not expected to go on
_MOST = 200  # of one chat
_PRUNE_EVERY = 200  # times


class Told:
    """Kept in the state database, by chat; by message where there is no chat (API calls)."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = engine, reading(engine)
        self._kept = 0

    def keep(self, turn: Turn, memories: Sequence[Memory]) -> None:
        """These memories are in the prompt of this turn."""
        now = time.time()
        chat = turn.chat_id or turn.exchange_key
        self._kept += 1
        with self._engine.begin() as connection:
            here = and_(told.c.user_id == turn.user_id, told.c.chat == chat)
            known = {(row.memory_id, row.text) for row in connection.execute(select(told).where(here))}
            rows = [
                {"user_id": turn.user_id, "chat": chat, "memory_id": m.id, "text": m.text, "told_at": now}
                for m in memories
                if (m.id, m.text) not in known
            ]
            if rows:
                connection.execute(told.insert(), rows)
            if self._kept % _PRUNE_EVERY == 0:
                connection.execute(delete(told).where(told.c.told_at < now - _KEPT_S))

    def to_chat(self, user_id: str, chat: str) -> list[str]:
        """The texts told to a chat, newest first."""
        wanted = (
            select(told.c.text)
            .where(told.c.user_id == user_id, told.c.chat == chat)
            .order_by(told.c.id.desc())
            .limit(_MOST)
        )
        with self._reading.connect() as connection:
            return list(connection.scalars(wanted))
