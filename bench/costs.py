"""What does it cost to remember 10,000 messages a day, in dollars, calls and tokens, beside mem0?

    .venv/bin/python -m bench.costs DATA.json [--messages 300] [--prices "gpt-4.1-mini 0.40 1.60, ..."]

LoCoMo's conversations as chats of some users. Ours: the real Pipelines server with the default settings, its
inlet and outlet get each message; LLM and embedder are the scripted server, which counts what is asked. mem0:
`search` and then `add` of each message, as its users call them. Only answers are made up (`bench.scripted`):
calls, prompts and embedded texts are what is really sent. A message is what a user says, with its answer.

In channels nobody asks: each line that somebody says is a message, which our reader (without a server) reads
with a hundred others, and mem0 with an `add` of its own.

Messages follow each other at once, so that most are read eight at a time; where each waits for
`batch_idle_seconds`, it is one call a message that is worth reading (`bench.remember` has both).
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contenders import take_environment
from bench.locomo import load
from bench.measure import arguments, finish, table
from bench.memories import WordVectors
from bench.remember import first, opened_mem0
from bench.scripted import scripted_llm, word_pieces
from owui_memory.channels.message import ChannelMessage
from owui_memory.config.prices import Price, read_prices
from owui_memory.core.exchange import Exchange
from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, with_embedder, with_llm
from tests.harness.scripted_answers import is_statement_about_self
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request, text_of
from tests.unit.channels.room import Room

A_DAY = 10_000
LLM, EMBEDDER = "gpt-4.1-mini", "text-embedding-3-small"
PRICES = f"{LLM} 0.40 1.60, {EMBEDDER} 0.02 0"  # as OpenAI listed them in June 2026
_FREE = Price(0.0, 0.0)


@dataclass(frozen=True)
class Used:
    """Of so many messages: calls of an LLM with their tokens, texts that were embedded with theirs."""

    messages: int
    calls: int
    tokens_in: int
    tokens_out: int
    texts: int
    tokens_embedded: int

    @classmethod
    def of(cls, messages: int, llm: ScriptedLLM, texts: Sequence[str]) -> Used:
        asked = llm.chats()
        said = [text_of(message) for request in asked for message in request.messages]
        return cls(
            messages,
            len(asked),
            sum(map(word_pieces, said)),
            sum(word_pieces(llm.reply_to(request)) for request in asked),
            len(texts),
            sum(map(word_pieces, texts)),
        )

    def dollars(self, llm: Price, embedder: Price) -> float:
        """Of 10,000 messages."""
        own = llm.of(self.tokens_in, self.tokens_out) + embedder.of(self.tokens_embedded, 0)
        return own * A_DAY / self.messages


def ours(chats: Sequence[Sequence[Exchange]]) -> Used:
    """All messages through the server."""
    with scripted_llm() as llm, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        env = {**with_embedder(llm), **with_llm(llm)}
        del env["MEMORY_ADVANCED"]
        with PipelinesServer(Path(folder), env=env) as server:
            warm = Chat("warm").say("What is my dog called?")
            server.inlet(warm.inlet, warm.user)  # with the first message the embedder is measured once
            before = len(llm.embedded_texts())
            for said in chats:
                chat = Chat(said[0].user_id)
                for one in said:
                    turn = chat.say(one.user_text)
                    sent = server.inlet(turn.inlet, turn.user)
                    server.outlet(turn.outlet(one.assistant_text, sent=sent), turn.user)
            server.wait_until_drained(within=600)
            return Used.of(sum(map(len, chats)), llm, llm.embedded_texts()[before:])


class _Counted(WordVectors):
    """Keeps what is embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:
        self.texts.append(text)
        return super().embed(text, memory_action)


def mem0(chats: Sequence[Sequence[Exchange]]) -> Used:
    """All messages searched for and added."""
    counted = _Counted()
    with scripted_llm() as llm, opened_mem0(llm, counted) as memory:
        for one in (one for said in chats for one in said):
            memory.search(one.user_text, filters={"user_id": one.user_id}, top_k=8)
            told = [("user", one.user_text), ("assistant", one.assistant_text)]
            messages = [{"role": role, "content": text} for role, text in told if text]
            memory.add(messages, user_id=one.user_id)
        return Used.of(sum(map(len, chats)), llm, counted.texts)


def channel(lines: Sequence[ChannelMessage]) -> Used:
    """All lines observed and read; the LLM keeps what members say of themselves."""
    with scripted_llm() as llm, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        llm.when("New messages:", _learned)
        room = Room(Path(folder), llm, advanced="channel_tokens_per_day=1000000000")
        room.backend.search("nobody", "What is my dog called?", 1)  # with the first the embedder is measured
        warm = len(llm.embedded_texts())
        room.hears(*lines)
        room.reads()
        room.live.close()
        room.engine.dispose()
        if room.metrics.last_error:
            raise RuntimeError(str(room.metrics.last_error))
        return Used.of(len(lines), llm, llm.embedded_texts()[warm:])


def _learned(request: Request) -> dict[str, Any]:
    said = re.findall(r"^(\d+)\. [^:\n]*: (.*)$", request.last_user_text.partition("New messages:")[2], re.M)
    kept = [(int(number), text) for number, text in said if is_statement_about_self(text)]
    return {"operations": [{"op": "add", "text": text, "kind": "fact", "from": [at]} for at, text in kept]}


def mem0_channel(lines: Sequence[ChannelMessage]) -> Used:
    """All lines added."""
    counted = _Counted()
    with scripted_llm() as llm, opened_mem0(llm, counted) as memory:
        for one in lines:
            said = [{"role": "user", "content": f"{one.author_name}: {one.text}"}]
            memory.add(said, user_id=one.channel)
        return Used.of(len(lines), llm, counted.texts)


def _lines(chats: Sequence[Sequence[Exchange]], most: int) -> list[ChannelMessage]:
    said = [
        (who, text)
        for chat in chats
        for one in chat
        for who, text in (("Ann", one.user_text), ("Ben", one.assistant_text))
        if text
    ]
    now = time.time()
    return [
        ChannelMessage("discord", "general", f"m{at}", who, text[:2000], now + at / 100, who)
        for at, (who, text) in enumerate(said[:most])
    ]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("data", type=Path, help="LoCoMo's conversations, JSON")
    parser.add_argument("--messages", type=int, default=300, help="each user's first, of all together")
    parser.add_argument("--prices", default=PRICES, help="as the setting llm_prices; an LLM and an embedder")
    options = parser.parse_args()
    (llm_name, llm), (embedder_name, embedder) = read_prices(options.prices).items()
    chats = [chat for one in load(options.data) for chat in one.chats()]
    chats = list(first(chats, 40 if options.quick else options.messages))
    take_environment()
    lines = _lines(chats, 100 if options.quick else 200)
    found = {"in chats": (ours(chats), mem0(chats)), "in channels": (channel(lines), mem0_channel(lines))}
    for name, (mine, theirs) in found.items():
        print(table(f"{A_DAY:,} messages {name}, of {mine.messages}", _HEAD, _rows(mine, theirs)))
    set_ups = [
        (f"all cloud: {llm_name}, {embedder_name}", llm, embedder),
        (f"local LLM, {embedder_name}", _FREE, embedder),
        (f"{llm_name}, local embedder", llm, _FREE),
        ("all local", _FREE, _FREE),
    ]
    used = [one for pair in found.values() for one in pair]
    dollars = [(name, *(one.dollars(*prices) for one in used)) for name, *prices in set_ups]
    shown = [(name, *(f"{one:.3f}" for one in amounts)) for name, *amounts in dollars]
    head = ("", *(f"{who}, {where}" for where in found for who in ("ours", "mem0")))
    print(table(f"US dollars a day, at {options.prices}", head, shown))
    finish(options, {"benchmark": "costs", "used": found, "dollars": dollars})


_HEAD = ("", "ours", "mem0", "times less")


def _rows(mine: Used, theirs: Used) -> list[tuple[Any, ...]]:
    def row(name: str, of: Callable[[Used], float]) -> tuple[Any, ...]:
        a, b = (of(used) * A_DAY / used.messages for used in (mine, theirs))
        return name, round(a), round(b), b / a if a else float("nan")

    return [
        row("LLM calls", lambda used: used.calls),
        row("LLM tokens in", lambda used: used.tokens_in),
        row("LLM tokens out", lambda used: used.tokens_out),
        row("embedded texts", lambda used: used.texts),
        row("embedded tokens", lambda used: used.tokens_embedded),
    ]


if __name__ == "__main__":
    main()
