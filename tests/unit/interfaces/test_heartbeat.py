"""Megabytes of anything, in inlet and outlet: the event loop goes on, and so do other users."""

import asyncio
from typing import Any

import pytest

from tests.harness.bodies import Chat
from tests.harness.growth import repeated
from tests.harness.heartbeat import Heartbeat
from tests.unit.interfaces.test_filter import Running, remember

_CHARS = 5_000_000
FRAGMENTS = [
    *("see <details type= ", "a\ud800"),
    *(pytest.param(one, marks=pytest.mark.slow) for one in ("<think>\n", "wlan-", "字", "\nUSER: /memory\n")),
]


def bodies(running: Running, fragment: str, user: str) -> list[tuple[str, Any, Any]]:
    """Such a text as a message, in the history and as an answer that may be remembered."""
    text, short = repeated(fragment, _CHARS), Chat(user).say("I live in Lisbon.")
    chat = Chat(user, history=[{"id": "1", "role": "user", "content": text}])
    running.inlet(short.inlet, short.user)
    return [
        ("inlet", Chat(user).say(text).inlet, chat.user),
        ("inlet", chat.say("What do you think?").inlet, chat.user),
        ("outlet", short.outlet(text), chat.user),
        ("outlet", Chat(user).say(text).outlet("I see."), chat.user),
    ]


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_nothing_holds_up_the_loop(shared_filter: Running, user: str, fragment: str) -> None:
    running = shared_filter
    remember(running, "My dog is called Rex.", user)
    hostile = bodies(running, fragment, f"{user}-mallory")

    async def all_at_once() -> tuple[Heartbeat, str]:
        async with Heartbeat() as heart:
            calls = [getattr(running.pipeline, way)(body, user) for way, body, user in hostile]
            busy = asyncio.gather(*calls)
            asked = Chat(user).say("What is my dog called?")
            told = await running.pipeline.inlet(asked.inlet, asked.user)
            await busy
        return heart, str(told["messages"])

    heart, told = running.run(all_at_once())
    assert "Rex" in told, "another user has their memories, within the deadline"
    assert heart.loop_s < heart.all_s / 4, (
        "the loop's thread leaves big texts to others; bench/hostile.py tells more"
    )
