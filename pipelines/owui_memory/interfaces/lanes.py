"""Work of users in a pool: one at a time of each, so that nobody fills it alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

_MOST = 16  # of one user's that may wait


class BusyError(Exception):
    """The same user has too much waiting already."""


class Lanes:
    """For one event loop. What is begun goes on in its thread, whoever waits for it."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Task[Any]] = {}
        self._waiting: Counter[str] = Counter()

    def run(self, user_id: str, pool: Executor, work: Callable[..., Any], *values: Any) -> asyncio.Task[Any]:
        """Do this in the pool, once all that the same user has here is done.

        Raises:
            BusyError: too much of it waits.
        """
        if self._waiting[user_id] >= _MOST:
            raise BusyError
        before = self._last.get(user_id)
        self._waiting[user_id] += 1
        task = asyncio.get_running_loop().create_task(_after(before, pool, work, *values))
        self._last[user_id] = task
        task.add_done_callback(lambda done: self._done(user_id, done))
        return task

    def _done(self, user_id: str, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            task.exception()  # after its time nobody else looks at it
        self._waiting -= Counter([user_id])  # a user with nothing left is kept no longer
        if self._last.get(user_id) is task:
            del self._last[user_id]


async def _after(
    before: asyncio.Task[Any] | None, pool: Executor, work: Callable[..., Any], *values: Any
) -> Any:
    if before is not None:
        await asyncio.wait({before})
    return await asyncio.get_running_loop().run_in_executor(pool, work, *values)
