"""Help, faults, past chats and keys on the command line."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from owui_memory import COMMAND
from owui_memory.__main__ import default_to_make_up, main
from owui_memory.state import open_state
from owui_memory.state.api_keys_table import ApiKeys
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.interfaces.cli.desk import CELLO, DOG, PIPELINES, Know, Refused, Run, rows, texts


class TestAsking:
    def test_help_names_every_command(self, run: Run) -> None:
        told = run("--help")
        for name in ("list", "search", "why", "remember", "edit", "forget", "undo", "export", "import"):
            assert f" {name} " in told
        for name in ("off", "on", "share", "withdraw", "team", "status", "users", "migrate", "queue"):
            assert f" {name} " in told

    @pytest.mark.parametrize("arguments", [["lst", "ada"], ["list"], ["list", "ada", "--page", "x"]])
    def test_what_cannot_be_meant(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        assert main(arguments) == 2
        assert COMMAND in capsys.readouterr().err

    @pytest.mark.parametrize("user", ["", "*", "team/design", "a b"])
    def test_whoever_is_nobody(self, user: str, capsys: pytest.CaptureFixture[str]) -> None:
        for command in (["list", user], ["remember", user, DOG], ["erase-user", user, "--yes"]):
            assert main(command) == 2
            assert "is not a user's id" in capsys.readouterr().err

    def test_the_profile_has_numbers_that_forget_takes(self, run: Run) -> None:
        assert "Nothing is known" in run("profile", "ada")
        run("remember", "ada", "Please answer in short sentences.")
        run("remember", "ada", DOG)
        assert "short sentences" in run("profile", "ada")
        told = rows(run, "profile", "ada")["memories"]
        (wish,) = [one for one in told if "short" in one["memory"]]
        assert "short sentences" in run("forget", "ada", str(wish["number"]))
        assert texts(run, "ada") == [DOG]

    def test_installed_it_runs_from_any_folder_for_a_reader_that_has_seen_enough(
        self, tmp_path: Path
    ) -> None:
        installed = Path(sys.prefix, "bin", "owui-memory")
        assert installed.exists(), "run: make setup"
        assert str(installed) == COMMAND
        with subprocess.Popen(
            [installed, "queue"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as listing:
            listing.stdout.close()
            assert listing.stderr.read() == ""

    def test_it_works_on_what_make_up_stores_where_nothing_else_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
        nothing: dict[str, str] = {}
        default_to_make_up(nothing)
        assert nothing == {}

        (tmp_path / ".run" / "pipelines").mkdir(parents=True)
        default_to_make_up(nothing)
        assert nothing == {"PIPELINES_DIR": str(tmp_path / ".run" / "pipelines")}

        named = {"PIPELINES_DIR": "/app/pipelines"}
        default_to_make_up(named)
        assert named == {"PIPELINES_DIR": "/app/pipelines"}

    def test_no_server_has_run_here(self, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("MEMORY_DATA_DIR", str(tmp_path / "none"))
        with pytest.raises(Refused, match=r"There is nothing in .*none\. Set MEMORY_DATA_DIR"):
            run("list", "ada")
        assert not (tmp_path / "none").exists()

    def test_memories_that_are_elsewhere(self, run: Run, know: Know, monkeypatch: pytest.MonkeyPatch) -> None:
        know(ada=[DOG])
        monkeypatch.setenv("MEMORY_EMBEDDER_MODEL", "another")
        with pytest.raises(
            Refused, match=rf"but the memories are in .* Run first: {re.escape(COMMAND)} migrate"
        ):
            run("list", "ada")
        assert rows(run, "migrate")["moved"] == 1
        assert texts(run, "ada") == [DOG]

    def test_without_typer_it_says_what_to_install(self, tmp_path: Path) -> None:
        """As in the minimum image of the Pipelines server."""
        told = "No module named 'typer'"
        (tmp_path / "typer.py").write_text(f'raise ModuleNotFoundError("{told}", name="typer")')
        done = subprocess.run(
            [sys.executable, "-m", "owui_memory", "list", "ada"],
            env={"PYTHONPATH": f"{tmp_path}:{PIPELINES}"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "The command line needs typer, which is not installed: pip install typer\n"

    def test_what_needs_no_vectors_needs_no_embedder(
        self, run: Run, know: Know, scripted_llm: ScriptedLLM
    ) -> None:
        know(ada=[DOG, CELLO])
        with scripted_llm.fault("embeddings", status=500):
            assert texts(run, "ada") == [CELLO, DOG]
            run("forget", "ada", "1")
            with pytest.raises(Refused, match="The embedder at"):
                run("search", "ada", "what is my dog called")
        assert texts(run, "ada") == [DOG]


class TestPastChats:
    @pytest.fixture
    def chats(self, run: Run, tmp_path: Path) -> None:
        """Of ada 21 chats with a passage each of both, and of bob one; of ada a fact."""
        lines = [
            {
                "memory": text,
                "user_id": user,
                "created_at": f"2026-01-{day + 1:02}T10:00:00+00:00",
                "metadata": {"kind": "episode", "chat": f"chat-{day}", "said_by": role, "place": place},
            }
            for user, days in (("ada", 21), ("bob", 1))
            for day in range(days)
            for place, (role, text) in enumerate(
                (("user", f"Where is dog number {day} of {user}?"), ("assistant", f"Dog {day} sleeps."))
            )
        ]
        file = tmp_path / "chats.jsonl"
        file.write_text("\n".join(map(json.dumps, [*lines, {"memory": DOG, "user_id": "ada"}])))
        assert rows(run, "import", str(file))["added"] == 45

    @pytest.mark.usefixtures("chats")
    def test_lists_page_and_one_is_forgotten_and_comes_back(self, run: Run) -> None:
        assert "Page 1 of 2, of 21 chats" in run("chats", "ada")
        assert run("chats", "ada").splitlines()[1].lstrip().startswith("1  chat-20"), "newest first"
        everything = rows(run, "chats", "ada")
        assert rows(run, "chats", "ada", "") == everything, "no words, no search"
        assert len(everything["chats"]) == everything["total"] == 21
        second = rows(run, "chats", "ada", "--page", "2")
        assert [one["number"] for one in second["chats"]] == [21]
        assert len(rows(run, "search", "ada", "dog")) == 43, "a fact and 42 passages"
        (chat,) = rows(run, "chats", "bob", "dog")["chats"]
        assert [one["user_id"] for one in chat["shown"]] == ["bob"] * 2

        assert rows(run, "forget-chat", "ada", "1") == {"chat": "chat-20", "forgotten": 2}
        assert rows(run, "status", "ada")["passages"] == 40
        with pytest.raises(Refused, match="Nothing is kept of a chat 1"):
            run("forget-chat", "ada", "1")
        run("undo", "ada")
        assert rows(run, "status", "ada")["passages"] == 42
        assert rows(run, "forget-chat", "ada", "chat-3")["forgotten"] == 2

    @pytest.mark.usefixtures("chats")
    def test_they_go_out_come_in_are_erased_with_their_user_and_move_with_the_facts(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = str(tmp_path / "out.jsonl")
        run("export", file, "--user", "ada")
        assert len(Path(file).read_text().splitlines()) == 43
        counts = rows(run, "erase-user", "ada", "--yes")["counts"]
        assert (counts["memories"], counts["passages of past chats"]) == (1, 42)
        assert rows(run, "chats", "ada")["chats"] == []
        assert rows(run, "import", file)["added"] == 43
        assert {one["user_id"]: one["passages"] for one in rows(run, "users")} == {"ada": 42, "bob": 2}
        before = rows(run, "chats", "ada")["chats"]
        monkeypatch.setenv("MEMORY_EMBEDDER_MODEL", "another")
        assert rows(run, "migrate")["moved"] == 45
        assert rows(run, "chats", "ada")["chats"] == before

    def test_whether_they_are_kept(self, run: Run) -> None:
        assert "no longer kept" in run("episodes", "ada", "off")
        (part,) = [one for one in rows(run, "status")["parts"] if one["name"] == "past chats"]
        assert part["detail"].startswith("what is said is kept: 0 passages")
        with pytest.raises(Refused, match="neither on nor off"):
            run("episodes", "ada", "maybe")


def test_a_key_is_shown_once_listed_without_it_revoked_and_erased_with_its_user(
    run: Run, server: Path
) -> None:
    key = rows(run, "keys", "add", "ada", "--name", "laptop")["key"]
    run("keys", "add", "bob")
    engine = open_state(server)
    assert ApiKeys(engine).owner_of(key) == "ada"
    (known,) = rows(run, "keys", "list", "ada")
    assert (known["user_id"], known["name"]) == ("ada", "laptop")
    told = run("keys", "list")
    assert "laptop" in told
    assert "bob" in told
    assert key not in told
    run("keys", "revoke", known["id"])
    assert ApiKeys(engine).owner_of(key) == ""
    assert len(rows(run, "keys", "list")) == 1
    engine.dispose()
    for wrong in (known["id"], "", "%", "0"):
        with pytest.raises(Refused, match="There is no key"):
            run("keys", "revoke", wrong)
    run("erase-user", "bob", "--yes")
    assert rows(run, "keys", "list") == []
    observers = rows(run, "keys", "add", "--observer", "discord")["key"]
    engine = open_state(server)
    assert (ApiKeys(engine).source_of(observers), ApiKeys(engine).owner_of(observers)) == ("discord", "")
    assert rows(run, "keys", "list")[0]["kind"] == "observer"
    engine.dispose()
    for words in ((), ("ada", "--observer", "discord"), ("--observer", "Not One"), ("team/design",)):
        with pytest.raises(Refused, match=r"A key is|cannot be a source|not a user's id"):
            run("keys", "add", *words)
