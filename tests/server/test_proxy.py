"""The proxy inside the real Pipelines server: the filter's memories for any client."""

import json
import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.talk import recalled, stored
from tests.harness.upstream import Upstream, says
from tests.harness.waiting import wait_until


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as one:
        yield one


@pytest.fixture(scope="module")
def server(module_servers: StartServer, upstream: Upstream) -> PipelinesServer:
    named = [{"name": "main", "base_url": upstream.base_url, "api_key": "upstreams-key"}]
    return module_servers(env={"MEMORY_UPSTREAMS": json.dumps(named), "MEMORY_INLET_DEADLINE_MS": "10000"})


def ask(server: PipelinesServer, said: str, user: str) -> httpx.Response:
    sent = {"model": "memory/llama3", "messages": [{"role": "user", "content": said}], "stream": True}
    headers = {"X-OpenWebUI-User-Id": user}
    return server.client.post("/memory/v1/chat/completions", json=sent, headers=headers).raise_for_status()


def test_filter_and_proxy_share_memories(server: PipelinesServer, upstream: Upstream, user: str) -> None:
    upstream.streams(*says("Hello", " there."))
    assert ask(server, "My dog is called Rex.", user).content == b"".join(says("Hello", " there."))
    server.wait_until_drained()
    assert "Rex" in recalled(server, "What is my dog called?", user=user)

    assert httpx.get(f"{server.url}/memory/v1/models").status_code == 401
    assert [one["id"] for one in server.get("/memory/v1/models").json()["data"]][:2] == [
        "llama3",
        "memory/llama3",
    ]
    assert "upstreams-key" not in json.dumps(server.get_valves()) + server.log()
    assert "Rex" not in server.log()
    server.reload()
    server.wait_until_ready()
    ask(server, "What is my dog called?", user)
    assert "Rex" in json.dumps(upstream.asked[-1].body)


def test_a_stream_goes_on_past_the_servers_middleware(
    server: PipelinesServer, upstream: Upstream, user: str
) -> None:
    pieces, gate = says("Hello", " there."), threading.Event()
    upstream.streams(pieces[0], gate, *pieces[1:])
    sent = {"model": "llama3", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    with server.client.stream("POST", "/memory/v1/chat/completions", json=sent) as answer:
        chunks = answer.iter_raw()
        assert next(chunks) == pieces[0]
        turn = Chat(user).say("Hello")
        server.inlet(turn.inlet, turn.user)  # nobody waits for it
    assert upstream.left.wait(60), "the client has left"


def test_a_stream_outlives_a_reload(server: PipelinesServer, upstream: Upstream, user: str) -> None:
    pieces, gate = says("I see", "."), threading.Event()
    upstream.streams(pieces[0], gate, *pieces[1:])
    sent = {"model": "memory/llama3", "stream": True}
    sent["messages"] = [{"role": "user", "content": "My locker holds 7919 marbles."}]
    headers = {"X-OpenWebUI-User-Id": user}
    with server.client.stream("POST", "/memory/v1/chat/completions", json=sent, headers=headers) as answer:
        chunks = answer.iter_raw()
        got = next(chunks)
        server.reload()
        gate.set()
        assert got + b"".join(chunks) == b"".join(pieces)
    server.wait_until_ready()
    wait_until(lambda: any("7919" in text for _, text in stored(server)), what="it is remembered")


def test_what_was_answered_outlives_a_kill(server: PipelinesServer, upstream: Upstream, user: str) -> None:
    upstream.streams(*says("Hello")[:-1], b"data: [DONE]\n\n", threading.Event())  # it does not end
    sent = {"model": "memory/llama3", "stream": True}
    sent["messages"] = [{"role": "user", "content": "My locker holds 6841 marbles."}]
    headers = {"X-OpenWebUI-User-Id": user}
    with server.client.stream("POST", "/memory/v1/chat/completions", json=sent, headers=headers) as answer:
        got = b""
        for chunk in answer.iter_raw():
            got += chunk
            if b"[DONE]\n" in got:
                server.kill()
                break
    server.start()
    wait_until(lambda: any("6841" in text for _, text in stored(server)), what="it is remembered")
