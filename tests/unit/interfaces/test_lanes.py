"""One at a time of each user, in a pool that none of them fills."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from owui_memory.interfaces.lanes import BusyError, Lanes


def test_another_user_goes_first_where_one_has_eight_at_work() -> None:
    release = threading.Event()
    order: list[str] = []

    def slow(name: str) -> str:
        release.wait(60)
        order.append(name)
        return name

    async def go() -> None:
        lanes = Lanes()
        with ThreadPoolExecutor(2) as pool:
            mine = [lanes.run("ada", pool, slow, f"a{number}") for number in range(8)]
            await asyncio.sleep(0)
            assert await asyncio.wait_for(lanes.run("bob", pool, lambda: "bob"), 60) == "bob"
            release.set()
            assert await asyncio.gather(*mine) == [f"a{number}" for number in range(8)]
        assert order == [f"a{number}" for number in range(8)], "in the order in which they were given"
        await asyncio.sleep(0)
        assert not lanes._last
        assert not lanes._waiting

    asyncio.run(go())


def test_too_much_of_one_user_is_told() -> None:
    release = threading.Event()

    async def go() -> None:
        lanes = Lanes()
        with ThreadPoolExecutor(2) as pool:
            running = [lanes.run("ada", pool, release.wait, 60) for _ in range(16)]
            with pytest.raises(BusyError):
                lanes.run("ada", pool, release.wait, 60)
            release.set()
            await asyncio.gather(*running)
            assert await lanes.run("ada", pool, lambda: 1) == 1

    asyncio.run(go())


def test_a_failure_keeps_nobody_waiting() -> None:
    async def go() -> None:
        lanes = Lanes()
        with ThreadPoolExecutor(2) as pool:
            failing = lanes.run("ada", pool, lambda: 1 / 0)
            after = lanes.run("ada", pool, lambda: "done")
            assert await asyncio.wait_for(after, 60) == "done"
            with pytest.raises(ZeroDivisionError):
                await failing

    asyncio.run(go())
