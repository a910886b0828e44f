"""That a turn may be remembered: what its inlet decides, and its outlet must know."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .body import Turn


@dataclass(frozen=True, slots=True)
class Permission:
    """That a turn may be remembered, as which exchange and among which memories (`scopes.py`).

    `asked_at`: Unix time in seconds. `key`: the turn's. `answered_by`: as `AnsweredBy.written`.
    """

    chat_id: str
    exchange_key: str
    follows: str
    timezone: str
    scope: str
    asked_at: float
    key: str
    answered_by: str = ""

    @classmethod
    def of(cls, turn: Turn, scope: str) -> Permission:
        """The permission for a turn that is asked now."""
        ids = turn.chat_id, turn.exchange_key, turn.follows, turn.timezone
        return cls(*ids, scope, time.time(), turn.key, turn.answered_by.written())
