"""The chat never suffers: what the filter does when an embedder is slow, down or wrong."""

import http.client
import json
import select
from typing import Any

import pytest

from tests.harness.bodies import Chat, Turn
from tests.harness.pipelines_server import FILTER, PipelinesServer, StartServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.talk import fresh, recalled, tell
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.slow

FACT = "My dog is called Rex and I live in Lisbon."
QUESTION = "What is my dog called?"
FAULTS = [{"status": 503}, {"status": 429}, {"cut": True}, {"broken_json": True}, {"dims": 7}]
WITHOUT_MEMORY: tuple[dict[str, Any], ...] = ({"memory": False}, {"task": "title_generation"})


def passes_unchanged(server: PipelinesServer, turn: Turn) -> bool:
    return server.inlet(turn.inlet, turn.user) == turn.inlet


def trouble(server: PipelinesServer) -> str:
    """Everything the status says of parts that are not well, in one text."""
    parts = [part for part in server.status()["parts"] if not part["ok"]]
    return "\n".join(f"{part['name']}: {part['detail']} {part['hint']}" for part in parts)


class TestSlowEmbedder:
    def test_the_message_goes_on_without_memories(
        self, pipelines_server: StartServer, scripted_llm: ScriptedLLM
    ) -> None:
        server = pipelines_server(env={"MEMORY_INLET_DEADLINE_MS": "800"})
        tell(server, FACT)
        with scripted_llm.hold("embeddings") as gate:
            assert passes_unchanged(server, Chat().say(fresh(QUESTION)))
            wait_until(lambda: gate.waiting >= 1, what="the embedder is still busy")
            assert "800 ms" in json.dumps(server.status())
        wait_until(lambda: "Rex" in recalled(server, fresh(QUESTION)), within=60, what="memories come back")

    def test_a_slow_embedder_does_not_hold_up_the_outlet(
        self, pipelines_server: StartServer, scripted_llm: ScriptedLLM
    ) -> None:
        server = pipelines_server(env={"MEMORY_INLET_DEADLINE_MS": "200"})
        with scripted_llm.hold("embeddings") as gate:
            turns = [Chat().say(f"My {thing} is in Lisbon.") for thing in ("house", "boat", "car")]
            for turn in turns:
                server.inlet(turn.inlet, turn.user)
                server.outlet(turn.outlet(), turn.user)
            wait_until(lambda: gate.waiting >= 1, what="the embedder is asked")
            assert server.status()["queue"]["pending"] == 3
        server.wait_until_drained(within=60)
        asked = "Where is my house?"
        wait_until(lambda: "house" in recalled(server, fresh(asked)), what="in time, sooner or later")

    def test_a_server_with_a_hanging_embedder_stops(
        self, pipelines_server: StartServer, scripted_llm: ScriptedLLM
    ) -> None:
        server = pipelines_server(env={"MEMORY_INLET_DEADLINE_MS": "200"})
        with scripted_llm.hold("embeddings"):
            turn = Chat().say(FACT)
            assert passes_unchanged(server, turn)
            server.outlet(turn.outlet(), turn.user)
            server.stop(within=20)
        server.start()
        server.wait_until_drained()
        wait_until(lambda: "Rex" in recalled(server, fresh(QUESTION)), what="in time, sooner or later")


class TestEmbedderDown:
    @pytest.mark.parametrize("fault", FAULTS, ids=str)
    def test_the_chat_goes_on(
        self, shared_server: PipelinesServer, scripted_llm: ScriptedLLM, user: str, fault: dict[str, int]
    ) -> None:
        tell(shared_server, FACT, user=user)
        with scripted_llm.fault("embeddings", **fault):
            assert passes_unchanged(shared_server, Chat(user).say(fresh(QUESTION)))
            assert shared_server.part("last error")["detail"] != "none"
        assert "Rex" in recalled(shared_server, fresh(QUESTION), user=user)

    def test_it_is_left_alone_after_some_failures_and_asked_again_later(
        self, pipelines_server: StartServer, scripted_llm: ScriptedLLM
    ) -> None:
        server = pipelines_server()
        tell(server, FACT)
        with scripted_llm.fault("embeddings", status=503):
            wait_until(lambda: self._costs_nothing(server, scripted_llm), within=60, what="the breaker opens")
            assert not server.status()["ok"]
            assert trouble(server)
        wait_until(
            lambda: "Rex" in recalled(server, fresh(QUESTION)), within=90, what="the breaker closes again"
        )
        wait_until(lambda: server.status()["ok"], within=90, what=lambda: f"all is well: {trouble(server)}")

    @staticmethod
    def _costs_nothing(server: PipelinesServer, llm: ScriptedLLM) -> bool:
        """Ask once; true if the embedder was not bothered with it."""
        asked = len(llm.embedded_texts())
        assert passes_unchanged(server, Chat().say(fresh(QUESTION)))
        return len(llm.embedded_texts()) == asked

    def test_a_server_started_without_its_embedder_recovers(
        self, pipelines_server: StartServer, scripted_llm: ScriptedLLM
    ) -> None:
        with scripted_llm.fault("embeddings", status=503):
            server = pipelines_server(wait_ready=False)
            turn = Chat().say(FACT)
            assert passes_unchanged(server, turn)
            server.outlet(turn.outlet(), turn.user)
            assert server.status()["queue"]["pending"] == 1
        server.wait_until_ready(within=120)
        server.wait_until_drained(within=120)
        assert "Rex" in recalled(server, fresh(QUESTION))


class OpenInlet:
    """An inlet request on its way: sent in full, its answer not yet read."""

    def __init__(self, server: PipelinesServer, turn: Turn) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        content = json.dumps({"body": turn.inlet, "user": turn.user})
        headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
        self._connection.request("POST", f"/{FILTER}/filter/inlet", content, headers)

    @property
    def answered(self) -> bool:
        return bool(select.select([self._connection.sock], [], [], 0)[0])

    def status(self) -> int:
        answer = self._connection.getresponse()
        answer.read()
        self._connection.close()
        return answer.status


def test_fifty_inlets_that_hang_keep_nobody_waiting(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    """Who comes after them is served before any of them."""
    server = pipelines_server()
    tell(server, FACT)
    without = (Chat.temporary().say("Hi"), *(Chat().say("Hi", **more) for more in WITHOUT_MEMORY))
    with scripted_llm.hold("embeddings", when="slow") as gate:
        slow = [OpenInlet(server, Chat(f"user-{n}").say(f"A slow question, number {n}?")) for n in range(50)]
        wait_until(lambda: gate.waiting >= 1, what="the slow ones hang")
        assert [passes_unchanged(server, turn) for turn in without] == [True] * len(without)
        assert "parts" in server.status()
        block = recalled(server, fresh(QUESTION))
        late = [inlet for inlet in slow if inlet.answered]
    assert {inlet.status() for inlet in slow} == {200}
    assert "Rex" in block
    assert late == []
