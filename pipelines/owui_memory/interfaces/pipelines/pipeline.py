"""The filter as the Pipelines server sees it. Whatever happens in here, the chat goes on."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any, cast

from ...commands.language import Languages
from ...commands.parse import is_command, may_be_command, refusal, repeated, was_command, with_task
from ...config.environment import Environment
from ...config.policy import decide
from ...config.scoping import scope_of
from ...config.settings import Valves
from ...config.valves_codec import lenient
from ...core import locales
from ...core.errors import Waits, is_of_the_text
from ...core.events import Event, EventKind, Job, failed, succeeded
from ...core.memory import Check
from ...core.permission import SWITCHED_OFF
from ...core.turn import Answered, Turn
from ...observe import status
from ...recall.block import Blocks
from ...recall.run import INSIDE, Outcome
from ...remember.spill import Spill, Spilled
from ..service import Open, Service
from . import embeddings, guard, routes
from .body import with_answer, with_blocks
from .intake import Intake, read_asked, read_finished
from .lanes import BusyError
from .start import Start

log = logging.getLogger(__name__)

Body = dict[str, Any]

# That the state database, then the disk, may take for an exchange; then it is kept otherwise. Where others
# are stored meanwhile, there is only a queue, and it may take longer.
_KEEP_S, _QUEUE_S = 1.0, 5.0
_COMMAND_S = 120.0  # that a command may take; it goes on in its thread
_LONG_CHARS = (
    20_000  # of an exchange: looking for secrets in more of them takes its time, and waits in its user's turn
)
_EARLY = 5_000  # turns
_NOTE_S = 3.0  # that a note under an answer may take
_HOLD_UP_S = 5.0  # that the server's start waits for the state database; then chats go on without memories


class Filter:
    """A filter: `inlet` puts what is known about the user into the prompt, `outlet` keeps what was said."""

    def __init__(self, open_service: Open) -> None:
        """Cheap and safe: the server loads every plugin's class before it starts any.

        open_service: blocks, and raises a MemoryFault for as long as it cannot be opened.
        """
        self.type = "filter"
        self.name = "Memory"
        self._environment = Environment.read(os.environ)
        self._settings = self._environment.settings(stored=lambda: self.valves)
        # The server now puts valves.json on top with the class it finds here; see `lenient`.
        self.valves = cast("Valves", lenient(self._settings)())
        self._problems: list[str] = []
        self._languages = Languages()
        self._spill = Spill(self._environment.data_dir)
        opening = partial(open_service, self._environment, lambda: self.valves, self._problems, self._spill)
        self._start = Start(opening, lambda: self.valves)
        self._intake = Intake()
        self._spilling = ThreadPoolExecutor(1, thread_name_prefix="memory-spill")
        self._seeing_to: set[asyncio.Task[None]] = set()  # permissions that are late
        self._early: dict[
            tuple[str, str], bool
        ] = {}  # whether turns may be remembered, before there is a runtime

    async def on_startup(self) -> None:
        """Start the threads; what cannot be opened at once is opened in the background."""
        self._problems += [*self._settings.problems, *getattr(self.valves, "dropped", ())]
        self.valves = self._settings.strict_from(self.valves)
        for told in (*self._problems, *self.valves.notices):
            log.warning("%s", told)
        await asyncio.to_thread(locales.load)
        await asyncio.to_thread(self._start.begin, _HOLD_UP_S)
        self._guard_routes()
        if app := guard.server_app():
            key = self._environment.server_key
            routes.mount(app, key, self._status, embeddings.route(key, self._embedder))

    async def on_shutdown(self) -> None:
        """Stop the threads. The guard stays on the routes."""
        if app := guard.server_app():
            routes.unmount(app)
        await asyncio.to_thread(self._start.stop)
        self._intake.close()

    async def on_valves_updated(self) -> None:
        """The admin saved the settings: `self.valves` are the new ones."""
        self._guard_routes()
        self._start.use_settings()

    async def inlet(self, body: Body, user: Body | None = None) -> Body:
        """A request on its way to the model: with a block of memories, or as it came.

        Commands and their answers never go on, nor what the server cannot answer with: whatever fails later.
        """
        deadline = asyncio.get_running_loop().time() + self.valves.inlet_deadline_ms / 1000
        try:
            asked = await self._intake.read(read_asked, body, user)
        except Exception as error:  # noqa: BLE001 - the chat must go on
            self._failed(Job.INLET, error)
            return body
        body, turn, runtime = asked.body, asked.turn, self._runtime
        if is_command(turn):
            return await self._commanded(runtime, body, turn)
        if runtime is None:
            self._decide_early(turn)
            return body
        try:
            told = await self._inlet(runtime, body, turn, deadline)
        except Exception as error:  # noqa: BLE001 - the chat must go on
            runtime.emit(failed(Job.INLET, error))
            return body
        runtime.emit(succeeded(Job.INLET))
        return told

    async def outlet(self, body: Body, user: Body | None = None) -> Body:
        """A finished answer: stored for the writer. One to a command becomes what was asked for."""
        try:
            finished = await self._intake.read(read_finished, body, user)
        except Exception as error:  # noqa: BLE001 - the chat must go on
            self._failed(Job.OUTLET, error)
            return body
        body, answered, runtime = finished.body, finished.answered, self._runtime
        if answered is None:
            return body
        if answer := repeated(answered):
            return with_answer(body, answer)
        if may_be_command(answered):
            answer = await self._answer(runtime, answered)
            return with_answer(body, answer) if answer else body
        if not self.valves.enabled:
            return body
        try:
            if runtime is None:
                await self._kept_early(answered)
            elif self._was_forbidden_early(answered):
                return body
            elif (chat_id := await self._kept(runtime, answered)) and self.valves.show_memory_notes:
                return await self._noted(runtime, body, answered, chat_id)
        except Exception as error:  # noqa: BLE001 - the chat must go on
            self._failed(Job.OUTLET, error)
        return body

    async def _kept(self, runtime: Service, answered: Answered) -> str:
        """Its chat, where the state database took it in time; else "", and it waits in the spill."""
        keeper = runtime.keeper
        if not keeper.is_ill:
            long = len(answered.user_text) + len(answered.assistant_text) > _LONG_CHARS
            keep = self._intake.in_turn if long else _in_thread
            keeping = asyncio.ensure_future(keep(answered.user_id, runtime.state_pool, keeper.keep, answered))
            if await self._stored(runtime, keeping):
                try:
                    return str(keeping.result())
                except Exception as error:  # noqa: BLE001 - whatever it is, nothing is to be lost
                    _note(runtime, Job.OUTLET, error)
            else:
                keeping.cancel()  # it may be stored all the same: that does no harm
                keeping.add_done_callback(_looked_at)
                keeper.is_ill |= not long
        if (record := keeper.exchange(answered)) is not None:
            await self._spilled(record)
        return ""

    @staticmethod
    async def _stored(runtime: Service, storing: asyncio.Future[Any]) -> bool:
        """Wait for the state database, for as long as it is worth it."""
        until = asyncio.get_running_loop().time() + _QUEUE_S
        while not (done := await _within(_KEEP_S, storing)):
            if asyncio.get_running_loop().time() >= until or not runtime.keeper.goes_on(_KEEP_S):
                break
        return done

    async def _kept_early(self, answered: Answered) -> None:
        """Before there is a database: whether it may be remembered is seen when there is one."""
        decided = (self._early.get((answered.user_id, key)) for key in answered.keys if key)
        if next((one for one in decided if one is not None), True):
            await self._spilled(Spilled.exchange(answered))

    def _was_forbidden_early(self, answered: Answered) -> bool:
        """Before there was a database, which may still hold an earlier permission with the same key."""
        return any(self._early.get((answered.user_id, key)) is False for key in answered.keys)

    async def _spilled(self, record: Spilled) -> None:
        """Kept in the data folder, or in memory until the disk takes it."""
        if self._spill.accept(record):
            await _within(_KEEP_S, _in(self._spilling, self._spill.write))

    def _decide_early(self, turn: Turn) -> None:
        """Before there is a database: keep what the inlet would have kept there."""
        try:
            may = decide(turn, self.valves).write
            if turn.task:
                return
            if len(self._early) >= _EARLY:
                self._early.pop(next(iter(self._early)))
            self._early[turn.user_id, turn.key] = may
            if may:
                self._spill_decision(Spilled.decision(turn, scope_of(turn, self.valves)))
        except Exception as error:  # noqa: BLE001 - the chat must go on
            self._failed(Job.INLET, error)

    def _spill_decision(self, record: Spilled) -> asyncio.Future[Any] | None:
        """At once in memory, and soon in the data folder."""
        if not self._spill.accept(record):
            return None
        writing = _in(self._spilling, self._spill.write)
        writing.add_done_callback(_looked_at)
        return writing

    async def _see_to(self, runtime: Service, record: Spilled, permission: asyncio.Future[Any]) -> None:
        """A permission that was late, or could not be given: it must not be lost."""
        if await self._stored(runtime, permission):
            if (error := permission.exception()) is None:
                return
            _note(runtime, Job.INLET, error)
        else:
            permission.cancel()
            permission.add_done_callback(_looked_at)
            runtime.keeper.is_ill = True
        self._spill_decision(record)

    async def _inlet(self, runtime: Service, body: Body, turn: Turn, deadline: float) -> Body:
        decision = decide(turn, self.valves)
        self._early.pop((turn.user_id, turn.key), None)
        permission, spilling = None, None
        if decision.write:
            runtime.keeper.announce(turn)
            if runtime.keeper.is_ill:
                spilling = self._spill_decision(runtime.keeper.decision(turn))
            else:
                permission = _in(runtime.state_pool, runtime.keeper.allow, turn)
        elif not turn.task:
            runtime.forbid(turn)
        outcome = await self._recall(runtime, turn, deadline) if decision.read else Outcome(None)
        on = outcome.recalled is None or outcome.recalled.on
        if permission is not None:
            if await _done_by(deadline, permission) and permission.exception() is None:
                on &= permission.result()
            else:
                seeing = asyncio.create_task(self._see_to(runtime, runtime.keeper.decision(turn), permission))
                self._seeing_to.add(seeing)
                seeing.add_done_callback(self._seeing_to.discard)
        if spilling is not None:
            await _done_by(deadline, spilling)
        if not on:
            decision, outcome = SWITCHED_OFF, Outcome(None)
        if decision.reason:
            runtime.emit(Event(EventKind.LEFT_ALONE, reason=decision.reason))
        told = body
        if decision.read:
            blocks = outcome.recalled.blocks if outcome.recalled else Blocks()
            render = partial(with_blocks, in_system=turn.searched or self.valves.placement == "system")
            told = await self._intake.rewrite(turn.user_id, render, body, blocks)
        runtime.after_inlet(turn, outcome, decision)
        return told

    async def _commanded(self, runtime: Service | None, body: Body, turn: Turn) -> Body:
        """A command on its way to the model, which gets something else to do."""
        words = self._languages.note(turn)
        answer = refusal(turn.text, words, enabled=self.valves.enabled)
        if runtime is None:
            return with_task(body, answer or words.say("not now"))
        runtime.emit(Event(EventKind.COMMAND))
        runtime.forbid(turn)
        if answer:
            return with_task(body, answer)
        try:
            pool, give = runtime.command_pool, runtime.commander.give
            is_api = turn.chat_kind == "api"  # there it is carried out at once
            giving = runtime.lanes.run(turn.user_id, pool, give, turn) if is_api else _in(pool, give, turn)
            answer = giving.result() if await _within(_COMMAND_S, giving) else words.say("still at it")
        except BusyError:
            answer = words.say("still at earlier")
        except Exception as error:  # noqa: BLE001 - the chat must go on, and say so
            runtime.emit(failed(Job.COMMAND, error))
            answer = words.say("not now")
        return with_task(body, answer)

    async def _answer(self, runtime: Service | None, answered: Answered) -> str:
        """The answer to a command; "" where it was none. What the model said to one is never seen."""
        words = self._languages.of(answered.user_id, answered.user_text)
        nothing = words.say("not now") if was_command(answered) else ""
        if nothing and (answer := refusal(answered.user_text, words, enabled=self.valves.enabled)):
            return answer
        if runtime is None:
            return nothing
        try:
            asked = answered.user_id, answered.keys, answered.name, words
            pool, answer_to = runtime.command_pool, runtime.commander.answer
            answering = runtime.lanes.run(answered.user_id, pool, answer_to, *asked)
            done = await _within(_COMMAND_S, answering)
            return (answering.result() or nothing) if done else words.say("still at it")
        except BusyError:
            return words.say("still at earlier")
        except Exception as error:  # noqa: BLE001 - the chat must go on, and say so
            runtime.emit(failed(Job.COMMAND, error))
            return words.say("not now")

    async def _noted(self, runtime: Service, body: Body, answered: Answered, chat_id: str) -> Body:
        """The answer with a note on memory below it, if that is there in time."""
        asked = answered.user_id, chat_id, answered.user_text
        noting = _in(runtime.command_pool, runtime.notes.under, *asked)
        note = noting.result() if await _within(_NOTE_S, noting) else ""
        return with_answer(body, note, below=True) if note else body

    @staticmethod
    async def _recall(runtime: Service, turn: Turn, deadline: float) -> Outcome:
        recalling = runtime.recalls.begin(turn)
        if recalling.future is not None:
            await _done_by(deadline, asyncio.wrap_future(recalling.future))
        return recalling.outcome()

    @property
    def _runtime(self) -> Service | None:
        return self._start.runtime

    def _embedder(self) -> embeddings.Embeds:
        """The embedder in use. Raises MemoryFault where there is none."""
        if (runtime := self._runtime) is None:
            raise self._start.fault
        return runtime.embedder()

    def _failed(self, work: Job, error: Exception) -> None:
        if (runtime := self._runtime) is not None:
            runtime.emit(failed(work, error))
        else:
            log.error("%s: %s (%s)", work, INSIDE, type(error).__name__)

    def _guard_routes(self) -> None:
        if app := guard.server_app():
            guard.install(app, self._environment.server_key, active=self.valves.require_key)

    def _status(self) -> dict[str, Any]:
        if (runtime := self._runtime) is not None:
            return runtime.status()
        fault, waiting = self._start.fault, self._spill.waiting().exchanges
        parts = [Check("filter", False, str(fault), fault.hint)]
        if waiting:
            parts.append(Check("queue", True, f"{waiting} kept aside until memory has started"))
        return status.report(parts, waiting, 0)


def _looked_at(work: asyncio.Future[Any]) -> None:
    """Nobody waits for it any more."""
    if not work.cancelled():
        work.exception()


def _note(runtime: Service, work: Job, error: BaseException) -> None:
    """That the state database failed; what this was about waits in the spill."""
    if not isinstance(error, Waits):
        runtime.keeper.is_ill |= not is_of_the_text(error)
        runtime.emit(failed(work, error))


def _in(pool: Executor, work: Callable[..., Any], *values: Any) -> asyncio.Future[Any]:
    return asyncio.get_running_loop().run_in_executor(pool, work, *values)


async def _in_thread(_: str, pool: Executor, work: Callable[..., Any], *values: Any) -> Any:
    return await _in(pool, work, *values)


async def _within(seconds: float, work: asyncio.Future[Any]) -> bool:
    """Wait for work, without cancelling it, for so many seconds at most."""
    return await _done_by(asyncio.get_running_loop().time() + seconds, work)


async def _done_by(deadline: float, work: asyncio.Future[Any]) -> bool:
    """Wait for work, without cancelling it, until a time of the event loop's clock."""
    done, _ = await asyncio.wait({work}, timeout=max(0.0, deadline - asyncio.get_running_loop().time()))
    return bool(done)
