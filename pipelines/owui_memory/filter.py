"""The filter as the Pipelines server sees it. Whatever happens in here, the chat goes on."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

from .backends.base import Part
from .chat.asides import without_asides
from .chat.body import Answered, Turn, read_inlet, read_outlet, with_answer, with_blocks
from .chat.policy import SWITCHED_OFF, decide
from .chat.slash import NOT_NOW, STILL_AT_IT, is_command, may_be_command, with_task
from .errors import Drop, MemoryFault, TellAdmin
from .ops import embeddings, guard, status
from .panel import lenient
from .recall.block import Blocks
from .settings import Environment, Valves
from .start import Start

if TYPE_CHECKING:
    from .recall.recall import Recalled
    from .runtime import Runtime

log = logging.getLogger(__name__)

Body = dict[str, Any]

_COMMAND_S = 120.0  # that a command may take; it goes on in its thread
_NOTE_S = 3.0  # that a note under an answer may take
_INSIDE = "something is wrong inside the filter"
_HOLD_UP_S = 5.0  # that the server's start waits for the state database; then chats go on without memories


class Pipeline:
    """A filter: `inlet` puts what is known about the user into the prompt, `outlet` keeps what was said."""

    def __init__(self) -> None:
        """Cheap and safe: the server loads every plugin's class before it starts any."""
        self.type = "filter"
        self.name = "Memory"
        self._environment = Environment.read(os.environ)
        self._settings = Valves.bound(self._environment.presets, stored=lambda: self.valves)
        # The server now puts valves.json on top with the class it finds here; see `lenient`.
        self.valves = cast("Valves", lenient(self._settings)())
        self._problems: list[str] = []
        self._start = Start(self._open, lambda: self.valves)
        self._recalling = 0

    async def on_startup(self) -> None:
        """Start the threads; what cannot be opened at once is opened in the background."""
        self._problems += [*self._settings.problems, *getattr(self.valves, "dropped", ())]
        self.valves = self._settings.strict_from(self.valves)
        for problem in self._problems:
            log.warning("%s", problem)
        await asyncio.to_thread(self._start.begin, _HOLD_UP_S)
        self._guard_routes()
        if app := guard.server_app():
            key = self._environment.server_key
            status.mount(app, key, self._status, embeddings.route(key, self._embedder))

    async def on_shutdown(self) -> None:
        """Stop the threads. The guard stays on the routes."""
        if app := guard.server_app():
            status.unmount(app)
        await asyncio.to_thread(self._start.stop)

    async def on_valves_updated(self) -> None:
        """The admin saved the settings: `self.valves` are the new ones."""
        self._guard_routes()
        self._start.use_settings()

    async def inlet(self, body: Body, user: Body | None = None) -> Body:
        """A request on its way to the model: with a block of memories, or as it came."""
        runtime = self._runtime
        if runtime is None:
            return body
        try:
            return await self._inlet(runtime, body, user)
        except Exception as error:  # noqa: BLE001 - the chat must go on
            runtime.metrics.failed("inlet", error)
            return body

    async def outlet(self, body: Body, user: Body | None = None) -> Body:
        """A finished answer: stored for the writer. One to a command becomes what was asked for."""
        runtime = self._runtime
        if runtime is None or not self.valves.enabled:
            return body
        try:
            answered = read_outlet(body, user)
            if answered is not None and may_be_command(answered):
                return await self._answered(runtime, body, answered)
            if answered is not None:
                chat_id = await _in(runtime.state_pool, runtime.keep, answered)
                if chat_id and self.valves.show_memory_notes:
                    return await self._noted(runtime, body, answered, chat_id)
        except Exception as error:  # noqa: BLE001 - the chat must go on
            runtime.metrics.failed("outlet", error)
        return body

    async def _inlet(self, runtime: Runtime, body: Body, user: Body | None) -> Body:
        body = without_asides(body)
        turn = read_inlet(body, user)
        if is_command(turn, self.valves):
            runtime.forbid(turn)
            return await self._commanded(runtime, body, turn)
        decision = decide(turn, self.valves)
        deadline = asyncio.get_running_loop().time() + self.valves.inlet_deadline_ms / 1000
        permission = None
        if decision.write:
            runtime.announce(turn)
            permission = _in(runtime.state_pool, runtime.allow, turn)
        elif not turn.task:
            runtime.forbid(turn)
        recalled, missed = await self._recall(runtime, turn, deadline) if decision.read else (None, "")
        on = recalled is None or recalled.on
        if permission is not None and await _done_by(deadline, permission):
            on &= permission.result()  # where it is late, it goes on in its thread
        if not on:
            decision, recalled, missed = SWITCHED_OFF, None, ""
        if decision.reason:
            runtime.metrics.count(f"left alone: {decision.reason}")
        told = with_blocks(body, recalled.blocks if recalled else Blocks()) if decision.read else body
        runtime.after_inlet(turn, recalled, decision, missed)
        return told

    async def _commanded(self, runtime: Runtime, body: Body, turn: Turn) -> Body:
        """A command on its way to the model, which gets something else to do."""
        runtime.metrics.count("commands")
        giving = _in(runtime.command_pool, runtime.commander.give, turn)
        try:
            answer = giving.result() if await _within(_COMMAND_S, giving) else STILL_AT_IT
        except Exception as error:  # noqa: BLE001 - the chat must go on, and say so
            runtime.metrics.failed("command", error)
            answer = NOT_NOW
        return with_task(body, answer)

    async def _answered(self, runtime: Runtime, body: Body, answered: Answered) -> Body:
        """The answer to a command, where it was one."""
        asked = answered.user_id, answered.keys, answered.name
        answering = _in(runtime.command_pool, runtime.commander.answer, *asked)
        try:
            answer = answering.result() if await _within(_COMMAND_S, answering) else STILL_AT_IT
        except Exception as error:  # noqa: BLE001 - the chat must go on, and say so
            runtime.metrics.failed("command", error)
            answer = NOT_NOW
        return with_answer(body, answer) if answer else body

    async def _noted(self, runtime: Runtime, body: Body, answered: Answered, chat_id: str) -> Body:
        """The answer with a note on memory below it, if that is there in time."""
        asked = answered.user_id, chat_id, answered.user_text
        noting = _in(runtime.command_pool, runtime.notes.under, *asked)
        note = noting.result() if await _within(_NOTE_S, noting) else ""
        return with_answer(body, note, below=True) if note else body

    async def _recall(
        self, runtime: Runtime, turn: Turn, deadline: float
    ) -> tuple[Recalled, str] | tuple[None, str]:
        """What it is told; or None, and why: the backend is not ready, fails, or misses the deadline."""
        if not runtime.breaker.allows():
            return self._without(runtime, "recall is paused, the backend keeps failing")
        if self._recalling >= runtime.recalls_at_once:
            return self._without(runtime, "too many requests wait for the backend")
        try:
            runtime.live.get()
        except MemoryFault as fault:
            return self._without(runtime, str(fault))
        began = runtime.breaker.clock()
        recalling = _in(runtime.recall_pool, runtime.recall, turn)
        self._recalling += 1
        recalling.add_done_callback(self._recalled)
        if not await _done_by(deadline, recalling):
            runtime.breaker.failed(began)
            return self._without(runtime, f"the deadline of {self.valves.inlet_deadline_ms} ms passed")
        try:
            recalled: Recalled = recalling.result()
        except Exception as error:  # noqa: BLE001 - whatever the backend raises, the chat goes on
            if not isinstance(error, Drop):
                runtime.breaker.failed(began)
            runtime.metrics.failed("recall", error)
            return None, str(error) if isinstance(error, MemoryFault) else _INSIDE
        runtime.breaker.succeeded()
        if recalled.on:
            told = "messages with memories" if recalled.blocks else "messages without relevant memories"
            runtime.metrics.count(told)
        for what, count in (
            ("secrets masked", recalled.secrets),
            ("memories shown without their markup", recalled.markup),
        ):
            if count:
                runtime.metrics.count(what, count)
        return recalled, ""

    def _recalled(self, recalling: asyncio.Future[Recalled]) -> None:
        self._recalling -= 1
        if not recalling.cancelled():
            recalling.exception()  # after the deadline nobody else looks at it

    @staticmethod
    def _without(runtime: Runtime, reason: str) -> tuple[None, str]:
        runtime.metrics.count(f"messages without memories: {reason}")
        return None, reason

    @property
    def _runtime(self) -> Runtime | None:
        return self._start.runtime

    def _embedder(self) -> embeddings.Embeds:
        """The embedder in use. Raises MemoryFault where there is none."""
        if (runtime := self._runtime) is None:
            raise self._start.fault
        return runtime.embedder()

    def _open(self) -> Runtime:
        try:
            # Not with this module: it needs SQLAlchemy, which the smallest image of the server lacks.
            from .runtime import Runtime
        except ImportError as error:
            raise TellAdmin(
                f"Memory cannot start: {error.name or 'a package'} is missing or too old.",
                hint="Install SQLAlchemy 2 or newer, or all of pipelines/requirements.txt.",
            ) from error
        return Runtime(self._environment, lambda: self.valves, self._problems)

    def _guard_routes(self) -> None:
        if app := guard.server_app():
            guard.install(app, self._environment.server_key, active=self.valves.require_key)

    def _status(self) -> dict[str, Any]:
        if (runtime := self._runtime) is not None:
            return runtime.status()
        fault = self._start.fault
        return status.report([Part("filter", False, str(fault), fault.hint)], 0, 0)


def _in(pool: ThreadPoolExecutor, work: Callable[..., Any], *values: Any) -> asyncio.Future[Any]:
    return asyncio.get_running_loop().run_in_executor(pool, work, *values)


async def _within(seconds: float, work: asyncio.Future[Any]) -> bool:
    """Wait for work, without cancelling it, for so many seconds at most."""
    return await _done_by(asyncio.get_running_loop().time() + seconds, work)


async def _done_by(deadline: float, work: asyncio.Future[Any]) -> bool:
    """Wait for work, without cancelling it, until a time of the event loop's clock."""
    done, _ = await asyncio.wait({work}, timeout=max(0.0, deadline - asyncio.get_running_loop().time()))
    return bool(done)
