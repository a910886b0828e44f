"""What the state database cannot take now, put into the spill from the event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..remember.spill import Spill, Spilled
from .waits import in_pool, looked_at, within

KEEP_S, QUEUE_S = 1.0, 5.0  # that a record may take; the latter where others are stored meanwhile
_ROOM_S = 30.0  # that an answer's end waits for room where what was said before fills the memory


class Spilling:
    """For one event loop."""

    def __init__(self, spill: Spill) -> None:
        self._spill = spill
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="memory-spill")

    async def put(self, record: Spilled) -> None:
        """Kept in the data folder, or in memory until the disk takes it.

        Where there is no room, but the disk goes on, this waits for some: an answer's end comes later then.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + _ROOM_S
        while not self._spill.has_room and clock() < until:
            await within(KEEP_S, self._writing())
            if not self._spill.goes_on(KEEP_S):
                break
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

    def _writing(self) -> asyncio.Future[Any]:
        writing = in_pool(self._pool, self._spill.write)
        writing.add_done_callback(looked_at)
        return writing
