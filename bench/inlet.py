"""How long does a message wait for its memories, without the embedder's time, and how does that grow?

    .venv/bin/python -m bench.inlet [--memories N ...] [--plot docs/images/inlet.svg]

Ours: the whole inlet of the real `Pipeline`: parse, policy, permission in the state database, what the chat
was told, search by meaning and by words, rank, select, blocks, body; 1, 8 and 32 chats at once, each with a
message after another in chats of its own. mem0: `Memory.search` alone, by meaning alone (as it installs), one
after another, up to 100,000 memories (it holds them in this process: 2.4 GB). What carries no memory asked
for counts as wrong. The first question, which opens connections, counts too.
"On top of the embedder" asks the bundled embedder too and takes its time off again: words are looked for
while it works.
"With it, 32 at once" is all that they wait for, the embedder's time too.
Aims: 120 ms (p95) for that; p95 under 10 ms with 100,000 memories of 100 users, one chat at a time, and 50
times faster than mem0.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contenders import (
    copied,
    filter_on,
    mem0_finds,
    plain_mem0,
    qdrant_store,
    sqlite_store,
    take_environment,
)
from bench.measure import Latency, arguments, finish, rss_mib, table
from bench.memories import Fact, WordVectors, asked
from tests.harness.bodies import Chat, told_text

_PER_TURN = 8  # the filter's default
_MOST_OF_MEM0 = 100_000  # memories


@dataclass(frozen=True)
class Measured:
    """How long each question took, its share of the processor in ms, questions a second.

    `rss_mib`: resident memory of the whole process afterwards.
    """

    latency: Latency
    cpu_ms: float
    per_second: float
    rss_mib: float


class Stopwatch:
    """Times questions, also several at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.wrong = 0
        self._began, self._cpu_began = time.perf_counter(), time.process_time()

    @contextmanager
    def question(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds.append(time.perf_counter() - start)

    def measured(self) -> Measured:
        """All together; the processor's time on average."""
        count = len(self.seconds)
        cpu = (time.process_time() - self._cpu_began) / count * 1000
        per_second = count / (time.perf_counter() - self._began)
        return Measured(Latency.of(self.seconds, self.wrong), cpu, per_second, rss_mib(os.getpid())[0])


async def ours(store: Path, facts: list[Fact], at_once: Sequence[int]) -> list[Measured]:
    """Inlets of so many chats at once, for each of these numbers."""
    results = []
    async with filter_on(store, WordVectors([one.question for one in facts])) as pipeline:
        for chats in at_once:
            watch = Stopwatch()
            await asyncio.gather(*(_chat(pipeline, facts[at::chats], watch) for at in range(chats)))
            results.append(watch.measured())
    return results


async def on_top(store: Path, facts: list[Fact]) -> Measured:
    """Inlets one after another with the bundled embedder, each without the time that it took."""
    async with filter_on(store, WordVectors(), embedding=True) as pipeline:
        embedder = pipeline._runtime.live.get()._memory.embedding_model
        watch = Stopwatch()
        for one in facts:
            before = embedder.took_s
            await _chat(pipeline, [one], watch)
            watch.seconds[-1] -= embedder.took_s - before
        return watch.measured()


async def all_of_it(store: Path, facts: list[Fact], chats: int) -> Measured:
    """Inlets of so many chats at once with the bundled embedder, and all of the time that it takes."""
    async with filter_on(store, WordVectors([one.question for one in facts]), embedding=True) as pipeline:
        watch = Stopwatch()
        await asyncio.gather(*(_chat(pipeline, facts[at::chats], watch) for at in range(chats)))
        return watch.measured()


async def _chat(pipeline: Any, facts: list[Fact], watch: Stopwatch) -> None:
    for one in facts:
        turn = Chat(one.user_id).say(one.question)
        with watch.question():
            body = await pipeline.inlet(turn.inlet, turn.user)
        watch.wrong += one.text not in told_text(body)


def mem0(store: Path, facts: list[Fact]) -> Measured:
    """Searches one after another."""
    vectors = WordVectors([one.question for one in facts])
    with copied(store, "qdrant") as folder, plain_mem0(folder / "qdrant", vectors) as memory:
        watch = Stopwatch()
        for one in facts:
            with watch.question():
                found = mem0_finds(memory, one.user_id, one.question, one.text, _PER_TURN)
            watch.wrong += not found
        return watch.measured()


def columns(measured: Measured) -> tuple[Any, ...]:
    latency = measured.latency
    return (
        *(latency.p50, latency.p95, latency.p99, measured.cpu_ms, measured.per_second),
        f"{latency.wrong}/{latency.count}",
        measured.rss_mib,
    )


def plot(path: Path, results: list[dict[str, Any]]) -> None:
    """Cost against the number of memories, both on a logarithmic scale."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "owui-memory"  # the same picture for the same numbers
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2))
    sizes = [one["memories"] for one in results]
    for percent, style in (("p50", "-o"), ("p95", "--o")):
        alone = [getattr(one["inlet"]["1"].latency, percent) for one in results]
        axes.plot(sizes, alone, style, color="tab:blue", label=f"our inlet, {percent}")
        theirs = [
            (one["memories"], getattr(one["mem0_search"].latency, percent))
            for one in results
            if one["mem0_search"]
        ]
        axes.plot(*zip(*theirs, strict=True), style, color="tab:red", label=f"mem0 search, {percent}")
    axes.axhline(10, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xscale="log", yscale="log", xlabel="memories in the store, of 100 users", ylabel="ms")
    axes.set_title("What a message waits for its memories, without the embedder")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = arguments(__doc__, sizes=(1_000, 10_000, 100_000, 1_000_000))
    parser.add_argument("--inlets", type=int, default=600, help="of ours at each size and number at once")
    parser.add_argument("--searches", type=int, default=40, help="of mem0 at each size")
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 8, 32], help="chats")
    parser.add_argument("--no-mem0", action="store_true", help="ours only")
    parser.add_argument("--plot", type=Path, help="write a picture of it there")
    options = parser.parse_args()
    if options.quick:
        options.memories, options.inlets, options.searches = [100, 1000], 64, 20
    take_environment()

    # Ours at all sizes first: mem0's gigabytes in this process would slow its garbage collector.
    filters = [
        asyncio.run(ours(sqlite_store(options.cache, size), asked(size, options.inlets), options.at_once))
        for size in options.memories
    ]
    with_embedder = [
        asyncio.run(on_top(sqlite_store(options.cache, size), asked(size, options.inlets // 2)))
        for size in options.memories
    ]
    crowds = [
        asyncio.run(
            all_of_it(sqlite_store(options.cache, size), asked(size, options.inlets), options.at_once[-1])
        )
        for size in options.memories
    ]
    plain = [
        mem0(qdrant_store(options.cache, size), asked(size, options.searches))
        if size <= _MOST_OF_MEM0 and not options.no_mem0
        else None
        for size in options.memories
    ]
    rows: list[tuple[Any, ...]] = []
    measured = list(zip(options.memories, filters, with_embedder, crowds, plain, strict=True))
    for size, inlets, top, crowd, search in measured:
        rows.append((f"{size:,} inlets, on top of the embedder", *columns(top)))
        rows.append((f"{size:,} inlets with it, {options.at_once[-1]} at once", *columns(crowd)))
        rows += [
            (f"{size:,} inlets, {chats} at once", *columns(one))
            for chats, one in zip(options.at_once, inlets, strict=True)
        ]
        if search:
            rows.append((f"{size:,} mem0 searches", *columns(search)))
            faster = search.latency.p50 / inlets[0].latency.p50
            rows.append((f"  ours is {faster:.1f} times faster (p50)", *[""] * 7))
    head = ("memories", "p50 ms", "p95", "p99", "CPU ms", "per second", "wrong", "RSS MiB")
    print(table("A message and its memories, without the embedder", head, rows))
    results = [
        {
            "memories": size,
            "inlet": {str(chats): one for chats, one in zip(options.at_once, inlets, strict=True)},
            "on_top_of_the_embedder": top,
            "with_the_embedder_at_once": crowd,
            "mem0_search": search,
        }
        for size, inlets, top, crowd, search in measured
    ]
    if options.plot:
        plot(options.plot, results)
    finish(options, {"benchmark": "inlet", "results": results})


if __name__ == "__main__":
    main()
