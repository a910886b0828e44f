"""The proxy before a scripted upstream: what goes through, what is told and remembered, and for whom."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from owui_memory.config import hosts
from owui_memory.config.environment import PUBLIC_DEFAULT_KEY
from owui_memory.interfaces.proxy.proxy import open_to_browsers
from owui_memory.state import open_state
from owui_memory.state.api_keys_table import ApiKeys
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.upstream import Upstream, completion, delta, event, says
from tests.harness.waiting import wait_until
from tests.unit.interfaces.proxy.desk import KEY, Desk, desk


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Upstream() as upstream, desk(tmp_path_factory.mktemp("proxy"), upstream) as one:
        yield one


@pytest.fixture
def at(running: Desk) -> Desk:
    """With an upstream as if nobody had asked yet."""
    running.upstream.asked.clear()
    running.upstream.left.clear()
    running.upstream.streams(*says("Hello", " there."))
    return running


_users = iter(range(10_000))


@pytest.fixture
def user() -> str:
    return f"user-{next(_users)}"


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
    sent = {"model": "memory/llama3", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"X-OpenWebUI-User-Id": user}
    with at.client.stream("POST", "/v1/chat/completions", json=sent, headers=headers) as answer:
        chunks = answer.iter_raw()
        got = next(chunks)
        assert got == pieces[0], "while the upstream still waits"
        gate.set()
        assert got + b"".join(chunks) == b"".join(pieces)


def test_a_client_that_leaves_ends_the_upstreams_work(at: Desk, user: str) -> None:
    at.upstream.streams(*says("I am")[:1], threading.Event())
    sent = {"model": "memory/llama3", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    with at.client.stream(
        "POST", "/v1/chat/completions", json=sent, headers={"X-OpenWebUI-User-Id": user}
    ) as answer:
        next(answer.iter_raw())
    assert at.upstream.left.wait(10)


def test_one_that_leaves_before_the_first_byte_does_too(at: Desk) -> None:
    at.upstream.streams(threading.Event())
    with pytest.raises(httpx.ReadTimeout):
        at.client.post(
            "/v1/chat/completions",
            json={"model": "llama3", "messages": []},
            timeout=httpx.Timeout(5, read=0.5),
        )
    assert at.upstream.left.wait(10)


def test_an_upstream_that_breaks_off_breaks_the_client_off(at: Desk, user: str) -> None:
    at.upstream.breaks_off(*says("Half of")[:1])
    with pytest.raises(httpx.RemoteProtocolError):
        at.chat("Hi", user=user, stream=True)


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
    before = number(at, 'owui_memory_exchanges_total{state="stored"}')
    at.chat("My dog is called Rex.", user="").raise_for_status()
    assert at.sent["model"] == "llama3"
    sent = {"model": "memory/llama3", "user": "ada", "messages": [{"role": "user", "content": "I am Ada."}]}
    at.client.post("/v1/chat/completions", json=sent).raise_for_status()
    assert at.sent == {**sent, "model": "llama3"}, "the user of a body goes on, and grants nothing"
    assert number(at, 'owui_memory_exchanges_total{state="stored"}') == before


def test_a_block_that_a_filter_has_put_in_is_left_alone(at: Desk, user: str) -> None:
    at.remember("My dog is called Rex.", user=user)
    at.chat("What is my dog called?", user=user)
    told = at.sent["messages"]
    stored = number(at, 'owui_memory_exchanges_total{state="stored"}')
    at.chat(told, user=user)
    assert at.sent["messages"] == told
    assert number(at, 'owui_memory_exchanges_total{state="stored"}') == stored


def test_rounds_of_a_tool_are_one_exchange(at: Desk, user: str) -> None:
    call = {"id": "t", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    asked = [{"role": "user", "content": "I live in Lisbon. What is the weather?"}]
    before = number(at, 'owui_memory_exchanges_total{state="stored"}')
    at.upstream.streams(
        delta(content="Let me see."),
        delta(tool_calls=[{"index": 0, **call}]),
        delta(finish="tool_calls"),
        b"data: [DONE]\n\n",
    )
    at.chat(asked, user=user, stream=True)
    assert number(at, 'owui_memory_exchanges_total{state="stored"}') == before
    asked += [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t", "content": "Rain."},
    ]
    at.upstream.answers(200, completion("It rains."))
    at.chat(asked, user=user)
    assert at.sent["messages"][1:] == asked[1:]
    assert number(at, 'owui_memory_exchanges_total{state="stored"}') == before + 1


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
    stored = 'owui_memory_exchanges_total{state="stored"}'
    before, answered = number(at, stored), number(at, 'owui_memory_upstream_seconds_count{upstream="main"}')
    with pytest.raises(httpx.RemoteProtocolError):
        at.chat("I live in Porto now.", user=user, stream=True)
    ended = 'owui_memory_upstream_seconds_count{upstream="main"}'
    wait_until(lambda: number(at, ended) > answered, what="the request is over")
    at.upstream.streams(*says("Yes."))
    at.chat("One more.", user=f"{user}-2")
    assert number(at, stored) == before + kept + 1


def number(at: Desk, line: str) -> float:
    found = [one.rpartition(" ")[2] for one in at.numbers().splitlines() if one.startswith(f"{line} ")]
    return float(found[0]) if found else 0.0


# Commands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("chat", ["", "chat-1"])
def test_commands_are_answered_here_exactly_and_never_by_a_model(at: Desk, user: str, chat: str) -> None:
    headers = {"X-Memory-Chat-Id": chat} if chat else {}
    at.remember("My dog is called Rex.", user=user, headers=headers)
    at.upstream.asked.clear()
    listed = at.command("/memory", user=user, headers=headers)
    assert "My dog is called Rex." in listed
    assert at.command("/memory remember I like tea.", user=user, headers=headers)
    assert "I like tea." in at.command("/memory", user=user, headers=headers), (
        "asked once more, it is told anew"
    )
    assert not at.upstream.asked

    streamed = at.chat(
        "/memory", user=user, headers=headers, stream=True, stream_options={"include_usage": True}
    )
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


# Who ----------------------------------------------------------------------------------------------


def test_a_key_is_its_users_whatever_headers_say(at: Desk, user: str) -> None:
    engine = open_state(at.data_dir)
    keys = ApiKeys(engine)
    key = keys.add(user, "laptop")
    own = {"Authorization": f"Bearer {key}"}
    at.remember("My dog is called Rex.", user="the victim")
    at.chat("My parrot is called Coco.", user="the victim", headers=own)
    at.settle()
    at.chat("What are my pets called?", user="the victim", headers=own)
    assert "Coco" in json.dumps(at.sent)
    assert "Rex" not in json.dumps(at.sent)
    assert at.client.get("/memory/status", headers=own).status_code == 401
    assert key not in (at.data_dir / "state.db").read_bytes().decode("latin-1")

    (known,) = keys.all(user)
    assert keys.revoke(known.id) == 1
    assert at.chat("Hi", headers=own).status_code == 401
    engine.dispose()


@pytest.mark.parametrize("key", ["wrong", "mk-wrong", "0p3n-w3bu!", "schlüssel"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/v1/anything"])
def test_nothing_without_a_key(at: Desk, key: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {key}".encode(), "X-OpenWebUI-User-Id": "ada"}
    answer = httpx.get(at.url + path, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
    assert not at.upstream.asked


def signed(user: str, secret: str = "s" * 40, **claims: Any) -> dict[str, str]:
    told = {"sub": user, "name": "Ada", "iss": "open-webui", "exp": int(time.time()) + 300, **claims}
    return {"X-OpenWebUI-User-Jwt": jwt.encode(told, secret, algorithm="HS256"), "Authorization": ""}


def test_open_webuis_signature_names_the_user(at: Desk, user: str) -> None:
    at.remember("My dog is called Rex.", user="", headers=signed(user))
    at.chat("What is my dog called?", user="the victim", headers=signed(user))
    assert "Rex" in json.dumps(at.sent)


@pytest.mark.parametrize(
    "headers",
    [
        signed("ada", "x" * 40),
        signed("ada", exp=int(time.time()) - 300),
        signed("ada", iss="somebody"),
        {"X-OpenWebUI-User-Jwt": jwt.encode({"sub": "ada"}, None, algorithm="none"), "Authorization": ""},
        {"X-OpenWebUI-User-Jwt": "a.b.c", "Authorization": ""},
    ],
    ids=["another secret", "too old", "another issuer", "unsigned", "none"],
)
def test_a_signature_that_is_none_is_none(at: Desk, headers: dict[str, str]) -> None:
    assert at.chat("Hi", headers=headers).status_code == 401


def test_headers_of_the_connection_name_chat_message_and_task(at: Desk, user: str) -> None:
    def from_chat(message: str, parent: str, text: str, **more: str) -> None:
        headers = {
            "X-Memory-User-Id": user,
            "X-Memory-Chat-Id": "chat-7",
            "X-Memory-Message-Id": f"answer-{message}",
            "X-Memory-User-Message-Id": message,
            "X-Memory-User-Message-Parent-Id": parent,
            "X-Memory-Task": "",
            **more,
        }
        at.chat(text, user="", headers=headers).raise_for_status()

    from_chat("m1", "", "I live in Lisbon.", **{"X-Memory-Task": "title_generation"})
    at.settle()
    assert "Lisbon" not in at.command("/memory", user=user)
    before = number(at, 'owui_memory_exchanges_total{state="stored"}')
    from_chat("m1", "", "I live in Lisbon.")
    from_chat("m1", "", "I live in Lisbon.", **{"X-Memory-Message-Id": "another answer"})
    assert number(at, 'owui_memory_exchanges_total{state="stored"}') == before + 1
    from_chat("m2", "", "I live in Porto.")  # the first message, edited
    at.settle()
    listed = at.command("/memory", user=user)
    assert "Porto" in listed
    assert "Lisbon" not in listed


def test_a_task_that_is_not_told_is_known_by_its_words(at: Desk, user: str) -> None:
    task = "### Task:\nGenerate a title.\n<chat_history>\nUSER: My dog is called Rex.\n</chat_history>"
    at.chat(task, user=user)
    assert at.sent["messages"] == [{"role": "user", "content": task}]
    at.settle()
    assert "Rex" not in at.command("/memory", user=user)


def test_a_temporary_chat_leaves_nothing(at: Desk, user: str) -> None:
    at.chat("My dog is called Rex.", user=user, headers={"X-OpenWebUI-Chat-Id": "temporary:abc"})
    at.settle()
    assert "Rex" not in at.command("/memory", user=user)


def test_a_slow_embedder_costs_the_memories_never_the_message(
    tmp_path: Path, scripted_llm: ScriptedLLM
) -> None:
    embedder = {
        "embedder_provider": "openai",
        "embedder_base_url": scripted_llm.base_url,
        "embedder_model": "scripted-embed",
        "embedder_api_key": "k",
        "inlet_deadline_ms": "300",
    }
    with Upstream() as upstream, desk(tmp_path, upstream, **embedder) as at:
        with scripted_llm.hold("embeddings", when="parrot"):
            said = at.chat("My parrot is called Coco.", stream=True)
            assert said.content == b"".join(says("Hello", " there."))
            assert at.sent["messages"] == [{"role": "user", "content": "My parrot is called Coco."}]
            assert number(at, 'owui_memory_recalls_missed_total{reason="deadline"}') == 1
        at.settle()
        assert "Coco" in at.command("/memory"), "it is remembered later"


def test_the_name_of_the_only_upstream_may_stand_before_a_model(at: Desk, user: str) -> None:
    for model in ("main/llama3", "memory/main/llama3"):
        at.chat("Hi", model=model, user=user).raise_for_status()
        assert at.sent["model"] == "llama3"


# Several upstreams, settings ----------------------------------------------------------------------


def test_the_first_upstream_that_has_a_model_answers(tmp_path: Path) -> None:
    with (
        Upstream(("llama3",)) as first,
        Upstream(("llama3", "qwen:latest")) as second,
        desk(tmp_path, first, second, memory_by_default="qwen*") as at,
    ):
        ids = [one["id"] for one in at.client.get("/v1/models").json()["data"]]
        assert ids[::3] == ["llama3", "second/llama3", "qwen:latest"]
        for model, answers, called in [
            ("llama3", first, "llama3"),
            ("memory/llama3", first, "llama3"),
            ("second/llama3", second, "llama3"),
            ("memory/second/llama3", second, "llama3"),
            ("qwen", second, "qwen"),
        ]:
            asked = len(answers.asked)
            at.chat("My dog is called Rex.", model=model).raise_for_status()
            assert len(answers.asked) == asked + 1, model
            assert answers.asked[-1].body["model"] == called
            name = "main" if answers is first else "second"
            assert answers.asked[-1].header("authorization") == f"Bearer key of {name}"
        at.settle()
        at.chat("What is my dog called?", model="qwen")
        assert "Rex" in json.dumps(second.asked[-1].body), "it takes part by default"
        missing = at.chat("Hi", model="nobody")
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")


def test_local_only_keeps_memories_from_an_upstream_that_is_not_local(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Upstream() as upstream, desk(tmp_path, upstream, local_only="true") as at:
        at.remember("My dog is called Rex.")
        assert "Rex" in at.command("/memory"), "127.0.0.1 is local"
        monkeypatch.setattr(hosts, "_LOCAL_NETS", ())  # as if it were anywhere
        at.chat("What is my dog called?").raise_for_status()
        assert "Rex" not in json.dumps(at.sent)
        at.remember("My cat is called Mia.")
        for named in ({}, {"X-Memory-Chat-Id": "c1"}):
            assert "may not know" in at.command("/memory", headers=named)
        monkeypatch.undo()
        assert "Mia" not in at.command("/memory")


def test_nothing_goes_through_another_server(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with Upstream() as elsewhere:
        monkeypatch.setenv("HTTP_PROXY", elsewhere.base_url)
        monkeypatch.setenv("http_proxy", elsewhere.base_url)
        at.chat("Hi").raise_for_status()
        assert elsewhere.asked == []


def test_a_template_that_nobody_filled_in_is_no_user(at: Desk) -> None:
    at.remember("My dog is called Rex.", headers={"X-Memory-User-Id": "{{USER_ID}}"})
    assert "Rex" in at.command("/memory"), "the next header names the user"
    at.chat("My cat is called Mia.", user="", headers={"X-Memory-User-Id": "{{USER_ID}}"})
    at.settle()
    assert "Mia" not in at.command("/memory", user="{{USER_ID}}", headers={"X-Memory-User-Id": "ada"})


def test_no_method_tells_what_an_upstream_is_sent(at: Desk) -> None:
    asked = len(at.upstream.asked)
    assert at.client.request("TRACE", "/v1/models").status_code == 405
    assert len(at.upstream.asked) == asked


def test_a_body_of_many_values_is_refused(at: Desk) -> None:
    """To read it would hold up all others for seconds."""
    raw = b'{"model":"llama3","x":[' + b"[]," * 600_000 + b"0]}"
    assert at.client.post("/v1/chat/completions", content=raw).status_code == 413


@pytest.mark.parametrize(
    ("key", "is_open"), [("a key of one's own", True), (PUBLIC_DEFAULT_KEY, False), ("", False)]
)
def test_pages_of_others_are_let_in_only_with_a_key_that_they_do_not_know(key: str, is_open: bool) -> None:
    anything: Any = object()
    assert (open_to_browsers(anything, key) is not anything) is is_open


def test_too_much_is_refused_in_a_sentence(at: Desk) -> None:
    url = httpx.URL(at.url)
    connection = HTTPConnection(url.host, url.port)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Length": "99999999999"}
    connection.request("POST", "/v1/chat/completions", b"x", headers)
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"64 MB" in answer.read()
    connection.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"memory"',
        b'{"model": 7}',
        b'{"model": "memory/llama3"}',
        b'{"model": "memory/llama3", "messages": "Hi"}',
        b'{"model": "memory/llama3", "messages": [null, {"role": 7}, {"role": "user", "content": {"a": 1}}]}',
        b'{"model": "memory/llama3", "messages": [{"role": "user", "content": "\\ud800"}], "metadata": []}',
        b'{"model": "memory/llama3", "messages": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"\xff\xfe\x00",
    ],
)
def test_odd_bodies_are_for_the_upstream_to_judge(at: Desk, body: bytes, user: str) -> None:
    at.upstream.answers(400, b'{"error": "no"}')
    headers = {"X-OpenWebUI-User-Id": user, "Content-Type": "application/json"}
    answer = at.client.post("/v1/chat/completions", content=body, headers=headers)
    assert (answer.status_code, answer.content) == (400, b'{"error": "no"}')
    assert len(at.upstream.asked) == 1
    assert KEY not in (at.upstream.asked[0].header("authorization") or "")


# Other forms of asking ------------------------------------------------------------------------------


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
    headers = {"X-OpenWebUI-User-Id": user}
    stored = 'owui_memory_exchanges_total{state="stored"}'
    done = json.dumps({"choices": [{"index": 0, "text": "Nice.", "finish_reason": "stop"}]}).encode()
    at.upstream.answers(200, done)
    before = number(at, stored)
    for prompt in [
        "My dog is called Rex.",
        "Ada: My cat is called Tom.\nBot: Nice.\nAda: Yes.",
        "[INST] Hi.",
    ]:
        sent = {"model": "memory/llama3", "prompt": prompt, "max_tokens": 7}
        assert at.client.post("/v1/completions", json=sent, headers=headers).content == done
    assert number(at, stored) == before + 1
    at.settle()
    at.client.post(
        "/v1/completions", json={"model": "memory/llama3", "prompt": "My dog is called"}, headers=headers
    )
    assert "Rex" in at.sent["prompt"]
    assert at.sent["prompt"].endswith("My dog is called")
    listed = at.client.post(
        "/v1/completions", json={"model": "memory/llama3", "prompt": "/memory"}, headers=headers
    )
    assert "Rex" in listed.json()["choices"][0]["text"]


def test_embeddings_go_through_or_are_the_filters_own(at: Desk) -> None:
    at.upstream.answers(200, b'{"data": []}')
    sent = {"model": "memory/llama3", "input": "a"}
    assert at.client.post("/v1/embeddings", json=sent).content == b'{"data": []}'
    assert at.sent == {"model": "llama3", "input": "a"}
    own = at.client.post("/v1/embeddings", json={"model": "memory-filter", "input": "a"}).json()
    assert len(own["data"][0]["embedding"]) > 100


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
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
