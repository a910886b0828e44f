"""`owui-memory`: what users can do in the chat, done by an admin."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from owui_memory import COMMAND
from owui_memory.__main__ import default_to_make_up, main
from owui_memory.core.exchange import Exchange
from owui_memory.remember.journal import Journal
from owui_memory.remember.outbox import Outbox
from owui_memory.state import open_state
from owui_memory.state.api_keys_table import ApiKeys
from tests.harness.scripted_llm import ScriptedLLM

PIPELINES = Path(__file__).parents[3] / "pipelines"
DOG, CELLO, TEA = "My dog is called Rex.", "I play the cello.", "I drink tea in the morning."

Run = Callable[..., str]


class Refused(Exception):  # noqa: N818
    """A command that ended with an exit code; what it said of that."""


@pytest.fixture(autouse=True)
def server(own_data_folder: Path, monkeypatch: pytest.MonkeyPatch, scripted_llm: ScriptedLLM) -> Path:
    """The environment and the data folder of a server that has run."""
    given = {
        "MEMORY_DATA_DIR": str(own_data_folder),
        "MEMORY_EMBEDDER_PROVIDER": "openai",
        "MEMORY_EMBEDDER_BASE_URL": scripted_llm.base_url,
        "MEMORY_EMBEDDER_MODEL": "m",
        "MEMORY_EMBEDDER_API_KEY": "k",
        "MEMORY_TEAMS": "design: ada bob; sales: bob",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    open_state(own_data_folder).dispose()
    return own_data_folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> str:
        code = main(arguments)
        said = capsys.readouterr()
        if code:
            raise Refused(f"{code}: {said.err}{said.out}")
        return said.out

    return run


def rows(run: Run, *arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def texts(run: Run, user: str) -> list[str]:
    return [one["memory"] for one in rows(run, "list", user, "--all")["memories"]]


class TestLooking:
    def test_a_list_newest_first_with_numbers(self, run: Run) -> None:
        run("remember", "ada", DOG)
        run("remember", "ada", CELLO)
        run("remember", "bob", TEA)
        head, newest, oldest = run("list", "ada").splitlines()
        assert head.split() == ["#", "memory", "kind", "day", "scope", "chat"]
        assert newest.startswith(f"1  {CELLO}")
        assert oldest.startswith(f"2  {DOG}")

    def test_nothing(self, run: Run) -> None:
        assert run("list", "ada") == "Nothing is remembered of ada.\n"
        assert rows(run, "list", "ada") == {
            "user_id": "ada",
            "total": 0,
            "page": 1,
            "pages": 1,
            "memories": [],
        }

    def test_pages(self, run: Run, tmp_path: Path) -> None:
        lines = [{"memory": f"I have been to place {n}.", "user_id": "ada"} for n in range(25)]
        (tmp_path / "lines").write_text("\n".join(map(json.dumps, lines)))
        run("import", str(tmp_path / "lines"))
        assert "Page 1 of 2, of 25 memories: --page N shows another" in run("list", "ada")
        second = rows(run, "list", "ada", "--page", "2")
        assert [one["number"] for one in second["memories"]] == [21, 22, 23, 24, 25]
        run("forget", "ada", "3", "25")
        assert rows(run, "list", "ada")["total"] == 23, "numbers of both pages hold"
        assert len(texts(run, "ada")) == 23
        with pytest.raises(Refused, match="There is no page 3: the list has 2 pages"):
            run("list", "ada", "--page", "3")

    def test_json_is_what_export_has(self, run: Run, tmp_path: Path) -> None:
        run("remember", "ada", DOG)
        (one,) = rows(run, "list", "ada")["memories"]
        run("export", "--user", "ada", str(tmp_path / "all"))
        exported = json.loads((tmp_path / "all").read_text())
        assert one.pop("number") == 1
        assert {**one, "metadata": 0} == {**exported, "metadata": 0}

    def test_search(self, run: Run) -> None:
        run("remember", "ada", DOG)
        run("remember", "ada", CELLO)
        found = rows(run, "search", "ada", "the", "cello")
        assert found[0]["memory"] == CELLO
        assert found[0]["keyword"] > 0
        assert run("search", "ada", "cello").splitlines()[1].startswith(f"1  {CELLO}")
        assert run("search", "bob", "cello") == "No memory matches these words, and nothing that was said.\n"

    def test_what_stands_in_a_memory_is_shown_as_it_is(self, run: Run, tmp_path: Path) -> None:
        text = "[red]Colours[/red] :smile: \x1b[31mand bells\a"
        line = {"memory": text, "user_id": "ada"}
        (tmp_path / "lines").write_text(json.dumps(line))
        run("import", str(tmp_path / "lines"))
        shown = run("list", "ada")
        assert "[red]Colours[/red] :smile: and bells" in shown
        assert "\x1b" not in shown
        assert "\a" not in shown

    def test_users(self, run: Run) -> None:
        run("remember", "ada", DOG)
        run("remember", "ada", CELLO)
        run("remember", "bob", TEA)
        ada, bob = ({"user_id": user, "memories": n, "passages": 0} for user, n in (("ada", 2), ("bob", 1)))
        assert rows(run, "users") == [ada, bob]
        assert run("users").split() == ["user", "memories", "passages", "ada", "2", "0", "bob", "1", "0"]

    def test_status_of_a_user(self, run: Run, server: Path) -> None:
        run("remember", "ada", DOG)
        engine = open_state(server)
        Outbox(engine).put(Exchange("k", "ada", "c", CELLO, "Nice.", 1.0), wait_s=60)
        engine.dispose()
        run("off", "ada")
        counts = {"memories": 1, "passages": 0, "chats": 0, "waiting": 1}
        assert rows(run, "status", "ada") == {"user_id": "ada", "on": False, **counts}
        assert run("status", "ada").splitlines() == [
            "Memory is switched off in all chats.",
            "1 memory.",
            "0 passages of 0 past chats.",
            "1 message waits to be remembered.",
        ]

    def test_status(self, run: Run, scripted_llm: ScriptedLLM) -> None:
        parts = {part["name"]: part for part in rows(run, "status")["parts"]}
        assert list(parts) == [
            "state",
            "place",
            "store",
            "embedder",
            "LLM",
            "LLM calls",
            "queue",
            "past chats",
        ]
        assert all(part["ok"] for part in parts.values())
        assert parts["LLM"]["detail"].startswith("auto: ")
        with scripted_llm.fault("embeddings", status=401), pytest.raises(Refused) as refused:
            run("status")
        (line,) = [line for line in str(refused.value).splitlines() if line.startswith("!")]
        assert line.split()[1] == "embedder"
        assert line.endswith("Set embedder_model to one that is there.")


class TestChanging:
    def test_what_is_known_is_not_remembered_twice(self, run: Run) -> None:
        assert run("remember", "ada", "My", "dog", "is", "called", "Rex.") == f"Remembered: {DOG}\n"
        assert run("remember", "ada", DOG) == f"Known already: {DOG}\n"
        assert rows(run, "remember", "ada", DOG) == {"memory": DOG, "known": True}
        assert texts(run, "ada") == [DOG]

    def test_no_secret_is_remembered(self, run: Run) -> None:
        with pytest.raises(Refused, match="1: That contains a password"):
            run("remember", "ada", "My password is hunter2!x.")
        assert texts(run, "ada") == []

    def test_edit_and_undo(self, run: Run) -> None:
        run("remember", "ada", DOG)
        run("list", "ada")
        assert rows(run, "edit", "ada", "1", CELLO) == {"before": DOG, "after": CELLO}
        assert texts(run, "ada") == [CELLO]
        (undone,) = rows(run, "undo", "ada")
        assert (undone["op"], undone["before"]) == ("replace", DOG)
        assert texts(run, "ada") == [DOG]
        assert "no longer remembered" in run("undo", "ada")
        assert run("undo", "ada") == "There is no change to take back.\n"

    def test_by_id(self, run: Run) -> None:
        run("remember", "ada", DOG)
        memory_id = rows(run, "list", "ada")["memories"][0]["id"]
        run("edit", "ada", memory_id, CELLO)
        assert texts(run, "ada") == [CELLO]

    @pytest.mark.parametrize("command", ["edit", "forget", "share"])
    def test_an_id_of_somebody_elses_is_none(self, run: Run, command: str) -> None:
        run("remember", "ada", DOG)
        run("remember", "bob", TEA)
        memory_id = rows(run, "list", "ada")["memories"][0]["id"]
        more = {"edit": ["x y z"], "share": ["design"]}.get(command, [])
        with pytest.raises(Refused, match=f"There is no id {memory_id}"):
            run(command, "bob", memory_id, *more)
        assert texts(run, "ada") == [DOG]

    @pytest.mark.parametrize("which", ["1", "#7", "0"])
    def test_a_number_that_was_not_shown(self, run: Run, which: str) -> None:
        run("remember", "ada", DOG)
        with pytest.raises(Refused, match=f"There is no number {which}. `list`, `search` and `team` show"):
            run("forget", "ada", which)
        assert texts(run, "ada") == [DOG]

    def test_forget_by_number_can_be_undone(self, run: Run) -> None:
        for text in (DOG, CELLO, TEA):
            run("remember", "ada", text)
        run("list", "ada")
        *told, undo = run("forget", "ada", "#1", "3").splitlines()
        assert told == [f"Forgotten: {TEA}", f"Forgotten: {DOG}"]
        assert "within 10 minutes" in undo
        assert texts(run, "ada") == [CELLO]
        run("undo", "ada")
        assert sorted(texts(run, "ada")) == sorted([DOG, CELLO, TEA])

    def test_forget_now_is_for_good(self, run: Run, server: Path) -> None:
        for text in (DOG, CELLO, TEA):
            run("remember", "ada", text)
        run("list", "ada")
        assert run("forget", "ada", "#1", "3", "--now") == f"Forgotten: {TEA}\nForgotten: {DOG}\n"
        assert rows(run, "forget", "ada", "1") == {"forgotten": 0, "gone": 1, "texts": [], "passages": 0}
        assert texts(run, "ada") == [CELLO]
        engine = open_state(server)
        assert [change.after for change in Journal(engine).of_user("ada") if change.after] == [CELLO]
        engine.dispose()

    def test_forget_by_words_only_what_is_meant_for_sure(self, run: Run) -> None:
        run("remember", "ada", DOG)
        run("remember", "ada", "My dog is three years old.")
        with pytest.raises(Refused, match="Several memories contain these words"):
            run("forget", "ada", "dog")
        with pytest.raises(Refused, match="No memory contains these words"):
            run("forget", "bob", "dog")
        assert run("forget", "ada", "dog", "Rex").startswith(f"Forgotten: {DOG}\n")
        assert texts(run, "ada") == ["My dog is three years old."]

    def test_forget_everything_asks(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        run("remember", "ada", DOG)
        run("remember", "bob", TEA)
        monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
        with pytest.raises(Refused, match=r"Erase all that is known of ada\?.*Nothing was erased"):
            run("forget", "ada", "everything")
        assert texts(run, "ada") == [DOG]
        receipt = rows(run, "forget", "ada", "everything", "--yes")
        assert receipt["counts"]["memories"] == 1
        assert (texts(run, "ada"), texts(run, "bob")) == ([], [TEA])

    def test_off_and_on(self, run: Run) -> None:
        assert run("off", "ada", "--chat", "c1") == "Memory of ada is off in chat c1.\n"
        assert run("off", "ada") == "Memory of ada is off in all chats.\n"
        assert rows(run, "on", "ada") == {"user_id": "ada", "chat_id": "", "on": True}
        assert rows(run, "status", "ada")["on"] is True


class TestTeams:
    def test_shared_and_withdrawn(self, run: Run) -> None:
        run("remember", "ada", DOG)
        run("list", "ada")
        assert run("share", "ada", "1", "design") == f"Team design now knows: {DOG}\n"
        assert [one["memory"] for one in rows(run, "team", "design")] == [DOG]
        assert rows(run, "withdraw", "design", "1") == {"team": "design", "memory": DOG}
        assert run("team", "design") == "Nobody has shared anything with design yet.\n"
        assert texts(run, "ada") == [DOG]

    def test_what_one_team_knows_another_does_not(self, run: Run) -> None:
        run("remember", "bob", TEA)
        run("list", "bob")
        run("share", "bob", "1", "design")
        run("team", "design")
        with pytest.raises(Refused, match="There is no number 1"):
            run("withdraw", "sales", "1")
        assert rows(run, "team", "sales") == []

    def test_no_such_team(self, run: Run) -> None:
        run("remember", "ada", DOG)
        run("list", "ada")
        for command in (["share", "ada", "1", "chess"], ["team", "chess"]):
            with pytest.raises(Refused, match=r"There is no team chess\. There are: design, sales\."):
                run(*command)


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

    def test_installed_it_runs_from_any_folder(self, tmp_path: Path) -> None:
        installed = Path(sys.prefix, "bin", "owui-memory")
        assert installed.exists(), "run: make setup"

        run = subprocess.run(
            [installed, "queue"], cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True
        )

        assert run.returncode == 0, run.stderr
        assert str(installed) == COMMAND

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

    def test_memories_that_are_elsewhere(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        run("remember", "ada", DOG)
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

    def test_a_reader_that_has_seen_enough(self, run: Run) -> None:
        for number in range(8):
            run("remember", "ada", f"I have been to place {number}.")
        with subprocess.Popen(
            [sys.executable, "-m", "owui_memory", "list", "ada"],
            env={**os.environ, "PYTHONPATH": str(PIPELINES)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as listing:
            assert listing.stdout is not None
            assert listing.stderr is not None
            listing.stdout.close()
            assert listing.stderr.read() == ""

    def test_what_needs_no_vectors_needs_no_embedder(self, run: Run, scripted_llm: ScriptedLLM) -> None:
        run("remember", "ada", DOG)
        run("remember", "ada", CELLO)
        with scripted_llm.fault("embeddings", status=500):
            assert texts(run, "ada") == [CELLO, DOG]
            run("forget", "ada", "1")
            with pytest.raises(Refused, match="The embedder at"):
                run("search", "ada", "what is my dog called")
        assert texts(run, "ada") == [DOG]


class TestPastChats:
    @pytest.fixture
    def chats(self, run: Run, tmp_path: Path) -> None:
        """Of ada 23 chats with a passage each of both, and of bob one; of ada a fact."""
        run("remember", "ada", DOG)
        lines = [
            {
                "memory": text,
                "user_id": user,
                "created_at": f"2026-01-{day + 1:02}T10:00:00+00:00",
                "metadata": {"kind": "episode", "chat": f"chat-{day}", "said_by": role, "place": place},
            }
            for user, days in (("ada", 23), ("bob", 1))
            for day in range(days)
            for place, (role, text) in enumerate(
                (("user", f"Where is dog number {day} of {user}?"), ("assistant", f"Dog {day} sleeps."))
            )
        ]
        file = tmp_path / "chats.jsonl"
        file.write_text("\n".join(map(json.dumps, lines)))
        assert rows(run, "import", str(file))["added"] == 48

    @pytest.mark.usefixtures("chats")
    def test_lists_page_and_json_has_all(self, run: Run) -> None:
        assert "Page 1 of 2, of 23 chats" in run("chats", "ada")
        assert run("chats", "ada").splitlines()[1].lstrip().startswith("1  chat-22"), "newest first"
        everything = rows(run, "chats", "ada")
        assert len(everything["chats"]) == everything["total"] == 23
        second = rows(run, "chats", "ada", "--page", "2")
        assert [one["number"] for one in second["chats"]] == [21, 22, 23]
        assert len(rows(run, "search", "ada", "dog")) == 47, "a fact and 46 passages"
        assert [one["user_id"] for one in rows(run, "chats", "bob", "dog")["chats"][0]["shown"]] == [
            "bob"
        ] * 2

    @pytest.mark.usefixtures("chats")
    def test_a_chat_is_forgotten_and_comes_back(self, run: Run) -> None:
        run("chats", "ada")
        assert rows(run, "forget-chat", "ada", "1") == {"chat": "chat-22", "forgotten": 2}
        assert rows(run, "status", "ada")["passages"] == 44
        with pytest.raises(Refused, match="Nothing is kept of a chat 1"):
            run("forget-chat", "ada", "1")
        run("undo", "ada")
        assert rows(run, "status", "ada")["passages"] == 46
        assert rows(run, "forget-chat", "ada", "chat-3")["forgotten"] == 2

    @pytest.mark.usefixtures("chats")
    def test_they_go_out_come_in_and_are_erased_with_their_user(self, run: Run, tmp_path: Path) -> None:
        file = str(tmp_path / "out.jsonl")
        run("export", file, "--user", "ada")
        assert len(Path(file).read_text().splitlines()) == 47
        counts = rows(run, "erase-user", "ada", "--yes")["counts"]
        assert (counts["memories"], counts["passages of past chats"]) == (1, 46)
        assert rows(run, "chats", "ada")["chats"] == []
        assert rows(run, "import", file)["added"] == 47
        assert len(rows(run, "chats", "ada")["chats"]) == 23
        assert {one["user_id"]: one["passages"] for one in rows(run, "users")} == {"ada": 46, "bob": 2}

    @pytest.mark.usefixtures("chats")
    def test_they_move_with_the_facts(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        before = rows(run, "chats", "ada")["chats"]
        monkeypatch.setenv("MEMORY_EMBEDDER_MODEL", "another")
        assert rows(run, "migrate")["moved"] == 49
        assert rows(run, "chats", "ada")["chats"] == before

    def test_whether_they_are_kept(self, run: Run) -> None:
        assert "no longer kept" in run("episodes", "ada", "off")
        (part,) = [one for one in rows(run, "status")["parts"] if one["name"] == "past chats"]
        assert part["detail"].startswith("what is said is kept: 0 passages")
        with pytest.raises(Refused, match="neither on nor off"):
            run("episodes", "ada", "maybe")


class TestKeys:
    def test_a_key_is_shown_once_listed_without_it_and_revoked(self, run: Run, server: Path) -> None:
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

    def test_whoever_is_erased_has_no_key_any_more(self, run: Run, server: Path) -> None:
        run("keys", "add", "ada")
        run("erase-user", "ada", "--yes")
        assert rows(run, "keys", "list") == []


class TestAPastThatComesAlong:
    ARCHIVE = str(PIPELINES.parent / "tests" / "fixtures" / "history" / "chatgpt.json")

    def test_it_is_told_before_and_taken_back_as_a_whole(self, run: Run, server: Path) -> None:
        told = run("import", self.ARCHIVE, "--user", "ada")
        assert "3 exchanges in 2 chats and 0 memories are new" in told
        assert "Said from 2024-06-03 to 2024-06-04." in told
        assert "Nothing was imported yet: --yes imports it." in told
        assert "has begun" in run("import", self.ARCHIVE, "--user", "ada", "--yes")
        assert "Nothing in it is new." in run("import", self.ARCHIVE, "--user", "ada", "--yes")
        (one,) = rows(run, "imports", "ada")
        assert (one["source"], one["name"], one["count"], one["left"]) == ("ChatGPT", "chatgpt.json", 3, 3)
        with pytest.raises(Refused, match="no such import"):
            run("undo-import", "bob", one["id"][:8])
        run("remember", "ada", DOG)  # so that there is a home for memories
        assert rows(run, "undo-import", "ada", one["id"][:8]) == {"undone": 3}
        assert "Nothing was imported." in run("imports")

    @pytest.mark.parametrize(
        ("file", "why"), [("missing.zip", "There is no file missing.zip"), ("open-webui", "webui_url")]
    )
    def test_what_cannot_be_read_is_told(self, run: Run, file: str, why: str) -> None:
        with pytest.raises(Refused, match=why):
            run("import", file, "--user", "ada")
