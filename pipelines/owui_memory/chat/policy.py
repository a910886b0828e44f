"""May this turn read memories, may it be remembered, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass

from ..backends.base import is_user
from ..scopes import team_in
from ..settings import Valves
from .body import Turn

_LONGEST_CHARS = 20_000  # longer than anybody types: a pasted document


@dataclass(frozen=True, slots=True)
class Decision:
    """What a turn may do; `reason` says in words why it may not do both."""

    read: bool
    write: bool
    reason: str = ""


def decide(turn: Turn, settings: Valves) -> Decision:
    """The decision for a turn. Costs nothing: no search, no database."""
    reason = _left_alone(turn, settings)
    if reason:
        return Decision(read=False, write=False, reason=reason)
    if len(turn.text) > _LONGEST_CHARS:
        return Decision(read=True, write=False, reason="a pasted document is not remembered")
    return Decision(read=settings.memories_per_turn > 0, write=True)


def _left_alone(turn: Turn, settings: Valves) -> str:
    if not settings.enabled:
        return "memory is switched off in the settings"
    if turn.task:
        return "a task of Open WebUI, not a message"
    if not is_user(turn.user_id) or team_in(turn.user_id):
        return "the request names no user"
    if turn.place == "temporary":
        return "a temporary chat"
    if turn.place == "channel":
        return "a channel"
    if not turn.memory_capability:
        return "the model's Memory capability is off"
    if turn.memory_switch is False and settings.user_switch == "follow":
        return "the user's Memory switch is off"
    if not turn.text:
        return "the message has no text"
    return ""
