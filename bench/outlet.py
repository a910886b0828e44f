"""How long does an answer wait to be stored, and what do many chats at once wait while memories are written?

Ours: the outlet of the real `Pipeline`, which stores the exchange durably and returns, while its writer
remembers the one before; then 32 chats that each wait for one inlet after another, while the writer is kept
busy by a queue that never runs empty: without the embedder's time, and once more with it.
mem0: `add(infer=False)`, which stores the message before it returns; then 32 threads that search while one
thread adds, as many a second as ours did; both without the embedder's time.
Aim: outlet p95 under 10 ms; no inlet without the memory that was asked for.
"""

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
from bench.measure import Latency, arguments, finish, table
from bench.memories import Fact, WordVectors, asked, fact
from tests.harness.bodies import Chat, told_text

_QUEUED = 100  # exchanges that wait for the writer while inlets are measured
_PER_TURN = 8  # the filter's default


@dataclass(frozen=True)
class Concurrent:
    """Questions of many at once: how long each took, how many a second, what else was written meanwhile."""

    latency: Latency
    per_second: float
    written: int
    written_per_second: float
    reasons: dict[str, int]


async def ours(store: Path, size: int, options: Any) -> tuple[Latency, float, Concurrent]:
    """Outlets one after another, what the writer remembers a second, and inlets at once."""
    facts = asked(size, options.at_once * options.each)
    async with filter_on(store, WordVectors([fact.question for fact in facts])) as pipeline:
        new = (fact(number) for number in itertools.count(size))
        outlets = []
        begin = time.perf_counter()
        for _ in range(options.outlets):
            outlets.append(await _say(pipeline, next(new)))
        await _drained(pipeline, to=0)
        remembered_per_s = options.outlets / (time.perf_counter() - begin)
        outlet = Latency.of(outlets, wrong=options.outlets - _remembered(pipeline))
        return outlet, remembered_per_s, await _at_once(pipeline, facts, new, options)


async def with_embedder(store: Path, size: int, options: Any) -> Concurrent:
    """Inlets at once, with the time that the bundled embedder takes for each."""
    facts = asked(size, options.at_once * options.each_embedding)
    vectors = WordVectors([fact.question for fact in facts])
    async with filter_on(store, vectors, embedding=True) as pipeline:
        new = (fact(number) for number in itertools.count(size))
        return await _at_once(pipeline, facts, new, options)


async def _at_once(pipeline: Any, facts: list[Fact], new: Iterator[Fact], options: Any) -> Concurrent:
    for _ in range(_QUEUED):
        await _say(pipeline, next(new))
    before, seen = _remembered(pipeline), Counter(pipeline._runtime.metrics.counts())
    seconds: list[float] = []
    wrong = 0

    async def chat(mine: list[Fact]) -> None:
        nonlocal wrong
        for one in mine:
            turn = Chat(one.user_id).say(one.question)
            start = time.perf_counter()
            body = await pipeline.inlet(turn.inlet, turn.user)
            seconds.append(time.perf_counter() - start)
            wrong += one.text not in told_text(body)

    async def go_on_writing() -> None:
        while True:
            await _drained(pipeline, to=_QUEUED)
            await _say(pipeline, next(new))

    writing = asyncio.create_task(go_on_writing())
    begin = time.perf_counter()
    await asyncio.gather(*(chat(facts[at :: options.at_once]) for at in range(options.at_once)))
    took = time.perf_counter() - begin
    writing.cancel()
    reasons = Counter(pipeline._runtime.metrics.counts()) - seen
    written = _remembered(pipeline) - before
    return Concurrent(
        Latency.of(seconds, wrong),
        len(seconds) / took,
        written,
        written / took,
        {
            reason: count
            for reason, count in reasons.items()
            if reason.startswith(("messages without memories", "failed"))
        },
    )


async def _say(pipeline: Any, new: Fact) -> float:
    """A turn in which a user tells something new; how long its outlet took, in seconds."""
    turn = Chat(new.user_id).say(new.text)
    await pipeline.inlet(turn.inlet, turn.user)
    answered = turn.outlet("I see.")
    start = time.perf_counter()
    await pipeline.outlet(answered, turn.user)
    return time.perf_counter() - start


async def _drained(pipeline: Any, to: int, within: float = 600) -> None:
    outbox = pipeline._runtime._outbox
    give_up = time.monotonic() + within
    while (await asyncio.to_thread(outbox.counts)).pending > to:
        if time.monotonic() > give_up:
            raise TimeoutError(f"the writer is stuck: {pipeline._chats.status()}")
        await asyncio.sleep(0.02)


def _remembered(pipeline: Any) -> int:
    return int(pipeline._runtime.metrics.counts().get("exchanges remembered", 0))


def mem0(store: Path, size: int, adds_per_second: float, options: Any) -> tuple[Latency, Concurrent]:
    """Adds one after another, and searches at once."""
    facts = asked(size, options.at_once * options.each_mem0)
    new = (fact(number) for number in itertools.count(size))
    with copied(store, "qdrant") as folder:
        vectors = WordVectors([fact.question for fact in facts])
        with plain_mem0(folder / "qdrant", vectors) as memory:
            adds = []
            for one in itertools.islice(new, options.outlets):
                start = time.perf_counter()
                memory.add(one.text, user_id=one.user_id, infer=False)
                adds.append(time.perf_counter() - start)
            return Latency.of(adds), _threads_at_once(
                memory, facts, new, 1 / max(adds_per_second, 1), options.at_once
            )


def _threads_at_once(
    memory: Any, facts: list[Fact], new: Iterator[Fact], pause: float, at_once: int
) -> Concurrent:
    searched, reasons = threading.Event(), Counter[str]()
    written = 0

    def write() -> None:
        nonlocal written
        for one in new:
            if searched.wait(pause):
                return
            try:
                memory.add(one.text, user_id=one.user_id, infer=False)
                written += 1
            except Exception as error:  # noqa: BLE001 - embedded Qdrant does not stand several threads
                reasons[f"add raised {type(error).__name__}"] += 1

    def search(mine: list[Fact]) -> list[tuple[float, bool]]:
        answers = []
        for one in mine:
            start = time.perf_counter()
            try:
                found = mem0_finds(memory, one.user_id, one.question, one.text, _PER_TURN)
            except Exception as error:  # noqa: BLE001 - counted
                reasons[f"search raised {type(error).__name__}"] += 1
                found = False
            answers.append((time.perf_counter() - start, found))
        return answers

    writer = threading.Thread(target=write)
    writer.start()
    begin = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        answers = [
            answer
            for mine in pool.map(search, [facts[at::at_once] for at in range(at_once)])
            for answer in mine
        ]
    took = time.perf_counter() - begin
    searched.set()
    writer.join()
    wrong = sum(not found for _, found in answers)
    latency = Latency.of([seconds for seconds, _ in answers], wrong)
    return Concurrent(latency, len(answers) / took, written, written / took, dict(reasons))


def main() -> None:
    parser = arguments(__doc__, sizes=(10_000, 100_000))
    parser.add_argument("--outlets", type=int, default=300, help="one after another")
    parser.add_argument("--at-once", type=int, default=32, help="chats, and threads of mem0")
    parser.add_argument("--each", type=int, default=40, help="inlets of each chat")
    parser.add_argument("--each-embedding", type=int, default=10, help="the same, with the embedder")
    parser.add_argument("--each-mem0", type=int, default=2, help="searches of each mem0 thread")
    options = parser.parse_args()
    if options.quick:
        options.memories, options.outlets, options.each = [1000], 50, 10
    take_environment()

    # Ours first: mem0's gigabytes in this process would slow its garbage collector.
    filters = [
        asyncio.run(ours(sqlite_store(options.cache, size), size, options)) for size in options.memories
    ]
    embedding = [
        asyncio.run(with_embedder(sqlite_store(options.cache, size), size, options))
        for size in options.memories
    ]
    plain = [
        mem0(qdrant_store(options.cache, size), size, at_once.written_per_second, options)
        for size, (_, _, at_once) in zip(options.memories, filters, strict=True)
    ]

    print(
        table(
            "An answer: our outlet, and mem0's add without its LLM",
            ("memories", "outlet p50 ms", "p95", "lost", "mem0 add p50 ms", "p95", "our writer, exchanges/s"),
            [
                (
                    f"{size:,}",
                    outlet.p50,
                    outlet.p95,
                    f"{outlet.wrong}/{outlet.count}",
                    add.p50,
                    add.p95,
                    rate,
                )
                for size, (outlet, rate, _), (add, _) in zip(options.memories, filters, plain, strict=True)
            ],
        )
    )
    rows: list[tuple[Any, ...]] = []
    for size, (_, _, ours_), slow, (_, theirs) in zip(
        options.memories, filters, embedding, plain, strict=True
    ):
        for name, one in (("inlets", ours_), ("inlets, embedder too", slow), ("mem0 searches", theirs)):
            latency = one.latency
            wrong = f"{latency.wrong}/{latency.count}"
            rows.append(
                (f"{size:,} {name}", one.per_second, latency.p50, latency.p95, wrong, one.written_per_second)
            )
            rows += [(f"  {reason}: {count}", "", "", "", "", "") for reason, count in one.reasons.items()]
    head = ("memories", "per second", "p50 ms", "p95", "wrong", "written a second")
    print(table(f"{options.at_once} at once while memories are written", head, rows))
    results = [
        {
            "memories": size,
            "outlet": outlet,
            "remembered_per_second": rate,
            "inlets_at_once": ours_,
            "inlets_at_once_with_embedder": slow,
            "mem0_add": add,
            "mem0_searches_at_once": theirs,
        }
        for size, (outlet, rate, ours_), slow, (add, theirs) in zip(
            options.memories, filters, embedding, plain, strict=True
        )
    ]
    finish(options, {"benchmark": "outlet", "at_once": options.at_once, "results": results})


if __name__ == "__main__":
    main()
