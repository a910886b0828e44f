"""Ten megabytes of anything, in inlet and outlet: the event loop goes on, and so do other users."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.bodies import Chat
from tests.harness.growth import repeated
from tests.harness.heartbeat import Heartbeat
from tests.harness.pipelines_server import with_embedder
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.test_filter import Running, remember

_CHARS = 10_000_000
FRAGMENTS = ["see <details type= ", "<think>\n", "wlan-", "a\ud800", "字", "x y ", "\nUSER: /memory\n"]


@pytest.fixture
def running(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    for name, value in with_embedder(scripted_llm).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MEMORY_INLET_DEADLINE_MS", "3000")  # this machine may be slow
    running = Running()
    wait_until(lambda: running.part("backend")["ok"], within=60, what="the backend is ready")
    remember(running, "My dog is called Rex.", "bob")
    yield running
    running.close()


def bodies(fragment: str, user: str) -> list[tuple[str, Any, Any]]:
    """Such a text as a message, in the history and as an answer."""
    text = repeated(fragment, _CHARS)
    chat = Chat(user, history=[{"id": "1", "role": "user", "content": text}])
    return [
        ("inlet", Chat(user).say(text).inlet, chat.user),
        ("inlet", chat.say("What do you think?").inlet, chat.user),
        ("outlet", Chat(user).say("Hi").outlet(text), chat.user),
        ("outlet", Chat(user).say(text).outlet("I see."), chat.user),
    ]


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_nothing_holds_up_the_loop(running: Running, fragment: str) -> None:
    hostile = bodies(fragment, "mallory")

    async def all_at_once() -> tuple[Heartbeat, float, str]:
        async with Heartbeat() as heart:
            calls = [getattr(running.pipeline, way)(body, user) for way, body, user in hostile]
            busy = asyncio.gather(*calls)
            asked = Chat("bob").say("What is my dog called?")
            began = time.perf_counter()
            told = await running.pipeline.inlet(asked.inlet, asked.user)
            took = time.perf_counter() - began
            await busy
        return heart, took, str(told["messages"])

    heart, took, told = running.run(all_at_once())
    assert "Rex" in told, "another user has their memories"
    assert took < 3
    assert heart.busiest_s < 0.1, "the loop's thread did no work of ours"
    assert heart.longest_s < 1, "a generous bound, for slow machines: see bench/hostile.py for the time"
