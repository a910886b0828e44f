"""The filter as the Pipelines server sees it. Whatever happens in here, the chat goes on."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from .backends.base import Part
from .chat.body import Turn, read_inlet, read_outlet, with_blocks
from .chat.policy import decide
from .errors import Drop, MemoryFault, TellAdmin
from .ops import guard, status
from .panel import lenient
from .recall.block import Blocks
from .recall.recall import Recalled
from .runtime import RECALLS_AT_ONCE, Runtime
from .settings import Environment, Valves

log = logging.getLogger(__name__)

Body = dict[str, Any]


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
        self._runtime: Runtime | None = None
        self._fault: MemoryFault | None = None
        self._recalling = 0

    async def on_startup(self) -> None:
        """Start the threads; the backend opens in the background."""
        problems = [*self._settings.problems, *getattr(self.valves, "dropped", ())]
        self.valves = self._settings.strict_from(self.valves)
        for problem in problems:
            log.warning("%s", problem)
        try:
            self._runtime = await asyncio.to_thread(Runtime, self._environment, lambda: self.valves, problems)
        except MemoryFault as fault:
            self._fault = fault
            log.error("%s %s", fault, fault.hint)
        except Exception as error:
            self._fault = TellAdmin(f"Memory cannot start ({type(error).__name__}).")
            log.exception("Memory cannot start.")
        self._guard_routes()
        if app := guard.server_app():
            status.mount(app, self._environment.server_key, self._status)

    async def on_shutdown(self) -> None:
        """Stop the threads. The guard stays on the routes."""
        if app := guard.server_app():
            status.unmount(app)
        if self._runtime is not None:
            # Until it has stopped, outlets go on to store what was said.
            await asyncio.to_thread(self._runtime.close)
            self._runtime = None

    async def on_valves_updated(self) -> None:
        """The admin saved the settings: `self.valves` are the new ones."""
        self._guard_routes()
        if self._runtime is not None:
            self._runtime.live.use(self.valves)

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
        """A finished answer: stored for the writer. The body is never changed."""
        runtime = self._runtime
        if runtime is None or not self.valves.enabled:
            return body
        try:
            answered = read_outlet(body, user)
            if answered is not None:
                await _in(runtime.state_pool, runtime.keep, answered)
        except Exception as error:  # noqa: BLE001 - the chat must go on
            runtime.metrics.failed("outlet", error)
        return body

    async def _inlet(self, runtime: Runtime, body: Body, user: Body | None) -> Body:
        turn = read_inlet(body, user)
        decision = decide(turn, self.valves)
        if decision.reason:
            runtime.metrics.count(f"left alone: {decision.reason}")
        deadline = asyncio.get_running_loop().time() + self.valves.inlet_deadline_ms / 1000
        permission = None
        if decision.write:
            runtime.announce(turn)
            permission = _in(runtime.state_pool, runtime.allow, turn)
        recalled = await self._recall(runtime, turn, deadline) if decision.read else None
        if permission is not None and await _done_by(deadline, permission):
            permission.result()  # where it is late, it goes on in its thread
        told = with_blocks(body, recalled.blocks if recalled else Blocks()) if decision.read else body
        runtime.after_inlet(turn, recalled, writes=decision.write)
        return told

    async def _recall(self, runtime: Runtime, turn: Turn, deadline: float) -> Recalled | None:
        """What it is told, or nothing where the backend is not ready, fails, or misses the deadline."""
        if not runtime.breaker.allows():
            self._without(runtime, "recall is paused, the backend keeps failing")
            return None
        if self._recalling >= RECALLS_AT_ONCE:
            self._without(runtime, "too many requests wait for the backend")
            return None
        try:
            runtime.live.get()
        except MemoryFault as fault:
            self._without(runtime, str(fault))
            return None
        began = runtime.breaker.clock()
        recalling = _in(runtime.recall_pool, runtime.recall, turn)
        self._recalling += 1
        recalling.add_done_callback(self._recalled)
        if not await _done_by(deadline, recalling):
            runtime.breaker.failed(began)
            self._without(runtime, f"the deadline of {self.valves.inlet_deadline_ms} ms passed")
            return None
        try:
            recalled: Recalled = recalling.result()
        except Exception as error:  # noqa: BLE001 - whatever the backend raises, the chat goes on
            if not isinstance(error, Drop):
                runtime.breaker.failed(began)
            runtime.metrics.failed("recall", error)
            return None
        runtime.breaker.succeeded()
        told = "messages with memories" if recalled.blocks else "messages without relevant memories"
        runtime.metrics.count(told)
        return recalled

    def _recalled(self, recalling: asyncio.Future[Recalled]) -> None:
        self._recalling -= 1
        if not recalling.cancelled():
            recalling.exception()  # after the deadline nobody else looks at it

    @staticmethod
    def _without(runtime: Runtime, reason: str) -> None:
        runtime.metrics.count(f"messages without memories: {reason}")

    def _guard_routes(self) -> None:
        if app := guard.server_app():
            guard.install(app, self._environment.server_key, active=self.valves.require_key)

    def _status(self) -> dict[str, Any]:
        if self._runtime is not None:
            return self._runtime.status()
        reason = str(self._fault) if self._fault else "memory is stopped"
        hint = self._fault.hint if self._fault else "Reload the pipelines."
        return status.report([Part("filter", False, reason, hint)], 0, 0)


def _in(pool: ThreadPoolExecutor, work: Callable[..., Any], *values: Any) -> asyncio.Future[Any]:
    return asyncio.get_running_loop().run_in_executor(pool, work, *values)


async def _done_by(deadline: float, work: asyncio.Future[Any]) -> bool:
    """Wait for work, without cancelling it, until a time of the event loop's clock."""
    done, _ = await asyncio.wait({work}, timeout=max(0.0, deadline - asyncio.get_running_loop().time()))
    return bool(done)
