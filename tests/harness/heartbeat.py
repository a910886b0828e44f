"""Does anything hold up an event loop?

async with Heartbeat() as heart:
    await work()
assert heart.longest_s < 0.1
"""

from __future__ import annotations

import asyncio
import time

_BEAT_S = 0.005


class Heartbeat:
    """Beats on the running loop.

    longest_s: between two beats. Processor time between two beats, which a busy machine does not stretch:
    busiest_s of the loop's own thread, spent_s of the whole process, whose threads may hold the interpreter.
    """

    def __init__(self) -> None:
        self.longest_s = self.busiest_s = self.spent_s = 0.0

    async def __aenter__(self) -> Heartbeat:
        self._beating = asyncio.ensure_future(self._beat())
        await asyncio.sleep(_BEAT_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(_BEAT_S)  # a last beat, which sees what was just held up
        self._beating.cancel()

    async def _beat(self) -> None:
        before, worked, spent = time.perf_counter(), time.thread_time(), time.process_time()
        while True:
            await asyncio.sleep(_BEAT_S)
            now, works, spends = time.perf_counter(), time.thread_time(), time.process_time()
            self.longest_s = max(self.longest_s, now - before - _BEAT_S)
            self.busiest_s = max(self.busiest_s, works - worked)
            self.spent_s = max(self.spent_s, spends - spent)
            before, worked, spent = now, works, spends
