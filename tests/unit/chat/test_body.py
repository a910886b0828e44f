"""Every recorded body is read right, and the block goes where it should."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from owui_memory.chat.body import Turn, read_inlet, read_outlet, with_block
from owui_memory.recall.block import render
from tests.harness.bodies import recording, recording_names
from tests.unit.samples import NOW, memory

ADA = "6dc1cabf-53c7-4a62-b7c7-96e8c552b462"
INLETS = [name for name in recording_names() if ".inlet" in name]
OUTLETS = [name for name in recording_names() if ".outlet" in name]


def turn(name: str) -> Turn:
    return read_inlet(**recording(name))


def test_a_first_turn() -> None:
    message_id = "0b75fcc5-f2f6-4471-873a-d6ffb4ceff56"
    chat_id, user_message_id = "04b4b422-0b4d-4af7-8ce9-eff29c924193", "3073f1ca-ba07-4124-8c2e-151520e60f98"
    assert turn("first-turn.inlet") == Turn(
        user_id=ADA,
        text="My dog is called Rex and I live in Lisbon.",
        key=message_id,
        exchange_key=f"{ADA}\n{chat_id}\n{user_message_id}",
        place="chat",
        chat_id=chat_id,
        user_message_id=user_message_id,
        follows="start",
        timezone="UTC",
        model="tiny-chat",
        task="",
        memory_switch=True,
        memory_capability=True,
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("second-turn.inlet", "What is my dog called?"),
        ("api-image.inlet", "This is my cat Tom."),
        ("api-no-chat-id.inlet", "I am allergic to peanuts."),
        ("temporary-chat-second-turn.inlet", "And another one."),
        ("edited-message.2-edited.inlet", "My sister Ana lives in Milan."),
        ("reasoning.inlet", "think hard about my allergy to peanuts"),
    ],
)
def test_the_text_is_the_last_user_message(name: str, text: str) -> None:
    assert turn(name).text == text


@pytest.mark.parametrize("name", INLETS)
def test_where_it_was_said(name: str) -> None:
    expected = "temporary" if name.startswith("temporary") else "api" if _is_api(name) else "chat"
    assert turn(name).place == expected


def _is_api(name: str) -> bool:
    return name.startswith(("api-", "folder-chat"))


@pytest.mark.parametrize("name", INLETS)
def test_tasks(name: str) -> None:
    expected = name.partition(".inlet.")[2]
    assert turn(name).task == (expected if expected.endswith("generation") else "")


def test_the_switches() -> None:
    assert turn("user-switched-memory-off.inlet").memory_switch is False
    assert turn("memory-capability-off.inlet").memory_capability is False
    assert turn("workspace-model-with-system-prompt.inlet").memory_capability is True
    assert turn("api-no-chat-id.inlet").memory_switch is None, "API calls do not tell it"


def test_a_channel() -> None:
    call = recording("first-turn.inlet")
    call["body"]["metadata"]["chat_id"] = "channel:42"
    assert read_inlet(**call).place == "channel"


@pytest.mark.parametrize("name", [name for name in OUTLETS if not name.startswith("temporary")])
def test_an_outlet_finds_its_inlet(name: str) -> None:
    answered = read_outlet(**recording(name))
    assert answered is not None
    assert answered.user_id == ADA
    if name != "second-turn.outlet":
        inlet = turn(name.replace(".outlet", ".inlet"))
        assert inlet.key in answered.keys
        assert answered.user_text == inlet.text


def test_one_exchange_for_a_regenerated_answer_and_for_two_models() -> None:
    assert turn("regenerate.inlet").exchange_key == turn("second-turn.inlet").exchange_key
    assert turn("regenerate.inlet").key != turn("second-turn.inlet").key
    assert turn("two-models.inlet").exchange_key == turn("two-models.inlet.2").exchange_key
    assert turn("two-models.inlet").key != turn("two-models.inlet.2").key


def test_an_edited_message_is_another_exchange_with_the_same_parent() -> None:
    original, edited = turn("edited-message.1-original.inlet"), turn("edited-message.2-edited.inlet")
    assert original.exchange_key != edited.exchange_key
    assert (original.chat_id, original.follows) == (edited.chat_id, edited.follows)


def test_only_what_was_said_is_kept() -> None:
    for name in ("reasoning.outlet", "tool-call.outlet", "api-no-chat-id.outlet"):
        answered = read_outlet(**recording(name))
        assert answered is not None
        assert answered.assistant_text == "Hello from the model."
        assert "INJECTED" not in answered.user_text + answered.assistant_text


def test_reasoning_inside_an_answer_is_left_out() -> None:
    call = recording("first-turn.outlet")
    call["body"]["messages"][-1]["content"] = (
        '<details type="reasoning" done="true"><summary>x</summary>secret</details>\n<think>hm</think>Hi!'
    )
    answered = read_outlet(**call)
    assert answered is not None
    assert answered.assistant_text == "Hi!"


def test_texts_of_api_calls_are_not_confused() -> None:
    calls = [recording("api-no-chat-id.inlet") for _ in range(3)]
    calls[1]["body"]["messages"][1]["content"] = "I am allergic to nuts."
    calls[2]["user"]["id"] = "somebody-else"
    assert len({read_inlet(**call).key for call in calls}) == 3


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (
            [{"role": "user", "content": "Hi"}],
            [{"role": "system", "content": "BLOCK"}, {"role": "user", "content": "Hi"}],
        ),
        (
            [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "Hi"}],
            [{"role": "system", "content": "BLOCK\n\nBe terse."}, {"role": "user", "content": "Hi"}],
        ),
        (
            [{"role": "system", "content": [{"type": "text", "text": "Be terse."}]}],
            [
                {
                    "role": "system",
                    "content": [{"type": "text", "text": "BLOCK"}, {"type": "text", "text": "Be terse."}],
                }
            ],
        ),
    ],
)
def test_the_block_goes_before_the_first_system_message(messages: list[Any], expected: list[Any]) -> None:
    block = render([memory("Likes tea.")], NOW)
    expected = _replace(expected, "BLOCK", block)
    before = copy.deepcopy(messages)
    assert with_block({"model": "m", "messages": messages}, block) == {"model": "m", "messages": expected}
    assert messages == before, "the caller's body is not touched"


def test_an_earlier_block_is_replaced() -> None:
    old, new = render([memory("Likes tea.")], NOW), render([memory("Likes coffee.")], NOW)
    once = with_block({"messages": [{"role": "system", "content": "Be terse."}]}, old)
    assert with_block(once, new) == {"messages": [{"role": "system", "content": f"{new}\n\nBe terse."}]}
    assert with_block(once, "") == {"messages": [{"role": "system", "content": "Be terse."}]}
    alone = with_block({"messages": [{"role": "user", "content": "Hi"}]}, old)
    assert with_block(alone, "") == {"messages": [{"role": "user", "content": "Hi"}]}


def test_what_is_no_message_stays() -> None:
    block = render([memory("Likes tea.")], NOW)
    strange = [None, 5, {"role": "user", "content": "Hi"}, {"role": "system"}]
    assert with_block({"messages": strange}, "") == {"messages": strange}
    assert with_block({"messages": strange}, block)["messages"][1:] == strange


def test_what_only_looks_like_a_block_is_not_ours() -> None:
    body = {"messages": [{"role": "system", "content": "<user_memories>\n- mine\n</user_memories>"}]}
    assert with_block(body, "") == body
    quoted = {"messages": [{"role": "user", "content": render([memory("Likes tea.")], NOW)}]}
    assert with_block(quoted, "") == quoted


def _replace(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list):
        return [_replace(item, old, new) for item in value]
    if isinstance(value, dict):
        return {key: _replace(item, old, new) for key, item in value.items()}
    return value
