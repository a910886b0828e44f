"""Steps of a scripted model, and what its client and the model were told."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.harness.upstream import completion, delta, event
from tests.unit.interfaces.proxy.desk import Desk

STEPS = 4  # as the proxy of these tests is set
DONE = b"data: [DONE]\n\n"
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
both = pytest.mark.parametrize("stream", [False, True])


def call(name: str, arguments: Any, id_: str = "call_1") -> dict[str, Any]:
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": written}}


def search(query: str = "dog", id_: str = "call_1") -> dict[str, Any]:
    return call("search_memory", {"query": query}, id_)


class Script:
    """The model's steps, one after another, in the form that the client has asked for."""

    def __init__(self, at: Desk, *, stream: bool, piece: int = 9) -> None:
        self._piece = piece  # of arguments, in characters
        self._upstream, self._stream, self._is_first = at.upstream, stream, True

    def step(self, text: str | None = None, *calls: dict[str, Any], **more: Any) -> Script:
        """more: of the message, texts and lists; a stream tells it in pieces."""
        if not self._is_first:
            self._upstream.then()
        self._is_first = False
        if not self._stream:
            self._upstream.answers(200, completion(text, tool_calls=list(calls), **more))
            return self
        pieces = [delta(role="assistant", content="")]
        for name, value in more.items():
            pieces += [delta(**{name: part}) for part in _parts(value)]
        pieces += [delta(content=text[n : n + 7]) for n in range(0, len(text or ""), 7)] if text else []
        for index, one in enumerate(calls):
            written = one["function"]["arguments"]
            begun = {**one["function"], "arguments": ""}
            pieces.append(delta(tool_calls=[{**one, "index": index, "function": begun}]))
            for at in range(0, len(written), self._piece):
                part = {"index": index, "function": {"arguments": written[at : at + self._piece]}}
                pieces.append(delta(tool_calls=[part]))
        usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
        pieces += [
            delta(finish="tool_calls" if calls else "stop"),
            event({"choices": [], "usage": usage}),
            DONE,
        ]
        self._upstream.streams(*pieces)
        return self


def _parts(value: str | list[dict[str, Any]]) -> list[Any]:
    if isinstance(value, str):
        return [value[:3], value[3:]]
    texts = [
        [{**one, "text": one["text"][:3]}, {**one, "text": one["text"][3:]}] if "text" in one else [one]
        for one in value
    ]
    return [[part] for parts in texts for part in parts]


def ask(at: Desk, said: Any, user: str, *, stream: bool, **more: Any) -> httpx.Response:
    return at.chat(said, user=user, model="agent/llama3", stream=stream, **more)


def told(answer: httpx.Response) -> dict[str, Any]:
    """Text, calls, reason and usage of an answer, streamed or not."""
    assert answer.status_code == 200, answer.text
    if "event-stream" not in answer.headers["content-type"]:
        body = answer.json()
        choice = body["choices"][0]
        calls = choice["message"].get("tool_calls") or []
        content = choice["message"]["content"] or ""
        return {"text": content, "calls": calls, "reason": choice["finish_reason"], "usage": body["usage"]}
    assert answer.content.endswith(DONE)
    found: dict[str, Any] = {"text": "", "calls": [], "reason": None}
    for line in answer.text.split("\n"):
        if not line.startswith("data: {"):
            assert line == "" or line.startswith((": ", "data: [DONE]"))
            continue
        one = json.loads(line.removeprefix("data: "))
        found["usage"] = one.get("usage")
        for choice in one["choices"]:
            assert found["reason"] is None, "nothing comes after the reason"
            found["text"] += choice["delta"].get("content") or ""
            found["calls"] += choice["delta"].get("tool_calls") or []
            found["reason"] = choice["finish_reason"]
    return found


def results(at: Desk, step: int = -1) -> list[str]:
    """What the tools answered, as the model was told in its last step."""
    return [one["content"] for one in at.upstream.bodies[step]["messages"] if one["role"] == "tool"]
