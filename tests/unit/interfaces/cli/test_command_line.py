"""`owui-memory`: what users can do in the chat, done by an admin."""

import io
import json
from pathlib import Path

import pytest

from owui_memory.core.exchange import Exchange
from owui_memory.remember.journal import Journal
from owui_memory.remember.outbox import Outbox
from owui_memory.state import open_state
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.interfaces.cli.desk import CELLO, DOG, TEA, Know, Refused, Run, rows, texts


class TestLooking:
    def test_a_list_newest_first_with_numbers(self, run: Run, know: Know, tmp_path: Path) -> None:
        odd = "[red]Colours[/red] :smile: \x1b[31mand bells\a"
        know(ada=[DOG, CELLO, odd], bob=[TEA])
        head, newest, *_, oldest = run("list", "ada").splitlines()
        assert head.split() == ["#", "memory", "kind", "day", "scope", "chat"]
        assert newest.startswith("1  [red]Colours[/red] :smile: and bells  "), "it is shown as it is"
        assert oldest.startswith(f"3  {DOG}")
        listed = rows(run, "list", "ada")["memories"]
        run("export", "--user", "ada", str(tmp_path / "all"))
        exported = {row["id"]: row for row in map(json.loads, (tmp_path / "all").read_text().splitlines())}
        assert [one.pop("number") for one in listed] == [1, 2, 3]
        for one in listed:
            assert {**one, "metadata": 0} == {**exported[one["id"]], "metadata": 0}

    def test_nothing(self, run: Run) -> None:
        assert run("list", "ada") == "Nothing is remembered of ada.\n"
        nothing = {"user_id": "ada", "total": 0, "page": 1, "pages": 1, "memories": []}
        assert rows(run, "list", "ada") == nothing

    def test_pages(self, run: Run, know: Know) -> None:
        know(ada=[f"I have been to place {n}." for n in range(25)])
        assert "Page 1 of 2, of 25 memories: --page N shows another" in run("list", "ada")
        second = rows(run, "list", "ada", "--page", "2")
        assert [one["number"] for one in second["memories"]] == [21, 22, 23, 24, 25]
        run("forget", "ada", "3", "25")
        assert len(texts(run, "ada")) == 23, "numbers of both pages hold"
        with pytest.raises(Refused, match="There is no page 3: the list has 2 pages"):
            run("list", "ada", "--page", "3")

    def test_search(self, run: Run, know: Know) -> None:
        know(ada=[DOG, CELLO])
        found = rows(run, "search", "ada", "the", "cello")
        assert found[0]["memory"] == CELLO
        assert found[0]["keyword"] > 0
        assert run("search", "ada", "cello").splitlines()[1].startswith(f"1  {CELLO}")
        assert run("search", "bob", "cello") == "No memory matches these words, and nothing that was said.\n"

    def test_status_of_a_user_and_users(self, run: Run, know: Know, server: Path) -> None:
        know(ada=[DOG, CELLO], bob=[TEA])
        ada, bob = ({"user_id": user, "memories": n, "passages": 0} for user, n in (("ada", 2), ("bob", 1)))
        assert rows(run, "users") == [ada, bob]
        assert run("users").split() == ["user", "memories", "passages", "ada", "2", "0", "bob", "1", "0"]
        engine = open_state(server)
        Outbox(engine).put(Exchange("k", "bob", "c", CELLO, "Nice.", 1.0), wait_s=60)
        engine.dispose()
        run("off", "bob")
        counts = {"memories": 1, "passages": 0, "chats": 0, "waiting": 1}
        assert rows(run, "status", "bob") == {"user_id": "bob", "on": False, **counts}
        assert run("status", "bob").splitlines() == [
            "Memory is switched off in all chats.",
            "1 memory.",
            "0 passages of 0 past chats.",
            "1 message waits to be remembered.",
        ]

    def test_status(self, run: Run, scripted_llm: ScriptedLLM) -> None:
        parts = {part["name"]: part for part in rows(run, "status")["parts"]}
        names = "state, place, store, embedder, LLM, LLM calls, queue, past chats, documents"
        assert list(parts) == names.split(", ")
        assert all(part["ok"] for part in parts.values())
        assert parts["LLM"]["detail"].startswith("auto: ")
        with scripted_llm.fault("embeddings", status=401), pytest.raises(Refused) as refused:
            run("status")
        (line,) = [line for line in str(refused.value).splitlines() if line.startswith("!")]
        assert line.split()[1] == "embedder"
        assert line.endswith("Set embedder_model to one that is there.")


class TestChanging:
    def test_what_is_known_is_not_remembered_twice_and_no_secret_at_all(self, run: Run) -> None:
        assert run("remember", "ada", "My", "dog", "is", "called", "Rex.") == f"Remembered: {DOG}\n"
        assert run("remember", "ada", DOG) == f"Known already: {DOG}\n"
        assert rows(run, "remember", "ada", DOG) == {"memory": DOG, "known": True}
        with pytest.raises(Refused, match="1: That contains a password"):
            run("remember", "ada", "My password is hunter2!x.")
        assert texts(run, "ada") == [DOG]

    def test_edit_and_undo(self, run: Run) -> None:
        run("remember", "ada", DOG)
        memory_id = rows(run, "list", "ada")["memories"][0]["id"]
        assert rows(run, "edit", "ada", "1", TEA) == {"before": DOG, "after": TEA}
        assert rows(run, "edit", "ada", memory_id, CELLO) == {"before": TEA, "after": CELLO}
        assert texts(run, "ada") == [CELLO]
        for op, before in (("replace", TEA), ("replace", DOG)):
            (undone,) = rows(run, "undo", "ada")
            assert (undone["op"], undone["before"]) == (op, before)
        assert texts(run, "ada") == [DOG]
        assert "no longer remembered" in run("undo", "ada")
        assert run("undo", "ada") == "There is no change to take back.\n"

    def test_what_is_somebody_elses_or_was_not_shown_is_none(self, run: Run, know: Know) -> None:
        know(ada=[DOG], bob=[TEA])
        for which in ("1", "#7", "0"):
            told = f"There is no number {which}. `list`, `search` and `team` show"
            with pytest.raises(Refused, match=told):
                run("forget", "ada", which)
        memory_id = rows(run, "list", "ada")["memories"][0]["id"]
        for command in (["edit"], ["forget"], ["share"]):
            more = {"edit": ["x y z"], "share": ["design"]}.get(command[0], [])
            with pytest.raises(Refused, match=f"There is no id {memory_id}"):
                run(*command, "bob", memory_id, *more)
        assert texts(run, "ada") == [DOG]

    def test_forget_by_number_can_be_undone(self, run: Run, know: Know) -> None:
        know(ada=[DOG, CELLO, TEA])
        run("list", "ada")
        *told, undo = run("forget", "ada", "#1", "3").splitlines()
        assert told == [f"Forgotten: {TEA}", f"Forgotten: {DOG}"]
        assert "within 10 minutes" in undo
        assert texts(run, "ada") == [CELLO]
        run("undo", "ada")
        assert sorted(texts(run, "ada")) == sorted([DOG, CELLO, TEA])

    def test_forget_now_is_for_good(self, run: Run, server: Path) -> None:
        for text in (DOG, CELLO):
            run("remember", "ada", text)
        run("list", "ada")
        assert run("forget", "ada", "#2", "--now") == f"Forgotten: {DOG}\n"
        assert rows(run, "forget", "ada", "2") == {"forgotten": 0, "gone": 1, "texts": [], "passages": 0}
        assert texts(run, "ada") == [CELLO]
        engine = open_state(server)
        assert [change.after for change in Journal(engine).of_user("ada") if change.after] == [CELLO]
        engine.dispose()

    def test_forget_by_words_only_what_is_meant_for_sure(self, run: Run, know: Know) -> None:
        know(ada=[DOG, "My dog is three years old."])
        with pytest.raises(Refused, match="Several memories contain these words"):
            run("forget", "ada", "dog")
        with pytest.raises(Refused, match="No memory contains these words"):
            run("forget", "bob", "dog")
        assert run("forget", "ada", "dog", "Rex").startswith(f"Forgotten: {DOG}\n")
        assert texts(run, "ada") == ["My dog is three years old."]

    def test_forget_everything_asks(self, run: Run, know: Know, monkeypatch: pytest.MonkeyPatch) -> None:
        know(ada=[DOG], bob=[TEA])
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


def test_shared_with_a_team_and_withdrawn(run: Run, know: Know) -> None:
    know(bob=[DOG])
    run("list", "bob")
    assert run("share", "bob", "1", "design") == f"Team design now knows: {DOG}\n"
    assert [one["memory"] for one in rows(run, "team", "design")] == [DOG]
    assert rows(run, "team", "sales") == []
    with pytest.raises(Refused, match="There is no number 1"):
        run("withdraw", "sales", "1")
    for command in (["share", "bob", "1", "chess"], ["team", "chess"]):
        with pytest.raises(Refused, match=r"There is no team chess\. There are: design, sales\."):
            run(*command)
    assert rows(run, "withdraw", "design", "1") == {"team": "design", "memory": DOG}
    assert run("team", "design") == "Nobody has shared anything with design yet.\n"
    assert texts(run, "bob") == [DOG]
