"""May this turn read memories, may it be remembered, and if not, why. What cannot be told is not allowed."""

from __future__ import annotations

from ..core.memory import is_person
from ..core.permission import MEMORY_SWITCH_OFF, Decision, Permission
from ..core.turn import Turn
from .model_patterns import named, read_rule
from .scoping import scope_of
from .settings import Valves

_NO_TEXT = "the message has no text"
_LONGEST_CHARS = 20_000  # longer than anybody types: a pasted document


def decide(turn: Turn, settings: Valves) -> Decision:
    """The decision for a turn, but for the user's own switch. Costs nothing: no search, no database."""
    unfit = _unfit_model(turn, settings)
    if reason := _no_message(turn, settings):
        return Decision(read=False, write=False, reason=reason, may_show=not unfit)
    if reason := unfit or _switched_off(turn, settings) or ("" if turn.text else _NO_TEXT):
        return Decision(read=False, write=False, reason=reason, noted=True, may_show=not unfit)
    recalls, remembers = _allowed(settings.models_recall, turn), _allowed(settings.models_remember, turn)
    reason = _half(recalls, remembers)
    if remembers and len(turn.text) > _LONGEST_CHARS:
        remembers, reason = False, reason or "it is as long as a pasted document"
    permission = Permission.of(turn, scope_of(turn, settings)) if remembers else None
    return Decision(recalls, remembers, reason, noted=bool(reason), permission=permission)


def _no_message(turn: Turn, settings: Valves) -> str:
    """Nothing that a user says, or nothing of which anything may be kept."""
    if not settings.enabled:
        return "memory is switched off in the settings"
    if turn.task:
        return "a task of Open WebUI, not a message"
    if not is_person(turn.user_id):
        return "the request names no user"
    if turn.chat_kind == "temporary":
        return "a temporary chat"
    return ""


def _switched_off(turn: Turn, settings: Valves) -> str:
    if turn.chat_kind == "channel":
        return "a channel"
    if not turn.memory_capability:
        return "the model's Memory capability is off"
    if turn.memory_switch is False and settings.user_switch == "follow":
        return MEMORY_SWITCH_OFF
    return ""


def _unfit_model(turn: Turn, settings: Valves) -> str:
    if settings.local_only and turn.connection == "external":
        return "the model is external (local_only)"
    if settings.local_only and turn.connection != "local":
        return "it is not told whether the model is local (local_only)"
    if not _allowed(settings.models_recall, turn) and not _allowed(settings.models_remember, turn):
        return "the model gets no memory (models_recall, models_remember)"
    return ""


def _allowed(rule: str, turn: Turn) -> bool:
    """Whether a rule allows the model. Where its base is not told, it may well be one that is excluded."""
    only, never = read_rule(rule)
    excluded = never.split(",")  # !* excludes one without a name, too
    if never and ("*" in excluded or not turn.described or named(never, turn.model, turn.base_model)):
        return False
    return not only or named(only, turn.model, turn.base_model)


def _half(recalls: bool, remembers: bool) -> str:
    if recalls and remembers:
        return ""
    if recalls:
        return "nothing is learned from this model's chats (models_remember)"
    return "the model is told nothing (models_recall)"
