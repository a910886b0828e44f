"""What of the harness would not make other tests fail if it were wrong, but pass."""

import socket
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.harness.bodies import Chat, inlet_body, recording
from tests.harness.pipelines_server import PipelinesServer, ServerStartError, clean_environment
from tests.harness.scripted_answers import embedding
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What is my dog called?", "My dog is called Rex and I live in Lisbon."),
        ("Where do I live?", "I live in Lisbon."),
        ("Which cities have I lived in?", "I live in the city of Lisbon."),
    ],
)
def test_texts_that_share_words_are_near_and_others_are_not(question: str, fact: str) -> None:
    def nearness(text: str) -> float:
        return sum(x * y for x, y in zip(embedding(question), embedding(text), strict=True))

    assert nearness(fact) > 0.35
    assert abs(nearness("Quarterly turnover grew by a third.")) < 0.2


def test_a_fault_hits_only_the_endpoint_and_the_text_that_were_meant(scripted_llm: ScriptedLLM) -> None:
    fault = scripted_llm.fault("embeddings", when="poison", status=500)
    address = scripted_llm.base_url
    with fault, openai.OpenAI(api_key="any", base_url=address, max_retries=0) as client:
        poison: Any = {"role": "user", "content": "poison"}
        client.chat.completions.create(model="scripted-chat", messages=[poison])
        client.embeddings.create(model="scripted-embed", input="harmless")
        with pytest.raises(openai.InternalServerError):
            client.embeddings.create(model="scripted-embed", input="some poison")
    assert scripted_llm.embedded_texts() == ["harmless", "some poison"]


def test_a_delay_does_not_outlive_the_server() -> None:
    llm = ScriptedLLM().start()
    llm.add_fault("models", delay=3600)
    with socket.create_connection(("127.0.0.1", llm.port)) as connection:
        connection.settimeout(60)
        connection.sendall(b"GET /v1/models HTTP/1.1\r\n\r\n")
        wait_until(lambda: llm.requests)
        llm.stop()
        while connection.recv(1000):
            pass


def test_bodies_have_the_shape_of_the_recordings() -> None:
    chat = Chat("ada")
    first = chat.say("My dog is called Rex.")
    assert _shape(first.inlet) == _shape(recording("first-turn.inlet")["body"])
    assert _shape(first.outlet("Nice.")) == _shape(recording("first-turn.outlet")["body"])
    second = chat.say("What is he called?")
    said = ["My dog is called Rex.", "Nice.", "What is he called?"]
    assert [message["content"] for message in second.inlet["messages"]] == said
    metadata, outlet = second.inlet["metadata"], second.outlet("Rex.")
    assert metadata["user_message"]["parentId"] == first.message_id
    assert (outlet["id"], outlet["chat_id"]) == (metadata["message_id"], metadata["chat_id"])
    assert [message["content"] for message in outlet["messages"]] == [*said, "Rex."]
    assert outlet["messages"][-2]["id"] == metadata["user_message_id"]


def test_switches_are_sent_as_open_webui_does() -> None:
    assert inlet_body("x")["features"]["memory"] is True
    assert "memory" not in inlet_body("x", memory=False)["features"]
    assert "memory" not in inlet_body("x", memory=False)["metadata"]["features"]
    assert inlet_body("x", memory=None)["features"]["memory"] is False
    off = inlet_body("x", capability=False)["metadata"]["model"]["info"]["meta"]["capabilities"]
    assert off["memory"] is False


def test_a_temporary_outlet_echoes_what_the_model_got() -> None:
    turn = Chat.temporary().say("A secret.")
    sent = {**turn.inlet, "messages": [{"role": "system", "content": "Block"}, *turn.inlet["messages"]]}
    outlet = turn.outlet("Hm.", sent=sent)
    assert outlet["chat_id"].startswith("temporary:")
    assert [(m["id"], m["role"]) for m in outlet["messages"][:-1]] == [(None, "system"), (None, "user")]


def _shape(value: Any) -> Any:
    """Keys and types, without the values."""
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shape(item) for item in value]
    return type(value).__name__


def test_the_environment_of_the_server_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MEMORY_LLM_MODEL", "OPENAI_API_KEY", "HF_HOME", "MEM0_DIR", "http_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "set")
    assert "set" not in clean_environment().values()
    assert "PATH" in clean_environment()


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    (tmp_path / "fastapi.py").write_text("raise ImportError('no fastapi today')\n")
    with pytest.raises(ServerStartError, match="no fastapi today"):
        PipelinesServer(tmp_path / "server", python_path=[tmp_path]).start()
