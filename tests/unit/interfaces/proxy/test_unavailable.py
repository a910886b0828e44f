"""Whatever befalls the proxy's databases, models and model servers: the chat goes through as it came."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from owui_memory.core.memory import EPISODE
from tests.harness import scripted_http as harness
from tests.harness.hang import returns
from tests.harness.hostile_server import HostileServer
from tests.harness.pipelines_server import with_embedder, with_llm
from tests.harness.remains import store_in
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.upstream import Upstream, completion, says
from tests.harness.waiting import wait_until
from tests.unit.interfaces.proxy.desk import KEY, Desk, desk
from tests.unit.remember.mind import is_ours
from tests.unit.state.test_faults_of_the_state import FACTS, FAULTS, disk, filled, locked

__all__ = ["disk"]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as one:
        yield one


@pytest.fixture
def presets(scripted_llm: ScriptedLLM) -> dict[str, str]:
    """Of settings: with an embedder and an LLM that can fail."""
    env = {**with_embedder(scripted_llm), "MEMORY_INLET_DEADLINE_MS": "100"}
    return {name.removeprefix("MEMORY_").lower(): value for name, value in env.items()}


def goes_through(at: Desk, said: str, **more: Any) -> None:
    """As a stream and in one piece."""
    for stream in (True, False):
        pieces = says("I see.") if stream else [completion("I see.")]
        at.upstream.streams(*pieces) if stream else at.upstream.answers(200, *pieces)
        with returns(said):
            assert at.chat(said, stream=stream, **more).content == b"".join(pieces)
        assert at.sent["messages"][-1]["content"].endswith(said)


def wrong(at: Desk, part: str) -> str:
    """Why a part of the status is not ok, "" where it is."""
    told = at.status()
    found = [one for one in told["parts"] if one["name"] == part and not one["ok"]]
    return f"{found[0]['detail']} {found[0]['hint']}" if found and not told["ok"] else ""


def all_is_kept(at: Desk, *facts: str) -> None:
    """As facts and as passages, each once."""
    at.settle()
    store = store_in(at.data_dir)
    rows = [row.payload for row in store.list()[0]]
    store.close()
    for kind in (True, False):
        held = [one["data"] for one in rows if (one.get("kind") == EPISODE) is kind and one["data"] in facts]
        assert sorted(held) == sorted(facts)


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "told"), FAULTS.values(), ids=list(FAULTS))
def test_the_state_database(
    tmp_path: Path,
    upstream: Upstream,
    presets: dict[str, str],
    fault: Callable[[Path], AbstractContextManager[None]],
    told: str,
) -> None:
    with desk(tmp_path, upstream, **presets) as at:
        own = at.key("ada")
        at.remember(FACTS[0], headers=own)
        with fault(at.data_dir / "state.db"):
            if fault is not locked:
                wait_until(lambda: wrong(at, "state"), what="it is seen")
            goes_through(at, FACTS[1])
            goes_through(at, FACTS[2], headers=own)
            assert at.chat("Hi", headers={"Authorization": "Bearer mk-unknown"}).status_code in (401, 503)
            assert re.search(told, wait_until(lambda: wrong(at, "state"), within=30, what="it is told"))
        all_is_kept(at, *FACTS[:3])


@pytest.mark.slow
def test_a_full_disk(disk: Path, upstream: Upstream, presets: dict[str, str]) -> None:
    with desk(disk, upstream, **presets) as at:
        at.remember(FACTS[0])
        wait_until(lambda: (disk / "spill" / "reserve").exists(), what="there is a reserve")
        with filled(disk):
            goes_through(at, FACTS[1])
            goes_through(at, FACTS[2])
            assert "full" in wait_until(lambda: wrong(at, "state"), within=30, what="it is told")
        all_is_kept(at, *FACTS[:3])


def test_embedder_and_llm(
    tmp_path: Path,
    upstream: Upstream,
    presets: dict[str, str],
    scripted_llm: ScriptedLLM,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def keep(request: Any) -> str:
        new = request.text.partition("New messages:")[2]
        return json.dumps({"operations": [{"op": "add", "text": one} for one in FACTS if one in new]})

    presets |= {name.removeprefix("MEMORY_").lower(): value for name, value in with_llm(scripted_llm).items()}
    scripted_llm.when(is_ours, keep)
    with desk(tmp_path, upstream, **presets) as at:
        at.remember(FACTS[0])
        for number, fault in enumerate([{"status": 503}, {}], 1):  # a status, or no answer
            with ExitStack() as ill:
                for endpoint in ("embeddings", "chat"):
                    ill.enter_context(
                        scripted_llm.fault(endpoint, **fault) if fault else scripted_llm.hold(endpoint)
                    )
                goes_through(at, FACTS[number])
                assert wait_until(lambda: wrong(at, "embedder"), within=60, what="the status tells")
        assert at.number('owui_memory_recalls_missed_total{reason="deadline"}') >= 1
        with monkeypatch.context() as patched:
            patched.setattr(harness, "embedding_json", lambda *_: json.dumps([float("nan")] * 256))
            goes_through(at, "What do I play?")
        all_is_kept(at, *FACTS[:3])


# Model servers ------------------------------------------------------------------------------------

KINDS = (
    *("endless body", "endless chunks", "drops", "drops of headers", "endless headers", "endless continue"),
    *("redirects", "endless redirect", "gzip bomb", "bomb of another kind", "deep nesting", "silence"),
)


@pytest.mark.slow
def test_a_model_server_of_any_kind_harms_nobody_else(tmp_path: Path, upstream: Upstream) -> None:
    """Its client may leave; what is not read is not fetched; others are answered meanwhile."""
    with ExitStack() as stack:
        servers = {kind: stack.enter_context(HostileServer(kind)) for kind in KINDS}
        named = [
            {"name": f"bad{at}", "base_url": f"{one.url}/v1", "models": kind.replace(" ", "-")}
            for at, (kind, one) in enumerate(servers.items())
        ]
        named.append({"name": "good", "base_url": upstream.base_url, "models": "llama3"})
        at = stack.enter_context(desk(tmp_path, upstream, upstreams=json.dumps(named)))
        for kind, server in servers.items():
            with returns(kind), asking(at, f"memory/{kind}".replace(" ", "-")):
                wait_until(lambda one=server: one.asked, what=f"{kind}: it is asked")
                goes_through(at, f"My number is {len(kind)}.")
                assert server.sent < 500_000_000, f"{kind}: nobody reads it"  # buffers, and no content
        for kind, server in servers.items():
            assert kind == "silence" or server.wait_until_closed(60), f"{kind}: the client has left"
        at.settle()
        assert not wrong(at, "state")


def asking(at: Desk, model: str) -> socket.socket:
    """A client that sends a request, and reads nothing of the answer by itself."""
    url = httpx.URL(at.url)
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "My cat is Mia."}]}).encode()
    client = socket.create_connection((url.host, url.port or 80), timeout=20)
    head = [
        *("POST /v1/chat/completions HTTP/1.1", "Host: x", f"Authorization: Bearer {KEY}"),
        *("X-OpenWebUI-User-Id: bob", "Content-Type: application/json", f"Content-Length: {len(body)}"),
    ]
    client.sendall("\r\n".join([*head, "", ""]).encode() + body)
    return client


def test_a_list_that_never_comes_holds_up_nobody(tmp_path: Path, upstream: Upstream) -> None:
    with HostileServer("silence") as silent:
        named = [
            {"name": "bad", "base_url": f"{silent.url}/v1"},
            {"name": "good", "base_url": upstream.base_url},
        ]
        with desk(tmp_path, upstream, upstreams=json.dumps(named)) as at:
            at.client.timeout = httpx.Timeout(8)  # less than a list may take
            goes_through(at, FACTS[0])
            assert at.client.get("/v1/models").json()["data"][0]["id"] == "llama3"
            gate = threading.Event()
            upstream.list_gate = gate
            goes_through(at, FACTS[1])
            gate.set()
