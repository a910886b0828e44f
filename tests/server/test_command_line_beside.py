"""`owui-memory` beside a running server: what one does, the other knows."""

import json
from typing import Any

import pytest

from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, StartServer, with_embedder
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.talk import command_line, recalled, tell

pytestmark = pytest.mark.slow

DOG, QUESTION = "My dog is called Rex.", "What is my dog called?"


class Admin:
    """At a shell with the server's environment."""

    def __init__(self, server: PipelinesServer, llm: ScriptedLLM) -> None:
        self._env = {**with_embedder(llm), "MEMORY_DATA_DIR": str(server.data_dir)}

    def runs(self, *arguments: str) -> Any:
        done = command_line(*arguments, "--json", env=self._env)
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)


@pytest.fixture
def server(pipelines_server: StartServer) -> PipelinesServer:
    server = pipelines_server()
    server.wait_until_ready()
    return server


@pytest.fixture
def admin(server: PipelinesServer, scripted_llm: ScriptedLLM) -> Admin:
    return Admin(server, scripted_llm)


def test_what_was_said_in_a_chat_is_listed_and_corrected(server: PipelinesServer, admin: Admin) -> None:
    chat = tell(server, DOG)
    (one,) = admin.runs("list", "ada")["memories"]
    assert (one["memory"], one["metadata"]["chat"]) == (DOG, chat.chat_id)
    assert "Rex" in recalled(server, QUESTION)
    admin.runs("edit", "ada", "1", "My dog is called Max.")
    assert "Max" in recalled(server, QUESTION)
    assert "Rex" not in recalled(server, QUESTION)
    admin.runs("undo", "ada")
    assert "Rex" in recalled(server, QUESTION)


def test_what_is_remembered_there_is_told_here_and_forgotten_for_good(
    server: PipelinesServer, admin: Admin
) -> None:
    assert recalled(server, QUESTION) == ""
    admin.runs("remember", "ada", DOG)
    chat = Chat("ada")
    assert "Rex" in recalled(server, QUESTION, chat=chat)
    assert recalled(server, QUESTION, user="bob") == ""
    assert admin.runs("forget", "ada", "dog") == {"forgotten": 1, "gone": 0, "passages": 0, "texts": [DOG]}
    assert "Rex" not in recalled(server, QUESTION)
    assert "Rex" not in recalled(server, "And what did you say is my dog called?", chat=chat)


def test_switched_off_at_once(server: PipelinesServer, admin: Admin) -> None:
    tell(server, DOG)
    admin.runs("off", "ada")
    assert recalled(server, QUESTION) == ""
    tell(server, "I play the cello.")
    assert admin.runs("status", "ada") == {
        "user_id": "ada",
        "on": False,
        "memories": 1,
        "passages": 2,
        "chats": 1,
        "waiting": 0,
    }
    admin.runs("on", "ada")
    assert "Rex" in recalled(server, QUESTION)
