"""The filter leaves alone what it is to leave alone, tells why, and lets nothing through on the way."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from sqlalchemy import Engine, func, select

from owui_memory.core.errors import Drop
from owui_memory.interfaces.body import read_inlet
from owui_memory.interfaces.cli import why
from owui_memory.state import decisions, open_state, outbox, recalls
from owui_memory.state.switches_table import Switches
from tests.harness.bodies import Chat, recording, told_text
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.interfaces.test_filter import Running, damaged_calls

ADA = str(recording("first-turn.inlet")["user"]["id"])  # who speaks in all recordings
FACT, QUESTION = "My dog is called Rex.", "What is my dog called?"
LOCAL = {"connection": "local"}
LISTS = ("models_recall", "models_remember")


@pytest.fixture
def filter_(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    for name, value in {
        "EMBEDDER_PROVIDER": "openai",
        "EMBEDDER_BASE_URL": scripted_llm.base_url,
        "EMBEDDER_API_KEY": "k",
        "EMBEDDER_MODEL": "scripted-embed",
        "INLET_DEADLINE_MS": "10000",
    }.items():
        monkeypatch.setenv(f"MEMORY_{name}", value)
    running = Running()
    wait_until(lambda: running.part("backend")["ok"], what="the backend is ready")
    remember(running, Chat(ADA))
    yield running
    running.close()


@pytest.fixture
def state(filter_: Running, own_data_folder: Path) -> Iterator[Engine]:
    """The state database, as another server opens it."""
    engine = open_state(own_data_folder)
    yield engine
    engine.dispose()


def use(running: Running, **changes: Any) -> None:
    running.pipeline.valves = running.pipeline.valves.model_copy(update=changes)


def remember(running: Running, chat: Chat, text: str = FACT) -> None:
    turn = chat.say(text)
    running.inlet(turn.inlet, turn.user)
    running.outlet(turn.outlet("I see."), turn.user)
    wait_until(lambda: running.pipeline._chats.status()["queue"]["pending"] == 0, what="it is remembered")


def asked(running: Running, chat: Chat, question: str = QUESTION) -> str:
    """What the model is told; where that is nothing, the body is as it came."""
    turn = chat.say(question)
    sent = running.inlet(copy.deepcopy(turn.inlet), turn.user)
    told = told_text(sent)
    assert told or sent == turn.inlet
    return told


def kept(engine: Engine, *tables: Any) -> list[int]:
    with engine.connect() as connection:
        return [connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


@given(call=damaged_calls())
def test_with_local_only_nothing_reaches_or_comes_from_another_model(
    filter_: Running, state: Engine, call: dict[str, Any]
) -> None:
    use(filter_, local_only=True)
    if read_inlet(**call).connection == "local":  # what hypothesis has made of it
        return
    before = kept(state, outbox, decisions)
    assert filter_.inlet(copy.deepcopy(call["body"]), call["user"]) == call["body"]
    filter_.outlet(copy.deepcopy(call["body"]), call["user"])
    assert kept(state, outbox, decisions) == before


def test_a_local_model_is_told_and_learned_from(filter_: Running, state: Engine) -> None:
    use(filter_, local_only=True)
    assert asked(filter_, Chat(ADA)) == ""
    assert asked(filter_, Chat(ADA, options={"connection": None})) == ""
    assert "Rex" in asked(filter_, Chat(ADA, options=LOCAL))
    remember(filter_, Chat(ADA), "My cat is called Tom.")
    remember(filter_, Chat(ADA, options=LOCAL), "My bird is called Pip.")
    told = asked(filter_, Chat(ADA, options=LOCAL), "What are my cat and my bird called?")
    assert "Pip" in told
    assert "Tom" not in told


def test_a_chat_that_goes_on_with_an_external_model(filter_: Running) -> None:
    use(filter_, local_only=True)
    chat = Chat(ADA, options=LOCAL)
    turn = chat.say(QUESTION)
    assert "Rex" in told_text(filter_.inlet(turn.inlet, turn.user))
    turn.outlet("He is called that.")
    chat.options = {}
    assert asked(filter_, chat, "And my cat?") == "", "nor what the chat was told before"


@pytest.mark.parametrize(
    ("changes", "told", "learned", "reason"),
    [
        (dict.fromkeys(LISTS, "!tiny-*"), False, False, f"the model gets no memory ({', '.join(LISTS)})"),
        (dict.fromkeys(LISTS, "other"), False, False, f"the model gets no memory ({', '.join(LISTS)})"),
        (
            {"models_remember": "!*"},
            True,
            False,
            "nothing is learned from this model's chats (models_remember)",
        ),
        ({"models_recall": "!*"}, False, True, "the model is told nothing (models_recall)"),
        ({"local_only": True}, False, False, "the model is external (local_only)"),
    ],
)
def test_each_rule_is_obeyed_and_told(
    filter_: Running,
    state: Engine,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    told: bool,
    learned: bool,
    reason: str,
) -> None:
    use(filter_, **changes)
    chat = Chat(ADA)
    before = kept(state, outbox)
    assert ("Rex" in asked(filter_, chat)) == told
    remember(filter_, chat, "My cat is called Tom.")
    assert (kept(state, outbox) != before) == learned
    assert f"left alone: {reason}: 2" in filter_.part("filter")["detail"]
    wait_until(lambda: reason in _why(state, chat, capsys), what="it is told")
    output = _why(state, chat, capsys)
    assert (f"1. left alone: {reason}, " in output) == (not told)
    assert ("Rex" in output) == told


def told_by_command(running: Running, chat: Chat, command: str = "/memory why") -> str:
    """The answer that its user reads."""
    turn = chat.say(command)
    sent = running.inlet(turn.inlet, turn.user)
    return str(running.outlet(turn.outlet("OK", sent=sent), turn.user)["messages"][-1]["content"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (dict.fromkeys(LISTS, "!*"), r"the model gets no memory (models\_recall, models\_remember)"),
        ({"models_recall": "!*"}, r"the model is told nothing (models\_recall)"),
        ({"models_remember": "!*"}, r"nothing is learned from this model's chats (models\_remember)"),
        ({"local_only": True}, r"the model is external (local\_only)"),
    ],
)
def test_a_user_is_told_why_in_the_chat(filter_: Running, changes: dict[str, Any], reason: str) -> None:
    use(filter_, **changes)
    chat = Chat(ADA)
    turn = chat.say(QUESTION)
    filter_.inlet(turn.inlet, turn.user)
    filter_.outlet(turn.outlet("I see."), turn.user)
    wait_until(lambda: f": {reason}." in told_by_command(filter_, chat), what="it is told")
    told_by_command(filter_, chat, "/memory status")
    assert f": {reason}." in told_by_command(filter_, chat), "commands are no messages"


def test_a_user_is_told_of_their_own_switch_in_the_chat(filter_: Running) -> None:
    chat = Chat(ADA)
    asked(filter_, chat)
    told_by_command(filter_, chat, "/memory off")
    turn = chat.say(QUESTION)
    filter_.inlet(turn.inlet, turn.user)
    turn.outlet("I see.")
    wait_until(lambda: "you have switched memory off" in told_by_command(filter_, chat), what="it is told")
    told_by_command(filter_, chat, "/memory on")
    asked(filter_, chat)
    wait_until(lambda: "Rex" in told_by_command(filter_, chat), what="the last message is explained")


def test_a_user_is_told_that_recall_failed(filter_: Running, scripted_llm: ScriptedLLM) -> None:
    chat = Chat(ADA)
    turn = chat.say("Is there an embedder?")
    with scripted_llm.fault("embeddings", status=401):
        filter_.inlet(turn.inlet, turn.user)
    turn.outlet("I see.")
    failed = "refused the request"
    wait_until(lambda: failed in told_by_command(filter_, chat), what="it is told")


def test_a_user_is_told_of_the_deadline(filter_: Running, scripted_llm: ScriptedLLM) -> None:
    use(filter_, inlet_deadline_ms=50)
    chat = Chat(ADA)
    turn = chat.say("Is there a slow embedder?")
    with scripted_llm.hold("embeddings", when="slow"):
        filter_.inlet(turn.inlet, turn.user)
    turn.outlet("I see.")
    passed = "the deadline of 50 ms passed"
    wait_until(lambda: passed in told_by_command(filter_, chat), what="it is told")


def _why(engine: Engine, chat: Chat, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command line tells of a chat."""
    capsys.readouterr()
    with contextlib.suppress(Drop):  # nothing is kept of it yet
        why.show(engine, chat.chat_id, to_json=False)
    return capsys.readouterr().out


@pytest.mark.parametrize("where", ["chat", "always"])
@pytest.mark.parametrize("half", ["", "models_remember", "models_recall"])
def test_a_user_switches_memory_off_and_on(
    filter_: Running, state: Engine, capsys: pytest.CaptureFixture[str], where: str, half: str
) -> None:
    use(filter_, **({half: "!*"} if half else {}))
    chat, switches = Chat(ADA), Switches(state)
    place = chat.chat_id if where == "chat" else ""
    switches.set(ADA, place, on=False)
    before = kept(state, outbox, decisions)
    assert asked(filter_, chat) == ""
    remember(filter_, chat, "My cat is called Tom.")
    assert kept(state, outbox, decisions) == before
    assert ("Rex" in asked(filter_, Chat(ADA))) == (where == "chat" and half != "models_recall")
    reason = "left alone: the user has switched memory off here"
    assert f"{reason}: {2 if where == 'chat' else 3}" in filter_.part("filter")["detail"]
    wait_until(lambda: f"2. {reason}" in _why(state, chat, capsys), what="it is told")
    switches.set(ADA, place, on=True)
    assert ("Rex" in asked(filter_, chat)) == (half != "models_recall")


def test_switched_off_before_the_answer_is_done(filter_: Running, state: Engine) -> None:
    turn = Chat(ADA).say("My cat is called Tom.")
    before = kept(state, outbox)
    filter_.inlet(turn.inlet, turn.user)
    Switches(state).set(ADA, turn.inlet["metadata"]["chat_id"], on=False)
    filter_.outlet(turn.outlet("I see."), turn.user)
    assert kept(state, outbox) == before


@pytest.mark.parametrize(
    "chat",
    [Chat.temporary(ADA), Chat(ADA, options={"task": "title_generation"}), Chat("a b")],
    ids=["temporary", "task", "nobody"],
)
def test_nothing_is_noted_of_what_is_no_message_of_a_user_or_is_to_leave_no_trace(
    filter_: Running, state: Engine, chat: Chat
) -> None:
    use(filter_, local_only=True)
    before = kept(state, recalls)
    turn = chat.say(QUESTION)
    filter_.inlet(turn.inlet, turn.user)
    filter_.run(filter_.pipeline.on_shutdown())  # waits for what is done afterwards
    assert kept(state, recalls) == before


def test_a_note_holds_nothing_of_what_was_said(filter_: Running, state: Engine) -> None:
    use(filter_, local_only=True)
    asked(filter_, Chat(ADA), "My secret is a green door.")
    wait_until(lambda: any("local_only" in row for row in _notes(state)), what="it is noted")
    assert not any("green" in row for row in _notes(state))


def _notes(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(recalls.c.explanation)))


def test_the_status_warns_of_what_is_external(filter_: Running) -> None:
    assert not any(part["name"] == "local only" for part in filter_.pipeline._chats.status()["parts"])
    use(filter_, local_only=True)
    assert filter_.part("local only")["ok"]
    use(filter_, llm_provider="openai", llm_api_key="k")
    assert filter_.part("local only")["detail"].startswith("the LLM is external")
    assert not filter_.pipeline._chats.status()["ok"]
