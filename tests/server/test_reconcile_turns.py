"""The latest truth wins, through the real server: `extraction=reconcile` with a scripted LLM."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.harness.bodies import Chat, recording, told_text
from tests.harness.pipelines_server import PipelinesServer, StartServer, with_llm
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request, is_ours
from tests.harness.talk import facts_in, recalled, stored, take, tell

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


def test_a_corrected_fact_replaces_the_old_one(server: PipelinesServer, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.when(
        *decides("I live in Lisbon", {"op": "add", "text": "The user lives in Lisbon.", "kind": "profile"})
    )
    scripted_llm.when(
        *decides("I moved to Porto", {"op": "replace", "id": 1, "text": "The user lives in Porto."})
    )
    tell(server, "I live in Lisbon.", user="ada")
    assert "The user lives in Lisbon." in recalled(server, "Where does this user live?", user="ada")
    tell(server, "I moved to Porto last week, from Lisbon.", user="ada")
    assert stored(server) == [("ada", "The user lives in Porto.")]
    told = facts_in(recalled(server, "Which town does the user live in?", user="ada"))
    assert "Porto" in told
    assert "Lisbon" not in told


def test_nobody_is_asked_about_a_greeting(server: PipelinesServer, scripted_llm: ScriptedLLM) -> None:
    tell(server, "Hi there", user="ada")
    assert scripted_llm.chats() == []
    part = next(part for part in server.status()["parts"] if part["name"] == "filter")
    assert "not worth remembering: a greeting or a crumb: 1" in part["detail"]


def test_a_regenerated_answer_is_reconciled_once(server: PipelinesServer, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.when(*decides("I live in Lisbon", {"op": "add", "text": "The user lives in Lisbon."}))
    turn = Chat("ada").say("I live in Lisbon.")
    for answer in ("Nice.", "How nice!"):
        take(server, turn, answer)
        server.wait_until_drained()
    assert stored(server) == [("ada", "The user lives in Lisbon.")]
    assert len(scripted_llm.chats()) == 1


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


def test_the_originals_answer_may_come_after_the_edited_ones(
    server: PipelinesServer, scripted_llm: ScriptedLLM
) -> None:
    scripted_llm.when(*MILAN)
    scripted_llm.when(*ROME)
    replay(server, ORIGINAL[0], *EDITED, ORIGINAL[1])
    assert texts(server) == ["The user's sister Ana lives in Milan."]


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


def test_what_recall_told_is_not_stored_again(server: PipelinesServer, scripted_llm: ScriptedLLM) -> None:
    """Forgotten since it was told, it does not come back through the answer of the model."""
    scripted_llm.when(*decides("I live in Lisbon", {"op": "add", "text": "The user lives in Lisbon."}))
    scripted_llm.when(*decides("Forget where I live", {"op": "remove", "id": 1}))
    scripted_llm.when(*decides("what else do I need", {"op": "add", "text": "The user lives in Lisbon."}))
    tell(server, "I live in Lisbon.", user="ada")
    chat = Chat("ada")
    turn = chat.say("Where does this user live? I need it for my form.")
    assert "Lisbon" in told_text(take(server, turn, "You live in Lisbon."))
    server.wait_until_drained()
    tell(server, "Forget where I live.", user="ada")
    assert texts(server) == []
    take(server, chat.say("And my phone, what else do I need? I am new to this."), "Your town: Lisbon.")
    server.wait_until_drained()
    assert texts(server) == []
    told = "changes refused: recall told it to this chat, and it has been forgotten since: 1"
    assert told in server.part("filter")["detail"]
