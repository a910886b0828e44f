"""How fast do memories move to another embedding model or store, and does a search wait meanwhile?

    .venv/bin/python -m bench.moving [--memories N ...]

Ours: `moving.Copy`, as the filter uses it, from a filled sqlite store to an empty collection, without the
embedder's time; then a few with the bundled embedder. Searches in the source go on meanwhile, in a thread of
their own, and are compared with those while nothing is moved.
The rival: mem0 2.2.1 has no migration; what its users do is `get_all` and one `add(infer=False)` for each
memory, which gives new ids and times. The same embedders.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contenders import COLLECTION, copied, plain_mem0, sqlite_store, take_environment
from bench.measure import Latency, arguments, finish, table
from bench.memories import DIMS, WordVectors, asked, fact
from tests.harness.postgres import PASSWORD, Postgres

_CANDIDATES = 40

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]


@dataclass(frozen=True)
class Moved:
    """How many memories a second came along whole; searches before and meanwhile."""

    count: int
    per_second: float
    missing: int
    idle: Latency | None = None
    meanwhile: Latency | None = None


def ours(source: Any, target: Any, embed: Embed, questions: Sequence[Any], vectors: WordVectors) -> Moved:
    """All of the source's memories, embedded anew."""
    from owui_memory.manage.migrate.copying import Copy
    from owui_memory.manage.migrate.records import LibraryRecords

    def search(one: Any) -> float:
        began = time.perf_counter()
        source.search("", vectors.embed(one.question), _CANDIDATES, {"user_id": one.user_id})
        source.keyword_search(one.question, _CANDIDATES, {"user_id": one.user_id})
        return time.perf_counter() - began

    idle = [search(one) for one in questions]
    meanwhile: list[float] = []
    stop = threading.Event()

    def keep_searching() -> None:
        while not stop.is_set():
            meanwhile.append(search(questions[len(meanwhile) % len(questions)]))
            stop.wait(0.05)

    searching = threading.Thread(target=keep_searching)
    searching.start()
    began = time.perf_counter()
    Copy(LibraryRecords(source), LibraryRecords(target, embed), deletes=True, stop=threading.Event()).run()
    seconds = time.perf_counter() - began
    stop.set()
    searching.join()
    count = source.count_rows()
    missing = count - target.count_rows()
    return Moved(count, count / seconds, missing, Latency.of(idle), Latency.of(meanwhile))


def mem0s(memories: Sequence[Any], vectors: Any) -> Moved:
    """One `add` for each memory."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, plain_mem0(Path(folder), vectors) as memory:
        began = time.perf_counter()
        added = sum(
            len(memory.add(one.text, user_id=one.user_id, infer=False)["results"]) for one in memories
        )
        seconds = time.perf_counter() - began
    return Moved(len(memories), len(memories) / seconds, len(memories) - added)


@contextmanager
def filled(cache: Path, count: int) -> Iterator[tuple[Any, Path]]:
    """A sqlite store with so many memories, and its file."""
    from owui_memory.stores.sqlite.store import SqliteStore

    with copied(sqlite_store(cache, count), "memories.db") as folder:
        path = folder / "memories.db"
        with closing(SqliteStore(COLLECTION, DIMS, str(path))) as store:
            yield store, path


def measured(count: int, options: Any) -> dict[str, Moved]:
    """The moves, by where to and with which embedder."""
    from owui_memory.models.providers import with_password
    from owui_memory.stores.pgvector.store import PgvectorStore
    from owui_memory.stores.sqlite.store import SqliteStore

    vectors = WordVectors()
    questions = asked(count, options.searches)
    results = {}

    def words(texts: Sequence[str]) -> list[Any]:
        return [vectors.embed(text) for text in texts]

    with (
        filled(options.cache, count) as (source, path),
        closing(SqliteStore("other", DIMS, str(path))) as target,
    ):
        results["sqlite to sqlite"] = ours(source, target, words, questions, vectors)
    with filled(options.cache, count) as (source, _), Postgres() as postgres:
        address = with_password(postgres.url, PASSWORD)
        with closing(PgvectorStore("other", DIMS, address)) as target:
            results["sqlite to pgvector"] = ours(source, target, words, questions, vectors)
    few = min(options.embedded, count)
    embedder = bundled()
    with (
        filled(options.cache, few) as (source, path),
        closing(SqliteStore("other", DIMS, str(path))) as target,
    ):
        results["with the bundled embedder"] = ours(
            source, target, embedder.embed_batch, asked(few, options.searches), vectors
        )
    some = [fact(number) for number in range(few)]
    results["mem0: add one by one"] = mem0s(some, vectors)
    results["mem0: with the same embedder"] = mem0s(some[: max(few // 4, 1)], embedder)
    return results


def bundled() -> Any:
    """mem0's object of the bundled model, as the filter has it."""
    from owui_memory.backends.library import LibraryBackend
    from owui_memory.config.settings import Valves

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        backend = LibraryBackend.open(Valves(), Path(folder))
        backend.close()
        return backend.embedder


def rows_of(results: dict[str, Moved]) -> Iterator[tuple[Any, ...]]:
    rivals = {False: results["mem0: add one by one"], True: results["mem0: with the same embedder"]}
    for name, one in results.items():
        latencies = [
            x for latency in (one.idle, one.meanwhile) if latency for x in (latency.p50, latency.p95)
        ]
        yield (
            name,
            one.count,
            one.per_second,
            one.missing,
            *(latencies or [float("nan")] * 4),
            one.per_second / rivals["embedder" in name].per_second,
        )


def main() -> None:
    parser = arguments(__doc__, sizes=(100_000,))
    parser.add_argument("--searches", type=int, default=200, help="before a move; as many as fit meanwhile")
    parser.add_argument("--embedded", type=int, default=2000, help="memories moved with the bundled embedder")
    options = parser.parse_args()
    if options.quick:
        options.memories, options.searches, options.embedded = [1000], 20, 64
    take_environment()
    all_results = {count: measured(count, options) for count in options.memories}
    head = (
        "move",
        "memories",
        "a second",
        "missing",
        "search p50 ms",
        "p95",
        "meanwhile p50",
        "p95",
        "times mem0",
    )
    for results in all_results.values():
        print(table("Moving memories to another embedder or store", head, list(rows_of(results))))
    finish(options, {"benchmark": "moving", "results": all_results})


if __name__ == "__main__":
    main()
