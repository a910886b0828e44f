"""How long do a search and an add take on each store, without the embedder's time?

    .venv/bin/python -m bench.backends [--memories N ...]

The same memories in each store; the bundled embedder's place is taken by vectors that cost nothing. Ours is
`LibraryBackend`, as the filter uses it: `search` by meaning and by words, `store` of one memory at a time,
which counts when it is durable. The rival is plain mem0 2.2.1 on embedded Qdrant: `Memory.search`, and
`Memory.add` as it stands. pgvector is a real PostgreSQL with `fsync` off, as the tests have it: its adds
would take longer on a disk. Qdrant is the embedded one, which looks at every memory of every user; no Qdrant
server can be had here, so that one at an address was not measured.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contenders import (
    copied,
    embedded_store,
    insert_all,
    mem0_finds,
    plain_mem0,
    qdrant_store,
    sqlite_store,
    take_environment,
)
from bench.measure import Latency, arguments, finish, table
from bench.memories import Fact, WordVectors, asked, fact
from tests.harness.postgres import PASSWORD, Postgres

_CANDIDATES = 40  # what recall asks for, by meaning and by words each
_MOST_EMBEDDED = 100_000  # memories of an embedded Qdrant: it takes seconds for each search then


@dataclass(frozen=True)
class Measured:
    """Searches and adds, one after another; a search is wrong that lacks the memory asked for."""

    search: Latency
    add: Latency


@contextmanager
def on_sqlite(cache: Path, count: int, vectors: WordVectors) -> Iterator[Any]:
    """The library backend on a copy of a filled sqlite store."""
    with copied(sqlite_store(cache, count), "memories.db") as folder:
        yield from _opened(folder, vectors)


@contextmanager
def on_pgvector(cache: Path, count: int, vectors: WordVectors) -> Iterator[Any]:  # noqa: ARG001 - nothing to keep
    """The library backend on a PostgreSQL that is filled for this run."""
    with Postgres() as postgres, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        place = {"vector_store_url": postgres.url, "vector_store_api_key": PASSWORD}
        for backend in _opened(Path(folder), vectors, vector_store="pgvector", **place):
            print(f"filling pgvector with {count:,} ...", end=" ", flush=True)
            began = time.perf_counter()
            insert_all(backend._memory.vector_store, count)
            print(f"{time.perf_counter() - began:.0f} s", flush=True)
            yield backend


@contextmanager
def on_embedded(cache: Path, count: int, vectors: WordVectors) -> Iterator[Any]:
    """The library backend on a copy of a filled embedded Qdrant."""
    with copied(embedded_store(cache, count), "qdrant") as folder:
        place = str(folder / "qdrant")
        yield from _opened(folder, vectors, vector_store="qdrant", vector_store_url=place)


def _opened(folder: Path, vectors: WordVectors, **settings: Any) -> Iterator[Any]:
    from owui_memory.backends.library import LibraryBackend
    from owui_memory.config.settings import Valves

    backend = LibraryBackend.open(Valves(**settings), folder)
    backend._memory.embedding_model = vectors
    try:
        yield backend
    finally:
        backend.close()


def ours(backend: Any, facts: Sequence[Fact], news: Sequence[Fact]) -> Measured:
    """The backend's own calls."""
    from owui_memory.core.memory import Memory

    def finds(one: Fact) -> bool:
        found = backend.search(one.user_id, one.question, _CANDIDATES)
        return any(item.memory.text == one.text for item in found)

    def adds(one: Fact) -> bool:
        return bool(backend.store(one.user_id, Memory("", one.text)))

    return Measured(_timed(finds, facts), _timed(adds, news))


def mem0s(memory: Any, facts: Sequence[Fact], news: Sequence[Fact]) -> Measured:
    """mem0's own calls."""

    def finds(one: Fact) -> bool:
        return mem0_finds(memory, one.user_id, one.question, one.text, _CANDIDATES)

    def adds(one: Fact) -> bool:
        return bool(memory.add(one.text, user_id=one.user_id, infer=False)["results"])

    return Measured(_timed(finds, facts), _timed(adds, news))


def _timed(work: Callable[[Fact], bool], facts: Sequence[Fact]) -> Latency:
    seconds, wrong = [], 0
    for one in facts:
        began = time.perf_counter()
        right = work(one)
        seconds.append(time.perf_counter() - began)
        wrong += not right
    return Latency.of(seconds, wrong)


def measured(count: int, options: Any) -> dict[str, Measured]:
    """Each store with `count` memories, by name."""
    facts = asked(count, options.searches)
    news = [fact(count + number) for number in range(options.adds)]
    vectors = WordVectors([one.question for one in facts])
    few = max(options.searches // 5, 1)
    results = {}
    for name, opened in (("sqlite", on_sqlite), ("pgvector", on_pgvector)):
        with opened(options.cache, count, vectors) as backend:
            results[name] = ours(backend, facts, news)
    if count <= _MOST_EMBEDDED:
        with on_embedded(options.cache, count, vectors) as backend:
            results["embedded"] = ours(backend, facts[:few], news[:few])
        with (
            copied(qdrant_store(options.cache, count), "qdrant") as folder,
            plain_mem0(folder / "qdrant", vectors) as memory,
        ):
            results["mem0"] = mem0s(memory, facts[:few], news[:few])
    return results


_LABELS = {"embedded": "embedded Qdrant", "mem0": "mem0 on embedded Qdrant"}


def rows_of(count: int, results: dict[str, Measured]) -> Iterator[tuple[Any, ...]]:
    for name, one in results.items():
        label = _LABELS.get(name, name)
        wrong = f"{one.search.wrong}/{one.search.count}"
        yield (
            f"{count:,} in {label}",
            *(one.search.p50, one.search.p95, wrong, one.add.p50, one.add.p95),
            results["mem0"].search.p50 / one.search.p50 if "mem0" in results else float("nan"),
        )


def main() -> None:
    parser = arguments(__doc__, sizes=(100_000,))
    parser.add_argument("--searches", type=int, default=200, help="a fifth of them of an embedded Qdrant")
    parser.add_argument("--adds", type=int, default=100, help="of an embedded Qdrant as many as searches")
    options = parser.parse_args()
    if options.quick:
        options.memories, options.searches, options.adds = [1000], 20, 20
    take_environment()
    results = {count: measured(count, options) for count in options.memories}
    rows = [row for count, of_stores in results.items() for row in rows_of(count, of_stores)]
    head = ("memories", "search p50 ms", "p95", "wrong", "add p50 ms", "p95", "times mem0's speed")
    print(table("Search and add on each store, without the embedder", head, rows))
    finish(options, {"benchmark": "backends", "results": results})


if __name__ == "__main__":
    main()
