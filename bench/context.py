"""A chat of a thousand turns: what its prompts have, what of them a cache keeps, and what is still known.

    .venv/bin/python -m bench.context [--turns 1000] [--limits 4000 8000 32000]

The filter runs as the plugin does, with its bundled embedder and without an LLM, so that its summaries are of
the user's own sentences. Beside it: Open WebUI's compaction by its rules (over a threshold, here the same
limit, all but 40 % of the messages give way to one summary, written from the last one and what leaves, of
1,000 tokens as an LLM's answer has there by default), and the plain way, which drops the oldest messages with
every turn. The summaries of the former are the user's statements, too, the newest where not all fit. Tokens
are the filter's estimate. "Cached" is the share of a prompt, in characters, with which the next one begins.
Then each of fifty facts from the first nine tenths is asked for, and found where its answer stands in the
prompt. "Added" is what a message below the limit costs, in processor time of one thread.
"""

import asyncio
import copy
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.contenders import take_environment
from bench.measure import Latency, arguments, finish, table
from owui_memory.config.settings import Valves
from owui_memory.context.contexts import Contexts
from owui_memory.interfaces.body import read_inlet
from owui_memory.interfaces.prompts import Prompt, most_tokens
from owui_memory.models.tokens import estimated_tokens
from owui_memory.plugin import Pipeline
from owui_memory.remember.gate import statements
from owui_memory.state import open_state
from tests.harness.bodies import Chat
from tests.harness.long_chats import Planted, planted, turns
from tests.harness.waiting import wait_until

_SYSTEM = "You are a helpful assistant. Answer briefly and say so when you do not know something."
_SUMMARY_TOKENS, _KEPT = 1_000, 0.4

Messages = list[dict[str, Any]]
Ask = Callable[[Chat, str], Messages]


@dataclass(frozen=True)
class Measured:
    """tokens: of prompts. cached: per cent. found: how many facts. p95_ms: of one message."""

    mean_tokens: float
    most_tokens: int
    cached: float
    broken: int
    found: int
    p95_ms: float


def tokens(messages: Messages) -> int:
    return sum(4 + estimated_tokens(str(message["content"])) for message in messages)


def common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def measured(
    ask: Ask,
    answered: Callable[[Chat, str], None],
    count: int,
    facts: list[Planted],
    drained: Callable[[], None] = lambda: None,
) -> Measured:
    """One chat, then a question for each fact in it."""
    chat = Chat("ada", options={"system": _SYSTEM})
    sizes, shares, seconds, before = [], [], [], ""
    for said, reply in turns(count, facts):
        began = time.perf_counter()
        messages = ask(chat, said)
        seconds.append(time.perf_counter() - began)
        sizes.append(tokens(messages))
        text = "".join(f"<{one['role']}>{one['content']}" for one in messages)
        shares += [common(before, text) / len(before)] if before else []
        before = text
        answered(chat, reply)
    found = 0
    drained()
    for fact in facts:
        messages = ask(chat, fact.question)
        sizes.append(tokens(messages))
        found += fact.answer in "".join(str(one["content"]) for one in messages)
        answered(chat, "I see.")
    return Measured(
        fmean(sizes),
        max(sizes),
        100 * fmean(shares),
        sum(one < 1 for one in shares),
        found,
        Latency.of(seconds).p95,
    )


class Ours:
    """The plugin in this process."""

    def __init__(self, limit: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bench-context-")
        os.environ.update(
            MEMORY_DATA_DIR=self._folder.name,
            MEMORY_CONTEXT_TOKENS=str(limit),
            MEMORY_INLET_DEADLINE_MS="10000",
        )
        os.environ["MEMORY_LLM_PROVIDER"] = "none"
        self._loop, self._pipeline = asyncio.new_event_loop(), Pipeline()
        self._loop.run_until_complete(self._pipeline.on_startup())
        wait_until(lambda: self._status("backend"), what="the backend is ready")
        self._turn: Any = None

    def _status(self, name: str) -> bool:
        return bool(next(one for one in self._pipeline._chats.status()["parts"] if one["name"] == name)["ok"])

    def drained(self) -> None:
        """Everything is remembered: whoever asks for what was said long ago has waited longer."""
        pending = lambda: self._pipeline._chats.status()["queue"]["pending"]  # noqa: E731
        wait_until(lambda: pending() == 0, what="everything is remembered", within=1_200)

    def ask(self, chat: Chat, said: str) -> Messages:
        self._turn = chat.say(said)
        body = self._loop.run_until_complete(
            self._pipeline.inlet(copy.deepcopy(self._turn.inlet), self._turn.user)
        )
        messages: Messages = body["messages"]
        return messages

    def answered(self, _: Chat, reply: str) -> None:
        body = self._turn.outlet(reply)
        self._loop.run_until_complete(self._pipeline.outlet(body, self._turn.user))

    def close(self) -> None:
        self._loop.run_until_complete(self._pipeline.on_shutdown())
        self._loop.close()
        self._folder.cleanup()


class OpenWebUI:
    """Its compaction, by its rules."""

    def __init__(self, limit: int) -> None:
        self._limit, self._cut, self._summary = limit, 0, ""

    def ask(self, chat: Chat, said: str) -> Messages:
        chat.history.append({"role": "user", "content": said})
        messages = chat.history[self._cut :]
        head = [{"role": "system", "content": _SYSTEM}]
        if tokens([*head, *messages]) + estimated_tokens(self._summary) > self._limit:
            kept = max(2, int(len(messages) * _KEPT))
            users = [at for at, one in enumerate(messages) if one["role"] == "user"][1:]
            target = max(len(messages) - kept, min(users, default=0))
            at = next((at for at in reversed(users) if at <= target), 0)
            self._summary = _summarised(self._summary, messages[:at])
            self._cut += at
        if self._summary:
            head = [{"role": "system", "content": f"{_SYSTEM}\n\n[CONVERSATION SUMMARY]\n{self._summary}"}]
        return [*head, *chat.history[self._cut :]]

    def answered(self, chat: Chat, reply: str) -> None:
        chat.history.append({"role": "assistant", "content": reply})


class Truncation(OpenWebUI):
    """As many of the newest messages as fit."""

    def ask(self, chat: Chat, said: str) -> Messages:
        chat.history.append({"role": "user", "content": said})
        head = [{"role": "system", "content": _SYSTEM}]
        while tokens([*head, *chat.history[self._cut :]]) > self._limit:
            self._cut += 2
        return [*head, *chat.history[self._cut :]]


def _summarised(before: str, messages: Sequence[dict[str, Any]]) -> str:
    said = [one["content"] for one in messages if one["role"] == "user"]
    lines = before.splitlines() + [line for text in said for line in statements(text)]
    while lines and estimated_tokens("\n".join(lines)) > _SUMMARY_TOKENS:
        lines.pop(0)
    return "\n".join(lines)


def added(count: int, limit: int) -> Latency:
    """Milliseconds of a processor that a message below its limit costs, in a chat that grows turn by turn."""
    with tempfile.TemporaryDirectory(prefix="bench-context-") as folder:
        engine = open_state(Path(folder))
        settings = Valves(context_tokens=str(limit))
        contexts = Contexts(engine, None, lambda: settings, lambda _: None)
        chat, seconds = Chat("ada", options={"system": _SYSTEM}), []
        for said, reply in turns(count, []):
            turn = chat.say(said)
            read = read_inlet(body := copy.deepcopy(turn.inlet), turn.user)
            began = time.thread_time()
            most = most_tokens(body)
            if contexts.at_most(read, limit, most) > 0.7 * limit and (prompt := Prompt.of(body, read)):
                seen = contexts.see(read, settings, limit, prompt.texts, [], reads=True, most=most)
                contexts.fitted(seen, "", {}, seen.kept)
                if seen.window.is_cut:
                    break
            seconds.append(time.thread_time() - began)
            turn.outlet(reply)
        contexts.close()
        engine.dispose()
    return Latency.of(seconds)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--turns", type=int, default=1_000)
    parser.add_argument("--limits", type=int, nargs="+", default=[4_000, 8_000, 32_000])
    options = parser.parse_args()
    take_environment()
    count = 200 if options.quick else options.turns
    facts = planted(10 if options.quick else 50)
    results: dict[str, Measured] = {}
    for limit in options.limits:
        ours = Ours(limit)
        try:
            results[f"ours, {limit:,}"] = measured(ours.ask, ours.answered, count, facts, ours.drained)
        finally:
            ours.close()
        for name, peer in (("Open WebUI's rules", OpenWebUI(limit)), ("plain truncation", Truncation(limit))):
            results[f"{name}, {limit:,}"] = measured(peer.ask, peer.answered, count, facts)
    head = ("", "tokens, mean", "most", "cached, %", "turns that broke it", "facts found", "p95 ms")
    rows = [
        (name, one.mean_tokens, one.most_tokens, one.cached, one.broken, one.found, one.p95_ms)
        for name, one in results.items()
    ]
    print(table(f"{count} turns, {len(facts)} facts", head, rows))
    cost = added(count, 200_000)
    print(table("Added below the limit, ms", ("", "p50", "p95"), [("processor time", cost.p50, cost.p95)]))
    finish(options, {"benchmark": "context", "results": results, "added_ms": cost})


if __name__ == "__main__":
    main()
