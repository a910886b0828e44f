"""What do past chats cost: 10,000 memories and passages of each of 100 users, and 100,000 of one?

    .venv/bin/python -m bench.past [--users N] [--json]

A tenth of each user's rows are facts, the rest passages under the owner that past chats have: in turns what
the user said, of one to three sentences, and an answer's passage, of three to nine; 280 characters.
Every tenth question is about the past, which is told three times as many quotes. Inlets as in bench.inlet
("on top of the embedder": without its time, though it is asked), one after another and 32 at once with the
default deadline of 0.8 s: what is late goes on without memories.
The search alone is `SqliteStore.search_owners` of both owners, in processor time too. Disk: the whole file.
Aims: p95 under 15 ms on top of the embedder, nobody late, 25 ms with 100,000 passages, 4 kB a row.
"""

import asyncio
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contenders import COLLECTION, code_version, filled, filter_on, take_environment
from bench.inlet import Stopwatch
from bench.measure import Latency, arguments, finish, rss_mib, table
from bench.memories import DIMS, Fact, WordVectors, fact
from owui_memory.core.scope import past_owner
from owui_memory.recall.episodes import Kept
from tests.harness.bodies import Chat, told_text

_EACH = 10_000  # rows of a user
_FACTS = 10  # of so many rows one is a fact
_SENTENCES = 9  # of a passage, at most
_AT_ONCE = 1_000
_CHAT = 20  # passages
_OF_THE_PAST, _PAST = 10, "What did I tell you about"
_NUMBERS = 100_000_000  # numbers of facts that make up passages begin here


@dataclass(frozen=True)
class Row:
    """One memory or passage of a user, and what is asked about it."""

    user: int
    number: int

    @property
    def owner(self) -> str:
        return f"user-{self.user:03}" if self.is_fact else past_owner(f"user-{self.user:03}")

    @property
    def is_fact(self) -> bool:
        return self.number % _FACTS == 0

    @property
    def _first(self) -> Fact:
        return fact(_NUMBERS + (self.user * 1_000_000 + self.number) * _SENTENCES)

    @property
    def question(self) -> str:
        """In everyday words; every tenth about the past, which is told three times as many quotes."""
        asked = self._first.question
        return asked if self.number % _OF_THE_PAST == 1 else asked.replace(_PAST, "How does my")

    @property
    def text(self) -> str:
        first = self._first
        least, most = (3, _SENTENCES) if self.number % 2 else (1, 3)
        more = 1 if self.is_fact else random.Random(first.number).randint(least, most)
        return " ".join([first.text, *(fact(first.number + at).text for at in range(1, more))])

    @property
    def payload(self) -> dict[str, Any]:
        said = fact(self.number).payload["created_at"]
        kind = (
            {}
            if self.is_fact
            else {
                "kind": "episode",
                "said_by": ("user", "assistant")[self.number % 2],
                "title": "A chat of that day",
            }
        )
        return {
            "user_id": self.owner,
            "data": self.text,
            "created_at": said,
            "updated_at": said,
            "chat": f"chat-{self.user}-{self.number // _CHAT}",
            "place": self.number % _CHAT,
            "batch": f"episodes {self.number // 2:032x}",
            **kind,
        }


def store_of(cache: Path, users: int, each: int) -> Path:
    """A file with the rows of so many users, filled once for each version of the store."""

    def fill(path: Path) -> None:
        from owui_memory.stores.sqlite.store import SqliteStore

        store, vectors = SqliteStore(COLLECTION, DIMS, str(path)), WordVectors()
        for user in range(users):
            for start in range(0, each, _AT_ONCE):
                rows = [Row(user, number) for number in range(start, min(start + _AT_ONCE, each))]
                store.insert(
                    [vectors.embed(row.text) for row in rows],
                    [row.payload for row in rows],
                    [fact((user << 32) + row.number).id for row in rows],
                )
        store.purge()
        store.close()

    return filled(cache / f"past-{code_version('sqlite/*.py')}-{users}-{each}.db", fill)


def asked(users: int, each: int, count: int) -> list[Row]:
    """Rows of all users to ask about."""
    return [Row(at % users, at * 7919 % each) for at in range(count)]


def searches(store: Path, rows: list[Row]) -> tuple[Latency, float]:
    """Searches of both owners, one after another; and their processor time in ms."""
    from owui_memory.stores.sqlite.store import SqliteStore

    opened, vectors = SqliteStore(COLLECTION, DIMS, str(store)), WordVectors([one.question for one in rows])
    took, cpu = [], time.process_time()
    for one in rows:
        vector, name = vectors.embed(one.question), f"user-{one.user:03}"
        began = time.perf_counter()
        opened.search_owners(one.question, vector, 40, [name, past_owner(name)])
        took.append(time.perf_counter() - began)
    cpu = time.process_time() - cpu
    opened.close()
    return Latency.of(took), cpu * 1000 / len(rows)


async def inlets(store: Path, rows: list[Row], each: int, at_once: int) -> tuple[Stopwatch, int]:
    """Inlets with the bundled embedder; how many were told nothing."""
    untold = 0
    async with filter_on(store, WordVectors([one.question for one in rows]), embedding=True) as pipeline:
        embedder = pipeline._runtime.live.get()._memory.embedding_model
        # The rows were put into the store directly: the state database knows of none.
        pipeline._runtime._recaller._episodes.kept = lambda *_: Kept(passages=each)
        watch = Stopwatch()

        async def chat(mine: list[Row]) -> None:
            nonlocal untold
            for one in mine:
                turn = Chat(f"user-{one.user:03}").say(one.question)
                before = embedder.took_s
                with watch.question():
                    body = await pipeline.inlet(turn.inlet, turn.user)
                if at_once == 1:
                    watch.seconds[-1] -= embedder.took_s - before
                untold += not told_text(body)

        await chat(rows[:20])  # opens connections
        watch, untold = Stopwatch(), 0
        await asyncio.gather(*(chat(rows[at::at_once]) for at in range(at_once)))
    return watch, untold


def main() -> None:
    """Print one table."""
    parser = arguments(__doc__, sizes=(_EACH,))
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--inlets", type=int, default=300)
    options = parser.parse_args()
    if options.quick:
        options.memories, options.users, options.inlets = [1_000], 4, 64
    take_environment()
    rows: list[tuple[Any, ...]] = []
    results: list[dict[str, Any]] = []
    each = options.memories[0]
    for users, size in ((options.users, each), (1, 10 * each)):
        store = store_of(options.cache, users, size)
        wanted = asked(users, size, options.inlets)
        title = f"{users} x {size:,}"
        found, cpu = searches(store, wanted)
        rows.append((f"{title}: search of both owners", found.p50, found.p95, cpu, ""))
        result: dict[str, Any] = {"users": users, "each": size, "search": found, "search_cpu_ms": cpu}
        for at_once in (1, 32) if users > 1 else (1,):
            watch, untold = asyncio.run(inlets(store, wanted, size, at_once))
            measured = watch.measured()
            name = "inlet, on top of the embedder" if at_once == 1 else f"inlet, {at_once} at once"
            rows.append(
                (f"{title}: {name}", measured.latency.p50, measured.latency.p95, measured.cpu_ms, untold)
            )
            result[f"inlet_{at_once}"] = measured
        size_kb = store.stat().st_size / users / size / 1000
        rows.append((f"{title}: disk a row, kB", size_kb, "", "", ""))
        results.append({**result, "disk_kb_a_row": size_kb, "rss_mib": rss_mib(os.getpid())[0]})
    print(table("Past chats", ("", "p50 ms", "p95", "CPU ms", "told nothing"), rows))
    finish(options, {"benchmark": "past", "results": results})


if __name__ == "__main__":
    main()
