"""Work in threads, waited for on the event loop without cancelling it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any


def looked_at(work: asyncio.Future[Any]) -> None:
    """Nobody waits for it any more."""
    if not work.cancelled():
        work.exception()


def in_pool(pool: Executor, work: Callable[..., Any], *values: Any) -> asyncio.Future[Any]:
    return asyncio.get_running_loop().run_in_executor(pool, work, *values)


async def within(seconds: float, work: asyncio.Future[Any]) -> bool:
    """Wait for work, without cancelling it, for so many seconds at most."""
    return await done_by(asyncio.get_running_loop().time() + seconds, work)


async def done_by(deadline: float, work: asyncio.Future[Any]) -> bool:
    """Wait for work, without cancelling it, until a time of the event loop's clock."""
    done, _ = await asyncio.wait({work}, timeout=max(0.0, deadline - asyncio.get_running_loop().time()))
    return bool(done)
