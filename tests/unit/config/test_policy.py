"""Who may read and write, and the reason in words."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owui_memory.commands.parse import is_command
from owui_memory.config.policy import decide
from owui_memory.config.settings import Valves
from owui_memory.core.permission import Decision
from owui_memory.core.turn import Turn
from owui_memory.interfaces.body import read_inlet
from tests.harness.bodies import inlet_body, recording, recording_names, user_of

BOTH = Decision(read=True, write=True)
NEITHER = {
    "temporary-chat.inlet": "a temporary chat",
    "temporary-chat-second-turn.inlet": "a temporary chat",
    "memory-capability-off.inlet": "the model's Memory capability is off",
    "user-switched-memory-off.inlet": "the user's Memory switch is off",
}


@pytest.mark.parametrize("name", [name for name in recording_names() if ".inlet" in name])
def test_every_recording(name: str) -> None:
    reason = NEITHER.get(name) or (
        "a task of Open WebUI, not a message" if name.endswith("generation") else ""
    )
    noted = "temporary" not in name and not name.endswith("generation")
    expected = Decision(read=False, write=False, reason=reason, noted=noted) if reason else BOTH
    assert decide(read_inlet(**recording(name)), Valves()) == expected


@pytest.fixture
def turn() -> Turn:
    return read_inlet(**recording("first-turn.inlet"))


@pytest.mark.parametrize(
    ("change", "settings", "reason", "noted"),
    [
        ({"user_id": ""}, {}, "the request names no user", False),
        ({"user_id": "a b"}, {}, "the request names no user", False),
        ({"user_id": "*"}, {}, "the request names no user", False),  # everybody, to mem0
        ({"chat_kind": "channel"}, {}, "a channel", True),
        ({"text": ""}, {}, "the message has no text", True),
        ({"memory_switch": False}, {}, "the user's Memory switch is off", True),
        ({}, {"enabled": False}, "memory is switched off in the settings", False),
    ],
)
def test_left_alone(
    turn: Turn, change: dict[str, Any], settings: dict[str, Any], reason: str, noted: bool
) -> None:
    expected = Decision(read=False, write=False, reason=reason, noted=noted)
    assert decide(replace(turn, **change), Valves(**settings)) == expected


@pytest.mark.parametrize("text", ["I live in Porto.", "/memory list", "/memory forget everything"])
def test_anothers_message_is_neither_remembered_nor_carried_out(text: str) -> None:
    body = inlet_body(text, user_id="ada")
    ada = read_inlet(body, user_of("ada"))
    body["metadata"]["user_id"] = "bob"  # who asks for another answer to it in a chat that both may write in
    bob = read_inlet(body, user_of("bob"))
    assert decide(ada, Valves()).read
    assert decide(bob, Valves()) == Decision(
        read=False, write=False, reason="somebody else wrote the message", noted=False
    )
    assert (is_command(ada), is_command(bob)) == (text.startswith("/"), False)


LONG = {"text": "word " * 5000}


@pytest.mark.parametrize(
    ("change", "settings", "read", "write"),
    [
        ({"memory_switch": False}, {"user_switch": "ignore"}, True, True),
        (LONG, {}, True, False),  # a pasted document
        (LONG, {"models_recall": "!*"}, False, False),
        ({}, {"memories_per_turn": 0}, True, True),  # the profile is told
    ],
)
def test_read_and_write(
    turn: Turn, change: dict[str, Any], settings: dict[str, Any], read: bool, write: bool
) -> None:
    decision = decide(replace(turn, **change), Valves(**settings))
    assert (decision.read, decision.write) == (read, write)


LOCAL = {"connection": "local"}
HELPER = {"model": "work-helper", "base_model": "Qwen3:8b"}
NO_MEMORY = "the model gets no memory (models_recall, models_remember)"
NOT_LEARNED = "nothing is learned from this model's chats (models_remember)"
EXTERNAL = "the model is external (local_only)"
UNKNOWN = "it is not told whether the model is local (local_only)"
NOT_TOLD = "the model is told nothing (models_recall)"
SECOND = {"model": "other-chat", "described": False}  # side by side with another, which is described


def both(rule: str) -> dict[str, str]:
    return {"models_recall": rule, "models_remember": rule}


@pytest.mark.parametrize(
    ("change", "settings", "read", "write", "reason"),
    [
        (LOCAL, {"local_only": True}, True, True, ""),
        ({"connection": "external"}, {"local_only": True}, False, False, EXTERNAL),
        ({"connection": "unknown"}, {"local_only": True}, False, False, UNKNOWN),
        (HELPER, both("!gpt-*, !WORK-HELPER"), False, False, NO_MEMORY),
        (HELPER, both("!qwen*"), False, False, NO_MEMORY),
        (HELPER, both("!gpt-*,!helper"), True, True, ""),
        (HELPER, both("qwen3:*"), True, True, ""),
        (HELPER, both("helper"), False, False, NO_MEMORY),
        (HELPER, both("work-*, ! qwen*"), False, False, NO_MEMORY),
        (HELPER, {"models_remember": "!work-*"}, True, False, NOT_LEARNED),
        (HELPER, {"models_remember": "other"}, True, False, NOT_LEARNED),
        (HELPER, {"models_remember": "!gpt-*"}, True, True, ""),
        (HELPER, {"models_recall": "!*"}, False, True, NOT_TOLD),
        (HELPER, {"models_recall": "!*", "models_remember": "!work-*"}, False, False, NO_MEMORY),
        # What is not told of a second model may be so.
        (SECOND, {}, True, True, ""),
        (SECOND, both("!gpt-*"), False, False, NO_MEMORY),
        (SECOND, both("other-*"), True, True, ""),
        (SECOND, both("gpt-*"), False, False, NO_MEMORY),
        (SECOND, both("other-*, !gpt-*"), False, False, NO_MEMORY),
        (SECOND, {"models_recall": "!gpt-*"}, False, True, NOT_TOLD),
    ],
)
def test_models(
    turn: Turn, change: dict[str, str], settings: dict[str, str], read: bool, write: bool, reason: str
) -> None:
    decision = decide(replace(turn, **change), Valves(**settings))
    assert (decision.read, decision.write, decision.reason) == (read, write, reason)
    assert decision.noted == bool(reason)
    assert decision.may_show == (read or write)


TURNS = st.builds(
    Turn,
    user_id=st.sampled_from(["ada", ""]),
    text=st.sampled_from(["Hello.", "", "word " * 5000]),
    key=st.just("k"),
    exchange_key=st.just("e"),
    chat_kind=st.sampled_from(["chat", "temporary", "channel", "api"]),
    chat_id=st.sampled_from(["", "channel:c", "channel:"]),
    model=st.text(max_size=6),
    base_model=st.text(max_size=6),
    described=st.booleans(),
    connection=st.sampled_from(["local", "external", "unknown"]),
    task=st.sampled_from(["", "title_generation"]),
    memory_switch=st.sampled_from([True, False, None]),
    memory_capability=st.booleans(),
)
RULES = st.fixed_dictionaries(
    {
        "enabled": st.booleans(),
        "user_switch": st.sampled_from(["follow", "ignore"]),
        "memories_per_turn": st.integers(0, 50),
        "channels": st.sampled_from(["off", "on"]),
        "webui_channels": st.sampled_from(["", "*"]),
        **{name: st.sampled_from(["", "a*", "!a*", "!*"]) for name in ("models_recall", "models_remember")},
    }
)


@given(turn=TURNS, rules=RULES)
def test_with_local_only_nothing_but_a_local_model_gets_anything(turn: Turn, rules: dict[str, Any]) -> None:
    decision = decide(turn, Valves(**rules, local_only=True))
    if turn.connection != "local":
        assert not decision.read
        assert not decision.write
        assert not decision.may_show
        assert not decision.in_channel
        assert decision.reason


@given(turn=TURNS, rules=RULES)
def test_in_a_channel_nothing_of_a_user_is_read_or_remembered(turn: Turn, rules: dict[str, Any]) -> None:
    decision = decide(turn, Valves(**rules))
    assert not (decision.in_channel or turn.chat_kind == "channel") or not (decision.read or decision.write)
    assert not decision.in_channel or (turn.channel == "c" and rules["channels"] == "on" and turn.user_id)


@given(turn=TURNS, rules=RULES)
def test_a_rule_more_never_allows_more(turn: Turn, rules: dict[str, Any]) -> None:
    before = decide(turn, Valves(**rules))
    more = [{name: f"{rules[name]}, !?".strip(", ")} for name in ("models_recall", "models_remember")]
    for one in ({"local_only": True}, *more):
        after = decide(turn, Valves(**{**rules, **one}))
        for may in ("read", "write", "may_show", "in_channel"):
            assert getattr(before, may) or not getattr(after, may)
