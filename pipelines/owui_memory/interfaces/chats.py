"""Turns of chats on their way through memory, for every interface: before the model, and after it.

Whatever happens in here, the chat goes on: public methods raise nothing.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from ..commands.language import Languages
from ..commands.parse import refusal, was_command
from ..config.environment import Environment
from ..config.policy import decide
from ..config.settings import Valves
from ..core.errors import MemoryFault, Retry, Waits, is_of_the_text
from ..core.events import Event, EventKind, Job, failed, succeeded
from ..core.latest import Latest
from ..core.locales import Locale
from ..core.memory import Check
from ..core.permission import SWITCHED_OFF
from ..core.trace import TRACE
from ..core.turn import Answered, Turn
from ..observe import status
from ..recall.block import Blocks
from ..recall.run import INSIDE, Outcome
from ..remember.spill import Spill, Spilled
from .body import with_blocks
from .intake import Intake
from .lanes import BusyError
from .limits import Rate
from .long_chats import LongChat, learn
from .recalling import recalled
from .service import Open, Service
from .spilling import KEEP_S, QUEUE_S, Spilling
from .start import Start
from .waits import done_by, in_pool, looked_at, within

log = logging.getLogger(__name__)

Body = dict[str, Any]

_COMMAND_S = 120.0  # that a command may take; it goes on in its thread
_LONG_CHARS = 20_000  # of an exchange; to look for secrets in more waits in its user's turn
_EARLY = 5_000  # turns
_NOTE_S = 3.0  # that a note under an answer may take
_HOLD_UP_S = 5.0  # that the server's start waits for the state database; then chats go on without memories


class Chats:
    """Those of one server, on its event loop."""

    def __init__(
        self,
        environment: Environment,
        settings: Callable[[], Valves],
        problems: list[str],
        open_service: Open,
    ) -> None:
        """Cheap and safe.

        open_service: blocks, and raises a MemoryFault for as long as it cannot be opened.
        """
        self.environment, self.settings, self._languages = environment, settings, Languages()
        self._spill = Spill(environment.data_dir)
        self._start = Start(partial(open_service, environment, settings, problems, self._spill), settings)
        self.intake, self.changes = Intake(), Rate()
        self._spilling = Spilling(self._spill)
        self._seeing_to: set[asyncio.Task[None]] = set()  # permissions that are late
        # Whether turns may be remembered, before there is a runtime.
        self._early = Latest[tuple[str, str], bool](_EARLY)

    @property
    def runtime(self) -> Service | None:
        """The opened application; None before it is opened, and after the stop."""
        return self._start.runtime

    @property
    def fault(self) -> MemoryFault:
        return self._start.fault

    async def begin(self) -> None:
        """Start the threads; what cannot be opened at once is opened in the background."""
        await asyncio.to_thread(self._start.begin, _HOLD_UP_S)

    async def stop(self) -> None:
        await asyncio.to_thread(self._start.stop)
        self.intake.close()

    def use_settings(self) -> None:
        self._start.use_settings()

    def deadline(self) -> float:
        """Until when a message that comes now may wait for its memories, by the event loop's clock."""
        return asyncio.get_running_loop().time() + self.settings().inlet_deadline_ms / 1000

    async def told(self, body: Body, turn: Turn, deadline: float) -> Body:
        """The body for the model, with what is remembered; and what the answer may become is decided.

        turn: read from this body, and no command. deadline: as `deadline` gave it.
        """
        if (runtime := self.runtime) is None:
            self._decide_early(turn)
            return body
        try:
            told = await self._told(runtime, body, turn, deadline)
        except Exception as error:  # noqa: BLE001 - the chat must go on
            runtime.emit(failed(Job.INLET, error))
            return body
        runtime.emit(succeeded(Job.INLET))
        return told

    async def keep(self, answered: Answered) -> str:
        """A finished exchange is on disk afterwards; its chat where the database took it in time, else ""."""
        if not self.settings().enabled:
            return ""
        if (trace := TRACE.get()) is not None:
            answered = replace(answered, trace=trace.header)
        try:
            if (runtime := self.runtime) is None:
                await self._kept_early(answered)
            # Else forbidden before there was a database, which may hold an earlier permission.
            elif all(self._early.get((answered.user_id, key)) is not False for key in answered.keys):
                learn(runtime, answered)
                return await self._kept(runtime, answered)
        except Exception as error:  # noqa: BLE001 - the chat must go on
            self.failed(Job.OUTLET, error)
        return ""

    async def give(self, turn: Turn) -> str:
        """A command, kept for its answer; what is to be answered where that is known at once, else ""."""
        runtime, words = self.runtime, self._languages.note(turn)
        answer = refusal(turn.text, words, enabled=self.settings().enabled)
        if runtime is None:
            return answer or words.say("not now")
        runtime.emit(Event(EventKind.COMMAND))
        runtime.forbid(turn)
        runtime.kept_steps.drop(turn.user_id)  # it may be to forget what they tell
        if answer:
            return answer
        pool, give = runtime.command_pool, runtime.commander.give
        if turn.chat_kind == "api":  # there it is carried out at once
            return await self._command(words, partial(runtime.lanes.run, turn.user_id, pool, give, turn))
        return await self._command(words, partial(in_pool, pool, give, turn))

    async def answer(self, answered: Answered) -> str:
        """The answer to a command; "" where it was none. What the model said to one is never seen."""
        runtime = self.runtime
        words = self._languages.of(answered.user_id, answered.user_text)
        nothing = words.say("not now") if was_command(answered) else ""
        if nothing and (answer := refusal(answered.user_text, words, enabled=self.settings().enabled)):
            return answer
        if runtime is None:
            return nothing
        asked = answered.user_id, answered.keys, answered.name, words
        pool, answer_to = runtime.command_pool, runtime.commander.answer
        begin = partial(runtime.lanes.run, answered.user_id, pool, answer_to, *asked)
        return await self._command(words, begin) or nothing

    async def _command(self, words: Locale, begin: Callable[[], asyncio.Future[Any]]) -> str:
        """What comes of a command in time, or in words why nothing does. begin: may raise BusyError."""
        try:
            work = begin()
            return str(work.result()) if await within(_COMMAND_S, work) else words.say("still at it")
        except BusyError:
            return words.say("still at earlier")
        except Exception as error:  # noqa: BLE001 - the chat must go on, and say so
            self.failed(Job.COMMAND, error)
            return words.say("not now")

    async def note(self, answered: Answered, chat_id: str) -> str:
        """What stands under an answer: which memories were used, and what was learned; "" if it is late."""
        asked = answered.user_id, chat_id, answered.user_text
        return str(await self.shown(_NOTE_S, Job.OUTLET, lambda one: one.notes.under(*asked)) or "")

    async def shown(self, seconds: float, job: Job, work: Callable[[Service], Any]) -> Any:
        """What work in a thread gives for users to see; None where it fails, is late, or cannot be begun."""
        if (runtime := self.runtime) is None:
            return None
        try:
            showing = in_pool(runtime.command_pool, work, runtime)
            return showing.result() if await within(seconds, showing) else None
        except Exception as error:  # noqa: BLE001 - the chat must go on
            self.failed(job, error)
            return None

    def finished(self, answered: Answered) -> None:
        """An answer is there: its chat is to show what was used for it. Never blocks."""
        if (runtime := self.runtime) is not None:
            runtime.live_chats.finished(answered.user_id, answered.keys)

    def emit(self, event: Event) -> None:
        if (runtime := self.runtime) is not None:
            runtime.emit(event)

    async def owner_of(self, key: str) -> str:
        """The user whose key this is, "" for nobody's.

        Raises:
            MemoryFault: that cannot be told now.
        """
        runtime = self.opened()
        try:
            return str(await in_pool(runtime.state_pool, runtime.api_keys.owner_of, key))
        except Exception as error:
            raise Retry("The keys cannot be looked up now.", hint="Try again in a minute.") from error

    async def carried_out(self, turn: Turn) -> str:
        """The answer to a command whose message and answer are one request.

        Whoever asks so keeps the answer, and sends it to the model with the next message.
        """
        if not decide(turn, self.settings()).may_show:
            return self._languages.note(turn).say("not this model")
        own = turn
        if not turn.user_message_id:  # the same text once more is another request
            key = f"{turn.exchange_key}:{uuid.uuid4().hex}"
            own = replace(turn, exchange_key=key, key=key)
        if answer := await self.give(own):
            return answer
        return await self.answer(Answered(own.user_id, (own.key,), own.text, "", own.name, own.chat_kind))

    def failed(self, work: Job, error: Exception) -> None:
        if (runtime := self.runtime) is not None:
            runtime.emit(failed(work, error))
        else:
            log.error("%s: %s (%s)", work, INSIDE, type(error).__name__)

    def status(self) -> dict[str, Any]:
        """The self-check, as JSON-plain values. Blocks for some seconds."""
        if (runtime := self.runtime) is not None:
            return runtime.status()
        fault, waiting = self._start.fault, self._spill.waiting().exchanges
        parts = [Check("filter", False, str(fault), fault.hint)]
        if waiting:
            parts.append(Check("queue", True, f"{waiting} set aside until memory has started"))
        return status.report(parts, waiting, 0)

    def numbers(self) -> bytes:
        """See `Service.numbers`. Raises MemoryFault where there is no runtime, too."""
        return self.opened().numbers()

    def opened(self) -> Service:
        """The runtime. Raises the MemoryFault why there is none."""
        if (runtime := self.runtime) is None:
            raise self.fault
        return runtime

    async def _told(self, runtime: Service, body: Body, turn: Turn, deadline: float) -> Body:
        settings = self.settings()  # as they are now, for all of this turn
        decision = decide(turn, settings)
        self._early.pop((turn.user_id, turn.key), None)
        allowing, spilling = None, None
        if (permission := decision.permission) is not None:
            runtime.keeper.announce(turn.user_id, permission)
            if runtime.keeper.is_ill:
                spilling = self._spilling.soon(Spilled.decision(turn.user_id, permission))
            else:
                allowing = in_pool(runtime.state_pool, runtime.keeper.allow, turn.user_id, permission)
        elif not turn.task:
            runtime.forbid(turn)
        long = LongChat(runtime, self.intake, body, turn, settings, decision)
        await long.read(deadline)
        asked, settings = long.asked, long.settings
        reads, outcome = await recalled(runtime, asked, settings, decision, deadline)
        on = outcome.recalled is None or outcome.recalled.on
        if permission is not None and allowing is not None:
            if await done_by(deadline, allowing) and allowing.exception() is None:
                on &= allowing.result()
            else:
                record = Spilled.decision(turn.user_id, permission)
                seeing = asyncio.create_task(self._see_to(runtime, record, allowing))
                self._seeing_to.add(seeing)
                seeing.add_done_callback(self._seeing_to.discard)
        if spilling is not None:
            await done_by(deadline, spilling)
        if not on:
            decision, outcome = SWITCHED_OFF, Outcome(None)
        if decision.reason:
            runtime.emit(Event(EventKind.LEFT_ALONE, reason=decision.reason))
        in_system = turn.searched or settings.placement == "system"
        blocks = outcome.recalled.blocks if outcome.recalled else Blocks()
        told, blocks = await long.fitted(blocks, deadline, in_system=in_system, is_read=decision.read)
        if on and permission is not None:
            await long.keep(told, permission)
        if reads:
            rendered = partial(with_blocks, in_system=in_system)
            told = await self.intake.rewrite(turn.user_id, rendered, told, blocks)
        runtime.after_inlet(asked, outcome if decision.read else Outcome(None), decision)
        return told

    async def _kept(self, runtime: Service, answered: Answered) -> str:
        """Its chat, where the state database took it in time; else "", and it waits in the spill."""
        keeper = runtime.keeper
        if not keeper.is_ill:
            long = len(answered.user_text) + len(answered.assistant_text) > _LONG_CHARS
            work = runtime.state_pool, keeper.keep, answered
            keeping = self.intake.in_turn(answered.user_id, *work) if long else in_pool(*work)
            keeping = asyncio.ensure_future(keeping)
            if await self._stored(runtime, Job.OUTLET, keeping, is_long=long):
                return str(keeping.result())
        if (record := keeper.exchange(answered)) is not None:
            await self._spilling.put(record)
        return ""

    @staticmethod
    async def _stored(
        runtime: Service, work: Job, storing: asyncio.Future[Any], *, is_long: bool = False
    ) -> bool:
        """Whether the state database takes it in the time that it is worth; else the spill has to."""
        keeper, clock = runtime.keeper, asyncio.get_running_loop().time
        until = clock() + QUEUE_S
        while not (done := await within(KEEP_S, storing)):
            if clock() >= until or not keeper.goes_on(KEEP_S):
                break
        if not done:
            storing.cancel()  # it may be stored all the same: that does no harm
            storing.add_done_callback(looked_at)
            keeper.is_ill |= not is_long
        elif (error := storing.exception()) is None:
            return True
        elif not isinstance(error, Waits):
            keeper.is_ill |= not is_of_the_text(error)
            runtime.emit(failed(work, error))
        return False

    async def _kept_early(self, answered: Answered) -> None:
        """Before there is a database: whether it may be remembered is seen when there is one."""
        decided = (self._early.get((answered.user_id, key)) for key in answered.keys if key)
        if next((one for one in decided if one is not None), True):
            await self._spilling.put(Spilled.exchange(answered))

    def _decide_early(self, turn: Turn) -> None:
        """Before there is a database: keep what the inlet would have kept there."""
        try:
            permission = decide(turn, self.settings()).permission
            if turn.task:
                return
            self._early[turn.user_id, turn.key] = permission is not None
            if permission is not None:
                self._spilling.soon(Spilled.decision(turn.user_id, permission))
        except Exception as error:  # noqa: BLE001 - the chat must go on
            self.failed(Job.INLET, error)

    async def _see_to(self, runtime: Service, record: Spilled, permission: asyncio.Future[Any]) -> None:
        """A permission that was late, or could not be given: it must not be lost."""
        if not await self._stored(runtime, Job.INLET, permission):
            self._spilling.soon(record)
