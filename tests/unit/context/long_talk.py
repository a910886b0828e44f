"""A long chat through the filter, and what its model gets with each message."""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from owui_memory.models.tokens import estimated_tokens
from tests.harness.bodies import Body, Chat, Turn
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.interfaces.test_filter import Running

LIMIT = 1000
SETTINGS = {
    "CONTEXT_TOKENS": f"small*: {LIMIT}, middle*: {2 * LIMIT}",
    "INLET_DEADLINE_MS": "10000",
    "ADVANCED": "batch_idle_seconds=1",
}
SUMMARY = "Summary so far"  # begins what an LLM is asked for an abstract with


def statement(number: int) -> str:
    return f"My locker number {number} in the hall of Name{number}ov holds {number * 7} marbles of glass."


def answer(number: int, times: int = 2) -> str:
    """Of about 20 tokens, so many times."""
    return f"I see: the marbles of locker {number} are {number * 7} now, and glass ones at that. " * times


@contextmanager
def running(llm: ScriptedLLM, patch: pytest.MonkeyPatch, **settings: str) -> Iterator[Running]:
    """The filter in this process; the scripted model embeds, and makes abstracts."""
    given = {"EMBEDDER_PROVIDER": "openai", "EMBEDDER_BASE_URL": llm.base_url, "EMBEDDER_MODEL": "e"}
    keys = {"EMBEDDER_API_KEY": "k", "LLM_API_KEY": "k", "LLM_MODEL": "m", "LLM_BASE_URL": llm.base_url}
    for name, value in {**given, **keys, "LLM_PROVIDER": "openai", **SETTINGS, **settings}.items():
        patch.setenv(f"MEMORY_{name}", value)
    one = Running()
    wait_until(lambda: one.part("backend")["ok"], what="the backend is ready")
    try:
        yield one
    finally:
        one.close()


def tokens(body: Body) -> int:
    """As many as the filter counts, with nothing put right."""
    return sum(4 + estimated_tokens(str(message["content"])) for message in body["messages"])


def text_of(body: Body) -> str:
    return "".join(f"<{message['role']}>{message['content']}" for message in body["messages"])


@dataclass
class LongTalk:
    """sent: what the model got, message by message. shown: what the user sees of each answer, as JSON."""

    running: Running
    chat: Chat
    sent: list[Body] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def say(self, text: str, reply: str = "I see.", **options: Any) -> Body:
        turn = self.chat.say(text, **options)
        sent = self.inlet(turn)
        shown = self.running.outlet(turn.outlet(reply, sent=sent), turn.user)
        self.shown.append(json.dumps(shown["messages"][-1]))
        return sent

    def inlet(self, turn: Turn) -> Body:
        sent = self.running.inlet(copy.deepcopy(turn.inlet), turn.user)
        self.sent.append(sent)
        return sent

    def go_on(self, first: int, last: int, times: int = 6) -> None:
        """With answers that fill a prompt of LIMIT within some seven messages."""
        for number in range(first, last):
            self.say(statement(number), answer(number, times))

    def until_drained(self) -> None:
        pending = lambda: self.running.pipeline._chats.status()["queue"]["pending"]  # noqa: E731
        wait_until(lambda: pending() == 0, what="it is remembered")

    def shares(self) -> list[float]:
        """How much of each prompt the next one begins with."""
        texts = [text_of(body) for body in self.sent]
        return [_common(one, other) / len(one) for one, other in pairwise(texts)]


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
