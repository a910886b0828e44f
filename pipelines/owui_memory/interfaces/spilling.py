"""What the state database cannot take now, put into the spill from the event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ..remember.spill import Spill, Spilled
from .waits import looked_at, within

KEEP_S, QUEUE_S = 1.0, 5.0  # that a record may take; the latter where others are stored meanwhile
_ROOM_S = 30.0  # that an answer's end waits for room where what was said before fills the memory
_LOOK_S = 0.05  # between looks for room where the disk takes nothing now


class Spilling:
    """For one event loop."""

    def __init__(self, spill: Spill) -> None:
        self._spill = spill
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="memory-spill")
        self._next: Future[bool] | None = None

    async def put(self, record: Spilled) -> None:
        """Kept in the data folder, or in memory until the disk takes it.

        Where there is no room, but disk or database go on, this waits for some: an answer's end comes later.
        """
        clock = asyncio.get_running_loop().time
        await self._room(clock() + _ROOM_S)
        if not self._spill.accept(record):
            return
        writing = self._writing()
        until = clock() + QUEUE_S
        while not await within(KEEP_S, writing):
            if clock() >= until or not self._spill.goes_on(KEEP_S):
                break

    def soon(self, record: Spilled) -> asyncio.Future[Any] | None:
        """At once in memory, and soon in the data folder; None where there is no room. Never blocks."""
        return self._writing() if self._spill.accept(record) else None

    async def _room(self, until: float) -> None:
        while not self._spill.has_room and asyncio.get_running_loop().time() < until:
            is_over = await within(KEEP_S, self._writing())
            if self._spill.has_room or not self._spill.goes_on(QUEUE_S):
                return
            if is_over:
                await asyncio.sleep(_LOOK_S)

    def _writing(self) -> asyncio.Future[Any]:
        """One that has not begun takes along what comes meanwhile: never do more than one wait."""
        if self._next is None or self._next.running() or self._next.done():
            self._next = self._pool.submit(self._spill.write)
        writing = asyncio.wrap_future(self._next)
        writing.add_done_callback(looked_at)
        return writing
