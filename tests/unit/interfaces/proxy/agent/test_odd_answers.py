"""`agent/<model>` before a model or a server that errs."""

import json
from typing import Any

import httpx
import pytest

from tests.harness.upstream import delta, event
from tests.unit.interfaces.proxy.agent.script import DONE, Script, ask, both, call, results, search, told
from tests.unit.interfaces.proxy.desk import Desk


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        ([call("search_memory", '{"query": ')], "JSON object"),
        ([call("search_memory", "[1]")], "JSON object"),
        ([call("search_memory", "null")], "JSON object"),
        ([call("search_memory", '"dog"')], "JSON object"),
        ([call("search_memory", "[" * 30_000)], "JSON object"),
        ([call("search_memory", {"query": "x" * 70_000})], "JSON object"),
        ([call("search_memory", {"query": 7})], "query"),
        ([call("rm_rf", {})], "no such tool"),
        ([search("a", ""), search("b", "")], "results"),
        ([search(f"q{n}", f"c{n}") for n in range(30)], "results"),
        ([call("forget_memory", {"id": "00000000-0000-4000-8000-000000000000"})], "no memory"),
    ],
)
def test_odd_calls_are_answered(at: Desk, user: str, calls: list[dict[str, Any]], said: str) -> None:
    Script(at, stream=True).step(None, *calls).step("Well.")
    assert told(ask(at, "Hi", user, stream=True))["text"] == "Well."
    assistant = at.upstream.bodies[-1]["messages"][-1 - len(calls)]
    ids = [one["tool_call_id"] for one in at.upstream.bodies[-1]["messages"][-len(calls) :]]
    assert ids == [one["id"] for one in assistant["tool_calls"]]
    assert all(ids)
    written = [json.loads(one["function"]["arguments"]) for one in assistant["tool_calls"]]
    assert all(isinstance(one, dict) for one in written), "servers take nothing else back"
    answers = results(at)
    assert said in answers[0]
    assert sum("Too many" in one for one in answers) == max(len(calls) - 16, 0)


@both
def test_an_error_is_the_clients_to_know(at: Desk, user: str, stream: bool) -> None:
    at.upstream.answers(429, b'{"error": {"message": "slow down"}}', Retry_After="7")
    answer = ask(at, "Hi", user, stream=stream)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["error"]["message"] == "slow down"

    Script(at, stream=stream).step(None, search())
    at.upstream.then()
    at.upstream.answers(503, b'{"error": {"message": "no room"}}')
    answer = ask(at, "Hi", user, stream=stream)
    assert "no room" in answer.text
    assert answer.status_code == (200 if stream else 503)
    assert DONE not in answer.content


@both
def test_an_answer_that_breaks_off(at: Desk, user: str, stream: bool) -> None:
    at.upstream.breaks_off(delta(content="It is said that"))
    if stream:
        with pytest.raises(httpx.RemoteProtocolError):
            ask(at, "Hi", user, stream=True)
    else:
        assert ask(at, "Hi", user, stream=False).status_code == 502


ODD = [
    *("x", [1], [None], [{"index": 0}], [{"delta": 7}], [{"delta": {"tool_calls": "x"}}], {}),
    *([{"delta": {"tool_calls": [1, {"function": 7}, {"index": "a", "id": 7, "function": {"name": 7}}]}}],),
    [{"delta": {"tool_calls": [{"index": 0, "function": {"name": "why", "arguments": {"id": "x"}}}]}}],
    [{"delta": {"content": [{"type": "text", "text": "Well."}]}, "finish_reason": 7}],
    [{"message": {"content": None, "tool_calls": None}, "finish_reason": "length"}],
]


@both
@pytest.mark.parametrize("choices", ODD)
def test_an_odd_answer_is_answered(at: Desk, user: str, stream: bool, choices: Any) -> None:
    for as_stream in (False, True):
        if as_stream:
            at.upstream.streams(
                event({"choices": choices, "usage": {"total_tokens": "x"}}), b"data: {\n\n", DONE
            )
        else:
            at.upstream.answers(200, json.dumps({"choices": choices, "usage": []}).encode())
        answer = ask(at, "Hi", user, stream=stream)
        assert answer.status_code == 200, answer.text
        assert answer.content.endswith(DONE) == stream
    assert at.numbers().count("owui_memory_tool_calls_total") > 0


@both
@pytest.mark.parametrize("answer", [b"", b"{", b"[]", b"<html>"])
def test_what_is_no_answer_is_told_as_an_error(at: Desk, user: str, stream: bool, answer: bytes) -> None:
    at.upstream.answers(200, answer)
    told = ask(at, "Hi", user, stream=stream)
    assert told.status_code == (200 if stream else 502)
    assert "cannot be read" in told.text
