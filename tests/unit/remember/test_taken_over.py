"""A server stands still for longer than its claim lasts, and comes back when another has its batch."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.change import Change
from owui_memory.core.errors import ClaimLost
from owui_memory.core.exchange import Batch, Exchange
from owui_memory.core.memory import Memory
from owui_memory.remember.apply import Changes, Decide
from owui_memory.remember.backlog import Counts
from owui_memory.remember.journal import Journal
from owui_memory.remember.outbox import Outbox
from owui_memory.state import outbox
from tests.harness.places import Place
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.remember.mind import is_ours
from tests.unit.remember.story import DOG, PORTO, TEA
from tests.unit.remember.workbench import Bench, Tale

REX, TOM = "The user's dog is called Rex.", "The user's cat is called Tom."


class Server:
    """A queue and a journal with an engine of their own, and the store that all of them share."""

    def __init__(self, place: Place, backend: LibraryBackend) -> None:
        self.engine = place.open()
        self.queue, self.journal = Outbox(self.engine), Journal(self.engine)
        self._changes, self._backend = Changes(self.journal), backend

    def claim(self) -> Batch:
        batch = self.queue.claim()
        assert batch is not None
        return batch

    def make(self, batch: Batch, decide: Decide) -> None:
        self._changes.make(self._backend, batch, decide, partial(self.queue.renew, batch))

    def take_over(self, decide: Decide) -> None:
        """Everything that is to be done, once the claim on it has expired."""
        with self.engine.begin() as connection:
            connection.execute(update(outbox).where(outbox.c.state == "claimed").values(claim_expires=0.0))
        batch = self.claim()
        self.make(batch, decide)
        self.queue.done(batch)


@pytest.fixture
def backend(settings: Valves, tmp_path: Path) -> Iterator[LibraryBackend]:
    backend = LibraryBackend.open(settings, tmp_path / "store")
    yield backend
    backend.close()


@pytest.fixture
def frozen(place: Place, backend: LibraryBackend) -> Iterator[Server]:
    server = Server(place, backend)
    server.queue.put(Exchange("ada\nc\nm1", "ada", "c", "My dog is called Rex, my cat Tom.", "ok", 1.0))
    yield server
    server.engine.dispose()


@pytest.fixture
def other(place: Place, backend: LibraryBackend) -> Iterator[Server]:
    server = Server(place, backend)
    yield server
    server.engine.dispose()


def adds(batch: Batch, *texts: str) -> list[Change]:
    return [Change(batch.name, at, "ada", "add", "", "", text, source="m1") for at, text in enumerate(texts)]


def texts(backend: LibraryBackend) -> list[str]:
    rows = backend._memory.vector_store.list(filters={"user_id": "ada"})[0]
    return sorted(row.payload["data"] for row in rows)


def after(backend: LibraryBackend, name: str, then: Callable[[], None], patch: pytest.MonkeyPatch) -> None:
    """Once, when the backend has answered this call: the caller stands still meanwhile."""
    method = getattr(backend, name)

    def call(*arguments: object, **options: object) -> object:
        answer = method(*arguments, **options)
        patch.setattr(backend, name, method)
        then()
        return answer

    patch.setattr(backend, name, call)


@pytest.mark.parametrize("decides", [(REX,), ()], ids=["the same", "nothing"])
def test_while_it_decides(
    frozen: Server, other: Server, backend: LibraryBackend, decides: tuple[str, ...]
) -> None:
    """As with an LLM. What it decides late is not written down either."""
    batch = frozen.claim()

    def decide() -> list[Change]:
        other.take_over(lambda: adds(batch, *decides))
        return adds(batch, REX, TOM)

    with pytest.raises(ClaimLost):
        frozen.make(batch, decide)
    assert texts(backend) == list(decides)
    assert [(change.after, change.made) for change in frozen.journal.of_batch(batch.name)] == [
        (text, True) for text in decides
    ]


def test_between_two_changes(
    frozen: Server, other: Server, backend: LibraryBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one finds the first, and makes the second."""
    batch = frozen.claim()
    after(backend, "store", lambda: other.take_over(list), monkeypatch)
    with pytest.raises(ClaimLost):
        frozen.make(batch, lambda: adds(batch, REX, TOM))
    assert texts(backend) == [TOM, REX]
    assert [change.made for change in frozen.journal.of_batch(batch.name)] == [True, True]


@pytest.mark.parametrize("op", ["add", "replace", "remove"])
def test_after_it_has_looked(
    frozen: Server, other: Server, backend: LibraryBackend, op: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has seen that the change is still to be made. The other makes it, and one more."""
    memory_id = "" if op == "add" else backend.store("ada", Memory("", TOM, batch="before"))
    batch = frozen.claim()
    change = Change(batch.name, 0, "ada", op, memory_id, "", REX if op != "remove" else "", source="m1")
    frozen.journal.intend([change])
    with frozen.engine.begin() as connection:
        connection.execute(update(outbox).values(claim_expires=0.0))
    batch = frozen.claim()  # the second try: it looks for what the first has made

    def go_on() -> None:
        other.take_over(list)
        if op == "replace":
            backend.replace(memory_id, "The user's dog is called Max.", expires="")

    after(backend, "added_by" if op == "add" else "get", go_on, monkeypatch)
    with pytest.raises(ClaimLost):
        frozen.make(batch, list)
    expected = {"add": [REX], "replace": ["The user's dog is called Max."], "remove": []}
    assert texts(backend) == expected[op]


def test_a_claim_that_nobody_has_taken_since_is_still_its_own(
    frozen: Server, other: Server, backend: LibraryBackend
) -> None:
    batch = frozen.claim()

    def decide() -> list[Change]:
        with frozen.engine.begin() as connection:
            connection.execute(update(outbox).values(claim_expires=0.0))
        return adds(batch, REX)

    frozen.make(batch, decide)
    assert other.queue.claim() is None, "it lasts again"
    frozen.queue.done(batch)
    assert texts(backend) == [REX]


def test_the_writer_leaves_the_batch_to_the_other(
    tmp_path: Path, with_llm: Valves, scripted_llm: ScriptedLLM
) -> None:
    """Its LLM answers late: nothing is stored twice, tried again or given up."""
    tale = Tale.begin(tmp_path, with_llm, timeout_s=60)
    one, other = tale.bench, Bench(tmp_path, with_llm, tale.bench.backend)
    batch = one.outbox.claim()
    one.writer._claimed[batch.name] = batch
    wait_until(lambda: one.live.current, what="the backend is open")
    first = [True]
    with scripted_llm.hold(
        "chat", when=lambda request: is_ours(request) and any(first) and first.pop()
    ) as gate:
        working = threading.Thread(target=one.writer._work, args=(batch,))
        working.start()
        wait_until(lambda: gate.waiting == 1, what="the LLM is asked")
        with one.engine.begin() as connection:
            connection.execute(update(outbox).values(claim_expires=0.0))
        other.drain()
    working.join(60)
    assert other.texts() == sorted([DOG, PORTO, TEA])
    counts = one.metrics.counts()
    assert (counts["failed remembering"], counts.get("exchanges remembered", 0)) == (1, 0)
    assert "Another server has taken over" in one.metrics.last_error.text
    assert one.outbox.counts() == Counts(pending=0, dead=0)
    assert all(change.made for change in one.journal.of_user("ada"))
    other.writer.stop(5)
    other.engine.dispose()
    one.drain()
    one.close()
