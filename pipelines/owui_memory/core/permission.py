"""The permission to remember a turn, which the inlet gives and the outlet needs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

from .reason import Reason
from .turn import Turn


@dataclass(frozen=True, slots=True)
class Permission:
    """Permission to remember a turn: as which exchange, and in which scope (`core/scope.py`).

    `asked_at`: Unix time in seconds. `key`: the turn's. `answered_by`: as `AnsweredBy.written`. `model`: the
    one that was asked, for the user's own switch; it is not kept.
    """

    chat_id: str
    exchange_key: str
    follows: str
    timezone: str
    scope: str
    asked_at: float
    key: str
    answered_by: str = ""
    model: str = field(default="", compare=False)

    @classmethod
    def of(cls, turn: Turn, scope: str) -> Permission:
        """The permission for a turn that is asked now."""
        ids = turn.chat_id, turn.exchange_key, turn.follows, turn.timezone
        return cls(*ids, scope, time.time(), turn.key, turn.answered_by.written(), turn.model)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a turn may do; `reason` says why it may not do both.

    noted: the reason is kept for whoever asks why. may_show: whether an answer in this chat may quote
    memories. If not, its model must not know any, and would read the answer with the chat's next message.
    in_channel: nothing of a user's may be read or remembered, but what is known of the channel may be told.
    """

    read: bool
    write: bool
    reason: Reason | Literal[""] = ""
    noted: bool = False
    may_show: bool = True
    in_channel: bool = False
    permission: Permission | None = field(default=None, compare=False)  # where it may be remembered


# Decided by the user, which only the state database knows: see state/switches_table.py.
SWITCHED_OFF = Decision(read=False, write=False, reason=Reason.USER_SWITCHED_OFF, noted=True)
