"""Does anything hold up an event loop?

async with Heartbeat() as heart:
    await work()
assert heart.loop_s < heart.all_s / 4
"""

from __future__ import annotations

import asyncio
import time

_BEAT_S = 0.005


class Heartbeat:
    """Beats on the running loop.

    longest_s: seconds between two beats. loop_s, all_s: processor time of the loop's own thread and of all
    threads of the process together; a busy machine stretches both alike.
    """

    def __init__(self) -> None:
        self.longest_s = self.loop_s = self.all_s = 0.0

    async def __aenter__(self) -> Heartbeat:
        self._began = time.thread_time(), time.process_time()
        self._beating = asyncio.ensure_future(self._beat())
        await asyncio.sleep(_BEAT_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(_BEAT_S)  # a last beat, which sees what was just held up
        self._beating.cancel()
        self.loop_s, self.all_s = time.thread_time() - self._began[0], time.process_time() - self._began[1]

    async def _beat(self) -> None:
        before = time.perf_counter()
        while True:
            await asyncio.sleep(_BEAT_S)
            now = time.perf_counter()
            self.longest_s, before = max(self.longest_s, now - before - _BEAT_S), now
