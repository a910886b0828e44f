"""The latest truth wins, through the real server: `extraction=reconcile` with a scripted LLM."""

import json
from typing import Any

import pytest

from tests.harness.bodies import recording
from tests.harness.pipelines_server import PipelinesServer, StartServer, with_llm
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request, is_ours
from tests.harness.talk import stored

pytestmark = pytest.mark.slow


def decides(said: str, *operations: dict[str, Any]) -> tuple[Any, str]:
    """A rule: asked about a batch in which the user said this, the LLM decides so."""

    def concerned(request: Request) -> bool:
        new = request.last_user_text.partition("New messages:")[2]
        return is_ours(request) and said in new

    return concerned, json.dumps({"operations": list(operations)})


@pytest.fixture
def server(pipelines_server: StartServer, scripted_llm: ScriptedLLM) -> PipelinesServer:
    return pipelines_server(env=with_llm(scripted_llm))


# Once, with the bodies that a real Open WebUI sent ---------------------------------------------------


def replay(server: PipelinesServer, *names: str) -> None:
    """Send recordings in this order, and wait until all is remembered."""
    for name in names:
        sent = recording(name)
        way = server.inlet if ".inlet" in name else server.outlet
        way(sent["body"], sent["user"])
    server.wait_until_drained()


def texts(server: PipelinesServer) -> list[str]:
    return sorted(text for _, text in stored(server))


MILAN = decides("Ana lives in Milan", {"op": "add", "text": "The user's sister Ana lives in Milan."})
ROME = decides("Ana lives in Rome", {"op": "add", "text": "The user's sister Ana lives in Rome."})
DOG = decides("My dog is called Rex", {"op": "add", "text": "The user's dog is called Rex."})


def test_a_regenerated_answer_says_nothing_new(server: PipelinesServer, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.when(*DOG)
    scripted_llm.when(*decides("What is my dog called"))
    replay(server, "first-turn.inlet", "first-turn.outlet", "second-turn.inlet", "second-turn.outlet")
    asked = len(scripted_llm.chats())
    for _ in range(2):
        replay(server, "regenerate.inlet", "regenerate.outlet")
    assert texts(server) == ["The user's dog is called Rex."]
    assert len(scripted_llm.chats()) == asked


def test_two_models_side_by_side_are_one_exchange(server: PipelinesServer, scripted_llm: ScriptedLLM) -> None:
    said = recording("two-models.inlet")["body"]["messages"][-1]["content"]
    scripted_llm.when(*decides(said, {"op": "add", "text": "The user said it once."}))
    replay(server, "two-models.inlet", "two-models.inlet.2", "two-models.outlet.2", "two-models.outlet")
    assert texts(server) == ["The user said it once."]
    assert len(scripted_llm.chats()) == 1


def test_an_answer_that_is_continued_is_one_exchange(
    server: PipelinesServer, scripted_llm: ScriptedLLM
) -> None:
    """Open WebUI sends the same message ids once more, with the answer so far behind the question."""
    scripted_llm.when(*DOG)
    replay(server, "first-turn.inlet", "first-turn.outlet")
    sent, answered = recording("first-turn.inlet"), recording("first-turn.outlet")
    sent["body"]["messages"].append({"role": "assistant", "content": "Hello from"})
    server.inlet(sent["body"], sent["user"])
    server.outlet(answered["body"], answered["user"])
    server.wait_until_drained()
    assert texts(server) == ["The user's dog is called Rex."]
    assert len(scripted_llm.chats()) == 1


ORIGINAL = ("edited-message.1-original.inlet", "edited-message.1-original.outlet")
EDITED = ("edited-message.2-edited.inlet", "edited-message.2-edited.outlet")


def test_an_edited_message_takes_back_what_only_the_original_said(
    server: PipelinesServer, scripted_llm: ScriptedLLM
) -> None:
    scripted_llm.when(*MILAN)
    scripted_llm.when(*ROME)
    replay(server, *ORIGINAL)
    assert texts(server) == ["The user's sister Ana lives in Rome."]
    replay(server, *EDITED)
    assert texts(server) == ["The user's sister Ana lives in Milan."]
    replay(server, *ORIGINAL, *EDITED)
    assert texts(server) == ["The user's sister Ana lives in Milan."]


def test_an_edit_before_the_original_was_read_costs_one_call(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    server = pipelines_server(env=with_llm(scripted_llm, idle_seconds=2))
    scripted_llm.when(*MILAN)
    scripted_llm.when(*ROME)
    replay(server, *ORIGINAL, *EDITED)
    assert texts(server) == ["The user's sister Ana lives in Milan."]
    assert len(scripted_llm.chats()) == 1


def test_an_edit_into_nothing_takes_it_back(server: PipelinesServer, scripted_llm: ScriptedLLM) -> None:
    """What the edited message says is not worth a call, but the original's memories go all the same."""
    scripted_llm.when(*ROME)
    replay(server, *ORIGINAL)
    sent, answered = (recording(name) for name in EDITED)
    for body in (sent["body"], answered["body"]):
        user_message = next(message for message in body["messages"] if message["role"] == "user")
        user_message["content"] = "Hi!"
    server.inlet(sent["body"], sent["user"])
    server.outlet(answered["body"], answered["user"])
    server.wait_until_drained()
    assert texts(server) == []
    assert "changes taken back after an edit: 1" in server.part("filter")["detail"]


def test_an_edit_without_an_llm(shared_server: PipelinesServer) -> None:
    before = texts(shared_server)
    replay(shared_server, *ORIGINAL)
    assert [text for text in texts(shared_server) if text not in before] == ["My sister Ana lives in Rome."]
    replay(shared_server, *EDITED)
    assert [text for text in texts(shared_server) if text not in before] == ["My sister Ana lives in Milan."]
