"""The filter leaves alone what it is to leave alone, tells why, and lets nothing through on the way."""

import contextlib
import copy
import re
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
from tests.harness.bodies import Chat, recording, told_text, user_of
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.interfaces.test_filter import Running, damaged_calls

SPEAKER = str(recording("first-turn.inlet")["user"]["id"])  # who speaks in all recordings
FACT, QUESTION = "My dog is called Rex.", "What is my dog called?"
LOCAL = {"connection": "local"}
LISTS = ("models_recall", "models_remember")


@pytest.fixture
def ada(shared_filter: Running, user: str) -> str:
    """Of whom something is known."""
    remember(shared_filter, Chat(user))
    return user


@pytest.fixture(scope="module")
def state(_shared_filter: Running, shared_folder: Path) -> Iterator[Engine]:
    """The state database, as another server opens it."""
    engine = open_state(shared_folder)
    yield engine
    engine.dispose()


def left_alone(running: Running, reason: str) -> int:
    """How many messages were, by the status."""
    found = re.search(rf"left alone: {re.escape(reason)}: (\d+)", running.part("filter")["detail"])
    return int(found[1]) if found else 0


def remember(running: Running, chat: Chat, text: str = FACT) -> None:
    turn = chat.say(text)
    running.inlet(turn.inlet, turn.user)
    running.outlet(turn.outlet("I see."), turn.user)
    running.settle()


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


@pytest.fixture(scope="module")
def _known(_shared_filter: Running) -> None:
    remember(_shared_filter, Chat(SPEAKER))


@pytest.mark.usefixtures("_known")
@given(call=damaged_calls())
def test_with_local_only_nothing_reaches_or_comes_from_another_model(
    shared_filter: Running, state: Engine, call: dict[str, Any]
) -> None:
    shared_filter.use(local_only=True)
    if read_inlet(**call).connection == "local":  # what hypothesis has made of it
        return
    before = kept(state, outbox, decisions)
    assert shared_filter.inlet(copy.deepcopy(call["body"]), call["user"]) == call["body"]
    shared_filter.outlet(copy.deepcopy(call["body"]), call["user"])
    assert kept(state, outbox, decisions) == before


def test_a_local_model_is_told_and_learned_from(shared_filter: Running, ada: str, state: Engine) -> None:
    shared_filter.use(local_only=True)
    assert asked(shared_filter, Chat(ada)) == ""
    assert asked(shared_filter, Chat(ada, options={"connection": None})) == ""
    assert "Rex" in asked(shared_filter, Chat(ada, options=LOCAL))
    remember(shared_filter, Chat(ada), "My cat is called Tom.")
    remember(shared_filter, Chat(ada, options=LOCAL), "My bird is called Pip.")
    told = asked(shared_filter, Chat(ada, options=LOCAL), "What are my cat and my bird called?")
    assert "Pip" in told
    assert "Tom" not in told


def test_a_chat_that_goes_on_with_an_external_model(shared_filter: Running, ada: str) -> None:
    shared_filter.use(local_only=True)
    chat = Chat(ada, options=LOCAL)
    turn = chat.say(QUESTION)
    assert "Rex" in told_text(shared_filter.inlet(turn.inlet, turn.user))
    turn.outlet("He is called that.")
    chat.options = {}
    assert asked(shared_filter, chat, "And my cat?") == "", "nor what the chat was told before"


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
    shared_filter: Running,
    ada: str,
    state: Engine,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    told: bool,
    learned: bool,
    reason: str,
) -> None:
    shared_filter.use(**changes)
    chat = Chat(ada)
    before, earlier = kept(state, outbox), left_alone(shared_filter, reason)
    assert ("Rex" in asked(shared_filter, chat)) == told
    remember(shared_filter, chat, "My cat is called Tom.")
    assert (kept(state, outbox) != before) == learned
    assert left_alone(shared_filter, reason) == earlier + 2
    wait_until(lambda: reason in _why(state, chat, capsys), what="it is told")
    output = _why(state, chat, capsys)
    assert (f"1. left alone: {reason}, " in output) == (not told)
    assert ("Rex" in output) == told
    in_chat = f": {reason}.".replace("_", r"\_")
    assert in_chat in told_by_command(shared_filter, chat)
    told_by_command(shared_filter, chat, "/memory status")
    assert in_chat in told_by_command(shared_filter, chat), "commands are no messages"


def told_by_command(running: Running, chat: Chat, command: str = "/memory why") -> str:
    """The answer that its user reads."""
    turn = chat.say(command)
    sent = running.inlet(turn.inlet, turn.user)
    return str(running.outlet(turn.outlet("OK", sent=sent), turn.user)["messages"][-1]["content"])


def test_a_user_is_told_of_their_own_switch_in_the_chat(shared_filter: Running, ada: str) -> None:
    chat = Chat(ada)
    asked(shared_filter, chat)
    told_by_command(shared_filter, chat, "/memory off")
    turn = chat.say(QUESTION)
    shared_filter.inlet(turn.inlet, turn.user)
    turn.outlet("I see.")
    wait_until(
        lambda: "you have switched memory off" in told_by_command(shared_filter, chat), what="it is told"
    )
    told_by_command(shared_filter, chat, "/memory on")
    asked(shared_filter, chat)
    wait_until(lambda: "Rex" in told_by_command(shared_filter, chat), what="the last message is explained")


def test_a_user_is_told_that_recall_failed(
    shared_filter: Running, ada: str, scripted_llm: ScriptedLLM
) -> None:
    chat = Chat(ada)
    turn = chat.say("Is there an embedder?")
    with scripted_llm.fault("embeddings", status=401):
        shared_filter.inlet(turn.inlet, turn.user)
    turn.outlet("I see.")
    failed = "refused the request"
    wait_until(lambda: failed in told_by_command(shared_filter, chat), what="it is told")


def test_a_user_is_told_of_the_deadline(shared_filter: Running, ada: str, scripted_llm: ScriptedLLM) -> None:
    shared_filter.use(inlet_deadline_ms=50)
    chat = Chat(ada)
    turn = chat.say("Is there a slow embedder?")
    with scripted_llm.hold("embeddings", when="slow"):
        shared_filter.inlet(turn.inlet, turn.user)
    turn.outlet("I see.")
    passed = "the deadline of 50 ms passed"
    wait_until(lambda: passed in told_by_command(shared_filter, chat), what="it is told")


def _why(engine: Engine, chat: Chat, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command line tells of a chat."""
    capsys.readouterr()
    with contextlib.suppress(Drop):  # nothing is kept of it yet
        why.show(engine, chat.chat_id, to_json=False)
    return capsys.readouterr().out


@pytest.mark.parametrize("where", ["chat", "always"])
@pytest.mark.parametrize("half", ["", "models_remember", "models_recall"])
def test_a_user_switches_memory_off_and_on(
    shared_filter: Running, ada: str, state: Engine, capsys: pytest.CaptureFixture[str], where: str, half: str
) -> None:
    shared_filter.use(**({half: "!*"} if half else {}))
    chat, switches = Chat(ada), Switches(state)
    place = chat.chat_id if where == "chat" else ""
    switches.set(ada, place, on=False)
    reason = "the user has switched memory off here"
    earlier = left_alone(shared_filter, reason)
    before = kept(state, outbox, decisions)
    assert asked(shared_filter, chat) == ""
    remember(shared_filter, chat, "My cat is called Tom.")
    assert kept(state, outbox, decisions) == before
    assert ("Rex" in asked(shared_filter, Chat(ada))) == (where == "chat" and half != "models_recall")
    assert left_alone(shared_filter, reason) == earlier + (2 if where == "chat" else 3)
    wait_until(lambda: f"2. left alone: {reason}" in _why(state, chat, capsys), what="it is told")
    switches.set(ada, place, on=True)
    assert ("Rex" in asked(shared_filter, chat)) == (half != "models_recall")


def test_switched_off_before_the_answer_is_done(shared_filter: Running, ada: str, state: Engine) -> None:
    turn = Chat(ada).say("My cat is called Tom.")
    before = kept(state, outbox)
    shared_filter.inlet(turn.inlet, turn.user)
    Switches(state).set(ada, turn.inlet["metadata"]["chat_id"], on=False)
    shared_filter.outlet(turn.outlet("I see."), turn.user)
    assert kept(state, outbox) == before


@pytest.mark.parametrize(
    "chat",
    [Chat.temporary(), Chat(options={"task": "title_generation"}), Chat("a b")],
    ids=["temporary", "task", "nobody"],
)
def test_nothing_is_noted_of_what_is_no_message_of_a_user_or_is_to_leave_no_trace(
    shared_filter: Running, ada: str, state: Engine, chat: Chat
) -> None:
    shared_filter.use(local_only=True)
    before = kept(state, recalls)
    turn = chat.say(QUESTION)
    shared_filter.inlet(turn.inlet, turn.user)
    shared_filter.rest()
    assert kept(state, recalls) == before


def test_a_note_holds_nothing_of_what_was_said(shared_filter: Running, ada: str, state: Engine) -> None:
    shared_filter.use(local_only=True)
    asked(shared_filter, Chat(ada), "My secret is a green door.")
    wait_until(lambda: any("local_only" in row for row in _notes(state)), what="it is noted")
    assert not any("green" in row for row in _notes(state))


def _notes(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(recalls.c.explanation)))


def test_the_status_warns_of_what_is_external(shared_filter: Running, ada: str) -> None:
    assert not any(part["name"] == "local only" for part in shared_filter.pipeline._chats.status()["parts"])
    shared_filter.use(local_only=True)
    assert shared_filter.part("local only")["ok"]
    shared_filter.use(llm_provider="openai", llm_api_key="k")
    assert shared_filter.part("local only")["detail"].startswith("the LLM is external")
    assert not shared_filter.pipeline._chats.status()["ok"]


@pytest.mark.parametrize("text", ["I live in Porto.", "/memory list"])
def test_who_asks_again_for_anothers_message_is_told_and_taught_nothing(
    shared_filter: Running, user: str, text: str
) -> None:
    remember(shared_filter, Chat(user))
    turn, own = Chat("who-wrote-it").say(text), user_of(user)
    turn.inlet["metadata"]["user_id"] = user
    sent = shared_filter.inlet(copy.deepcopy(turn.inlet), own)
    assert sent["messages"] == turn.inlet["messages"]
    answered = shared_filter.outlet(turn.outlet("I see.", sent=sent), own)
    assert answered["messages"][-1]["content"] == "I see."
