"""The harness itself: what the other tests take for granted."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.harness.bodies import Chat, inlet_body, recording, recording_names, system_text
from tests.harness.pipelines_server import PipelinesServer, ServerStartError, clean_environment, free_port
from tests.harness.scripted_answers import HELLO, embedding
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until

ROOT = Path(__file__).parents[3]


@pytest.fixture
def client(scripted_llm: ScriptedLLM):
    with openai.OpenAI(api_key="any", base_url=scripted_llm.base_url, max_retries=0) as client:
        yield client


def ask(client: openai.OpenAI, text: str, system: str | None = None) -> str:
    messages: list[Any] = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": text})
    answer = client.chat.completions.create(model="scripted-chat", messages=messages)
    return answer.choices[0].message.content or ""


def nearness(one: str, other: str) -> float:
    return sum(x * y for x, y in zip(embedding(one), embedding(other), strict=True))


class TestEmbeddings:
    def test_the_same_text_gives_the_same_vector_of_length_one(self, client: openai.OpenAI) -> None:
        first, second = (
            client.embeddings.create(model="scripted-embed", input=["I live in Lisbon."]).data[0].embedding
            for _ in range(2)
        )
        assert first == second
        assert len(first) == 256
        assert sum(x * x for x in first) == pytest.approx(1, abs=1e-5)

    def test_lists_and_sizes_are_obeyed(self, client: openai.OpenAI) -> None:
        answer = client.embeddings.create(
            model="scripted-embed", input=["one", "two"], dimensions=64, encoding_format="float"
        )
        assert [len(item.embedding) for item in answer.data] == [64, 64]
        assert answer.data[1].embedding == pytest.approx(embedding("two", 64))
        assert answer.usage.total_tokens == 2

    @pytest.mark.parametrize(
        ("question", "fact"),
        [
            ("What is my dog called?", "My dog is called Rex and I live in Lisbon."),
            ("Where do I live?", "I live in Lisbon."),
            ("Which cities have I lived in?", "I live in the city of Lisbon."),
        ],
    )
    def test_texts_that_share_words_are_near(self, question: str, fact: str) -> None:
        assert nearness(question, fact) > 0.35
        assert abs(nearness(question, "Quarterly turnover grew by a third.")) < 0.2

    @pytest.mark.parametrize("text", ["", "   ", "?!", "the", "日本語のテキスト", "x" * 100_000])
    def test_any_text_has_a_vector(self, text: str) -> None:
        assert sum(x * x for x in embedding(text)) == pytest.approx(1)


class TestChat:
    def test_without_a_block_it_says_hello(self, client: openai.OpenAI, scripted_llm: ScriptedLLM) -> None:
        assert ask(client, "Hi") == HELLO
        assert [r.last_user_text for r in scripted_llm.chats()] == ["Hi"]
        assert scripted_llm.requests[0].headers["authorization"] == "Bearer any"

    def test_with_a_block_it_says_what_it_knows(self, client: openai.OpenAI) -> None:
        system = (
            "Be terse.\n<user_memories>\nUse it well.\n- My dog is Rex\n- I live in Rome\n</user_memories>"
        )
        assert ask(client, "Hi", system) == "I know: My dog is Rex; I live in Rome"

    def test_rules_come_first_and_the_newest_wins(
        self, client: openai.OpenAI, scripted_llm: ScriptedLLM
    ) -> None:
        scripted_llm.when("capital", "Rome")
        scripted_llm.when(lambda request: "France" in request.text, {"city": "Paris"})
        assert ask(client, "The capital of Italy?") == "Rome"
        assert ask(client, "The capital of France?") == '{"city": "Paris"}'

    @pytest.mark.parametrize(
        ("task", "expected"),
        [
            ("title_generation", '{"title": "A chat"}'),
            ("tags_generation", '{"tags": ["General"]}'),
            ("follow_up_generation", '{"follow_ups": ["What else?"]}'),
        ],
    )
    def test_tasks_get_their_json(self, client: openai.OpenAI, task: str, expected: str) -> None:
        body = recording(f"first-turn.inlet.{task}")["body"]
        assert ask(client, body["messages"][0]["content"]) == expected

    def test_a_stream_is_what_an_openai_client_reads(self, client: openai.OpenAI) -> None:
        chunks = list(
            client.chat.completions.create(
                model="scripted-chat",
                messages=[{"role": "user", "content": "Hi"}],
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == HELLO
        assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.completion_tokens == 4

    def test_models_are_listed(self, client: openai.OpenAI) -> None:
        assert {model.id for model in client.models.list()} == {"scripted-chat", "scripted-embed"}


class TestFaults:
    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_status(self, client: openai.OpenAI, scripted_llm: ScriptedLLM, status: int) -> None:
        with scripted_llm.fault("chat", status=status), pytest.raises(openai.APIStatusError) as caught:
            ask(client, "Hi")
        assert caught.value.status_code == status
        assert ask(client, "Hi") == HELLO

    def test_only_the_endpoint_and_the_text_that_were_meant(
        self, client: openai.OpenAI, scripted_llm: ScriptedLLM
    ) -> None:
        with scripted_llm.fault("embeddings", when="poison", status=500):
            assert ask(client, "poison") == HELLO
            client.embeddings.create(model="scripted-embed", input="harmless")
            with pytest.raises(openai.InternalServerError):
                client.embeddings.create(model="scripted-embed", input="some poison")
        assert scripted_llm.embedded_texts() == ["harmless", "some poison"]

    def test_a_cut_connection(self, client: openai.OpenAI, scripted_llm: ScriptedLLM) -> None:
        with scripted_llm.fault(cut=True), pytest.raises(openai.APIConnectionError):
            ask(client, "Hi")

    def test_a_cut_stream_ends_early(self, client: openai.OpenAI, scripted_llm: ScriptedLLM) -> None:
        with scripted_llm.fault("chat", cut=True):
            chunks = client.chat.completions.create(
                model="scripted-chat", messages=[{"role": "user", "content": "Hi"}], stream=True
            )
            got = "".join(c.choices[0].delta.content or "" for c in chunks)
        assert got
        assert got != HELLO
        assert HELLO.startswith(got)

    def test_broken_json(self, scripted_llm: ScriptedLLM) -> None:
        with scripted_llm.fault("embeddings", broken_json=True):
            answer = httpx.post(f"{scripted_llm.base_url}/embeddings", json={"input": "a"})
        assert answer.status_code == 200
        with pytest.raises(ValueError, match="Unterminated"):
            answer.json()

    def test_wrong_embedding_size(self, client: openai.OpenAI, scripted_llm: ScriptedLLM) -> None:
        with scripted_llm.fault("embeddings", dims=7):
            answer = client.embeddings.create(model="scripted-embed", input="a", encoding_format="float")
        assert len(answer.data[0].embedding) == 7

    def test_held_requests_hang_until_released(
        self, client: openai.OpenAI, scripted_llm: ScriptedLLM
    ) -> None:
        answers: list[str] = []
        with scripted_llm.hold("chat", when="slow") as gate:
            thread = threading.Thread(target=lambda: answers.append(ask(client, "slow question")))
            thread.start()
            wait_until(lambda: gate.waiting == 1)
            assert ask(client, "quick question") == HELLO
            assert answers == []
            gate.release()
            thread.join(timeout=60)
        assert answers == [HELLO]
        assert gate.waiting == 0

    def test_a_delay_does_not_outlive_the_server(self) -> None:
        llm = ScriptedLLM().start()
        llm.add_fault("health", delay=3600)
        with socket.create_connection(("127.0.0.1", llm.port)) as connection:
            connection.settimeout(60)
            connection.sendall(b"GET /health HTTP/1.1\r\n\r\n")
            wait_until(lambda: llm.requests)
            llm.stop()
            while connection.recv(1000):
                pass


def test_as_a_process_it_is_scripted_over_http() -> None:
    port = free_port()
    command = [sys.executable, "-m", "tests.harness.scripted_llm", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=clean_environment(), stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            wait_until(lambda: _answers(client), what="the model server answers")
            orders = {
                "clear": True,
                "rules": [{"when": "dog", "reply": "Rex"}],
                "faults": [{"endpoint": "embeddings", "status": 503}],
            }
            assert client.post("/_script", json=orders).json() == {"ok": True}
            question = {"model": "m", "messages": [{"role": "user", "content": "My dog?"}]}
            answer = client.post("/v1/chat/completions", json=question).json()
            assert answer["choices"][0]["message"]["content"] == "Rex"
            assert client.post("/v1/embeddings", json={"input": "a"}).status_code == 503
            paths = [request["path"] for request in client.get("/_requests").json()]
            assert paths == ["/v1/chat/completions", "/v1/embeddings"]
    finally:
        process.terminate()
        process.wait(timeout=60)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def test_mem0_adds_and_finds_through_it(scripted_llm: ScriptedLLM, tmp_path: Path) -> None:
    from mem0 import Memory

    memory = Memory.from_config(
        {
            "vector_store": {
                "provider": "qdrant",
                "config": {"path": str(tmp_path / "qdrant"), "embedding_model_dims": 256},
            },
            "llm": {
                "provider": "openai",
                "config": {
                    "model": "scripted-chat",
                    "api_key": "any",
                    "openai_base_url": scripted_llm.base_url,
                },
            },
            "embedder": {
                "provider": "openai",
                "config": {
                    "model": "scripted-embed",
                    "api_key": "any",
                    "openai_base_url": scripted_llm.base_url,
                    "embedding_dims": 256,
                },
            },
            "history_db_path": str(tmp_path / "history.db"),
        }
    )
    try:
        said = "My dog is called Rex. Is that a good name? I moved to Lisbon in May."
        added = memory.add(
            [{"role": "user", "content": said}, {"role": "assistant", "content": "I like it."}], user_id="ada"
        )
        assert [entry["memory"] for entry in added["results"]] == [
            "User's dog is called Rex.",
            "User moved to Lisbon in May.",
        ]
        found = memory.search("What is my dog called?", filters={"user_id": "ada"}, top_k=1)
        assert [entry["memory"] for entry in found["results"]] == ["User's dog is called Rex."]
        assert memory.search("What is my dog called?", filters={"user_id": "bob"})["results"] == []
    finally:
        memory.vector_store.client.close()
        memory.close()


class TestBodies:
    def test_an_inlet_body_has_the_shape_of_the_recording(self) -> None:
        real = recording("first-turn.inlet")["body"]
        made = inlet_body(real["messages"][0]["content"])
        assert _shape(made) == _shape(real)

    def test_a_chat_goes_on_as_open_webui_does(self) -> None:
        chat = Chat("ada")
        first = chat.say("My dog is called Rex.")
        real = recording("first-turn.outlet")["body"]
        assert _shape(first.outlet("Nice.")) == _shape(real)
        second = chat.say("What is he called?")
        assert [m["content"] for m in second.inlet["messages"]] == [
            "My dog is called Rex.",
            "Nice.",
            "What is he called?",
        ]
        metadata = second.inlet["metadata"]
        assert metadata["user_message"]["parentId"] == first.message_id
        outlet = second.outlet("Rex.")
        assert outlet["id"] == metadata["message_id"]
        assert outlet["chat_id"] == first.inlet["metadata"]["chat_id"]
        assert [m["content"] for m in outlet["messages"]][-2:] == ["What is he called?", "Rex."]
        assert outlet["messages"][-2]["id"] == metadata["user_message_id"]

    def test_regenerating_keeps_the_question_and_changes_the_answer(self) -> None:
        turn = Chat("ada").say("Hi")
        again = turn.regenerated()
        assert again.inlet["metadata"]["user_message_id"] == turn.inlet["metadata"]["user_message_id"]
        assert again.message_id != turn.message_id

    def test_switches(self) -> None:
        assert inlet_body("x")["features"]["memory"] is True
        assert "memory" not in inlet_body("x", memory=False)["features"]
        assert "memory" not in inlet_body("x", memory=False)["metadata"]["features"]
        assert inlet_body("x", memory=None)["features"]["memory"] is False
        off = inlet_body("x", capability=False)["metadata"]["model"]["info"]["meta"]["capabilities"]
        assert off["memory"] is False

    def test_a_temporary_outlet_echoes_what_the_model_got(self) -> None:
        turn = Chat.temporary().say("A secret.")
        sent = {**turn.inlet, "messages": [{"role": "system", "content": "Block"}, *turn.inlet["messages"]]}
        outlet = turn.outlet("Hm.", sent=sent)
        assert outlet["chat_id"].startswith("temporary:")
        assert [(m["id"], m["role"]) for m in outlet["messages"][:-1]] == [(None, "system"), (None, "user")]

    @pytest.mark.parametrize("task", ["title_generation", "tags_generation", "follow_up_generation"])
    def test_tasks_are_about_the_chat(self, task: str) -> None:
        body = inlet_body("I have a cat.", task=task)
        assert body["metadata"]["task"] == task
        assert "USER: I have a cat." in body["messages"][0]["content"]
        assert "message_id" not in body["metadata"]

    def test_every_recording_can_be_read(self) -> None:
        assert len(recording_names()) > 30
        for name in recording_names():
            assert recording(name)["body"]["messages"]
        assert "INJECTED BLOCK" in system_text(recording("temporary-chat.outlet")["body"])


def _shape(value: Any) -> Any:
    """Keys and types, without the values."""
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shape(item) for item in value]
    return type(value).__name__


class TestPipelinesServer:
    def test_the_environment_of_the_server_is_clean(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in (
            "MEMORY_LLM_MODEL",
            "OPENAI_API_KEY",
            "HF_HOME",
            "MEM0_DIR",
            "http_proxy",
            "HTTPS_PROXY",
        ):
            monkeypatch.setenv(name, "set")
        assert "set" not in clean_environment().values()
        assert "PATH" in clean_environment()

    def test_a_server_that_cannot_start_shows_its_log(self, tmp_path: Path) -> None:
        shims = tmp_path / "shims"
        shims.mkdir()
        (shims / "fastapi.py").write_text("raise ImportError('no fastapi today')\n")
        with pytest.raises(ServerStartError, match="no fastapi today"):
            PipelinesServer(tmp_path / "server", python_path=[shims]).start()
