"""The Responses API, completions and embeddings."""

import json
from typing import Any

import httpx
import pytest

from tests.harness.upstream import event
from tests.unit.interfaces.proxy.desk import Desk


def response_events(*texts: str, last: str = "completed") -> list[bytes]:
    told = [event({"type": "response.output_text.delta", "delta": text}) for text in texts]
    return [b"event: x\n" + one for one in told] + [event({"type": f"response.{last}", "response": {}})]


@pytest.mark.parametrize(
    "given",
    [
        "What is my dog called?",
        [{"role": "user", "content": [{"type": "input_text", "text": "What is my dog called?"}]}],
        [
            {"type": "message", "role": "system", "content": "Be kind."},
            {"type": "message", "role": "user", "content": "What is my dog called?"},
            {"type": "function_call_output", "call_id": "t", "output": "x"},
        ],
    ],
    ids=["text", "parts", "items"],
)
@pytest.mark.parametrize("instructions", ["", "Be short."])
def test_the_responses_api_has_memory(at: Desk, user: str, given: Any, instructions: str) -> None:
    headers = {"X-OpenWebUI-User-Id": user}
    at.upstream.streams(*response_events("Nice", " dog."))
    sent: dict[str, Any] = {"model": "memory/llama3", "stream": True, "input": "My dog is called Rex."}
    assert at.client.post("/v1/responses", json=sent, headers=headers).content == b"".join(
        response_events("Nice", " dog.")
    )
    at.settle()
    sent = {"model": "memory/llama3", "input": given, "store": False}
    sent |= {"instructions": instructions} if instructions else {}
    message = {"type": "message", "content": [{"type": "output_text", "text": "Rex."}]}
    answer = json.dumps({"object": "response", "status": "completed", "output": [message]}).encode()
    at.upstream.answers(200, answer)
    assert at.client.post("/v1/responses", json=sent, headers=headers).content == answer

    told = at.sent
    where = told.get("instructions")
    if isinstance(given, list) and given[0].get("role") == "system" and not instructions:
        where = told["input"][0]["content"]
        assert "instructions" not in told
    assert "Rex" in where
    assert (instructions or "") in where
    rest = told["input"] if isinstance(given, str) else told["input"][-len(given) + 1 :]
    assert rest == (given if isinstance(given, str) else given[-len(given) + 1 :])
    assert told["store"] is False


@pytest.mark.parametrize("stream", [True, False])
def test_commands_of_the_responses_api_are_answered_in_its_form(at: Desk, user: str, stream: bool) -> None:
    sent = {"model": "memory/llama3", "input": "/memory help", "stream": stream}
    answer = at.client.post("/v1/responses", json=sent, headers={"X-OpenWebUI-User-Id": user})
    assert not at.upstream.asked
    if stream:
        events = [json.loads(one.partition("data: ")[2]) for one in answer.text.split("\n\n") if one]
        assert [one["sequence_number"] for one in events] == list(range(8))
        told = events[-1]["response"]
    else:
        told = answer.json()
    assert "/memory" in told["output"][0]["content"][0]["text"]


def test_a_completion_has_memory_but_a_chat_written_out_is_not_remembered(at: Desk, user: str) -> None:
    def complete(prompt: str, **more: Any) -> httpx.Response:
        sent = {"model": "memory/llama3", "prompt": prompt, **more}
        return at.client.post("/v1/completions", json=sent, headers={"X-OpenWebUI-User-Id": user})

    done = json.dumps({"choices": [{"index": 0, "text": "Nice.", "finish_reason": "stop"}]}).encode()
    at.upstream.answers(200, done)
    before, written_out = at.stored, "Ada: My cat is called Tom.\nBot: Nice.\nAda: Yes."
    for prompt in ("My dog is called Rex.", written_out, "[INST] Hi."):
        assert complete(prompt, max_tokens=7).content == done
    assert at.stored == before + 1
    at.settle()
    complete("My dog is called")
    assert "Rex" in at.sent["prompt"]
    assert at.sent["prompt"].endswith("My dog is called")
    assert "Rex" in complete("/memory").json()["choices"][0]["text"]


def test_embeddings_go_through_or_are_the_filters_own(at: Desk) -> None:
    at.upstream.answers(200, b'{"data": []}')
    sent = {"model": "memory/llama3", "input": "a"}
    assert at.client.post("/v1/embeddings", json=sent).content == b'{"data": []}'
    assert at.sent == {"model": "llama3", "input": "a"}
    own = at.client.post("/v1/embeddings", json={"model": "memory-filter", "input": "a"}).json()
    assert len(own["data"][0]["embedding"]) > 100
