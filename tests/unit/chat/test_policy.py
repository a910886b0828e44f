"""Who may read and write, and the reason in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from owui_memory.chat.body import Turn, read_inlet
from owui_memory.chat.policy import Decision, decide
from owui_memory.settings import Valves
from tests.harness.bodies import recording, recording_names

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
    expected = Decision(read=False, write=False, reason=reason) if reason else BOTH
    assert decide(read_inlet(**recording(name)), Valves()) == expected


@pytest.fixture
def turn() -> Turn:
    return read_inlet(**recording("first-turn.inlet"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"user_id": ""}, "the request names no user"),
        ({"user_id": "a b"}, "the request names no user"),
        ({"user_id": "*"}, "the request names no user"),  # everybody, to mem0
        ({"place": "channel"}, "a channel"),
        ({"text": ""}, "the message has no text"),
    ],
)
def test_left_alone(turn: Turn, change: dict[str, str], reason: str) -> None:
    assert decide(replace(turn, **change), Valves()) == Decision(read=False, write=False, reason=reason)


def test_switched_off_in_the_settings(turn: Turn) -> None:
    assert decide(turn, Valves(enabled=False)).reason == "memory is switched off in the settings"


def test_the_users_switch_can_be_ignored(turn: Turn) -> None:
    off = replace(turn, memory_switch=False)
    assert decide(off, Valves(user_switch="ignore")) == BOTH
    assert not decide(off, Valves()).read


def test_a_pasted_document_is_answered_but_not_remembered(turn: Turn) -> None:
    decision = decide(replace(turn, text="word " * 5000), Valves())
    assert (decision.read, decision.write) == (True, False)


def test_no_memories_wanted_still_learns(turn: Turn) -> None:
    decision = decide(turn, Valves(memories_per_turn=0))
    assert (decision.read, decision.write) == (False, True)
