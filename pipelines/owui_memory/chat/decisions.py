"""The inlet's decisions, kept for the outlet: it gets no metadata and may reach another process.

Only permissions to remember are kept. Where none is found, nothing is remembered.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import IntegrityError

from ..state import decisions
from .body import Turn

_KEPT_S = 2 * 24 * 3600  # an answer that takes longer than two days is not coming
_PRUNE_EVERY = 200  # rows


@dataclass(frozen=True, slots=True)
class Permission:
    """That a turn may be remembered, and as which exchange."""

    chat_id: str
    exchange_key: str


class Decisions:
    """Kept by the turn's key in the state database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept = 0

    def allow(self, turn: Turn) -> None:
        """Keep that this turn may be remembered."""
        now = time.time()
        row = {
            "key": turn.key,
            "user_id": turn.user_id,
            "chat_id": turn.chat_id,
            "exchange_key": turn.exchange_key,
            "created_at": now,
        }
        self._kept += 1
        # The same turn may come once more.
        with suppress(IntegrityError), self._engine.begin() as connection:
            if self._kept % _PRUNE_EVERY == 0:
                connection.execute(delete(decisions).where(decisions.c.created_at < now - _KEPT_S))
            connection.execute(decisions.insert().values(row))

    def allowed(self, user_id: str, keys: Iterable[str]) -> Permission | None:
        """The permission under one of these keys, given to this user; None where there is none."""
        wanted = select(decisions.c.chat_id, decisions.c.exchange_key).where(
            decisions.c.key.in_([key for key in keys if key]),
            decisions.c.user_id == user_id,
        )
        with self._engine.connect() as connection:
            row = connection.execute(wanted).first()
        return Permission(row.chat_id, row.exchange_key) if row else None
