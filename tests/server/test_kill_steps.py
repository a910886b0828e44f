"""The real server dies while it makes what was decided; all steps: tests/unit/remember/test_kills.py."""

import json
from pathlib import Path

import pytest

from tests.harness import steps
from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PLUGINS, ROOT, StartServer, with_llm
from tests.harness.remains import Remains, expire_claims
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import is_ours
from tests.harness.talk import recalled, take, tell
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.slow

DOG, LISBON, PORTO = "The user's dog is called Rex.", "The user lives in Lisbon.", "The user lives in Porto."


@pytest.mark.parametrize("step", ["after LibraryBackend.store 2", "before Outbox.done 2"])
def test_the_next_start_goes_on_where_the_killed_server_was(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM, step: str
) -> None:
    decided = {"op": "add", "text": LISBON}
    scripted_llm.when(is_ours, json.dumps({"operations": [decided]}))
    server = pipelines_server(
        env={**with_llm(scripted_llm), steps.DIE_AT: step},
        plugins=[Path(steps.__file__)],
        python_path=[ROOT, PLUGINS],
    )
    tell(server, "I live in Lisbon.")
    both = [{"op": "add", "text": DOG}, {"op": "replace", "id": 1, "text": PORTO}]
    scripted_llm.when(is_ours, json.dumps({"operations": both}))

    take(server, Chat("ada").say("I moved to Porto with my dog Rex."))
    wait_until(server.has_ended, what="it dies")
    server.kill()
    expire_claims(server.data_dir)
    del server.env[steps.DIE_AT]
    server.start()
    server.wait_until_drained()

    assert len(scripted_llm.chats()) == 2, "what was decided is not decided again"
    assert PORTO in recalled(server, "Where does the user live?")
    server.stop()
    remains = Remains(server.data_dir)
    assert remains.texts == [PORTO, DOG]
    assert remains.flaws({}) == []
