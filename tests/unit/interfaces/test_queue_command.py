"""`owui-memory queue`: what waits, what was given up, and how it is tried again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from owui_memory.__main__ import main
from owui_memory.core.exchange import Batch, Exchange
from owui_memory.remember.backlog import Counts
from owui_memory.remember.outbox import Outbox
from owui_memory.remember.spill import Spill, Spilled
from owui_memory.state import outbox
from tests.harness.places import Place, opened
from tests.harness.postgres import Postgres

SECRET = "My dog is called Rex."
HOUR = 3600.0


class Queue(Outbox):
    """The queue in the test's state database, and what has happened to it."""

    def __init__(self, place: Place) -> None:
        self.engine = place.open()
        super().__init__(self.engine)

    def say(self, text: str = SECRET, *, key: str = "k", chat: str = "c", wait_s: float = 0.0) -> None:
        exchange = Exchange(
            key=key, user_id="ada", chat_id=chat, user_text=text, assistant_text="ok", said_at=1.0
        )
        self.put(exchange, wait_s=wait_s)

    def give_up(self, *, hours_ago: float = 0.0, key: str = "k") -> Batch:
        self.say(key=key, chat=key)
        batch = self.claim()
        assert batch is not None
        self.dead(batch, "The LLM at llm:8000 answered HTTP 503.")
        then = time.time() - hours_ago * HOUR
        with self.engine.begin() as connection:
            aged = update(outbox).where(outbox.c.batch == batch.name)
            connection.execute(aged.values(created_at=then, waiting_since=then))
        return batch


@pytest.fixture
def queue(own_data_folder: Path) -> Iterator[Queue]:
    opened(own_data_folder).dispose()
    queue = Queue(Place(own_data_folder))
    yield queue
    queue.engine.dispose()


def run(*arguments: str) -> int:
    return main(["queue", *arguments])


def test_nothing_to_list(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert capsys.readouterr().out == "Nothing waits, and nothing was given up.\n"


def test_what_waits_and_what_was_given_up(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    dead = queue.give_up(hours_ago=50)
    queue.say(key="a", chat="waiting", wait_s=60)
    queue.say(key="b", chat="waiting", wait_s=60)

    assert run("list") == 0
    heading, waiting, given_up = capsys.readouterr().out.splitlines()

    assert heading.split() == ["batch", "state", "age", "exchanges", "attempts", "user", "last", "error"]
    name, state, _seconds, *rest = waiting.split()
    assert (name, state, rest) == ("-", "pending", ["s", "2", "0", "ada"])
    assert given_up.split()[:7] == [dead.name[:8], "dead", "2", "d", "1", "1", "ada"]
    assert given_up.endswith("  The LLM at llm:8000 answered HTTP 503.")


def test_what_waits_in_files_is_listed_too(
    queue: Queue, own_data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.say(key="a", wait_s=60)
    spill = Spill(own_data_folder)
    spill.accept(Spilled("bob", ("k",), time.time() - 7200, None, "I live in Rome.", "ok"))
    spill.write()

    assert run("list") == 0
    _, waiting, spilled = capsys.readouterr().out.splitlines()
    assert waiting.split()[1] == "pending"
    assert spilled.split()[:7] == ["-", "spilled", "2", "h", "1", "0", "bob"]
    assert spilled.endswith("  the state database could not take it")
    run("list", "--show-text")
    assert "I live in Rome." in capsys.readouterr().out


def test_what_was_said_is_shown_only_on_demand(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    queue.give_up()
    queue.say(SECRET + "\n\x1b[2J", key="b")

    run("list")
    assert "Rex" not in capsys.readouterr().out

    run("list", "--show-text")
    shown = capsys.readouterr().out
    assert shown.count(f'    user: "{SECRET}') == 2
    assert "\x1b" not in shown


def test_a_batch_is_tried_again_by_the_beginning_of_its_name(
    queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = queue.give_up(hours_ago=50)
    other = queue.give_up(key="other")

    assert run("retry", dead.name[:8]) == 0
    assert capsys.readouterr().out == "1 batch will be tried again.\n"
    assert queue.counts() == Counts(pending=1, dead=1)
    assert [batch.name for batch in queue.dead_batches()] == [other.name]

    again = queue.claim()
    assert again is not None
    assert (again.name, again.exchanges) == (dead.name, dead.exchanges)
    assert again.attempts == 2, "what an earlier try has stored is looked for"
    assert time.time() - again.waiting_since < HOUR, "retry_max_hours counts from now"


def test_all_are_tried_again(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    for key in ("a", "b", "c"):
        queue.give_up(key=key)
    queue.say(key="waiting")

    assert run("retry", "all") == 0
    assert capsys.readouterr().out == "3 batches will be tried again.\n"
    assert queue.counts() == Counts(pending=4, dead=0)


def test_as_json(queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    dead = queue.give_up()
    queue.say(key="a", chat="waiting", wait_s=60)

    assert run("--json") == 0
    waiting, given_up = json.loads(capsys.readouterr().out)
    assert (waiting["state"], waiting["batch"], waiting["exchanges"]) == ("pending", "", 1)
    assert (given_up["state"], given_up["batch"], given_up["user_id"]) == ("dead", dead.name, "ada")
    assert given_up["error"] == "The LLM at llm:8000 answered HTTP 503."
    assert "said" not in given_up

    assert run("list", "--show-text", "--json") == 0
    assert json.loads(capsys.readouterr().out)[1]["said"][0]["user_text"] == SECRET

    assert run("retry", "all", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"revived": 1}


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [("zzz", "is not among what was given up"), ("", "is the beginning of several names")],
)
def test_a_name_that_does_not_name_one(
    queue: Queue, capsys: pytest.CaptureFixture[str], wanted: str, answer: str
) -> None:
    queue.give_up(key="a")
    queue.give_up(key="b")

    assert run("retry", wanted) == 1
    assert answer in capsys.readouterr().err
    assert queue.counts().dead == 2


def test_on_postgres(
    shared_place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shared_place.set_in(monkeypatch)
    queue = Queue(shared_place)
    dead = queue.give_up()
    assert run() == 0
    assert dead.name[:8] in capsys.readouterr().out
    assert run("retry", dead.name[:4]) == 0
    assert queue.counts() == Counts(pending=1, dead=0)
    queue.engine.dispose()


def test_no_queue_is_made_where_there_is_none(
    own_data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 1
    assert "Set MEMORY_DATA_DIR" in capsys.readouterr().err
    assert not own_data_folder.exists()


def test_no_tables_are_made_where_there_are_none(
    shared_place: Place,
    postgres: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shared_place.set_in(monkeypatch)
    assert run() == 1
    assert "There is nothing in the database of MEMORY_STATE_URL." in capsys.readouterr().err
    assert (
        postgres.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", shared_place.url)
        == []
    )


def test_a_wrong_password_is_told_and_not_shown(
    shared_place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(shared_place, password="hunter2").set_in(monkeypatch)
    assert run() == 1
    said = capsys.readouterr()
    assert "refuses the login" in said.err
    assert "MEMORY_STATE_PASSWORD" in said.err
    assert "hunter2" not in said.out + said.err
