"""Another embedder, store or LLM is chosen in the panel of a real server: nothing is lost, nobody waits."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from owui_memory.core.memory import EPISODE
from tests.harness.mem0_http import StandIn
from tests.harness.pipelines_server import PipelinesServer, StartServer, with_llm
from tests.harness.postgres import PASSWORD, Postgres
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.talk import command_line, recalled, tell
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.slow

# A row of the view Server.
PROGRESS = (
    r'scope="row">moving</th><td>works</td><td lang="en">\d of 6 memories are in sqlite, collection memories_'
)
DOG, CELLO, TEA = "My dog is called Rex.", "I play the cello.", "I like green tea."


@pytest.fixture
def small_llm() -> Iterator[ScriptedLLM]:
    """Another embedder, whose vectors are smaller."""
    with ScriptedLLM(dims=64) as llm:
        yield llm


@pytest.fixture
def server(pipelines_server: StartServer) -> PipelinesServer:
    """Ada's dog and Bob's cello are known."""
    server = pipelines_server()
    tell(server, DOG, user="ada")
    tell(server, CELLO, user="bob")
    return server


def embedder_of(llm: ScriptedLLM) -> dict[str, str]:
    return {"embedder_base_url": llm.base_url, "embedder_model": "small", "embedder_api_key": "key"}


def wait_for_store(server: PipelinesServer, text: str) -> None:
    wait_until(
        lambda: text in server.part("store")["detail"] and not moving(server),
        within=150,  # whoever was killed while copying holds the place for a minute
        what=lambda: f"{text} serves: {server.status()}",
    )


def moving(server: PipelinesServer) -> dict[str, Any] | None:
    return next((part for part in server.status()["parts"] if part["name"] == "moving"), None)


def test_another_embedder_gets_every_memory_while_the_earlier_one_serves(
    server: PipelinesServer, small_llm: ScriptedLLM
) -> None:
    with small_llm.hold("embeddings", when=CELLO) as gate:
        server.change_valves(**embedder_of(small_llm))
        wait_until(lambda: gate.waiting, what="the memories are being embedded anew")
        part = moving(server)
        assert part["ok"]
        assert "of 6 memories are in sqlite, collection memories_small_64" in part["detail"]
        assert re.search(PROGRESS, server.get("/memory/admin").text), "admins see it on the page"
        assert DOG in recalled(server, "What is my dog called?", user="ada")
        tell(server, TEA, user="ada")
        gate.release()
    wait_for_store(server, "memories_small_64")
    assert 'scope="row">moving<' not in server.get("/memory/admin").text
    assert DOG in recalled(server, "What is my dog called, please?", user="ada")
    assert TEA in recalled(server, "Which tea do I like?", user="ada")
    assert CELLO in recalled(server, "What do I play, the cello?", user="bob")
    tell(server, "My cat is called Tom.", user="ada")
    assert "Tom" in recalled(server, "What is my cat called?", user="ada")


def test_after_a_restart_with_another_embedder_too(server: PipelinesServer, small_llm: ScriptedLLM) -> None:
    server.stop()
    server.env |= {f"MEMORY_{name.upper()}": value for name, value in embedder_of(small_llm).items()}
    server.start()
    wait_for_store(server, "memories_small_64")
    assert DOG in recalled(server, "What is my dog called?", user="ada")


def test_a_kill_in_between_loses_nothing(server: PipelinesServer, small_llm: ScriptedLLM) -> None:
    with small_llm.hold("embeddings", when=CELLO) as gate:
        server.change_valves(**embedder_of(small_llm))
        wait_until(lambda: gate.waiting, what="the memories are being embedded anew")
        server.kill()
    server.start()
    wait_for_store(server, "memories_small_64")
    assert DOG in recalled(server, "What is my dog called?", user="ada")
    assert CELLO in recalled(server, "What do I play, the cello?", user="bob")


def test_what_does_not_work_changes_nothing_and_is_told(
    server: PipelinesServer, small_llm: ScriptedLLM
) -> None:
    with small_llm.fault("embeddings", status=500):
        server.change_valves(**embedder_of(small_llm))
        wait_until(lambda: not server.part("backend")["ok"], what="the status tells it")
        part = server.part("backend")
        assert "the earlier settings stay in use: The embedder" in part["detail"]
        assert DOG in recalled(server, "What is my dog called?", user="ada")
        tell(server, TEA, user="ada")
    wait_for_store(server, "memories_small_64")
    assert TEA in recalled(server, "Which tea do I like?", user="ada")


def test_an_llm_that_is_not_there_changes_nothing_and_is_told(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    server = pipelines_server(env=with_llm(scripted_llm))
    with scripted_llm.fault("chat", when=lambda request: request.body["model"] == "gone", status=404):
        server.change_valves(llm_model="gone")
        wait_until(
            lambda: "the earlier settings stay in use: LLM" in server.part("backend")["detail"],
            what=lambda: f"the status tells it: {server.status()}",
        )
        tell(server, "I live in Rome.", user="ada")
        assert {request.body["model"] for request in scripted_llm.chats()} == {"scripted-chat"}
    wait_until(lambda: server.part("backend")["ok"], within=60, what=lambda: f"it serves: {server.status()}")


def test_to_postgresql_and_out_of_the_house_as_a_file(server: PipelinesServer, postgres: Postgres) -> None:
    with postgres.database() as database:
        server.change_valves(
            vector_store="pgvector", vector_store_url=database, vector_store_api_key=PASSWORD
        )
        wait_for_store(server, "pgvector")
        assert DOG in recalled(server, "What is my dog called?", user="ada")
        run = command_line("export", "--user", "ada", env=server.env)
        rows = list(map(json.loads, run.stdout.splitlines()))
        (memory,) = (row for row in rows if row["metadata"]["kind"] != EPISODE)
        assert any(row["memory"] == DOG for row in rows if row["metadata"]["kind"] == EPISODE)
        assert (memory["memory"], memory["user_id"]) == (DOG, "ada")
        assert PASSWORD not in server.log() + run.stderr


def test_to_mem0s_server_and_back(server: PipelinesServer, mem0_server: StandIn) -> None:
    home = {"backend": "library", "backend_url": None, "backend_api_key": None}
    server.change_valves(backend="server", backend_url=mem0_server.url, backend_api_key=mem0_server.key)
    wait_until(lambda: "server at" in server.part("backend")["detail"], what=lambda: str(server.status()))
    assert DOG in recalled(server, "What is my dog called?", user="ada")
    server.change_valves(**home)
    wait_for_store(server, "memories_scripted_embed")
    assert DOG in recalled(server, "What is my dog called, please?", user="ada")
