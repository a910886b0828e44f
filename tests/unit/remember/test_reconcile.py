"""Add, replace, remove: what the LLM decides is checked, journaled and made once, on a real store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from owui_memory.backends.library import LibraryBackend
from owui_memory.errors import Retry
from owui_memory.remember import reconcile as module
from owui_memory.remember.journal import Change, Journal
from owui_memory.remember.outbox import Batch, Exchange
from owui_memory.remember.prompt import reconcile_prompt
from owui_memory.remember.reconcile import Reconciler
from owui_memory.settings import Valves
from owui_memory.state import open_state
from tests.harness.scripted_llm import Request, ScriptedLLM
from tests.unit.samples import NOW

SAID_AT = NOW.timestamp()


def batch(text: str, *, name: str = "b1", user: str = "ada", answer: str = "I see.") -> Batch:
    exchange = Exchange(f"{user}\nc\n{name}", user, "c", text, answer, SAID_AT, "Europe/Lisbon")
    return Batch(name, user, (exchange,), attempts=1, waiting_since=SAID_AT)


class Mind:
    """A backend with its journal, and a model that answers what the test says."""

    def __init__(self, llm: ScriptedLLM, folder: Path) -> None:
        self.llm = llm
        self.settings = Valves(
            embedder_provider="openai",
            embedder_base_url=llm.base_url,
            embedder_model="embed",
            llm_provider="openai",
            llm_base_url=llm.base_url,
            llm_model="small",
            extraction_rules="Never keep recipes.",
        )
        self.backend = LibraryBackend.open(self.settings, folder)
        self.engine: Engine = open_state(folder)
        self.journal = Journal(self.engine)
        self.reconciler = Reconciler(self.journal)
        llm.clear()

    def hears(self, told: Batch, *operations: dict[str, Any]) -> int:
        self.llm.clear()
        self.llm.when(_is_ours, json.dumps({"operations": list(operations)}))
        return self.reconciler.remember(self.backend, told, self.settings)

    def knows(self, text: str, *, user: str = "ada", expires: str = "") -> str:
        return self.backend.store(user, text, batch="before", kind="fact", expires=expires)

    def texts(self, user: str = "ada") -> list[str]:
        rows = self.backend._memory.vector_store.list(filters={"user_id": user})[0]
        return sorted(row.payload["data"] for row in rows)

    def changes(self) -> list[Change]:
        return self.journal.of_user("ada")

    def close(self) -> None:
        self.backend.close()
        self.engine.dispose()


def _is_ours(request: Request) -> bool:
    return '"operations"' in request.said_by("system")


@pytest.fixture
def mind(scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[Mind]:
    mind = Mind(scripted_llm, tmp_path)
    yield mind
    mind.close()


def test_a_new_fact(mind: Mind) -> None:
    made = mind.hears(
        batch("I live in Lisbon."),
        {"op": "add", "text": "The user lives in Lisbon.", "kind": "profile", "expires": None},
    )
    assert made == 1
    assert mind.texts() == ["The user lives in Lisbon."]
    change = mind.changes()[0]
    assert (change.op, change.before, change.after) == ("add", "", "The user lives in Lisbon.")
    assert (change.kind, change.source, change.model, change.made) == ("profile", "b1", "small", True)
    stored = mind.backend.get(change.memory_id)
    assert stored is not None
    assert stored.text == "The user lives in Lisbon."


def test_nothing_is_the_usual_answer(mind: Mind) -> None:
    assert mind.hears(batch("Translate this into French.")) == 0
    assert (mind.texts(), mind.changes()) == ([], [])


def test_the_latest_truth_wins_and_keeps_its_place(mind: Mind) -> None:
    known = mind.knows("The user lives in Lisbon.")
    before = mind.backend.get(known)
    mind.hears(batch("I moved to Porto."), {"op": "replace", "id": 1, "text": "The user lives in Porto."})
    after = mind.backend.get(known)
    assert before is not None
    assert after is not None
    assert mind.texts() == ["The user lives in Porto."]
    assert (after.id, after.created_at) == (before.id, before.created_at)
    change = mind.changes()[0]
    assert (change.before, change.after) == ("The user lives in Lisbon.", "The user lives in Porto.")


def test_what_is_removed_is_no_longer_found(mind: Mind) -> None:
    mind.knows("The user has a dog called Rex.")
    mind.hears(batch("Rex, my dog, died. Forget about him."), {"op": "remove", "id": 1})
    assert mind.backend.search("ada", "dog called Rex", 5) == []
    assert mind.changes()[0].before == "The user has a dog called Rex."


@pytest.mark.parametrize(
    ("known", "operations", "reason"),
    [
        (1, [{"op": "replace", "id": 7, "text": "x"}], "it names no memory that was shown"),
        (1, [{"op": "remove", "id": 0}], "it names no memory that was shown"),
        (1, [{"op": "remove", "id": -1}], "it names no memory that was shown"),
        (
            4,
            [{"op": "remove", "id": number} for number in (1, 2, 3)],
            "it would remove more than half of what was shown",
        ),
        (0, [{"op": "add", "text": "The user's key is sk-abcdefghijklmnop1234"}], "it holds a secret"),
        (0, [{"op": "add", "text": "The card is 4111 1111 1111 1111."}], "it holds a secret"),
    ],
)
def test_harm_is_refused_and_journaled(
    mind: Mind, known: int, operations: list[dict[str, Any]], reason: str
) -> None:
    for number in range(known):
        mind.knows(f"The user has cat number {number}.")
    before = mind.texts()
    assert mind.hears(batch("About my cats and cards."), *operations) == 0
    assert mind.texts() == before
    assert {change.refused for change in mind.changes()} == {reason}
    assert not any("sk-" in change.after or "4111" in change.after for change in mind.changes())


def test_two_hundred_operations_are_not_a_conversation(mind: Mind) -> None:
    flood = [{"op": "add", "text": f"Fact {number}."} for number in range(200)]
    assert mind.hears(batch("Hello."), *flood) == 20


def test_nobody_elses_memories_are_shown(mind: Mind) -> None:
    mind.knows("The user lives in Lisbon.", user="bob")
    mind.hears(batch("I live in Lisbon."))
    assert "Memories: none" in mind.llm.chats()[0].last_user_text


def test_the_prompt_tells_what_is_known_the_day_and_the_rules(mind: Mind) -> None:
    mind.knows("The user lives in Lisbon.")
    mind.hears(batch("I moved from Lisbon to Porto.", answer="Congratulations!"))
    asked = mind.llm.chats()[0].last_user_text
    assert "Today is Friday 2026-11-20, WET." in asked
    assert "Never keep recipes." in asked
    assert "1. The user lives in Lisbon." in asked
    assert "User: I moved from Lisbon to Porto.\nAssistant: Congratulations!" in asked


def test_the_prompt_is_short() -> None:
    """mem0's own is 33,653 characters. Three characters a token is on the safe side."""
    system = reconcile_prompt([], [], NOW, "")[0]["content"]
    assert len(system) / 3 < 1500


@pytest.mark.parametrize(
    "wrap",
    [
        lambda answer: f"```json\n{answer}\n```",
        lambda answer: f"<think>Is [1] it? {{no}}</think>\n{answer}",
        lambda answer: f"Here you are: {answer} Done.",
        lambda answer: answer.replace("}]", "},]"),
        lambda answer: answer.removeprefix('{"operations": ').removesuffix("}"),
    ],
)
def test_answers_are_read_with_tolerance(mind: Mind, wrap: Callable[[str], str]) -> None:
    answer = json.dumps({"operations": [{"op": "add", "text": "The user likes tea."}]})
    mind.llm.when(_is_ours, wrap(answer))
    mind.reconciler.remember(mind.backend, batch("I like tea."), mind.settings)
    assert mind.texts() == ["The user likes tea."]


def test_an_unreadable_answer_is_asked_for_once_more(mind: Mind) -> None:
    answers = iter(["I am sorry.", '{"operations": [{"op": "add", "text": "The user likes tea."}]}'])
    mind.llm.when(_is_ours, lambda _: next(answers))
    assert mind.reconciler.remember(mind.backend, batch("I like tea."), mind.settings) == 1
    assert "could not be read" in mind.llm.chats()[1].last_user_text


def test_a_model_that_cannot_answer_is_tried_again_later(mind: Mind) -> None:
    mind.llm.when(_is_ours, "I am sorry.")
    with pytest.raises(Retry, match="could not be read"):
        mind.reconciler.remember(mind.backend, batch("I like tea."), mind.settings)
    assert len(mind.llm.chats()) == 2
    assert mind.changes() == []


def test_a_server_without_json_mode(mind: Mind) -> None:
    mind.llm.when(_is_ours, '{"operations": []}')
    with mind.llm.fault("chat", when=lambda request: "response_format" in request.body, status=400):
        assert mind.reconciler.remember(mind.backend, batch("Hello."), mind.settings) == 0


ADD = {"op": "add", "text": "The user likes tea."}
REPLACE = {"op": "replace", "id": 1, "text": "The user lives in Porto."}
REMOVE = {"op": "remove", "id": 1}


@pytest.mark.parametrize("operation", [ADD, REPLACE, REMOVE], ids=["add", "replace", "remove"])
@pytest.mark.parametrize("crash", ["before it is made", "before it is marked"])
def test_a_crash_between_makes_each_change_once(
    mind: Mind, monkeypatch: pytest.MonkeyPatch, operation: dict[str, Any], crash: str
) -> None:
    mind.knows("The user lives in Lisbon.")
    told = batch("I live in Porto and like tea.")

    def die(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if crash == "before it is made":
            patch.setattr(module, "_make", die)
        else:
            patch.setattr(Journal, "made", die)
        with pytest.raises(KeyboardInterrupt):
            mind.hears(told, operation)
    mind.llm.clear()
    assert mind.reconciler.remember(mind.backend, replace(told, attempts=2), mind.settings) == 1
    assert mind.llm.chats() == [], "what was decided is not decided again"
    expected = {
        "add": ["The user likes tea.", "The user lives in Lisbon."],
        "replace": ["The user lives in Porto."],
        "remove": [],
    }
    assert mind.texts() == expected[operation["op"]]
    assert [change.made for change in mind.changes()] == [True]


def test_plans_leave_recall_after_their_day(mind: Mind) -> None:
    mind.knows("The user flew to Oslo.", expires="2020-01-01")
    mind.knows("The user flies to Oslo.", expires="2999-01-01")
    found = mind.backend.search("ada", "flight to Oslo", 5)
    assert [item.memory.text for item in found] == ["The user flies to Oslo."]


def test_an_expiry_is_kept(mind: Mind) -> None:
    mind.hears(
        batch("I fly to Oslo on Monday."),
        {"op": "add", "text": "The user flies to Oslo.", "kind": "plan", "expires": "2999-11-23"},
    )
    found = mind.backend.search("ada", "Oslo", 5)
    assert [item.memory.expires for item in found] == ["2999-11-23"]


@pytest.mark.parametrize("operation", [ADD, REPLACE, REMOVE], ids=["add", "replace", "remove"])
def test_every_change_can_be_undone_once(mind: Mind, operation: dict[str, Any]) -> None:
    mind.knows("The user lives in Lisbon.")
    mind.hears(batch("I live in Porto and like tea."), operation)
    change = mind.changes()[0]
    for _ in range(2):
        mind.reconciler.undo(mind.backend, change)
    assert mind.texts() == ["The user lives in Lisbon."]
    assert [item.undoes for item in mind.changes()] == [0, change.id]
