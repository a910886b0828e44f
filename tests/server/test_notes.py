"""The folded line under an answer, for those who want it, and plain requests to forget."""

from typing import Any

import pytest

from tests.harness.bodies import Chat, Turn
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.talk import held, tell

DOG, CITY = "My dog is called Rex and he is very old.", "I live in Lisbon, near the river."


@pytest.fixture(scope="module")
def noted(module_servers: StartServer) -> PipelinesServer:
    return module_servers(env={"MEMORY_SHOW_MEMORY_NOTES": "true"})


def answered(server: PipelinesServer, turn: Turn, answer: str = "I see.") -> str:
    """What the user reads."""
    sent = server.inlet(turn.inlet, turn.user)
    last: dict[str, Any] = server.outlet(turn.outlet(answer, sent=sent), turn.user)["messages"][-1]
    server.wait_until_drained()
    assert last["output"][0]["content"][0]["text"] == last["content"]
    turn.chat.history[-1]["content"] = last["content"]
    return str(last["content"])


def test_what_was_used_and_what_was_learned(noted: PipelinesServer, user: str) -> None:
    chat = Chat(user)
    assert answered(noted, chat.say("Good morning, my friend.")) == "I see.", "nothing to tell"
    answered(noted, Chat(user).say(DOG))

    read = answered(noted, Chat(user).say("What is my dog called?"), "Rex.")

    assert read.startswith('Rex.\n\n<details type="memory_notes">')
    assert "Memory: 1 used, 1 learned" in read
    assert f"- “{DOG}”" in read
    assert f"- new: “{DOG}”" in read
    again = answered(noted, Chat(user).say("What is my old dog called?"), "Rex.")
    assert "learned" not in again, "it is told once"

    assert answered(noted, chat.say("/memory notes off")).startswith("Your chats no longer show")
    assert answered(noted, Chat(user).say("What is my dog called?"), "Rex.") == "Rex."
    answered(noted, chat.say("/memory notes on"))
    assert "1 used" in answered(noted, Chat(user).say("What is my dog called?"), "Rex.")


def test_the_model_and_the_memory_never_get_the_note(noted: PipelinesServer, user: str) -> None:
    answered(noted, Chat(user).say("Good morning, my friend."))
    tell(noted, DOG, user=user)
    chat = Chat(user)
    assert "<details" in answered(noted, chat.say("What is my dog called?"), "Rex.")
    later = chat.say("And how old is he?")
    sent = noted.inlet(later.inlet, later.user)
    assert [one["content"] for one in sent["messages"] if one["role"] == "assistant"] == ["Rex."]


def test_off_by_default(shared_server: PipelinesServer, user: str) -> None:
    tell(shared_server, DOG, user=user)
    assert answered(shared_server, Chat(user).say("What is my dog called?"), "Rex.") == "Rex."


def test_a_plain_request_is_carried_out_without_an_llm(shared_server: PipelinesServer, user: str) -> None:
    for fact in (DOG, CITY):
        tell(shared_server, fact, user=user)
    turn = Chat(user).say("Please forget that I live in Lisbon.")
    sent = shared_server.inlet(turn.inlet, turn.user)
    assert "river" not in str(sent["messages"])
    shared_server.outlet(turn.outlet("Done."), turn.user)
    shared_server.wait_until_drained()
    assert [text for text, _ in held(shared_server, user)] == [DOG]


def test_a_plain_request_that_fits_several_removes_none(shared_server: PipelinesServer, user: str) -> None:
    for fact in (DOG, "My dog is called Max as well."):
        tell(shared_server, fact, user=user)
    tell(shared_server, "Forget my dog.", user=user)
    assert len(held(shared_server, user)) == 2
