"""Whether a turn may read memories and be remembered, and if not, why. What is not known is not allowed."""

from __future__ import annotations

from typing import Literal

from ..core.memory import is_person
from ..core.permission import Decision, Permission
from ..core.reason import Reason
from ..core.turn import Turn
from .model_patterns import named, read_rule
from .scoping import scope_of
from .settings import Valves

_LONGEST_CHARS = 20_000  # longer than anybody types: a pasted document


def decide(turn: Turn, settings: Valves) -> Decision:
    """Decides on a turn, except for the user's own switch. Needs no search and no database."""
    unfit = _unfit_model(turn, settings)
    if reason := _no_message(turn, settings):
        return Decision(read=False, write=False, reason=reason, may_show=not unfit)
    if reason := unfit or _switched_off(turn, settings) or ("" if turn.text else Reason.NO_TEXT):
        in_channel = reason is Reason.CHANNEL and _is_told_in_channel(turn, settings)
        return Decision(
            read=False, write=False, reason=reason, noted=True, may_show=not unfit, in_channel=in_channel
        )
    recalls, remembers = _allowed(settings.models_recall, turn), _allowed(settings.models_remember, turn)
    if turn.only_recall and remembers:
        return Decision(recalls, write=False, reason=Reason.ONLY_RECALLED, noted=True)
    reason = _half(recalls, remembers)
    if remembers and len(turn.text) > _LONGEST_CHARS:
        remembers, reason = False, reason or Reason.PASTED_DOCUMENT
    permission = Permission.of(turn, scope_of(turn, settings)) if remembers else None
    return Decision(recalls, remembers, reason, noted=bool(reason), permission=permission)


def _no_message(turn: Turn, settings: Valves) -> Reason | Literal[""]:
    """Nothing that a user says, or nothing of which anything may be kept."""
    if not settings.enabled:
        return Reason.MEMORY_OFF
    if turn.task:
        return Reason.TASK
    if not is_person(turn.user_id):
        return Reason.NO_USER
    if turn.chat_kind == "temporary":
        return Reason.TEMPORARY_CHAT
    if turn.is_others:
        return Reason.OTHERS_MESSAGE
    return ""


def _switched_off(turn: Turn, settings: Valves) -> Reason | Literal[""]:
    if turn.chat_kind == "channel":
        return Reason.CHANNEL
    if not turn.memory_capability:
        return Reason.CAPABILITY_OFF
    if turn.memory_switch is False and settings.user_switch == "follow":
        return Reason.MEMORY_SWITCH_OFF
    return ""


def _is_told_in_channel(turn: Turn, settings: Valves) -> bool:
    """Whether what is known of a channel of Open WebUI may be told there, if it is one that is observed."""
    observed = settings.observes_channels and settings.webui_channels and settings.memories_per_turn
    may_know = turn.memory_capability and _allowed(settings.models_recall, turn)
    return bool(observed and may_know and turn.channel and turn.text)


def _unfit_model(turn: Turn, settings: Valves) -> Reason | Literal[""]:
    if settings.local_only and turn.connection == "external":
        return Reason.MODEL_EXTERNAL
    if settings.local_only and turn.connection != "local":
        return Reason.MODEL_PERHAPS_EXTERNAL
    if not _allowed(settings.models_recall, turn) and not _allowed(settings.models_remember, turn):
        return Reason.MODEL_EXCLUDED
    return ""


def _allowed(rule: str, turn: Turn) -> bool:
    """Whether a rule allows the model. Where its base is not told, it may well be one that is excluded."""
    only, never = read_rule(rule)
    excluded = never.split(",")  # !* excludes one without a name, too
    if never and ("*" in excluded or not turn.described or named(never, turn.model, turn.base_model)):
        return False
    return not only or named(only, turn.model, turn.base_model)


def _half(recalls: bool, remembers: bool) -> Reason | Literal[""]:
    if recalls and remembers:
        return ""
    if recalls:
        return Reason.MODEL_NOT_LEARNED_FROM
    return Reason.MODEL_TOLD_NOTHING
