"""With default settings, the model that answers the chats reads them: over HTTP, on the real server."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.harness.bodies import Chat
from tests.harness.hang import returns
from tests.harness.hostile_server import HostileServer
from tests.harness.ollama import Ollama
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request, is_ours
from tests.harness.talk import command_line, recalled, stored, take, tell
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.slow

TEA = json.dumps({"operations": [{"op": "add", "text": "The user likes tea."}]})
KEY = "the-chats-key-3141"
ANSWERS = {"model": "scripted-chat"}  # options of a chat with the scripted server's model


def chats_at(llm: ScriptedLLM, **more: str) -> dict[str, str]:
    """The environment in which Open WebUI talks to the scripted server."""
    url = {"OPENAI_API_BASE_URL": llm.base_url, "OPENAI_API_KEY": KEY}
    return {**url, "MEMORY_ADVANCED": "batch_idle_seconds=0", **more}


def readings(llm: ScriptedLLM) -> list[Request]:
    return [request for request in llm.chats() if is_ours(request)]


def test_the_model_that_answered_reads_the_chat(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    server = pipelines_server(env=chats_at(scripted_llm, MEMORY_LLM_PRICES="scripted-chat 1 2"))
    host = scripted_llm.base_url.split("/")[2]
    assert f"auto: the model that answered reads; {host} lists 2 models" in server.part("LLM")["detail"]
    scripted_llm.when(is_ours, TEA)
    tell(server, "I like tea.", chat=Chat("ada", options=ANSWERS))
    assert stored(server) == [("ada", "The user likes tea.")]
    assert [request.body["model"] for request in readings(scripted_llm)] == ["scripted-chat"]
    assert readings(scripted_llm)[0].headers["authorization"] == f"Bearer {KEY}"

    status = server.status()
    assert status["ok"], status
    assert "last openai scripted-chat" in server.part("LLM")["detail"]
    assert "LLM: auto: " in server.part("self-check")["detail"]
    assert "scripted-chat: 1 calls" in server.part("costs")["detail"]
    assert "about $" in server.part("costs")["detail"] or "under $" in server.part("costs")["detail"]
    assert server.get_valves()["llm_provider"] == "auto"
    kept = [*server.data_dir.rglob("*"), *server.pipelines_dir.rglob("*")]
    assert not [file for file in kept if file.is_file() and KEY.encode() in file.read_bytes()]
    assert KEY not in server.log() + json.dumps([status, server.get_valves(), server.valves_spec()])


def test_what_no_server_lists_is_kept_word_for_word(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    server = pipelines_server(env=chats_at(scripted_llm))
    tell(server, "I like tea.", chat=Chat("ada", options={"model": "my-own-pipe"}))
    assert stored(server) == [("ada", "I like tea.")]
    assert readings(scripted_llm) == []
    part = server.part("LLM")
    assert part["ok"]
    assert "kept without an LLM: what was answered by my-own-pipe" in part["detail"]
    assert "llm_model" in part["hint"]


def test_prefixes_and_workspace_models(pipelines_server: StartServer, scripted_llm: ScriptedLLM) -> None:
    server = pipelines_server(env=chats_at(scripted_llm))
    scripted_llm.when(is_ours, TEA)
    tell(server, "I like tea.", chat=Chat("ada", options={"model": "my.box.scripted-chat"}))
    turn = Chat("bob", options={"model": "tea-tutor"}).say("I like tea.")
    turn.inlet["metadata"]["model"]["info"] = {"base_model_id": "scripted-chat", "meta": {}}
    take(server, turn)
    server.wait_until_drained()
    assert sorted(stored(server)) == [("ada", "The user likes tea."), ("bob", "The user likes tea.")]
    assert {request.body["model"] for request in readings(scripted_llm)} == {"scripted-chat"}


def test_none_means_none_and_takes_effect_at_once(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    server = pipelines_server(env=chats_at(scripted_llm))
    server.change_valves(llm_provider="none")
    wait_until(lambda: server.part("LLM")["detail"].startswith("none: "), what="it is in force")
    tell(server, "I like tea.", chat=Chat("ada", options=ANSWERS))
    assert stored(server) == [("ada", "I like tea.")]
    assert readings(scripted_llm) == []
    assert json.loads(server.valves_file.read_text())["llm_provider"] == "none"
    server.restart()
    assert server.get_valves()["llm_provider"] == "none"
    scripted_llm.when(is_ours, TEA)
    server.change_valves(llm_provider=None)  # the panel's way back to the default
    wait_until(lambda: "auto: " in server.part("LLM")["detail"], what="it is in force again")


def test_without_any_server_it_says_what_to_set(pipelines_server: StartServer) -> None:
    server = pipelines_server()
    tell(server, "I like tea.")
    assert stored(server) == [("ada", "I like tea.")]
    part = server.part("LLM")
    assert part["ok"]
    assert part["detail"].startswith("auto, none: ")
    assert "OPENAI_API_BASE_URL" in part["hint"]
    assert "llm_provider" in part["hint"]


def test_a_list_with_the_pipelines_server_in_it(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    env = {"OPENAI_API_KEYS": f"{KEY};test-key", "MEMORY_ADVANCED": "batch_idle_seconds=0"}
    other = pipelines_server()
    env["OPENAI_API_BASE_URLS"] = f"{scripted_llm.base_url};{other.url}"
    server = pipelines_server(env=env)
    scripted_llm.when(is_ours, TEA)
    tell(server, "I like tea.", chat=Chat("ada", options=ANSWERS))
    tell(server, "I like cats.", chat=Chat("ada", options={"model": "memory_filter"}))
    assert sorted(stored(server)) == [("ada", "I like cats."), ("ada", "The user likes tea.")]
    assert "is a Pipelines server" in server.part("LLM")["detail"]


def test_ollama_reads_what_it_answered_and_local_only_holds(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    with Ollama("llama3:latest") as ollama:
        server = pipelines_server(
            env=chats_at(scripted_llm, OLLAMA_BASE_URL=ollama.url, MEMORY_LOCAL_ONLY="true")
        )
        options = {"model": "llama3:latest", "connection": "local"}
        tell(server, "I like tea.", chat=Chat("ada", options=options))
        assert "/api/chat" in ollama.asked
        assert readings(scripted_llm) == []
        assert server.part("local only")["ok"]
        wait_until(
            lambda: "last ollama llama3:latest" in server.part("LLM")["detail"], within=40, what="told"
        )


@pytest.mark.parametrize("kind", ["drops", "endless body", "deep nesting"])
def test_a_server_of_the_chats_that_misbehaves_holds_up_nobody(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM, kind: str
) -> None:
    tell_bob = Chat("bob", options=ANSWERS)
    with HostileServer(kind) as hostile:
        env = {
            "OPENAI_API_BASE_URLS": f"{hostile.url}/v1;{scripted_llm.base_url}",
            "OPENAI_API_KEYS": f"x;{KEY}",
            "MEMORY_ADVANCED": "batch_idle_seconds=0",
        }
        server = pipelines_server(env=env)
        scripted_llm.when(is_ours, TEA)
        take(server, tell_bob.say("I like tea."))
        with returns():
            recalled(server, "What does the user drink?", user="bob")
        server.wait_until_drained(within=60)
        assert stored(server) == [("bob", "The user likes tea.")]
        host = hostile.url.split("/")[2]
        wait_until(lambda: host in server.part("LLM")["detail"], what="it is named", within=40)
        assert server.part("LLM")["ok"], "the other one reads"


@pytest.mark.parametrize(("status", "told"), [(401, "HTTP 401"), (404, "HTTP 404")])
def test_a_key_that_is_wrong_is_named_and_words_are_kept(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM, status: int, told: str
) -> None:
    with scripted_llm.fault("models", status=status):
        server = pipelines_server(env=chats_at(scripted_llm))
        tell(server, "I like tea.", chat=Chat("ada", options=ANSWERS))
        assert stored(server) == [("ada", "I like tea.")]
        part = server.part("LLM")
    assert not part["ok"]
    assert told in part["detail"]
    assert "OPENAI_API_KEY" in part["hint"]


def test_who_answered_outlasts_a_restart_between_inlet_and_outlet(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    server = pipelines_server(env=chats_at(scripted_llm))
    scripted_llm.when(is_ours, TEA)
    turn = Chat("ada", options=ANSWERS).say("I like tea.")
    server.inlet(turn.inlet, turn.user)
    server.restart()
    server.outlet(turn.outlet(), turn.user)
    server.wait_until_drained()
    assert stored(server) == [("ada", "The user likes tea.")]
    with closing(sqlite3.connect(server.data_dir / "state.db")) as state:
        (row,) = state.execute("SELECT answered_by FROM decisions").fetchall()
    assert row == ("openai external scripted-chat",)


LOCKERS = [f"My locker number {number} is green." for number in range(1, 5)]


def test_status_of_the_command_line(pipelines_server: StartServer, scripted_llm: ScriptedLLM) -> None:
    server = pipelines_server(env=chats_at(scripted_llm))
    scripted_llm.when(is_ours, TEA)
    tell(server, "I like tea.", chat=Chat("ada", options=ANSWERS))
    assert "lists 2 models" in command_status(server, chats_at(scripted_llm))
    told = command_status(server, {})
    assert "/memory/status" in told
    assert "today scripted-chat 1" in told


def command_status(server: PipelinesServer, env: dict[str, str]) -> str:
    keep = {name: value for name, value in server.env.items() if name.startswith("MEMORY_")}
    places = {"PIPELINES_DIR": str(server.pipelines_dir), "COLUMNS": "400"}
    done = command_line("status", env={**keep, **places, **env})
    return done.stdout + done.stderr
