"""`owui-memory queue`: what waits, what was given up, and how it is tried again."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from owui_memory.core.exchange import Batch, Exchange
from owui_memory.remember.backlog import Counts
from owui_memory.remember.outbox import Outbox
from owui_memory.remember.spill import Spill, Spilled
from owui_memory.state import outbox
from tests.harness.places import Place
from tests.harness.postgres import Postgres
from tests.unit.interfaces.cli.desk import DOG, Refused, Run, rows

HOUR = 3600.0
ERROR = "The LLM at llm:8000 answered HTTP 503."


class Queue(Outbox):
    """The queue in a state database, and what has happened to it."""

    def __init__(self, place: Place) -> None:
        self.engine = place.open()
        super().__init__(self.engine)

    def say(self, text: str = DOG, *, key: str = "k", chat: str = "c", wait_s: float = 0.0) -> None:
        self.put(Exchange(key, "ada", chat, text, "ok", said_at=1.0), wait_s=wait_s)

    def give_up(self, *, hours_ago: float = 0.0, key: str = "k") -> Batch:
        self.say(key=key, chat=key)
        batch = self.claim()
        self.dead(batch, ERROR)
        then = time.time() - hours_ago * HOUR
        with self.engine.begin() as connection:
            aged = update(outbox).where(outbox.c.batch == batch.name)
            connection.execute(aged.values(created_at=then, waiting_since=then))
        return batch


@pytest.fixture
def queue(server: Path) -> Iterator[Queue]:
    queue = Queue(Place(server))
    yield queue
    queue.engine.dispose()


def test_what_waits_and_what_was_given_up(queue: Queue, run: Run) -> None:
    assert run("queue") == "Nothing waits, and nothing was given up.\n"
    dead = queue.give_up(hours_ago=50)
    queue.say(key="a", chat="waiting", wait_s=60)
    queue.say(key="b", chat="waiting", wait_s=60)

    heading, waiting, given_up = run("queue", "list").splitlines()
    assert heading.split() == ["batch", "state", "age", "exchanges", "attempts", "user", "last", "error"]
    name, state, _seconds, *rest = waiting.split()
    assert (name, state, rest) == ("-", "pending", ["s", "2", "0", "ada"])
    assert given_up.split()[:7] == [dead.name[:8], "dead", "2", "d", "1", "1", "ada"]
    assert given_up.endswith(f"  {ERROR}")

    waits, gone = rows(run, "queue")
    assert (waits["state"], waits["batch"], waits["exchanges"]) == ("pending", "", 2)
    assert (gone["state"], gone["batch"], gone["user_id"]) == ("dead", dead.name, "ada")
    assert (gone["error"], "said" in gone) == (ERROR, False)
    assert rows(run, "queue", "list", "--show-text")[1]["said"][0]["user_text"] == DOG


def test_what_waits_in_files_is_listed_too(queue: Queue, server: Path, run: Run) -> None:
    queue.say(key="a", wait_s=60)
    spill = Spill(server)
    spill.accept(Spilled("bob", ("k",), time.time() - 7200, None, "I live in Rome.", "ok"))
    spill.write()

    _, waiting, spilled = run("queue", "list").splitlines()
    assert waiting.split()[1] == "pending"
    assert spilled.split()[:7] == ["-", "spilled", "2", "h", "1", "0", "bob"]
    assert spilled.endswith("  the state database could not take it")
    assert "I live in Rome." in run("queue", "list", "--show-text")


def test_what_was_said_is_shown_only_on_demand(queue: Queue, run: Run) -> None:
    queue.give_up()
    queue.say(DOG + "\n\x1b[2J", key="b")
    assert "Rex" not in run("queue", "list")
    shown = run("queue", "list", "--show-text")
    assert shown.count(f'    user: "{DOG}') == 2
    assert "\x1b" not in shown


def test_a_batch_is_tried_again_by_the_beginning_of_its_name(queue: Queue, run: Run) -> None:
    dead, other = queue.give_up(hours_ago=50), queue.give_up(key="other")
    for wanted, answer in (
        ("zzz", "is not among what was given up"),
        ("", "is the beginning of several names"),
    ):
        with pytest.raises(Refused, match=answer):
            run("queue", "retry", wanted)
    assert run("queue", "retry", dead.name[:8]) == "1 batch will be tried again.\n"
    assert queue.counts() == Counts(pending=1, dead=1)
    assert [batch.name for batch in queue.dead_batches()] == [other.name]

    again = queue.claim()
    assert (again.name, again.exchanges) == (dead.name, dead.exchanges)
    assert again.attempts == 2, "what an earlier try has stored is looked for"
    assert time.time() - again.waiting_since < HOUR, "retry_max_hours counts from now"


def test_all_are_tried_again(queue: Queue, run: Run) -> None:
    for key in ("a", "b", "c"):
        queue.give_up(key=key)
    queue.say(key="waiting")
    assert run("queue", "retry", "all") == "3 batches will be tried again.\n"
    assert queue.counts() == Counts(pending=4, dead=0)
    assert rows(run, "queue", "retry", "all") == {"revived": 0}


def test_on_postgres(
    shared_place: Place, postgres: Postgres, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_place.set_in(monkeypatch)
    with pytest.raises(Refused, match=r"There is nothing in the database of MEMORY_STATE_URL\."):
        run("queue")
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    assert postgres.execute(tables, shared_place.url) == [], "no tables are made where there are none"

    queue = Queue(shared_place)
    dead = queue.give_up()
    assert dead.name[:8] in run("queue")
    run("queue", "retry", dead.name[:4])
    assert queue.counts() == Counts(pending=1, dead=0)
    queue.engine.dispose()

    replace(shared_place, password="hunter2").set_in(monkeypatch)
    with pytest.raises(Refused, match=r"refuses the login.*MEMORY_STATE_PASSWORD") as refused:
        run("queue")
    assert "hunter2" not in str(refused.value)
