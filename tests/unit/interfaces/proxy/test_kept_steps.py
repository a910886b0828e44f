"""Steps that are put back: which, for how long, and how many of them."""

import asyncio
import time
from typing import Any

from owui_memory.interfaces.proxy.kept_steps import KeptSteps


def call(n: int) -> dict[str, Any]:
    return {"id": f"c{n}", "type": "function", "function": {"name": "f", "arguments": '{"a": 1, "b": 2}'}}


def steps(n: int) -> list[dict[str, Any]]:
    found = {"role": "tool", "tool_call_id": "m", "content": f"found {n} " * 100}
    return [found, {"role": "assistant", "tool_calls": [call(n)]}]


async def kept(*numbers: int, since: float = 0.0, **more: Any) -> KeptSteps:
    kept = KeptSteps(**more)
    for n in numbers:
        kept.keep("ada", since, [call(n)], steps(n))
    return kept


def test_the_newest_come_first_where_there_is_no_room_for_all() -> None:
    steps_of = asyncio.run(kept(0, 1, 2))
    sent = [{"role": "assistant", "tool_calls": [call(n)]} for n in range(3)]
    for one in sent:
        one["tool_calls"][0]["function"]["arguments"] = '{"b":2,"a":1}'
    back, left = steps_of.put_back(sent, "ada", 20_000)
    assert back == [*steps(0), *steps(1), *steps(2)]
    each = (20_000 - left) // 3
    assert each > 100
    back, left = steps_of.put_back(sent, "ada", 2 * each + 2)
    assert back == [sent[0], *steps(1), *steps(2)]
    assert 0 <= left <= 2
    assert steps_of.put_back(sent, "bob", 20_000)[0] is sent, "nothing is done where nothing is kept"


def test_nothing_is_kept_of_a_request_that_began_before_an_erasure() -> None:
    async def late() -> KeptSteps:
        steps_of = await kept(0)
        since = time.monotonic()
        steps_of.drop("ada")
        assert len(steps_of) == 0
        steps_of.keep("ada", since, [call(1)], steps(1))
        return steps_of

    assert len(asyncio.run(late())) == 0


def test_after_their_time_they_are_gone_whether_or_not_anybody_asks() -> None:
    async def waits() -> None:
        steps_of = await kept(0, seconds=0)
        async with asyncio.timeout(60):
            while len(steps_of):
                await asyncio.sleep(0)

    asyncio.run(waits())


def test_long_ones_and_those_without_calls_of_memory_are_not_kept() -> None:
    async def keep() -> KeptSteps:
        steps_of = await kept()
        steps_of.keep("ada", 0.0, [call(0)], steps(0)[1:])
        steps_of.keep("ada", 0.0, [call(0)], [{"role": "tool", "content": "x" * 60_000}, *steps(0)])
        return steps_of

    assert len(asyncio.run(keep())) == 0
