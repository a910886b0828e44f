"""How long does it take to erase a user, what is left of the texts, and who waits meanwhile?

    .venv/bin/python -m bench.erase [--memories N ...] [--rival N]

Ours: `python -m owui_memory erase-user` without its start, on the embedded store: the memories, and what is
written down beside them (the journal, the keys of messages, of every tenth memory that it was
told and why). Once a user who has all memories, once one of a hundred users. Others' answers are put into the
queue meanwhile, as the outlet does. The rivals, in the same run: mem0 2.2.1's `delete_all`, on its embedded
Qdrant and on our store. It erases one by one, so it may be given fewer memories (`--rival`): compare rates.
Texts left are searched for in the raw bytes of every file; those in mem0's history are told apart.
"""

import json
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bench.commands import USER, fill
from bench.contenders import COLLECTION, copied, plain_mem0, qdrant_store, sqlite_store, take_environment
from bench.measure import Latency, arguments, finish, table
from bench.memories import DIMS, USERS, Fact, WordVectors, fact

ONE_OF_MANY = fact(0).user_id
_SENTENCE = re.compile(rb"(?:My|I|The user|On|Please) [\w ,;]+\.")  # all of `memories` are such
_EVERY = 10  # memory that was told, and of which is kept why
_BATCH = 1000
_PAUSE_S = 0.05


@dataclass(frozen=True)
class Erased:
    """Who erased how much in how long, and what is left. entries: rows, memories among them."""

    memories: int
    entries: int
    seconds: float
    texts: int  # different ones, which nobody else has said
    texts_left: int
    in_history: int  # of those left, nowhere else
    others_lost: int
    meanwhile: Latency | None = None

    @property
    def per_second(self) -> float:
        return self.memories / self.seconds


@dataclass(frozen=True)
class Case:
    """`count` memories, all of one user or of many; `user` is erased."""

    user: str
    count: int

    @property
    def is_alone(self) -> bool:
        return self.user == USER

    def facts(self) -> Iterator[Fact]:
        return map(fact, range(self.count))

    def parts(self) -> Iterator[list[Fact]]:
        facts = self.facts()
        while some := list(islice(facts, _BATCH)):
            yield some

    def is_erased(self, one: Fact) -> bool:
        return self.is_alone or one.user_id == self.user

    def owner(self, one: Fact) -> str:
        return USER if self.is_alone else one.user_id

    def texts(self) -> set[bytes]:
        """Those that nobody else has said in the same words."""
        mine, others = set[bytes](), set[bytes]()
        for one in self.facts():
            (mine if self.is_erased(one) else others).add(one.text.encode())
        return mine - others

    def memories(self) -> int:
        return sum(self.is_erased(one) for one in self.facts())


# Ours ---------------------------------------------------------------------------------------------


def ours(case: Case, cache: Path, vectors: WordVectors) -> Erased:
    """The user is erased from a data folder as the server leaves it."""
    from owui_memory.backends import open_backend
    from owui_memory.config.settings import Valves
    from owui_memory.manage.erasure.erase import Eraser
    from owui_memory.state import open_state

    with our_folder(case, cache, vectors) as folder:
        engine = open_state(folder)
        settings = Valves()
        eraser = Eraser(engine, folder, lambda: settings, lambda given, at: open_backend(given, at, None))
        with answering(folder) as waits:
            began = time.perf_counter()
            receipt = eraser.erase_user(case.user)
            seconds = time.perf_counter() - began
        if receipt.unreached:  # the answers kept a log from being emptied: as the sweeper does
            eraser.go_on()
        engine.dispose()
        left = left_in(folder, case.texts())
        lost = case.count - case.memories() - stored_in(folder)
    return Erased(case.memories(), receipt.total, seconds, *left, lost, Latency.of(waits))


@contextmanager
def our_folder(case: Case, cache: Path, vectors: WordVectors) -> Iterator[Path]:
    """Memories and the state database."""
    from owui_memory.backends.locations import Locations, location_of
    from owui_memory.config.settings import Valves
    from owui_memory.state import open_state

    with our_store(case, cache, vectors) as folder:
        engine = open_state(folder)
        Locations(engine, COLLECTION).settle(location_of(Valves(), COLLECTION, "words", DIMS))
        note(engine, case)
        engine.dispose()
        yield folder


@contextmanager
def our_store(case: Case, cache: Path, vectors: WordVectors) -> Iterator[Path]:
    """A folder with the embedded store, filled."""
    from owui_memory.stores.sqlite.store import SqliteStore

    if not case.is_alone:
        with copied(sqlite_store(cache, case.count), "memories.db") as folder:
            yield folder
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        with closing(SqliteStore(COLLECTION, DIMS, f"{name}/memories.db")) as store:
            fill(store, vectors, case.count)
            store.purge()
        yield Path(name)


def stored_in(folder: Path) -> int:
    from owui_memory.stores.sqlite.store import SqliteStore

    with closing(SqliteStore(COLLECTION, DIMS, str(folder / "memories.db"))) as store:
        return store.count_rows()


def note(engine: Any, case: Case) -> None:
    """What the state database knows of these memories."""
    from owui_memory.state import injected, journal, outbox, recalls

    for some in case.parts():
        with engine.begin() as connection:
            for target, row_of in ((journal, _journal), (outbox, _outbox)):
                connection.execute(target.insert(), [row_of(one, case.owner(one)) for one in some])
            few = (
                some[::_EVERY]
                if case.is_alone
                else [one for one in some if one.number // USERS % _EVERY == 0]
            )
            for target, row_of in ((injected, _told), (recalls, _recall)):
                connection.execute(target.insert(), [row_of(one, case.owner(one)) for one in few])


def _journal(one: Fact, user: str) -> dict[str, Any]:
    empty = dict.fromkeys(("before", "expires", "model", "refused"), "")
    names = {"batch": f"b{one.number}", "position": 0, "user_id": user, "op": "add", "memory_id": one.id}
    said = {"after": one.text, "kind": "fact", "source": f"m{one.number}", "chat": one.payload["chat"]}
    return {**empty, **names, **said, "made": True, "at": float(one.number)}


def _outbox(one: Fact, user: str) -> dict[str, Any]:
    chat = one.payload["chat"]
    times = {"ready_at": 1.0, "created_at": 1.0, "waiting_since": 1.0}
    names = {"key": f"{user}\n{chat}\nm{one.number}", "user_id": user, "chat_id": chat}
    return {**names, **times, "state": "done", "exchange": None}


def _told(one: Fact, user: str) -> dict[str, Any]:
    names = {
        "user_id": user,
        "chat_id": one.payload["chat"],
        "conversation": "p",
        "position": f"p{one.number}",
    }
    return {**names, "memory_id": one.id, "text": one.text, "line": f"- {one.text}", "injected_at": 1.0}


def _recall(one: Fact, user: str) -> dict[str, Any]:
    weighed = [{"memory_id": one.id, "text": one.text}]
    explanation = {"query": one.question, "weighed": weighed, "evidence": 1.0, "threshold": 0.5}
    return {
        "user_id": user,
        "chat_id": one.payload["chat"],
        "explanation": json.dumps(explanation),
        "at": 1.0,
    }


@contextmanager
def answering(folder: Path) -> Iterator[list[float]]:
    """Somebody else's answers are put into the queue meanwhile; how many seconds each took."""
    from owui_memory.core.exchange import Exchange
    from owui_memory.remember.outbox import Outbox
    from owui_memory.state import open_state

    engine = open_state(folder)
    queue, stop, waits = Outbox(engine), threading.Event(), list[float]()

    def answer() -> None:
        while not stop.wait(_PAUSE_S):
            number = len(waits)
            began = time.perf_counter()
            queue.put(Exchange(f"eve\nc\nn{number}", "eve", "c", "Hello.", "Hello.", 1.0))
            waits.append(time.perf_counter() - began)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield waits
    finally:
        stop.set()
        thread.join()
        engine.dispose()


# mem0's -------------------------------------------------------------------------------------------


def mem0s(case: Case, cache: Path, vectors: WordVectors) -> Erased:
    """`delete_all` of plain mem0."""
    with mem0s_folder(case, cache) as folder:
        keep_history(folder / "history.db", case)
        with plain_mem0(folder / "qdrant", vectors) as memory:
            if case.is_alone:
                fill(memory.vector_store, vectors, case.count)
            seconds = delete_all(memory, case.user)
            found = memory.vector_store.client.count(COLLECTION).count
        left = left_in(folder, case.texts())
    lost = case.count - case.memories() - found
    return Erased(case.memories(), case.memories(), seconds, *left, lost)


@contextmanager
def mem0s_folder(case: Case, cache: Path) -> Iterator[Path]:
    if case.is_alone:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            yield Path(name)
    else:
        with copied(qdrant_store(cache, case.count), "qdrant") as folder:
            yield folder


def mem0_on_ours(case: Case, cache: Path, vectors: WordVectors) -> Erased:
    """`delete_all` of mem0, with our store in the place of Qdrant."""
    from owui_memory.stores.sqlite.store import SqliteStore

    with our_store(case, cache, vectors) as folder:
        keep_history(folder / "history.db", case)
        with plain_mem0(folder / "qdrant", vectors) as memory:
            qdrant = memory.vector_store
            with closing(SqliteStore(COLLECTION, DIMS, str(folder / "memories.db"))) as store:
                memory.vector_store = store
                seconds = delete_all(memory, case.user)
                found = store.count_rows()
            memory.vector_store = qdrant
        left = left_in(folder, case.texts())
    lost = case.count - case.memories() - found
    return Erased(case.memories(), case.memories(), seconds, *left, lost)


def delete_all(memory: Any, user: str) -> float:
    """Seconds."""
    began = time.perf_counter()
    memory.delete_all(user_id=user)
    return time.perf_counter() - began


# Both ---------------------------------------------------------------------------------------------


def keep_history(path: Path, case: Case) -> None:
    """What mem0 writes down when memories are added."""
    from mem0.memory.storage import SQLiteManager

    path.parent.mkdir(parents=True, exist_ok=True)
    history = SQLiteManager(str(path))
    try:
        for some in case.parts():
            history.batch_add_history(
                [
                    {"memory_id": one.id, "old_memory": None, "new_memory": one.text, "event": "ADD"}
                    for one in some
                ]
            )
    finally:
        history.close()


def left_in(folder: Path, wanted: set[bytes]) -> tuple[int, int, int]:
    """How many texts these are, how many are in any file, and how many in mem0's history alone."""
    history, others = set[bytes](), set[bytes]()
    for file in folder.rglob("*"):
        if file.is_file():
            found = history if file.name.startswith("history.db") else others
            found |= wanted.intersection(match[0] for match in _SENTENCE.finditer(file.read_bytes()))
    return len(wanted), len(history | others), len(history - others)


def measured(count: int, rival: int, cache: Path) -> dict[str, Erased]:
    """By who erased whom."""
    vectors = WordVectors()
    fewer = min(count, rival)
    alone, many = Case(USER, count), Case(ONE_OF_MANY, count)
    one = f"one of {USERS}"
    return {
        "alone: erase-user": ours(alone, cache, vectors),
        "alone: mem0's delete_all": mem0s(Case(USER, fewer), cache, vectors),
        "alone: the same on our store": mem0_on_ours(Case(USER, fewer), cache, vectors),
        f"{one}: erase-user": ours(many, cache, vectors),
        f"{one}: mem0's delete_all": mem0s(many, cache, vectors),
        f"{one}: the same on our store": mem0_on_ours(many, cache, vectors),
    }


def rows_of(results: dict[str, Erased]) -> Iterator[tuple[Any, ...]]:
    for name, one in results.items():
        rival = next(
            other for what, other in results.items() if what == f"{name.partition(':')[0]}: mem0's delete_all"
        )
        waits = one.meanwhile
        yield (
            name,
            one.memories,
            one.entries,
            one.seconds,
            one.per_second,
            one.per_second / rival.per_second,
            f"{one.texts_left:,} of {one.texts:,}",
            one.in_history,
            one.others_lost,
            waits.p50 if waits else float("nan"),
            waits.p99 if waits else float("nan"),
        )


def main() -> None:
    parser = arguments(__doc__, sizes=(100_000,))
    parser.add_argument(
        "--rival", type=int, default=10_000, help="most memories that mem0 erases of one user alone"
    )
    options = parser.parse_args()
    if options.quick:
        options.memories, options.rival = [1000], 200
    take_environment()
    all_results = {count: measured(count, options.rival, options.cache) for count in options.memories}
    head = (
        *(
            "who erases",
            "memories",
            "entries",
            "s",
            "memories a second",
            "times mem0",
            "texts left",
            "in history only",
        ),
        *("others lost", "a put meanwhile p50 ms", "p99"),
    )
    for count, results in all_results.items():
        print(table(f"Erasing a user among {count:,} memories", head, list(rows_of(results))))
    finish(options, {"benchmark": "erase", "results": all_results})


if __name__ == "__main__":
    main()
