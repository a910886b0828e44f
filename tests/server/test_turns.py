"""Whole turns through the real Pipelines server: what is recalled, what is remembered, and for whom."""

import copy
import os
from contextlib import ExitStack
from typing import Any

import pytest

from tests.harness.bodies import (
    Chat,
    inlet_body,
    recording,
    recording_names,
    told_text,
    user_of,
    without_blocks,
)
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.qdrant_server import QdrantServer
from tests.harness.scripted_answers import memory_lines
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request
from tests.harness.talk import fresh, recalled, stored, take, tell

FACT = "My dog is called Rex and I live in Lisbon."
QUESTION = "What is my dog called?"

# Chats that must be left alone: as keyword arguments of Chat or of say().
LEFT_ALONE = {
    "temporary chat": (Chat.temporary, {}),
    "channel": (Chat.channel, {}),
    "model without the Memory capability": (Chat, {"capability": False}),
    "the user's Memory switch is off": (Chat, {"memory": False}),
}


def asked(llm: ScriptedLLM) -> list[Request]:
    """What the model server was asked on behalf of users; the status's own probe embeds `size`."""
    return [request for request in llm.requests if request.inputs != ["size"]]


@pytest.fixture(params=LEFT_ALONE)
def left_alone(request: pytest.FixtureRequest, user: str) -> Any:
    """Starts such a chat of `user` and says something in it."""
    make, options = LEFT_ALONE[request.param]
    return lambda text: make(user).say(text, **options)


class TestRecall:
    def test_a_fact_told_in_one_chat_is_known_in_the_next(
        self, shared_server: PipelinesServer, user: str
    ) -> None:
        tell(shared_server, FACT, user=user)
        turn = Chat(user).say(QUESTION)
        sent = shared_server.inlet(turn.inlet, turn.user)
        (asked,) = sent["messages"]
        assert asked["role"] == "user", "no system message is made where there is none"
        assert "Rex" in "\n".join(memory_lines(asked["content"]))
        assert without_blocks(sent) == turn.inlet

    def test_what_was_said_today_is_told_in_order(self, shared_server: PipelinesServer, user: str) -> None:
        for text in ("I live in Lisbon.", "I have moved to Porto."):
            tell(shared_server, text, user=user)
        lines = recalled(shared_server, "Where do I live, in Lisbon or in Porto?", user=user)
        assert '(just now) "I live in Lisbon."\n- (just now) "I have moved to Porto."' in lines

    def test_an_edited_message_is_not_told_what_it_said_before(
        self, shared_server: PipelinesServer, user: str
    ) -> None:
        chat = tell(shared_server, "My sister lives in Berlin.", user=user)
        assert "Berlin" in recalled(shared_server, "Where does my sister live?", user=user)
        chat.history.clear()
        turn = chat.say("My sister lives in Hamburg.")
        assert told_text(shared_server.inlet(turn.inlet, turn.user)) == ""
        assert "Berlin" not in recalled(shared_server, "Where does my sister live now?", user=user)
        shared_server.outlet(turn.outlet("I see."), turn.user)
        shared_server.wait_until_drained()
        told = recalled(shared_server, "Where does my sister live?", user=user)
        assert "Hamburg" in told
        assert "Berlin" not in told

    def test_nobody_else_knows_it(self, shared_server: PipelinesServer, user: str) -> None:
        tell(shared_server, FACT, user=user)
        turn = Chat(f"not-{user}").say(QUESTION)
        assert shared_server.inlet(turn.inlet, turn.user) == turn.inlet

    def test_the_first_turn_of_all_is_passed_on_unchanged(
        self, shared_server: PipelinesServer, user: str
    ) -> None:
        turn = Chat(user).say(FACT)
        assert shared_server.inlet(turn.inlet, turn.user) == turn.inlet

    def test_what_has_nothing_to_do_with_it_brings_no_block(
        self, shared_server: PipelinesServer, user: str
    ) -> None:
        tell(shared_server, "My locker at the gym has a green door.", user=user)
        assert recalled(shared_server, "Explain quantum chromodynamics briefly.", user=user) == ""

    def test_the_block_goes_before_a_system_prompt_that_is_there(
        self, shared_server: PipelinesServer, user: str
    ) -> None:
        tell(shared_server, FACT, user=user)
        turn = Chat(user).say(QUESTION, system="Be terse.")
        sent = shared_server.inlet(turn.inlet, turn.user)
        assert [m["role"] for m in sent["messages"]] == ["system", "user"]
        before, _, after = sent["messages"][0]["content"].partition("</user_memories>")
        assert "Rex" in before
        assert after.strip() == "Be terse."

    def test_multimodal_messages_are_understood(self, shared_server: PipelinesServer, user: str) -> None:
        tell(shared_server, FACT, user=user)
        turn = Chat(user).say(QUESTION)
        picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
        turn.inlet["messages"][-1]["content"] = [{"type": "text", "text": QUESTION}, picture]
        sent = shared_server.inlet(turn.inlet, turn.user)
        assert "Rex" in told_text(sent)
        assert sent["messages"][-1]["content"][1:] == turn.inlet["messages"][-1]["content"]


class TestRemember:
    def test_what_the_model_says_is_no_fact(self, shared_server: PipelinesServer, user: str) -> None:
        take(shared_server, Chat(user).say(FACT), "Your cat is called Tom, I guess.")
        shared_server.wait_until_drained()
        facts, _, quotes = recalled(shared_server, "What is my cat called?", user=user).partition("Quotes")
        assert "Tom" not in facts
        assert "Tom" not in quotes or 'assistant: "Your cat is called Tom' in quotes

    def test_a_regenerated_answer_is_stored_once(self, shared_server: PipelinesServer, user: str) -> None:
        turn = Chat(user).say(FACT)
        take(shared_server, turn)
        take(shared_server, turn.regenerated(), "Another answer.")
        shared_server.wait_until_drained()
        assert recalled(shared_server, QUESTION, user=user).count("Rex") == 1

    def test_two_models_side_by_side_are_stored_once(self, shared_server: PipelinesServer, user: str) -> None:
        first = Chat(user).say(FACT)
        second = first.regenerated()
        second.inlet["model"] = "another-model"
        for turn in (first, second):
            shared_server.inlet(turn.inlet, turn.user)
        for turn in (first, second):
            shared_server.outlet(turn.outlet("Fine."), turn.user)
        shared_server.wait_until_drained()
        assert recalled(shared_server, QUESTION, user=user).count("Rex") == 1

    def test_the_outlet_returns_the_body_as_it_came(self, shared_server: PipelinesServer, user: str) -> None:
        turn = Chat(user).say(FACT)
        shared_server.inlet(turn.inlet, turn.user)
        outlet = turn.outlet("Nice.")
        assert shared_server.outlet(outlet, turn.user) == outlet

    def test_an_api_call_is_remembered_once(self, shared_server: PipelinesServer, user: str) -> None:
        """It has no ids at all: its outlet is found by what was said."""
        inlet, outlet = (recording(f"api-no-chat-id.{way}")["body"] for way in ("inlet", "outlet"))
        for _ in range(2):
            shared_server.inlet(inlet, user_of(user))
            shared_server.outlet(outlet, user_of(user))
        shared_server.wait_until_drained()
        assert [text for who, text in stored(shared_server) if who == user] == ["I am allergic to peanuts."]
        assert "peanuts" in recalled(shared_server, "Which peanuts can I eat?", user=user)


class TestLeftAlone:
    """Turns that are none of memory's business: nothing is added, nothing is kept, nothing is spent."""

    def test_nothing_is_recalled_or_embedded(
        self, shared_server: PipelinesServer, scripted_llm: ScriptedLLM, user: str, left_alone: Any
    ) -> None:
        tell(shared_server, FACT, user=user)
        scripted_llm.clear()
        turn = left_alone(fresh(QUESTION))
        assert shared_server.inlet(turn.inlet, turn.user) == turn.inlet
        assert asked(scripted_llm) == []

    def test_nothing_is_remembered(
        self, shared_server: PipelinesServer, scripted_llm: ScriptedLLM, user: str, left_alone: Any
    ) -> None:
        take(shared_server, left_alone("My bank is called Goldgrub."), "Noted.")
        shared_server.wait_until_drained()
        assert asked(scripted_llm) == []
        assert "Goldgrub" not in recalled(shared_server, "What is my bank called?", user=user)

    @pytest.mark.parametrize("task", ["title_generation", "tags_generation", "follow_up_generation"])
    def test_tasks_cost_nothing(
        self, shared_server: PipelinesServer, scripted_llm: ScriptedLLM, user: str, task: str
    ) -> None:
        tell(shared_server, FACT, user=user)
        scripted_llm.clear()
        body = inlet_body(fresh(QUESTION), user_id=user, task=task)
        assert shared_server.inlet(body, user_of(user)) == body
        assert asked(scripted_llm) == []

    def test_memory_off_means_off(
        self, pipelines_server: StartServer, scripted_llm: ScriptedLLM, user: str
    ) -> None:
        server = pipelines_server()
        tell(server, FACT, user=user)
        server.change_valves(enabled=False)
        scripted_llm.clear()
        turn = Chat(user).say(fresh(QUESTION))
        assert server.inlet(turn.inlet, turn.user) == turn.inlet
        take(server, Chat(user).say("My bank is called Goldgrub."))
        assert asked(scripted_llm) == []
        server.change_valves(enabled=True)
        server.wait_until_ready()
        assert "Rex" in recalled(server, QUESTION, user=user)
        assert "Goldgrub" not in recalled(server, "What is my bank called?", user=user)

    def test_the_users_switch_can_be_ignored(self, pipelines_server: StartServer, user: str) -> None:
        server = pipelines_server(env={"MEMORY_USER_SWITCH": "ignore"})
        take(server, Chat(user).say(FACT, memory=False))
        server.wait_until_drained()
        turn = Chat(user).say(QUESTION, memory=False)
        assert "Rex" in told_text(server.inlet(turn.inlet, turn.user))


class TestAnyBody:
    """A body that is not what we expect is passed on as it came."""

    @pytest.mark.parametrize("name", recording_names())
    def test_recordings(self, shared_server: PipelinesServer, name: str) -> None:
        real = recording(name)
        call = shared_server.inlet if ".inlet" in name else shared_server.outlet
        sent = call(real["body"], real["user"])
        assert without_blocks(sent) == without_blocks(real["body"])

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"messages": None},
            {"messages": "text"},
            {"messages": [None, 3, "text", [], {}]},
            {"messages": [{"role": "user"}]},
            {"messages": [{"role": "user", "content": None}], "metadata": None},
            {"messages": [{"role": "user", "content": [{"type": "text"}, 7]}], "metadata": []},
            {"messages": [{"role": 1, "content": {"a": 1}}], "metadata": {"chat_id": 5, "features": "x"}},
            {"messages": [], "metadata": {"model": "x", "user_message": "x", "task": {"a": 1}}},
            {"chat_id": 1, "id": [], "messages": [{"role": "assistant", "content": "x", "output": 3}]},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("sender", [None, {}, {"id": None}, {"id": ""}, user_of("ada")], ids=str)
    def test_odd_bodies_are_passed_on(
        self, shared_server: PipelinesServer, body: dict[str, Any], sender: dict[str, Any] | None
    ) -> None:
        assert shared_server.inlet(body, sender) == body
        assert shared_server.outlet(body, sender) == body

    def test_without_a_user_nothing_happens(
        self, shared_server: PipelinesServer, scripted_llm: ScriptedLLM
    ) -> None:
        turn = Chat("ada").say(fresh(QUESTION))
        inlet = copy.deepcopy(turn.inlet)
        inlet["metadata"].pop("user_id")
        assert shared_server.inlet(inlet, None) == inlet
        assert asked(scripted_llm) == []

    def test_ten_megabytes_are_passed_on(self, shared_server: PipelinesServer, user: str) -> None:
        turn = Chat(user).say("I like long texts. " + "la " * 3_500_000)
        assert shared_server.inlet(turn.inlet, turn.user) == turn.inlet
        outlet = turn.outlet("la " * 3_500_000)
        assert shared_server.outlet(outlet, turn.user) == outlet
        shared_server.wait_until_drained()

    @pytest.mark.parametrize("name", ["ünïcode", "a" * 300, "x';--", "%", "../x"])
    def test_odd_user_ids_are_users_like_others(self, shared_server: PipelinesServer, name: str) -> None:
        tell(shared_server, FACT, user=name)
        assert "Rex" in recalled(shared_server, QUESTION, user=name)
        assert recalled(shared_server, QUESTION, user=f"{name}2") == ""

    def test_nobody_is_called_everybody(self, shared_server: PipelinesServer, user: str) -> None:
        """mem0 reads * as all users."""
        tell(shared_server, FACT, user=user)
        turn = Chat("*").say(QUESTION)
        assert shared_server.inlet(turn.inlet, turn.user) == turn.inlet


def test_qdrant_as_the_store(pipelines_server: StartServer, user: str) -> None:
    """Against the server that TEST_QDRANT_URL names, else the stand-in: no package registry has one."""
    with ExitStack() as stack:
        url = os.environ.get("TEST_QDRANT_URL") or stack.enter_context(QdrantServer()).url
        server = pipelines_server(
            env={
                "MEMORY_VECTOR_STORE": "qdrant",
                "MEMORY_VECTOR_STORE_URL": url,
                "MEMORY_COLLECTION": user.replace("-", "_"),
            }
        )
        tell(server, FACT, user=user)
        assert "Rex" in recalled(server, QUESTION, user=user)
        assert recalled(server, QUESTION, user=f"not-{user}") == ""
        server.stop()
