"""`owui-memory`: what users can do in the chat, done by an admin."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from owui_memory.core.exchange import Exchange
from owui_memory.remember.journal import Journal
from owui_memory.remember.outbox import Outbox
from owui_memory.state import open_state
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.interfaces.cli.desk import CELLO, DOG, TEA, Refused, Run, rows, texts


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
