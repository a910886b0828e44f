"""Whatever befalls the state database: no chat fails or waits, nothing is lost, and the status tells why."""

import contextlib
import copy
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from owui_memory.core.permission import Permission
from owui_memory.interfaces import chats, spilling
from owui_memory.interfaces.body import read_inlet, read_outlet
from owui_memory.observe import statecheck
from owui_memory.remember import writer
from owui_memory.remember.spill import FOLDER, Spilled
from owui_memory.state import open_state
from tests.harness.bodies import Chat, Turn
from tests.harness.hang import returns
from tests.harness.pipelines_server import with_embedder
from tests.harness.places import Place
from tests.harness.postgres import Postgres
from tests.harness.remains import store_in
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.small_disk import filled, small_disk
from tests.harness.waiting import wait_until
from tests.unit.interfaces.test_filter import Running, remember

FACTS = ["My dog is called Rex.", "I live in Lisbon.", "I play the cello.", "My sister works in Oslo."]


@pytest.fixture
def environment(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in with_embedder(scripted_llm).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MEMORY_INLET_DEADLINE_MS", "1000")
    monkeypatch.setattr(chats, "KEEP_S", 0.2)
    monkeypatch.setattr(spilling, "KEEP_S", 0.2)
    monkeypatch.setattr(statecheck, "_GOOD_FOR_S", 0.5)
    monkeypatch.setattr(statecheck, "_BAD_FOR_S", 0.2)
    monkeypatch.setattr(statecheck, "_TOLD_FOR_S", 2.0)
    monkeypatch.setattr(writer, "_IDLE_S", 0.1)


@pytest.fixture
def filter_(environment: None) -> Iterator[Running]:
    with contextlib.closing(Running()) as running:
        wait_until(lambda: running.part("backend")["ok"], what="the backend is ready")
        yield running


def ask(running: Running, turn: Turn) -> None:
    body = running.inlet(copy.deepcopy(turn.inlet), turn.user)
    assert body["messages"][-1]["content"].endswith(turn.inlet["messages"][-1]["content"])


def answer(running: Running, turn: Turn) -> None:
    said = turn.outlet("I see.")
    assert running.outlet(copy.deepcopy(said), turn.user) == said


def chat(running: Running, text: str, user: str = "ada") -> None:
    """One turn, which does not wait until the state is well again."""
    turn = Chat(user).say(text)
    with returns():
        ask(running, turn)
        answer(running, turn)


def status(running: Running) -> dict[str, Any]:
    with returns():
        told: dict[str, Any] = running.pipeline._chats.status()
    return told


def is_wrong(running: Running, part: str = "state") -> dict[str, Any] | None:
    """That part of a status which is not ok because of it."""
    told = status(running)
    found = next((one for one in told["parts"] if one["name"] == part), None)
    return found if found and not found["ok"] and not told["ok"] else None


def wrong_parts(running: Running) -> list[dict[str, Any]]:
    """But for what a test leaves wrong on purpose: the key."""
    return [part for part in status(running)["parts"] if not part["ok"] and part["name"] != "key"]


def texts(folder: Path, user: str = "ada") -> list[str]:
    store = store_in(folder)
    try:
        return sorted(str(row.payload["data"]) for row in store.list({"user_id": user})[0])
    finally:
        store.close()


def all_is_well(running: Running, folder: Path) -> None:
    """All that was said is remembered, once, and nothing is wrong any more."""
    wait_until(  # first: numbers that the database cannot tell are those that it told last
        lambda: not wrong_parts(running), within=60, what=lambda: f"all is well: {wrong_parts(running)}"
    )
    wait_until(lambda: status(running)["queue"]["pending"] == 0, within=60, what="it is remembered")
    assert texts(folder) == sorted(FACTS)
    assert not list((folder / FOLDER).glob("*.said"))


# What may befall a file ---------------------------------------------------------------------------


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """By another program, which is in no hurry."""
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout.readline()
    try:
        yield
    finally:
        holder.communicate()


@contextlib.contextmanager
def overwritten(file: Path) -> Iterator[None]:
    """From its beginning, in place; then a copy is put back."""
    copied = copied_from(file)
    with file.open("r+b") as opened:
        opened.write(b"not a database " * 500)
    yield
    put_back(file, copied)


@contextlib.contextmanager
def taken_away(file: Path) -> Iterator[None]:
    copied = copied_from(file)
    for name in ("", "-wal", "-shm"):
        file.with_name(file.name + name).unlink(missing_ok=True)
    yield
    put_back(file, copied)


def copied_from(file: Path) -> bytes:
    """As a backup has it: all that was written, without the log beside it."""
    copied = file.with_name("copy")
    with (
        contextlib.closing(sqlite3.connect(file, timeout=60)) as source,
        contextlib.closing(sqlite3.connect(copied)) as to,
    ):
        source.backup(to)
        # Else SQLite mends the file with what its log still holds.
        assert source.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    content = copied.read_bytes()
    copied.unlink()
    return content


def put_back(file: Path, content: bytes) -> None:
    for name in ("-wal", "-shm"):
        file.with_name(file.name + name).unlink(missing_ok=True)
    new = file.with_name("new")
    new.write_bytes(content)
    new.replace(file)


@contextlib.contextmanager
def emptied(file: Path) -> Iterator[None]:
    copied = copied_from(file)
    os.truncate(file, 0)
    yield
    put_back(file, copied)


FAULTS: dict[str, tuple[Callable[[Path], AbstractContextManager[None]], str]] = {
    "locked": (locked, "has not taken a change for"),
    "overwritten": (overwritten, "overwritten"),
    "emptied": (emptied, "overwritten|lost its tables"),
    "taken away": (taken_away, "taken away|lost its tables"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "told"), FAULTS.values(), ids=list(FAULTS))
def test_a_file(
    filter_: Running, own_data_folder: Path, fault: Callable[[Path], AbstractContextManager[None]], told: str
) -> None:
    remember(filter_, FACTS[0])
    before, between = Chat("ada").say(FACTS[1]), Chat("ada").say(FACTS[3])
    ask(filter_, before)
    with fault(own_data_folder / "state.db"):
        if fault is not locked:  # it is looked at every second
            wait_until(lambda: is_wrong(filter_), what="it is seen")
        with returns():
            answer(filter_, before)
        chat(filter_, FACTS[2])
        ask(filter_, between)
        wrong = wait_until(lambda: is_wrong(filter_), within=30, what="the status tells")
        assert re.search(told, wrong["detail"]), wrong
        assert wrong["hint"]
        assert status(filter_)["queue"]["pending"] >= 2
    answer(filter_, between)
    all_is_well(filter_, own_data_folder)


@pytest.mark.slow
def test_what_sqlite_mends_by_itself_is_told_for_a_while(filter_: Running, own_data_folder: Path) -> None:
    """Its log held all of it."""
    remember(filter_, FACTS[0])
    with (own_data_folder / "state.db").open("r+b") as opened:
        opened.write(b"not a database " * 500)
    wrong = wait_until(lambda: is_wrong(filter_), within=30, what="the status tells")
    assert "overwritten" in wrong["detail"]
    for fact in FACTS[1:]:
        chat(filter_, fact)
    all_is_well(filter_, own_data_folder)


@pytest.mark.parametrize("again", [False, True], ids=["gone", "another in its place"])
def test_nothing_is_told_to_a_file_that_is_gone(
    environment: None, own_data_folder: Path, again: bool
) -> None:
    """An open file takes changes even where it was taken away, and nobody ever sees them."""
    file = own_data_folder / "state.db"
    with contextlib.closing(Running()) as running:
        wait_until(lambda: running.part("backend")["ok"], what="the backend is ready")
        remember(running, FACTS[0])
        copied = copied_from(file)
        before = Chat("ada").say(FACTS[1])
        ask(running, before)
        if again:
            put_back(file, copied)
        else:
            file.unlink()
        answer(running, before)
        chat(running, FACTS[2])
        chat(running, FACTS[3])
        if again:
            all_is_well(running, own_data_folder)
    with contextlib.closing(Running()) as running:
        all_is_well(running, own_data_folder)


@pytest.fixture
def disk(own_data_folder: Path) -> Iterator[Path]:
    own_data_folder.mkdir()
    with small_disk(own_data_folder, mib=24) as mounted:
        if not mounted:
            pytest.skip("only root may mount a small disk, and not in every container")
        yield own_data_folder


def test_a_full_disk(disk: Path, environment: None) -> None:
    """What was said then is there even where the server is killed before there is room."""
    with contextlib.closing(Running()) as running:
        wait_until(lambda: running.part("backend")["ok"], what="the backend is ready")
        remember(running, FACTS[0])
        wait_until(lambda: (disk / FOLDER / "reserve").exists(), what="there is a reserve")
        before = Chat("ada").say(FACTS[1])
        ask(running, before)
        with filled(disk):
            answer(running, before)
            chat(running, FACTS[2])
            chat(running, FACTS[3])
            wrong = wait_until(lambda: is_wrong(running), within=30, what="the status tells")
            assert "full" in wrong["detail"]
            for number in range(5):
                chat(running, f"Is {number} a prime?")
            assert running.pipeline._chats._spill.waiting().in_memory == 0, (
                "the room in reserve is for what is said"
            )
        all_is_well(running, disk)


# PostgreSQL ---------------------------------------------------------------------------------------


def test_postgres_is_away(
    stoppable: Place,
    own_postgres: Postgres,
    environment: None,
    monkeypatch: pytest.MonkeyPatch,
    own_data_folder: Path,
) -> None:
    stoppable.set_in(monkeypatch)
    with contextlib.closing(Running()) as running:
        wait_until(lambda: running.part("backend")["ok"], what="the backend is ready")
        remember(running, FACTS[0])
        before, between = Chat("ada").say(FACTS[1]), Chat("ada").say(FACTS[3])
        ask(running, before)
        own_postgres.stop()
        answer(running, before)
        chat(running, FACTS[2])
        ask(running, between)
        wrong = wait_until(lambda: is_wrong(running), within=30, what="the status tells")
        assert "PostgreSQL" in wrong["detail"]
        own_postgres.start()
        answer(running, between)
        all_is_well(running, own_data_folder)


def test_postgres_comes_late(
    stoppable: Place,
    own_postgres: Postgres,
    environment: None,
    monkeypatch: pytest.MonkeyPatch,
    own_data_folder: Path,
) -> None:
    """What was said before there was a database is remembered; what may not be, is not."""
    stoppable.set_in(monkeypatch)
    own_postgres.stop()
    with contextlib.closing(Running()) as running:
        for fact in FACTS:
            chat(running, fact)
        hidden = Chat.temporary("ada").say("My secret garden is in Rome.")
        ask(running, hidden)
        answer(running, hidden)
        answer(running, Chat("ada").say("I was never asked, and live in Paris."))
        off = Chat("ada").say("I live in Madrid.", memory=False)
        ask(running, off)
        answer(running, off)
        assert status(running)["queue"]["pending"] == len(FACTS) + 1, "what was not asked is seen later"
        own_postgres.start()
        wait_until(lambda: running.part("filter")["ok"], within=60, what="memory has started")
        wait_until(lambda: running.part("backend")["ok"], what="the backend is ready")
        all_is_well(running, own_data_folder)


# The end of the process ---------------------------------------------------------------------------


def test_what_was_spilled_is_taken_in_by_the_next_start(own_data_folder: Path, environment: None) -> None:
    """Without a permission it is nobody's to remember."""
    own_data_folder.mkdir()
    (own_data_folder / "state.db").write_bytes(b"not a database " * 500)
    with contextlib.closing(Running()) as running:
        for fact in FACTS:
            chat(running, fact)
        answer(running, Chat("ada").say("I was never asked, and live in Paris."))
    (own_data_folder / "state.db").unlink()
    with contextlib.closing(Running()) as running:
        all_is_well(running, own_data_folder)


def test_what_its_user_has_erased_meanwhile_is_not_taken_in(filter_: Running, own_data_folder: Path) -> None:
    """Wherever it waits: another server's spill is its own."""
    remember(filter_, FACTS[0])
    keeper = filter_.pipeline._runtime.keeper
    given = Permission("c", "ada\nc\nm", "", "", "", time.time(), "key")
    turn = Chat("ada").say("I live in Paris.")
    answered = read_outlet(turn.outlet("I see."), turn.user)
    assert answered is not None
    record = keeper.exchange(answered)
    assert record is not None
    decision = Spilled.decision("ada", Permission.of(read_inlet(turn.inlet, turn.user), ""))
    runtime = filter_.pipeline._runtime
    runtime.commander.tools.control._eraser.erase_user("ada")
    runtime.spill.accept(replace(record, permission=given))
    runtime.spill.accept(decision)
    wait_until(lambda: not runtime.spill.has("ada"), what="it is taken in")
    engine = open_state(own_data_folder)
    with engine.connect() as connection:
        for table in ("outbox", "decisions"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table} WHERE user_id = 'ada'").all()
            assert rows == []
    engine.dispose()
