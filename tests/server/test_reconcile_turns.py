"""The latest truth wins, through the real server: `extraction=reconcile` with a scripted LLM."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.scripted_llm import Request, ScriptedLLM
from tests.harness.talk import recalled, stored, take, tell


def decides(said: str, *operations: dict[str, Any]) -> tuple[Any, str]:
    """A rule: asked about a batch in which the user said this, the LLM decides so."""

    def concerned(request: Request) -> bool:
        new = request.last_user_text.partition("New messages:")[2]
        return '"operations"' in request.said_by("system") and said in new

    return concerned, json.dumps({"operations": list(operations)})


@pytest.fixture
def server(pipelines_server: StartServer, scripted_llm: ScriptedLLM) -> PipelinesServer:
    return pipelines_server(
        env={
            "MEMORY_LLM_PROVIDER": "openai",
            "MEMORY_LLM_BASE_URL": scripted_llm.base_url,
            "MEMORY_LLM_API_KEY": "llm-key",
            "MEMORY_LLM_MODEL": "scripted-chat",
            "MEMORY_BATCH_IDLE_SECONDS": "0",
        }
    )


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
    told = recalled(server, "Which town does the user live in?", user="ada")
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
