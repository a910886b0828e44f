"""Forget means gone, in a real server: by the command line beside it, and by another server on its folder."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.harness import steps, traces
from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PLUGINS, ROOT, PipelinesServer, StartServer, with_llm
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import is_ours
from tests.harness.talk import command_line, fresh, held, recalled, take, tell
from tests.harness.traces import RARE
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.slow

ALLERGY, CELLO, TEA = f"I am allergic to {RARE}.", "I play the cello.", "I like green tea."
QUESTION = "What am I allergic to?"


@pytest.fixture
def server(pipelines_server: StartServer) -> PipelinesServer:
    return pipelines_server()


def learns_of_both(server: PipelinesServer) -> Chat:
    """Ada's chat in which she was told what she had said in another one."""
    tell(server, ALLERGY)
    tell(server, CELLO, user="bob")
    chat = Chat("ada")
    take(server, chat.say(QUESTION))
    assert RARE in recalled(server, QUESTION, chat=chat)
    assert CELLO in recalled(server, "Do I play the cello?", user="bob")
    server.wait_until_drained()
    return chat


def erases(server: PipelinesServer, user: str) -> dict[str, Any]:
    """The receipt of the command line."""
    done = command_line("erase-user", user, "--yes", "--json", env=server.env)
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout))


def assert_gone(server: PipelinesServer, chat: Chat | None = None) -> None:
    """From what is told, and from every byte; Bob has what he had."""
    wait_until(
        lambda: not traces.in_files(server.data_dir),
        what=lambda: f"nothing is left in {traces.in_files(server.data_dir)}",
    )
    assert recalled(server, QUESTION) == ""
    assert recalled(server, fresh(QUESTION), chat=chat) == ""
    assert recalled(server, "What do you know about me?") == ""
    assert held(server, "ada") == []
    assert CELLO in recalled(server, "Do I play the cello?", user="bob")
    assert not traces.is_in(server.log() + json.dumps(server.status()))


def test_the_command_line_erases_a_user_of_a_running_server(server: PipelinesServer) -> None:
    chat = learns_of_both(server)
    receipt = erases(server, "ada")
    assert receipt["counts"]["memories"] == 1
    assert receipt["counts"]["told lines"] >= 1
    assert_gone(server, chat)
    tell(server, TEA)
    assert TEA in recalled(server, "Which tea do I like?")
    assert RARE not in recalled(server, QUESTION)


def test_a_batch_that_the_server_works_on_meanwhile_is_not_remembered(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    server = pipelines_server(env=with_llm(scripted_llm))
    add = {"operations": [{"op": "add", "text": f"The user is allergic to {RARE}."}]}
    scripted_llm.when(is_ours, json.dumps(add))
    with scripted_llm.hold("chat", when=RARE) as gate:
        take(server, Chat("ada").say(ALLERGY))
        wait_until(lambda: gate.waiting, what="the LLM reads what was said")
        assert erases(server, "ada")["counts"]["queue"] == 1
        gate.release()
    server.wait_until_drained()
    wait_until(lambda: not traces.in_files(server.data_dir), what="nothing is left")
    assert held(server, "ada") == []


@pytest.mark.parametrize("step", ["after Erasures.begin_user 1", "before StoreSite.purge 1"])
def test_what_a_killed_server_began_another_one_finishes(
    pipelines_server: StartServer, server: PipelinesServer, step: str
) -> None:
    chat = learns_of_both(server)
    mortal = pipelines_server(
        env={"MEMORY_DATA_DIR": str(server.data_dir), steps.DIE_AT: step},
        plugins=[Path(steps.__file__)],
        python_path=[ROOT, PLUGINS],
    )
    asked = Chat("ada").say("/memory forget everything yes")
    with pytest.raises(httpx.TransportError):
        mortal.outlet(asked.outlet("OK", sent=mortal.inlet(asked.inlet, asked.user)), asked.user)
    wait_until(mortal.has_ended, what="it dies")
    mortal.kill()
    assert_gone(server, chat)


def test_what_was_forgotten_is_not_learned_again_from_an_answer(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    server = pipelines_server(env=with_llm(scripted_llm))
    add = {"operations": [{"op": "add", "text": f"The user is allergic to {RARE}."}]}
    scripted_llm.when(is_ours, json.dumps(add))
    tell(server, ALLERGY)
    chat = Chat("ada")
    take(server, chat.say(QUESTION), answer="I look it up.")
    take(server, Chat("ada").say("/memory forget allergic"), answer="OK")
    wait_until(lambda: held(server, "ada") == [], what="it is forgotten")
    take(server, chat.say("I cook a soup tonight."), answer=f"As you are allergic to {RARE}: without it.")
    server.wait_until_drained()
    assert "soup" in scripted_llm.chats()[-1].text, "the LLM wants to keep it"
    assert held(server, "ada") == []
