"""`owui-memory export | import | migrate`, on the state of a server."""

import json
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from owui_memory import COMMAND
from owui_memory.__main__ import main
from owui_memory.config.environment import Environment
from owui_memory.config.settings import Valves
from owui_memory.core.errors import TellAdmin
from owui_memory.interfaces.cli.instance import settings_in
from tests.harness.qdrant_server import QdrantServer
from tests.harness.waiting import wait_until
from tests.unit.manage.house import CAT, CELLO, DOG, TOWN, House

Save = Callable[[Valves], None]


@pytest.fixture
def save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, house: House) -> Save:
    """Settings as the Pipelines server keeps what was saved in the panel."""
    monkeypatch.setenv("PIPELINES_DIR", str(tmp_path))
    monkeypatch.setenv("MEMORY_DATA_DIR", str(house.folder))

    def save(settings: Valves) -> None:
        file = tmp_path / "memory_filter" / "valves.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(settings.model_dump()))

    return save


@pytest.fixture
def stopped(left: House, save: Save) -> House:
    save(left.with_model())
    return left


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


class TestExport:
    def test_everybodys_memories_as_mem0_tells_them_without_an_embedder(
        self, stopped: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "all.jsonl"
        stopped.llm.clear()
        assert main(["export", str(file)]) == 0
        assert "4 memories exported." in capsys.readouterr().err
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        rows = lines_of(file)
        everybodys = [("ada", DOG), ("ada", CAT), ("ada", TOWN), ("bob", CELLO)]
        assert [(row["user_id"], row["memory"]) for row in rows] == everybodys
        assert set(rows[0]) == {
            *("id", "memory", "user_id", "created_at", "updated_at", "expiration_date", "metadata")
        }
        assert rows[0]["metadata"]["batch"] == "b"
        assert main(["export", "--user", "bob", str(tmp_path / "bob.jsonl")]) == 0
        assert [row["user_id"] for row in lines_of(tmp_path / "bob.jsonl")] == ["bob"]
        assert main(["export"]) == 0
        assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == rows
        assert stopped.llm.requests == []

    def test_where_it_cannot_be_written_it_says_so_and_no_file_is_overwritten(
        self, stopped: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "all.jsonl"
        file.write_text("mine")
        assert main(["export", str(file)]) == 1
        assert "exists already" in capsys.readouterr().err
        assert file.read_text() == "mine"
        assert main(["export", str(tmp_path / "no" / "all.jsonl")]) == 1
        assert "No such file or directory" in capsys.readouterr().err

    def test_before_the_first_start(
        self, save: Save, house: House, capsys: pytest.CaptureFixture[str]
    ) -> None:
        save(house.with_model())
        assert main(["export"]) == 1
        assert "Start the Pipelines server first." in capsys.readouterr().err


class TestImport:
    def test_what_was_exported_is_there_once_and_what_was_edited_in_it_changes(
        self, stopped: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "all.jsonl"
        main(["export", str(file)])
        capsys.readouterr()
        assert main(["import", str(file)]) == 0
        assert capsys.readouterr().out == "0 memories added, 0 changed, 4 were there already.\n"
        file.write_text(file.read_text().replace("Rex", "Max"))
        assert main(["import", str(file)]) == 0
        assert "0 memories added, 1 changed, 3 were" in capsys.readouterr().out
        stopped.enter()
        stopped.use(stopped.with_model())
        assert stopped.texts() == sorted(["My dog is called Max.", CAT, TOWN])
        assert "My dog is called Max." in stopped.found("What is my dog called?")

    def test_into_another_house_nothing_is_lost(
        self, stopped: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        main(["export", str(tmp_path / "all.jsonl")])
        monkeypatch.setenv("MEMORY_DATA_DIR", str(tmp_path / "elsewhere"))
        other = House(tmp_path / "elsewhere", stopped.llm, stopped.small)
        assert main(["import", str(tmp_path / "all.jsonl")]) == 0
        main(["export", str(tmp_path / "again.jsonl")])
        assert lines_of(tmp_path / "again.jsonl") == lines_of(tmp_path / "all.jsonl")
        other.use(other.with_model())
        assert other.texts() == sorted([DOG, CAT, TOWN])
        assert DOG in other.found("What is my dog called?")
        other.leave()

    def test_secrets_are_left_out_and_told(
        self, stopped: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "new.jsonl"
        rows = [{"memory": text, "user_id": "ada"} for text in ("My PIN is 4711.", "Ada likes tea.")]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert main(["import", str(file)]) == 0
        assert (
            "1 secrets (keys, passwords, card numbers) in 1 of them were left out." in capsys.readouterr().out
        )
        assert main(["import", str(file)]) == 0
        assert "0 memories added, 0 changed, 2 were there already." in capsys.readouterr().out
        main(["export"])
        texts = [json.loads(line)["memory"] for line in capsys.readouterr().out.splitlines()]
        assert "My PIN is [secret left out]." in texts
        assert not any("4711" in text for text in texts)

    def test_text_and_user_are_enough_and_twice_is_once(
        self, stopped: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "new.jsonl"
        file.write_text('\n{"memory": "I like green tea.", "user_id": "cleo"}\n\n')
        assert main(["import", str(file)]) == 0
        assert main(["import", str(file)]) == 0
        said = capsys.readouterr().out.splitlines()
        assert said == [
            "1 memories added, 0 changed, 0 were there already.",
            "0 memories added, 0 changed, 1 were there already.",
        ]

    def test_a_file_with_a_line_that_cannot_be_meant_imports_nothing(
        self, stopped: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "new.jsonl"
        for line, told in (
            ("{nonsense", "line 2: no JSON"),
            ("[]", "line 2: must be an object"),
            ('{"user_id": "ada"}', "line 2: memory must be a text"),
            ('{"memory": "x", "user_id": 3}', "line 2: user_id must be a text"),
            ('{"memory": "x", "user_id": "ada", "created_at": "soon"}', "line 2: created_at must be a time"),
            ('{"memory": "x", "user_id": "ada", "metadata": 3}', "line 2: metadata must be an object"),
        ):
            file.write_text('{"memory": "I like green tea.", "user_id": "ada"}\n' + line + "\n")
            assert main(["import", str(file)]) == 1
            said = capsys.readouterr().err
            assert "Nothing was imported: " + told in said
            assert "as `export` writes it" in said
        assert main(["import", "nowhere.jsonl"]) == 1
        assert capsys.readouterr().err == "nowhere.jsonl: No such file or directory.\n"
        main(["export", "--user", "ada", str(tmp_path / "after.jsonl")])
        assert len(lines_of(tmp_path / "after.jsonl")) == 3

    def test_a_running_server_knows_at_once_and_can_be_exported_from(
        self, stopped: House, tmp_path: Path
    ) -> None:
        stopped.enter()
        stopped.use(stopped.with_model())
        assert stopped.found("Which tea do I like?", user="cleo") == set()
        file = tmp_path / "new.jsonl"
        file.write_text('{"memory": "I like green tea.", "user_id": "cleo"}')
        assert main(["import", str(file)]) == 0
        assert stopped.found("Which tea do I like?", user="cleo") == {"I like green tea."}
        assert main(["export", str(tmp_path / "all.jsonl")]) == 0
        assert len(lines_of(tmp_path / "all.jsonl")) == 5

    def test_where_the_settings_name_another_place_it_says_what_to_do(
        self, stopped: House, save: Save, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        save(stopped.with_small_model())
        file = tmp_path / "new.jsonl"
        file.write_text('{"memory": "I like green tea.", "user_id": "cleo"}')
        assert main(["import", str(file)]) == 1
        assert f"Run first: {COMMAND} migrate" in capsys.readouterr().err


class TestMigrate:
    def test_moves_all_once_while_no_server_runs(
        self, stopped: House, save: Save, capsys: pytest.CaptureFixture[str]
    ) -> None:
        save(stopped.with_small_model())
        assert main(["migrate"]) == 0
        assert capsys.readouterr().out == "4 memories are in sqlite, collection memories_small_64.\n"
        stopped.small.clear()
        assert main(["migrate"]) == 0
        assert capsys.readouterr().out.startswith("Nothing to move: ")
        stopped.enter()
        stopped.use(stopped.with_small_model())
        assert stopped.texts() == sorted([DOG, CAT, TOWN])
        assert DOG not in stopped.small.embedded_texts()

    def test_waits_for_a_server_that_moves_already(
        self, stopped: House, save: Save, capsys: pytest.CaptureFixture[str]
    ) -> None:
        stopped.enter()
        stopped.use(stopped.with_model())
        save(stopped.with_small_model())
        with stopped.small.hold("embeddings", when=DOG) as gate:
            stopped.live.use(stopped.with_small_model())
            wait_until(lambda: gate.waiting, what="the server moves")
            threading.Timer(0.2, gate.release).start()
            assert main(["migrate"]) == 0
        assert "4 memories are in sqlite, collection memories_small_64." in capsys.readouterr().out
        assert stopped.small.embedded_texts().count(DOG) == 1

    def test_goes_on_where_it_ended(self, stopped: House, save: Save) -> None:
        save(stopped.with_small_model())
        with stopped.small.fault("embeddings", when="cello", status=503):
            assert main(["migrate"]) == 1
        assert main(["migrate"]) == 0

    def test_a_new_embedder_that_does_not_answer_is_told_and_nothing_changes(
        self, stopped: House, save: Save, capsys: pytest.CaptureFixture[str]
    ) -> None:
        save(stopped.with_small_model())
        with stopped.small.fault("embeddings", status=503):
            assert main(["migrate"]) == 1
        assert "The embedder" in capsys.readouterr().err
        save(stopped.with_model())
        assert main(["migrate"]) == 0

    def test_a_former_place_that_is_switched_off_by_now_does_not_matter(
        self, stopped: House, save: Save, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with QdrantServer() as qdrant:
            elsewhere = stopped.with_model(vector_store="qdrant", vector_store_url=qdrant.url)
            save(elsewhere)
            assert main(["migrate"]) == 0
            save(stopped.with_model())
            assert main(["migrate"]) == 0
        capsys.readouterr()
        assert main(["migrate"]) == 0
        assert capsys.readouterr().out.startswith("Nothing to move: ")

    def test_what_the_new_embedder_refuses_is_told(
        self, stopped: House, save: Save, capsys: pytest.CaptureFixture[str]
    ) -> None:
        save(stopped.with_small_model())
        with stopped.small.fault("embeddings", when="heißt Tom", status=400):
            assert main(["migrate"]) == 0
        said = capsys.readouterr()
        assert said.out.startswith("3 memories are in ")
        assert "1 memories were refused" in said.err

    def test_abandon_says_what_it_leaves(self, stopped: House, capsys: pytest.CaptureFixture[str]) -> None:
        stopped.enter()
        home = stopped.locations.home()
        elsewhere = type(home)(home.settings, "other", "other", 64)
        stopped.locations.aim(elsewhere, empty=True)
        stopped.locations.arrive(elsewhere, pending=True)
        assert main(["migrate", "--abandon"]) == 0
        assert f"Memories that are only in {home} stay there" in capsys.readouterr().out
        assert main(["migrate", "--abandon"]) == 0
        assert capsys.readouterr().out == "No former location is waited for.\n"


class TestSettings:
    def test_are_those_of_the_panel_on_top_of_the_environments(self, tmp_path: Path) -> None:
        file = tmp_path / "memory_filter" / "valves.json"
        file.parent.mkdir()
        file.write_text('{"collection": "saved"}')
        environ = {
            "PIPELINES_DIR": str(tmp_path),
            "MEMORY_COLLECTION": "preset",
            "MEMORY_EMBEDDER_MODEL": "preset",
        }
        settings = settings_in(Environment.read(environ))
        assert (settings.collection, settings.embedder_model) == ("saved", "preset")

    def test_a_file_that_cannot_be_read_is_told(self, tmp_path: Path) -> None:
        file = tmp_path / "memory_filter" / "valves.json"
        file.parent.mkdir()
        file.write_text("{")
        with pytest.raises(TellAdmin, match="cannot be read"):
            settings_in(Environment.read({"PIPELINES_DIR": str(tmp_path)}))
