"""How long does a message wait for its memories, without the embedder's time?

Ours: the whole inlet of the real `Pipeline`: parse, policy, permission in the state database, search by
meaning and by words, select, render, body. mem0: `Memory.search` alone, by meaning alone (as it installs).
What carries no memory asked for counts as wrong. The first question, which opens connections, counts too.
Aim: p95 under 10 ms with 100,000 memories, and at least 50 times faster than mem0 there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.contenders import (
    copied,
    filter_on,
    mem0_finds,
    plain_mem0,
    qdrant_store,
    sqlite_store,
    take_environment,
)
from bench.measure import Latency, arguments, finish, percentile, table
from bench.memories import Fact, WordVectors, asked
from tests.harness.bodies import Chat, system_text

_PER_TURN = 8  # the filter's default


@dataclass(frozen=True)
class Measured:
    """How long each question took, and the processor's part of it in ms, which other work disturbs less."""

    latency: Latency
    cpu_ms: float


class Stopwatch:
    """Times one question after another."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.cpu_seconds: list[float] = []
        self.wrong = 0

    @contextmanager
    def question(self) -> Iterator[None]:
        start, cpu_start = time.perf_counter(), time.process_time()
        yield
        self.seconds.append(time.perf_counter() - start)
        self.cpu_seconds.append(time.process_time() - cpu_start)

    def measured(self) -> Measured:
        return Measured(Latency.of(self.seconds, self.wrong), percentile(self.cpu_seconds, 50) * 1000)


async def ours(store: Path, facts: list[Fact]) -> Measured:
    """Inlets one after another."""
    watch = Stopwatch()
    async with filter_on(store, WordVectors([one.question for one in facts])) as pipeline:
        for one in facts:
            turn = Chat(one.user_id).say(one.question)
            with watch.question():
                body = await pipeline.inlet(turn.inlet, turn.user)
            watch.wrong += one.text not in system_text(body)
    return watch.measured()


def mem0(store: Path, facts: list[Fact]) -> Measured:
    """Searches one after another."""
    watch = Stopwatch()
    vectors = WordVectors([one.question for one in facts])
    with copied(store, "qdrant") as folder, plain_mem0(folder / "qdrant", vectors) as memory:
        for one in facts:
            with watch.question():
                found = mem0_finds(memory, one.user_id, one.question, one.text, _PER_TURN)
            watch.wrong += not found
    return watch.measured()


def columns(measured: Measured) -> tuple[float | str, ...]:
    latency = measured.latency
    return latency.p50, latency.p95, measured.cpu_ms, f"{latency.wrong}/{latency.count}"


def main() -> None:
    parser = arguments(__doc__, sizes=(100, 10_000, 100_000))
    parser.add_argument("--inlets", type=int, default=500, help="of ours at each size")
    parser.add_argument("--searches", type=int, default=40, help="of mem0 at each size")
    options = parser.parse_args()
    if options.quick:
        options.memories, options.inlets, options.searches = [100, 1000], 50, 20
    take_environment()

    # Ours at all sizes first: mem0's gigabytes in this process would slow its garbage collector.
    filters = [
        asyncio.run(ours(sqlite_store(options.cache, size), asked(size, options.inlets)))
        for size in options.memories
    ]
    plain = [
        mem0(qdrant_store(options.cache, size), asked(size, options.searches)) for size in options.memories
    ]
    rows = [
        (f"{size:,}", *columns(a), *columns(b), b.latency.p50 / a.latency.p50, b.cpu_ms / a.cpu_ms)
        for size, a, b in zip(options.memories, filters, plain, strict=True)
    ]
    columns_of = ("p95", "CPU", "wrong")
    head = ("memories", "inlet p50 ms", *columns_of, "mem0 search p50 ms", *columns_of, "faster p50", "CPU")
    print(table("Added time of an inlet, without the embedder", head, rows))
    results = [
        {
            "memories": size,
            "inlet": a,
            "mem0_search": b,
            "times_faster_p50": b.latency.p50 / a.latency.p50,
            "times_faster_cpu": b.cpu_ms / a.cpu_ms,
        }
        for size, a, b in zip(options.memories, filters, plain, strict=True)
    ]
    finish(options, {"benchmark": "inlet", "results": results})


if __name__ == "__main__":
    main()
