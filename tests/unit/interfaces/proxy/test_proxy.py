"""The proxy before a scripted upstream: what goes through, what is told and remembered."""

import json
import threading
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harness.upstream import Upstream, completion, delta, event, says
from tests.harness.waiting import wait_until
from tests.unit.interfaces.proxy.desk import KEY, Desk, desk

# Through ------------------------------------------------------------------------------------------


def test_a_plain_model_gets_what_came_and_the_client_what_came_back(at: Desk, user: str) -> None:
    raw = b'{"model": "llama3",  "seed": 7, "messages": [{"role": "user"}], "odd": [1.50, null]}'
    at.upstream.answers(418, b'{"error": ', b'"a teapot"}', X_Odd="yes")
    headers = {"X-OpenWebUI-User-Id": user, "X-Other": "kept", "X-Memory-Chat-Id": "c", "Cookie": "a=b"}
    answer = at.client.post("/v1/chat/completions?beta=1", content=raw, headers=headers)

    asked = at.upstream.asked[-1]
    assert (asked.raw, asked.path) == (raw, "/v1/chat/completions?beta=1")
    assert asked.header("authorization") == "Bearer key of main"
    assert asked.header("x-other") == "kept"
    assert not [n for n, _ in asked.headers if n.lower().startswith(("x-openwebui", "x-memory", "cookie"))]
    assert (answer.status_code, answer.content) == (418, b'{"error": "a teapot"}')
    assert answer.headers["x-odd"] == "yes"
    assert len(answer.headers.get_list("date")) == len(answer.headers.get_list("server")) == 1


@pytest.mark.parametrize("path", ["/v1/audio/speech", "/v1/responses/r_1/input_items", "/v1/files%2Fodd"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_any_other_path_is_passed_on(at: Desk, method: str, path: str) -> None:
    at.upstream.answers(200, b"\x00\x01", Content_Type="audio/mpeg")
    content = b"" if method == "GET" else b"--x\r\nodd"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = at.client.request(method, path, content=content, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"\x00\x01")
    asked = at.upstream.asked[-1]
    assert (asked.method, asked.path, asked.raw) == (method, path, content)


@pytest.mark.parametrize("path", ["/v1/../admin", "/v1/%2e%2e/admin", "/v1/a/..%2fb", "/v1/./models", "/v1/"])
def test_nothing_leads_out_of_the_api(at: Desk, path: str) -> None:
    url = httpx.URL(at.url)
    connection = HTTPConnection(url.host, url.port)  # httpx would put the path right
    connection.request("GET", path, headers={"Authorization": f"Bearer {KEY}"})
    assert connection.getresponse().status in (404, 307)
    connection.close()
    assert not at.upstream.asked


def test_all_kinds_of_models_are_listed_with_the_upstreams_fields(at: Desk) -> None:
    listed = at.client.get("/v1/models").json()
    names = [one["id"] for one in listed["data"]]
    assert names == [prefix + name for name in ("llama3", "other") for prefix in ("", "memory/", "agent/")]
    assert listed["data"][1] == {**at.upstream.models[0], "id": "memory/llama3"}
    assert at.client.get("/v1/models/memory/llama3").json()["id"] == "memory/llama3"
    assert at.client.get("/v1/models/memory%2Fllama3").json()["id"] == "memory/llama3"
    missing = at.client.get("/v1/models/nobody")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")


def test_a_stream_comes_piece_by_piece_and_as_it_was(at: Desk, user: str) -> None:
    gate = threading.Event()
    pieces = says("Grüße", " dir.")
    at.upstream.streams(pieces[0], gate, *pieces[1:])
    with at.streaming("Hi", user=user) as chunks:
        got = next(chunks)
        assert got == pieces[0], "while the upstream still waits"
        gate.set()
        assert got + b"".join(chunks) == b"".join(pieces)


def test_a_client_that_leaves_ends_the_upstreams_work(at: Desk, user: str) -> None:
    at.upstream.streams(*says("I am")[:1], threading.Event())
    with at.streaming("Hi", user=user) as chunks:
        next(chunks)
    assert at.upstream.left.wait(60)
    at.upstream.left.clear()
    at.upstream.streams(threading.Event())  # before the first byte, too
    plain, patience = {"model": "llama3", "messages": []}, httpx.Timeout(5, read=0.1)
    with pytest.raises(httpx.ReadTimeout):
        at.client.post("/v1/chat/completions", json=plain, timeout=patience)
    assert at.upstream.left.wait(60)


def test_models_that_are_called_by_a_prefix_of_ours_and_connections_that_were_closed(tmp_path: Path) -> None:
    with Upstream(("x", "agent/x", "memory/y")) as upstream, desk(tmp_path, upstream) as at:
        upstream.drops_reused = True
        for asked in ("agent/x", "memory/y", "memory/x", "memory/agent/x", "agent/agent/x"):
            at.chat("Hi", model=asked).raise_for_status()
        called = [one["model"] for one in upstream.bodies]
        assert called == ["agent/x", "memory/y", "x", "agent/x", "agent/x"], "each was sent once"
        assert ["tools" in one for one in upstream.bodies] == [False] * 4 + [True]


def test_an_upstream_that_is_not_there_is_told(tmp_path: Path) -> None:
    with Upstream() as gone:
        pass
    with desk(tmp_path, gone) as at:
        answer = at.chat("Hi")
        assert answer.status_code == 502
        assert "main cannot be reached" in answer.json()["error"]["message"]
        assert at.client.get("/v1/models").status_code == 502


# Memory -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
def test_what_one_chat_says_another_knows(at: Desk, user: str, stream: bool) -> None:
    if not stream:
        at.upstream.answers(200, completion("Nice dog."))
    at.remember("My dog is called Rex.", user=user, stream=stream)
    at.chat("What is my dog called?", user=user, temperature=0.5, tools=[{"type": "function"}])

    assert at.sent["model"] == "llama3"
    assert (at.sent["temperature"], at.sent["tools"]) == (0.5, [{"type": "function"}])
    told = at.sent["messages"][-1]["content"]
    assert "<user_memories>" in told
    assert "Rex" in told
    at.chat("What is my dog called?", user="somebody else")
    assert "Rex" not in json.dumps(at.sent)
    at.chat("What is my dog called?", user=user, model="llama3")
    assert "Rex" not in json.dumps(at.sent)


def test_without_a_user_there_is_no_memory(at: Desk) -> None:
    before = at.stored
    at.chat("My dog is called Rex.", user="").raise_for_status()
    assert at.sent["model"] == "llama3"
    sent = {"model": "memory/llama3", "user": "ada", "messages": [{"role": "user", "content": "I am Ada."}]}
    at.client.post("/v1/chat/completions", json=sent).raise_for_status()
    assert at.sent == {**sent, "model": "llama3"}, "the user of a body goes on, and grants nothing"
    assert at.stored == before


def test_a_block_that_a_filter_has_put_in_is_left_alone(at: Desk, user: str) -> None:
    at.remember("My dog is called Rex.", user=user)
    at.chat("What is my dog called?", user=user)
    told = at.sent["messages"]
    stored = at.stored
    at.chat(told, user=user)
    assert at.sent["messages"] == told
    assert at.stored == stored


def test_rounds_of_a_tool_are_one_exchange(at: Desk, user: str) -> None:
    call = {"id": "t", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    asked = [{"role": "user", "content": "I live in Lisbon. What is the weather?"}]
    before = at.stored
    at.upstream.streams(
        delta(content="Let me see."),
        delta(tool_calls=[{"index": 0, **call}]),
        delta(finish="tool_calls"),
        b"data: [DONE]\n\n",
    )
    at.chat(asked, user=user, stream=True)
    assert at.stored == before
    asked += [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t", "content": "Rain."},
    ]
    at.upstream.answers(200, completion("It rains."))
    at.chat(asked, user=user)
    assert at.sent["messages"][1:] == asked[1:]
    assert at.stored == before + 1


@pytest.mark.parametrize(
    ("pieces", "kept"),
    [
        pytest.param([delta(content="It is nice. And the")], 1, id="a sentence"),
        pytest.param([delta(content="It is")], 0, id="no sentence"),
        pytest.param([delta(content="Yes. No"), event({"error": {"message": "x"}})], 1, id="error"),
    ],
)
def test_of_an_answer_that_breaks_off_whole_sentences_are_kept(
    at: Desk, user: str, pieces: list[bytes], kept: int
) -> None:
    at.upstream.breaks_off(*pieces)
    ended = 'owui_memory_upstream_seconds_count{upstream="main"}'
    before, answered = at.stored, at.number(ended)
    with pytest.raises(httpx.RemoteProtocolError):
        at.chat("I live in Porto now.", user=user, stream=True)
    wait_until(lambda: at.number(ended) > answered, what="the request is over")
    at.upstream.streams(*says("Yes."))
    at.chat("One more.", user=f"{user}-2")
    assert at.stored == before + kept + 1


# Commands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("chat", ["", "chat-1"])
def test_commands_are_answered_here_exactly_and_never_by_a_model(at: Desk, user: str, chat: str) -> None:
    headers = {"X-Memory-Chat-Id": chat} if chat else {}
    at.remember("My dog is called Rex.", user=user, headers=headers)
    at.upstream.asked.clear()
    listed = at.command("/memory", user=user, headers=headers)
    assert "My dog is called Rex." in listed
    assert at.command("/memory remember I like tea.", user=user, headers=headers)
    again = at.command("/memory", user=user, headers=headers)
    assert "I like tea." in again, "asked once more, it is told anew"
    assert not at.upstream.asked

    more = {"stream": True, "stream_options": {"include_usage": True}}
    streamed = at.chat("/memory", user=user, headers=headers, **more)
    events = [line.removeprefix("data: ") for line in streamed.text.split("\n\n") if line]
    assert events[-1] == "[DONE]"
    told = [json.loads(one) for one in events[:-1]]
    assert "I like tea." in told[0]["choices"][0]["delta"]["content"]
    assert told[1]["choices"][0]["finish_reason"] == "stop"
    assert told[2]["usage"]["total_tokens"] == 0


def test_commands_and_their_answers_never_reach_a_model(at: Desk, user: str) -> None:
    said = [
        {"role": "user", "content": "/memory"},
        {"role": "assistant", "content": "Nothing yet."},
        {"role": "user", "content": "Hello"},
    ]
    at.chat(said, user=user)
    assert at.sent["messages"] == said[2:]


@given(data=st.data())
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked_and_however_it_is_cut_the_client_gets_what_the_upstream_sent(
    at: Desk, data: st.DataObject
) -> None:
    texts = data.draw(st.lists(st.text(max_size=30), max_size=5))
    end = data.draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    events = [delta(end, content=text) for text in texts] + data.draw(
        st.sampled_from([[], [b": note" + end], [delta(end, finish="stop")], [b"data: [DONE]" + end + end]])
    )
    stream = b"".join(events) + data.draw(st.binary(max_size=40))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    if data.draw(st.booleans()):
        at.upstream.streams(*pieces)
    else:
        at.upstream.answers(data.draw(st.sampled_from([200, 404, 500])), *pieces)
    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    )
    more = data.draw(st.dictionaries(st.text(min_size=1, max_size=9), json_values, max_size=4))
    model = data.draw(st.sampled_from(["llama3", "memory/llama3"]))
    for name in ("model", "messages", "metadata", "conversation", "previous_response_id"):
        more.pop(name, None)
    said = [{"role": "user", "content": data.draw(st.text(max_size=20))}]
    sent = {**more, "model": model, "messages": said}
    headers = {"X-OpenWebUI-User-Id": "property", "Content-Type": "application/json"}
    answer = at.client.post("/v1/chat/completions", content=json.dumps(sent), headers=headers)
    assert answer.content == stream
    got = at.sent
    assert {**got, "messages": 0} == {**sent, "model": "llama3", "messages": 0}
    assert got["messages"][-1]["content"].endswith(said[0]["content"])
