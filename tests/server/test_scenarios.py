"""Whole stories, in several languages: what memory holds in the end, and what it tells.

They are told in tests/fixtures/scenarios, see `story.py`, and played on the real server with
`extraction=reconcile` and an LLM that answers by what stands in the prompt.
"""

import pytest

from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, StartServer, with_llm
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import is_ours
from tests.harness.talk import held, rows_of, take

from .play import play
from .story import Scenario, languages, stories

# What holds no more is no fact any more; a quote of the day on which it was said says so for ever.
FACTS_ONLY = {"MEMORY_EPISODES": "off"}
BYSTANDER, BICYCLE = "bystander", "The user has a red bicycle."

STORIES = [
    pytest.param(one, id=f"{language}: {one.name}")
    for language in languages()
    for one in stories(language)
    if one.name != "introduction"
]


@pytest.fixture(scope="module")
def reads_at_once(module_servers: StartServer, _running_llm: ScriptedLLM) -> PipelinesServer:
    """It reads each message as it comes; somebody else's memory is there from the beginning."""
    return _with_bystander(module_servers(env={**with_llm(_running_llm), **FACTS_ONLY}), _running_llm)


@pytest.fixture(scope="module")
def reads_by_threes(module_servers: StartServer, _running_llm: ScriptedLLM) -> PipelinesServer:
    """It reads a chat when three messages wait, or when its user goes on in another."""
    env = {
        **with_llm(_running_llm),
        **FACTS_ONLY,
        "MEMORY_ADVANCED": "batch_idle_seconds=60; batch_max_exchanges=3",
    }
    return _with_bystander(module_servers(env=env), _running_llm)


def _with_bystander(server: PipelinesServer, llm: ScriptedLLM) -> PipelinesServer:
    llm.when(is_ours, {"operations": [{"op": "add", "text": BICYCLE}]})
    chat = Chat(BYSTANDER)
    for text in ("I have a bicycle.", "My bicycle is red.", "I really like it."):
        take(server, chat.say(text))
    server.wait_until_drained()
    return server


@pytest.mark.parametrize("scenario", STORIES)
def test_memory_holds_what_it_should(
    scenario: Scenario, request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, user: str
) -> None:
    server = request.getfixturevalue("reads_by_threes" if scenario.at_once else "reads_at_once")
    bystanders = next(row.id for row in rows_of(server) if row.payload["user_id"] == BYSTANDER)
    scripted_llm.clear()  # the server may have been started just now
    play(scenario, server, scripted_llm, user=user, somebody_elses_id=str(bystanders))
    assert held(server, BYSTANDER) == [(BICYCLE, "")]
