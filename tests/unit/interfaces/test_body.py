"""Every recorded body is read right, and the block goes where it should."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from owui_memory.core.chat_servers import AnsweredBy
from owui_memory.core.turn import Turn
from owui_memory.interfaces.body import read_inlet, read_outlet, with_blocks
from owui_memory.recall.block import Blocks, line, render
from tests.harness.bodies import Chat, recording, recording_names
from tests.harness.samples import NOW, memory

ADA = "6dc1cabf-53c7-4a62-b7c7-96e8c552b462"
TEA, COFFEE = (render([line(memory(f"Likes {drink}."), NOW)]) for drink in ("tea", "coffee"))
MORE = render([line(memory("Likes milk."), NOW)], more=True)
INLETS = [name for name in recording_names() if ".inlet" in name]
OUTLETS = [name for name in recording_names() if ".outlet" in name]


def turn(name: str) -> Turn:
    return read_inlet(**recording(name))


def test_a_first_turn() -> None:
    message_id = "0b75fcc5-f2f6-4471-873a-d6ffb4ceff56"
    chat_id, user_message_id = "04b4b422-0b4d-4af7-8ce9-eff29c924193", "3073f1ca-ba07-4124-8c2e-151520e60f98"
    assert replace(turn("first-turn.inlet"), positions=()) == Turn(
        user_id=ADA,
        text="My dog is called Rex and I live in Lisbon.",
        key=message_id,
        exchange_key=f"{ADA}\n{chat_id}\n{user_message_id}~0dfed93203c7",
        chat_kind="chat",
        chat_id=chat_id,
        user_message_id=user_message_id,
        follows="start",
        timezone="UTC",
        model="tiny-chat",
        connection="external",
        answered_by=AnsweredBy("tiny-chat", "external", "openai"),
        task="",
        memory_switch=True,
        memory_capability=True,
        email="ada@example.com",
        is_admin=True,
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
def test_every_inlet_tells_where_it_was_said_of_which_task_and_at_which_position(name: str) -> None:
    read, task = turn(name), name.partition(".inlet.")[2]
    is_api = name.startswith(("api-", "folder-chat"))
    assert read.chat_kind == ("temporary" if name.startswith("temporary") else "api" if is_api else "chat")
    assert read.task == (task if task.endswith("generation") else "")
    users = [m for m in recording(name)["body"]["messages"] if m["role"] == "user"]
    assert len(set(read.positions)) == len(users)


def test_a_channel() -> None:
    call = recording("first-turn.inlet")
    call["body"]["metadata"]["chat_id"] = "channel:42"
    assert read_inlet(**call).chat_kind == "channel"


def test_a_workspace_model_stands_on_another() -> None:
    assert turn("first-turn.inlet").base_model == ""
    assert turn("workspace-model-with-system-prompt.inlet").base_model == "tiny-chat"


def of_model(name: str = "first-turn.inlet", **described: Any) -> Turn:
    """The turn of a recording whose model is described otherwise."""
    call = recording(name)
    call["body"]["metadata"]["model"].update(described)
    return read_inlet(**call)


@pytest.mark.parametrize(
    ("described", "connection"),
    [
        ({"connection_type": "local"}, "local"),
        ({"connection_type": "external"}, "external"),
        ({"connection_type": None}, "unknown"),  # a function's model, or a workspace model on one
        ({"connection_type": "LOCAL"}, "unknown"),
        ({"connection_type": ["local"]}, "unknown"),
        ({"connection_type": "local", "id": "another"}, "unknown"),
        ({"connection_type": "local", "ollama": {"model": "a", "size": 7}}, "local"),
        ({"connection_type": "local", "ollama": {"remote_host": "https://ollama.com:443"}}, "external"),
        ({"connection_type": "local", "info": {"base_model_id": "qwen3:8b"}}, "local"),
        ({"connection_type": "local", "info": {"base_model_id": "gpt-oss:120b-cloud"}}, "external"),
    ],
)
def test_where_a_model_runs(described: dict[str, Any], connection: str) -> None:
    assert of_model(**described).connection == connection


def test_a_cloud_model_of_a_local_ollama_is_external() -> None:
    call = recording("first-turn.inlet")
    call["body"]["model"] = "glm-4.6:cloud"
    call["body"]["metadata"]["model"].update(id="glm-4.6:cloud", connection_type="local")
    assert read_inlet(**call).connection == "external"


def test_of_two_models_only_the_first_is_described() -> None:
    first, second = (
        of_model(name, connection_type="local") for name in ("two-models.inlet", "two-models.inlet.2")
    )
    assert (first.model, first.base_model, first.described) == ("work-helper", "tiny-chat", True)
    assert (second.model, second.base_model, second.described) == ("other-chat", "", False)
    assert (first.connection, second.connection) == ("local", "unknown")


def test_the_switches() -> None:
    assert turn("user-switched-memory-off.inlet").memory_switch is False
    assert turn("memory-capability-off.inlet").memory_capability is False
    assert turn("workspace-model-with-system-prompt.inlet").memory_capability is True
    assert turn("api-no-chat-id.inlet").memory_switch is None, "API calls do not tell it"


@pytest.mark.parametrize("name", [name for name in OUTLETS if not name.startswith("temporary")])
def test_an_outlet_finds_its_inlet(name: str) -> None:
    answered = read_outlet(**recording(name))
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


def test_a_message_that_was_changed_in_place_is_another_exchange_too() -> None:
    sent = recording("second-turn.inlet")
    original = read_inlet(**sent)
    sent["body"]["messages"][-1]["content"] = "Something else."
    changed = read_inlet(**sent)
    assert changed.user_message_id == original.user_message_id
    assert changed.exchange_key != original.exchange_key
    assert changed.follows == original.follows != ""


def test_only_what_was_said_is_kept() -> None:
    for name in ("reasoning.outlet", "tool-call.outlet", "api-no-chat-id.outlet"):
        answered = read_outlet(**recording(name))
        assert answered.assistant_text == "Hello from the model."
        assert "INJECTED" not in answered.user_text + answered.assistant_text


def test_reasoning_inside_an_answer_is_left_out() -> None:
    call = recording("first-turn.outlet")
    call["body"]["messages"][-1]["content"] = (
        '<details type="reasoning" done="true"><summary>x</summary>secret</details>\n<think>hm</think>Hi!'
    )
    answered = read_outlet(**call)
    assert answered.assistant_text == "Hi!"


def test_texts_of_api_calls_are_not_confused() -> None:
    calls = [recording("api-no-chat-id.inlet") for _ in range(3)]
    calls[1]["body"]["messages"][1]["content"] = "I am allergic to nuts."
    calls[2]["user"]["id"] = "somebody-else"
    assert len({read_inlet(**call).key for call in calls}) == 3


def test_the_block_goes_before_what_is_there_first() -> None:
    user, terse = {"role": "user", "content": "Hi"}, {"type": "text", "text": "Be terse."}
    text = {"type": "text", "text": TEA}
    for messages, expected in (
        ([user], [{**user, "content": f"{TEA}\n\nHi"}]),
        (
            [{"role": "system", "content": "Be terse."}, user],
            [{"role": "system", "content": f"{TEA}\n\nBe terse."}, user],
        ),
        ([{"role": "system", "content": [terse]}], [{"role": "system", "content": [text, terse]}]),
    ):
        before = copy.deepcopy(messages)
        body = {"model": "m", "messages": messages}
        assert with_blocks(body, Blocks(TEA)) == {"model": "m", "messages": expected}
        assert messages == before, "the caller's body is not touched"


def test_later_blocks_go_before_their_user_messages() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:"}}
    messages = [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "And now?"},
        {"role": "assistant", "content": "What?"},
        {"role": "user", "content": [{"type": "text", "text": "This."}, image]},
    ]
    got = with_blocks({"messages": messages}, Blocks(TEA, {1: MORE, 2: MORE}))["messages"]
    assert [message["role"] for message in got] == [message["role"] for message in messages]
    assert got[0]["content"] == f"{TEA}\n\nBe terse."
    assert got[1] == messages[1]
    assert got[3]["content"] == f"{MORE}\n\nAnd now?"
    assert got[5]["content"] == [{"type": "text", "text": MORE}, *messages[5]["content"]]
    again = with_blocks({"messages": got}, Blocks(TEA, {1: MORE, 2: MORE}))["messages"]
    assert again == got, "what is there already is put there once"
    assert with_blocks({"messages": got}, Blocks())["messages"] == messages


def test_an_earlier_block_is_replaced() -> None:
    once = with_blocks({"messages": [{"role": "system", "content": "Be terse."}]}, Blocks(TEA))
    assert with_blocks(once, Blocks(COFFEE))["messages"] == [
        {"role": "system", "content": f"{COFFEE}\n\nBe terse."}
    ]
    assert with_blocks(once, Blocks()) == {"messages": [{"role": "system", "content": "Be terse."}]}
    alone = with_blocks({"messages": [{"role": "user", "content": "Hi"}]}, Blocks(TEA))
    assert with_blocks(alone, Blocks()) == {"messages": [{"role": "user", "content": "Hi"}]}


def test_what_is_no_message_stays() -> None:
    strange = [None, 5, {"role": "user", "content": "Hi"}, {"role": "system"}, {"role": "user"}]
    assert with_blocks({"messages": strange}, Blocks()) == {"messages": strange}
    told = with_blocks({"messages": strange}, Blocks(TEA))["messages"]
    assert told == [*strange[:2], {"role": "user", "content": f"{TEA}\n\nHi"}, *strange[3:]]


def test_what_only_looks_like_a_block_is_not_ours() -> None:
    for role in ("system", "user"):
        body = {"messages": [{"role": role, "content": "<user_memories>\n- mine\n</user_memories>"}]}
        assert with_blocks(body, Blocks()) == body
    answer = {"messages": [{"role": "assistant", "content": TEA}]}
    assert with_blocks(answer, Blocks()) == answer


def test_a_block_is_not_what_the_user_said() -> None:
    call = recording("api-no-chat-id.outlet")
    for message in call["body"]["messages"]:
        if message["role"] == "user":
            message["content"] = f"{MORE}\n\n{message['content']}"
    answered = read_outlet(**call)
    assert answered.user_text == "I am allergic to peanuts."


# Where in its conversation a message stands -----------------------------------------------------------


def test_the_same_message_of_a_conversation_has_one_position() -> None:
    first, second, again = (turn(f"{name}.inlet") for name in ("first-turn", "second-turn", "regenerate"))
    assert len(first.positions) == 1
    assert second.positions[:1] == first.positions
    assert again.positions == second.positions
    assert second.text_before == first.text


def test_positions_differ_between_chats_users_and_versions() -> None:
    calls = [recording("first-turn.inlet") for _ in range(4)]
    calls[1]["body"]["metadata"]["chat_id"] = "another"
    calls[2]["user"]["id"] = "somebody-else"
    calls[3]["body"]["messages"][0]["content"] += " Or in Porto."
    assert len({read_inlet(**call).positions for call in calls}) == 4


def test_whether_open_webui_makes_a_search_of_it() -> None:
    call = recording("first-turn.inlet")
    assert not read_inlet(**call).searched
    call["body"]["features"]["web_search"] = True
    assert read_inlet(**call).searched
    call = recording("first-turn.inlet")
    call["body"]["files"] = [{"type": "file", "id": "f"}]
    assert read_inlet(**call).searched


def test_a_body_that_ends_with_a_question_holds_no_exchange() -> None:
    turn = Chat("ada").say("What is my dog called?")
    body = turn.outlet("Rex.")
    assert read_outlet(body, turn.user) is not None
    asked = [*body["messages"], {"role": "user", "content": "And?"}]
    assert read_outlet({**body, "messages": asked}, turn.user) is None
