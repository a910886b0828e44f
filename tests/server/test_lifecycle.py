"""Loading, reloading and stopping in the real server, also where something is missing."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.talk import missing, recalled, take, tell
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.slow

FACT = "My dog is called Rex."
QUESTION = "What is my dog called?"


def test_the_filter_is_loaded_and_listed(shared_server: PipelinesServer) -> None:
    models = shared_server.get("/v1/models").json()["data"]
    assert [(m["id"], m["pipeline"]["type"]) for m in models] == [("memory_filter", "filter")]
    assert models[0]["pipeline"]["pipelines"] == ["*"]
    assert not (shared_server.pipelines_dir / "failed").exists()


def test_the_status_is_well(shared_server: PipelinesServer) -> None:
    status = shared_server.status()
    assert status["ok"] is True
    assert status["queue"] == {"pending": 0, "dead": 0}
    assert {"filter", "backend", "store", "embedder", "queue"} <= {p["name"].lower() for p in status["parts"]}
    for part in status["parts"]:
        assert set(part) == {"name", "ok", "detail", "hint"}
        assert "\n" not in part["detail"]


class TestReload:
    def test_threads_do_not_pile_up_and_memory_works_on(self, pipelines_server: StartServer) -> None:
        server = pipelines_server()
        tell(server, FACT)
        server.reload()
        server.wait_until_ready()
        recalled(server, QUESTION)
        before = server.threads
        for _ in range(8):
            server.reload()
            server.wait_until_ready()
            assert "Rex" in recalled(server, QUESTION)
        wait_until(
            lambda: server.threads <= before + 4, what=lambda: f"{before} threads, now {server.threads}"
        )
        tell(server, "My cat is called Tom.")
        assert "Tom" in recalled(server, "What is my cat called?")

    def test_what_waits_in_the_queue_and_settings_survive(self, pipelines_server: StartServer) -> None:
        server = pipelines_server()
        server.change_valves(memories_per_turn=5)
        take(server, Chat().say(FACT))
        server.reload()
        assert server.get_valves()["memories_per_turn"] == 5
        assert server.save_valves({**server.get_valves(), "memories_per_turn": "x"}).status_code == 500
        server.wait_until_ready()
        server.wait_until_drained()
        assert recalled(server, QUESTION).count("Rex") == 1


def test_memories_turns_and_decisions_outlast_a_restart(pipelines_server: StartServer) -> None:
    """The outlet is not told that the user's switch was off: the inlet's decision must say it."""
    server = pipelines_server()
    tell(server, FACT, user="ada")
    turns = [Chat("bob").say(FACT), Chat("cleo").say(FACT, memory=False)]
    for turn in turns:
        server.inlet(turn.inlet, turn.user)
    server.restart()
    for turn in turns:
        server.outlet(turn.outlet(), turn.user)
    server.wait_until_drained()
    told = {user: "Rex" in recalled(server, QUESTION, user=user) for user in ("ada", "bob", "cleo")}
    assert told == {"ada": True, "bob": True, "cleo": False}


class TestSomethingIsMissing:
    def test_the_chat_goes_on_and_the_status_says_what_to_install(
        self, pipelines_server: StartServer, tmp_path: Path
    ) -> None:
        server = pipelines_server(python_path=[missing(tmp_path / "shims", "mem0")], wait_ready=False)
        assert [m["id"] for m in server.get("/v1/models").json()["data"]] == ["memory_filter"]
        turn = Chat().say(FACT)
        assert take(server, turn) == turn.inlet
        wait_until(
            lambda: "mem0 cannot be imported" in json.dumps(server.status()),
            what=lambda: f"the status tells it: {server.status()}",
        )
        assert server.status()["ok"] is False
        assert server.status()["queue"]["pending"] == 1  # kept until the package is there

    def test_what_was_said_meanwhile_is_remembered_once_it_is_installed(
        self, pipelines_server: StartServer, tmp_path: Path
    ) -> None:
        shims = missing(tmp_path / "shims", "mem0")
        server = pipelines_server(python_path=[shims], wait_ready=False)
        take(server, Chat().say(FACT))
        server.stop()
        (shims / "mem0.py").unlink()
        server.start()
        server.wait_until_ready()
        server.wait_until_drained()
        assert "Rex" in recalled(server, QUESTION)

    def test_a_data_folder_that_cannot_be_written(
        self, pipelines_server: StartServer, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("not a folder")
        server = pipelines_server(env={"MEMORY_DATA_DIR": str(tmp_path / "file" / "data")}, wait_ready=False)
        turn = Chat().say(FACT)
        assert take(server, turn) == turn.inlet
        wait_until(lambda: str(tmp_path / "file") in json.dumps(server.status()), what="the status says so")

    @pytest.mark.parametrize("name", ["state.db", "memories.db"])
    def test_a_damaged_database(self, pipelines_server: StartServer, name: str) -> None:
        server = pipelines_server()
        tell(server, FACT)
        server.stop()
        (server.data_dir / name).write_bytes(b"SQLite format 3\0 and then nonsense " * 400)
        server.wait_ready = False
        server.start()
        turn = Chat().say(FACT)
        assert take(server, turn) == turn.inlet
        wait_until(lambda: not server.status()["ok"], what="the status says so")


def _is_sqlite(file: Path) -> bool:
    with file.open("rb") as start:
        return start.read(16).startswith(b"SQLite format 3")


def test_state_databases_are_sound_after_a_stop(pipelines_server: StartServer) -> None:
    server = pipelines_server()
    tell(server, FACT)
    server.stop()
    files = [file for file in server.data_dir.rglob("*") if file.is_file() and _is_sqlite(file)]
    assert files
    for file in files:
        connection = sqlite3.connect(file)
        try:
            assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        finally:
            connection.close()
