"""Models that misbehave, behind the real server: it stays small, and remembers once they are well."""

import json
import threading
import time
from pathlib import Path

import pytest

from tests.harness import scripted_http as harness
from tests.harness.bodies import Chat
from tests.harness.hang import returns
from tests.harness.hostile_server import HostileServer
from tests.harness.pipelines_server import PipelinesServer, StartServer, with_llm
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import is_ours
from tests.harness.talk import recalled, stored, take, tell
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.slow

TEA = json.dumps({"operations": [{"op": "add", "text": "The user likes tea."}]})


def megabytes(server: PipelinesServer) -> float:
    return int(Path(f"/proc/{server.pid}/statm").read_text().split()[1]) * 4096 / 1e6


@pytest.mark.parametrize("kind", ["endless body", "drops", "gzip bomb"])
def test_an_llm_without_end(pipelines_server: StartServer, scripted_llm: ScriptedLLM, kind: str) -> None:
    with HostileServer(kind) as hostile:
        env = {
            **with_llm(scripted_llm),
            "MEMORY_LLM_BASE_URL": f"{hostile.url}/v1",
            "MEMORY_LLM_TIMEOUT_S": "5",
        }
        server = pipelines_server(env=env)
        before, threads = megabytes(server), server.threads
        take(server, Chat("ada").say("I like tea."))
        wait_until(lambda: not server.part("LLM")["ok"], what="the failure is told", within=40)
        with returns():
            recalled(server, "What does the user drink?", user="bob")
        time.sleep(3)
        assert megabytes(server) < before + 150
        assert server.threads <= threads + 8
        assert not server.status()["ok"]

        server.change_valves(llm_base_url=scripted_llm.base_url)
        scripted_llm.when(is_ours, TEA)
        server.wait_until_drained(within=60)
        assert stored(server) == [("ada", "The user likes tea.")]


def test_twenty_thousand_operations_hold_up_nobody(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    server = pipelines_server(env=with_llm(scripted_llm))
    many = [{"op": "add", "text": f"The user has cat number {number}."} for number in range(15_000)]
    scripted_llm.when(
        lambda request: is_ours(request) and "cats" in request.text, json.dumps({"operations": many})
    )
    scripted_llm.when(lambda request: is_ours(request) and "tea" in request.text, TEA)
    take(server, Chat("ada").say("I have many cats."))
    tell(server, "I like tea.", user="bob")
    held = stored(server)
    assert ("bob", "The user likes tea.") in held
    assert len([text for user, text in held if user == "ada"]) <= 20


@pytest.mark.parametrize("vector", [[float("nan")] * 256, [0.0] * 256, ["a"] * 256])
def test_an_embedder_that_sends_no_vectors(
    pipelines_server: StartServer,
    scripted_llm: ScriptedLLM,
    vector: list[object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = pipelines_server()
    tell(server, "I live in Lisbon.", user="ada")
    with monkeypatch.context() as ill:
        ill.setattr(harness, "embedding_json", lambda *_: json.dumps(vector))
        take(server, Chat("ada").say("My dog is called Rex."))
        told: list[str] = []
        threading.Thread(target=lambda: told.append(recalled(server, "Tell me a joke.", user="ada"))).start()
        wait_until(lambda: told, what="the chat goes on")
        wait_until(lambda: not server.part("embedder")["ok"], what="the status tells it", within=60)
    server.wait_until_drained(within=60)
    assert sorted(stored(server)) == [("ada", "I live in Lisbon."), ("ada", "My dog is called Rex.")]
    assert "Rex" in recalled(server, "What is my dog called?", user="ada")
