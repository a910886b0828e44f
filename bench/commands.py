"""How long does a user with many memories wait for `/memory` and its search?

    .venv/bin/python -m bench.commands [--memories N ...]

Ours: the command as the outlet carries it out, from the state database to the Markdown, on the embedded store
with all memories of one user. The rivals, in the same run and with the same vectors: plain mem0 2.2.1 on
embedded Qdrant, whose `get_all` and `search` a filter would call for it. The embedder's time is left out.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.contenders import COLLECTION, filter_on, plain_mem0, take_environment
from bench.measure import Latency, arguments, finish, table
from bench.memories import DIMS, WordVectors, fact

USER = "ada"
_BATCH = 1000


def fill(store: Any, vectors: WordVectors, count: int) -> None:
    """So many memories, all of one user."""
    for start in range(0, count, _BATCH):
        facts = [fact(number) for number in range(start, min(start + _BATCH, count))]
        store.insert(
            vectors=[vectors.embed(one.text) for one in facts],
            payloads=[{**one.payload, "user_id": USER} for one in facts],
            ids=[one.id for one in facts],
        )


def timed(call: Callable[[int], bool], times: int) -> Latency:
    """`call` tells whether its answer was right."""
    seconds, wrong = [], 0
    for number in range(times):
        began = time.perf_counter()
        right = call(number)
        seconds.append(time.perf_counter() - began)
        wrong += not right
    return Latency.of(seconds, wrong)


async def ours(file: Path, vectors: WordVectors, count: int, times: int) -> dict[str, Latency]:
    """The commands, as the outlet carries them out."""
    from owui_memory.interfaces.body import read_inlet
    from tests.harness.bodies import Chat

    async with filter_on(file, vectors) as pipeline:
        commander = pipeline._runtime.commander
        chat = Chat(USER)

        def answer(text: str) -> str:
            said = chat.say(text)
            turn = replace(read_inlet(said.inlet, said.user), chat_id=chat.chat_id)
            commander.give(turn)
            return str(commander.answer(USER, [turn.key]))

        last = -(-count // 20)
        calls: dict[str, Callable[[int], bool]] = {
            "/memory": lambda _: f"**{count:,} memories**" in answer("/memory"),
            "/memory page, the last": lambda _: f"Page {last} of" in answer(f"/memory page {last}"),
            "/memory search": lambda at: (
                asked(at, count) in plain(answer(f"/memory search {asked(at, count)}"))
            ),
            "/memory forget": lambda at: "1 memory" in answer(f"/memory forget {at % 20 + 1}"),
        }
        results = {}
        for name, call in calls.items():
            if name == "/memory forget":
                answer("/memory")
            results[name] = await asyncio.to_thread(
                timed, call, min(times, 20) if "forget" in name else times
            )
        return results


def asked(at: int, count: int) -> str:
    """The words of a memory that is there."""
    return str(fact(at * 7919 % count).text)


def plain(markdown: str) -> str:
    return markdown.replace("\\", "")


def mem0s(folder: Path, vectors: WordVectors, count: int, times: int) -> dict[str, Latency]:
    """What plain mem0 does for the same."""
    with plain_mem0(folder / "qdrant", vectors) as memory:
        fill(memory.vector_store, vectors, count)
        mine = {"user_id": USER}

        def get_all(_: int) -> bool:
            return len(memory.get_all(filters=mine, top_k=count)["results"]) == count

        def search(at: int) -> bool:
            text = asked(at, count)
            return text in [one["memory"] for one in memory.search(text, filters=mine, top_k=20)["results"]]

        return {"get_all": timed(get_all, times), "search": timed(search, times)}


def rows_of(results: dict[str, Latency]) -> Iterator[tuple[Any, ...]]:
    for name, one in results.items():
        yield name, one.count, one.p50, one.p95, one.wrong


def main() -> None:
    parser = arguments(__doc__, sizes=(10_000,))
    parser.add_argument("--times", type=int, default=100, help="that each command is sent")
    options = parser.parse_args()
    if options.quick:
        options.memories, options.times = [200], 5
    take_environment()
    everything = {}
    for count in options.memories:
        vectors = WordVectors()
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            from owui_memory.stores.sqlite.store import SqliteStore

            with closing(SqliteStore(COLLECTION, DIMS, str(folder / "filled.db"))) as store:
                fill(store, vectors, count)
                store.purge()
            results = asyncio.run(ours(folder / "filled.db", vectors, count, options.times))
            rivals = mem0s(folder, vectors, count, max(options.times // 5, 5))
        results |= {f"mem0: {what}": one for what, one in rivals.items()}
        head = ("command", "times", "p50 ms", "p95", "wrong")
        print(table(f"{count:,} memories of one user", head, list(rows_of(results))))
        everything[count] = results
    finish(options, {"benchmark": "commands", "results": everything})


if __name__ == "__main__":
    main()
