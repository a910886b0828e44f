"""mem0 says what to remember of a chat."""

import pytest

from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, StartServer, with_llm
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.talk import recalled, take, tell

FACT = "My dog is called Rex and I live in Lisbon."
QUESTION = "What is my dog called?"


@pytest.fixture(scope="module")
def _shared(module_servers: StartServer, _running_llm: ScriptedLLM) -> PipelinesServer:
    return module_servers(env={**with_llm(_running_llm), "MEMORY_EXTRACTION": "mem0"})


@pytest.fixture
def server(_shared: PipelinesServer, scripted_llm: ScriptedLLM) -> PipelinesServer:
    """One for all who only talk to it, with users of their own."""
    _shared.wait_until_drained()
    scripted_llm.clear()
    return _shared


def test_the_llm_says_what_to_remember(server: PipelinesServer, scripted_llm: ScriptedLLM, user: str) -> None:
    tell(server, FACT, user=user)
    assert "User's dog is called Rex" in recalled(server, QUESTION, user=user)
    extraction = scripted_llm.chats()[0]
    assert extraction.headers["authorization"] == "Bearer llm-key"
    assert extraction.body["model"] == "scripted-chat"
    assert FACT in extraction.last_user_text


def test_the_llm_never_sees_our_block_or_a_system_prompt(
    server: PipelinesServer, scripted_llm: ScriptedLLM, user: str
) -> None:
    tell(server, FACT, user=user)
    scripted_llm.clear()
    take(server, Chat(user).say("I also have a cat called Tom. " + QUESTION, system="Top secret prompt."))
    server.wait_until_drained()
    new_messages = scripted_llm.chats()[0].last_user_text.partition("## New Messages")[2]
    assert "Tom" in new_messages
    assert "user_memories" not in new_messages
    assert "Top secret" not in new_messages
