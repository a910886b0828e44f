"""Calls of tools on the event loop: what is allowed, one of a user at a time, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from ...config.policy import decide
from ...config.settings import Valves
from ...core.errors import Drop
from ...core.events import Emit, Event, EventKind, Job, failed, ignore
from ...core.reason import Reason
from ...core.turn import Turn, chat_kind_of
from ..chats import Chats
from ..identity import Caller, metadata_of
from ..lanes import BusyError
from ..limits import Rate
from ..waits import looked_at, within
from .told import Outcome
from .verbs import VERBS, Call, Verb

CALL_S = 30.0  # that a call may take; it goes on in its thread
_MODEL_CHARS = 200
_BUSY = "Too many calls of this user wait. Try again in some seconds."
_NOT_NOW = "Memory cannot be asked now. Go on without it, and try again in a minute."


def turn_of(caller: Caller, headers: Mapping[str, str]) -> Turn:
    """The turn in which a program calls a tool, as far as its headers tell."""
    meta = metadata_of(headers, {})
    chat_id = meta["chat_id"] or ""
    model = "" if caller.by_own_key else headers.get("x-memory-model", "").strip()[:_MODEL_CHARS]
    return Turn(
        user_id=caller.id,
        text="a call of a tool",
        key="",
        exchange_key="",
        chat_kind=chat_kind_of(chat_id, meta["message_id"]),
        chat_id=chat_id,
        user_message_id=meta["user_message_id"] or "",
        model=model,
        described=False,
        task=meta["task"],
        email=caller.user.get("email", ""),
        name=caller.user.get("name", ""),
    )


# Raises the errors of `core/errors.py`, or BusyError.
Run = Callable[[Verb, Call], Coroutine[Any, Any, Outcome]]


async def in_lane(chats: Chats, verb: Verb, call: Call) -> Outcome:
    """Carries a call out in the application's threads, one of a user at a time."""
    runtime = chats.opened()
    if verb.name == "forget_memory":
        runtime.kept_steps.drop(call.turn.user_id)
    work: Any = runtime.toolbox.carry_out
    outcome: Outcome = await runtime.lanes.run(call.turn.user_id, runtime.command_pool, work, verb, call)
    return outcome


class Calls:
    """For one event loop."""

    def __init__(
        self,
        settings: Callable[[], Valves],
        run: Run,
        emit: Emit = ignore,
        changes: Rate | None = None,
        call_s: float = CALL_S,
    ) -> None:
        """changes: of one process, where it has several of these. call_s: see `CALL_S`."""
        self._settings, self._run, self._emit = settings, run, emit
        self._changes, self._call_s = changes or Rate(), call_s

    def offered(self, turn: Turn) -> list[Verb]:
        """The verbs that a turn's model may use."""
        decision = decide(turn, self._settings())
        return [verb for verb in VERBS.values() if verb.is_allowed(decision)]

    async def carry_out(self, turn: Turn, name: str, given: object) -> Outcome:
        """What came of one call. Raises nothing."""
        try:
            outcome = await self._carried_out(turn, name, given)
        except BusyError:
            outcome = Outcome.refused(429, _BUSY)
        except Drop as refusal:
            outcome = Outcome.refused(422, f"{refusal} {refusal.hint}".strip())
        except Exception as error:  # noqa: BLE001 - whatever it is, the model is answered
            self._emit(failed(Job.COMMAND, error))
            outcome = Outcome.refused(503, _NOT_NOW)
        state = "done" if outcome.ok else "refused" if outcome.status < 500 else "failed"
        code = name if name in VERBS else "unknown"
        self._emit(Event(EventKind.TOOL_CALLED, code=code, reason=state))
        return outcome

    async def _carried_out(self, turn: Turn, name: str, given: object) -> Outcome:
        if (verb := VERBS.get(name)) is None:
            return Outcome.refused(404, f"There is no such tool. There are: {', '.join(VERBS)}.")
        settings = self._settings()
        decision = decide(turn, settings)
        if not verb.is_allowed(decision):
            return Outcome.refused(403, f"Memory is not used here: {decision.reason or Reason.NO_USER}.")
        try:
            arguments = verb.read(given)
        except ValueError as wrong:
            return Outcome.refused(422, str(wrong))
        if verb.changes and not self._changes.allows(turn.user_id):
            return Outcome.refused(
                429, f"{self._changes.most} changes in a minute are enough. Wait, or ask the user."
            )
        running = asyncio.ensure_future(self._run(verb, Call(turn, decision, settings, arguments)))
        running.add_done_callback(looked_at)
        if not await within(self._call_s, running):
            return Outcome.refused(504, "This takes long, and goes on. Do not call it again.")
        return running.result()
