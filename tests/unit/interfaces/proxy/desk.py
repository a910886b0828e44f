"""The proxy alone, in a real server, in a thread; before scripted upstreams."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from owui_memory.config.environment import Environment
from owui_memory.standalone import application
from owui_memory.state import open_state
from owui_memory.state.api_keys_table import ApiKeys
from tests.harness.pipelines_server import free_port
from tests.harness.upstream import Upstream
from tests.harness.waiting import wait_until

KEY = "test-key"


class Desk:
    """url: without /v1."""

    def __init__(self, url: str, upstream: Upstream, data_dir: Path, environment: Environment) -> None:
        self.url, self.upstream, self.data_dir, self.environment = url, upstream, data_dir, environment
        self.client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30)

    def chat(
        self,
        said: str | list[dict[str, Any]],
        *,
        user: str = "ada",
        model: str = "memory/llama3",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """A chat's request and its whole answer."""
        messages = [{"role": "user", "content": said}] if isinstance(said, str) else said
        sent = {"model": model, "messages": messages, **more}
        named = {"X-OpenWebUI-User-Id": user} if user else {}
        return self.client.post("/v1/chat/completions", json=sent, headers={**named, **(headers or {})})

    @contextmanager
    def streaming(self, said: str, *, user: str, model: str = "memory/llama3") -> Iterator[Iterator[bytes]]:
        """The pieces of a chat's stream, as they come."""
        sent = {"model": model, "stream": True, "messages": [{"role": "user", "content": said}]}
        headers = {"X-OpenWebUI-User-Id": user}
        with self.client.stream("POST", "/v1/chat/completions", json=sent, headers=headers) as answer:
            yield answer.iter_raw()

    def command(self, text: str, **more: Any) -> str:
        answer = self.chat(text, **more).raise_for_status()
        return str(answer.json()["choices"][0]["message"]["content"])

    def settle(self) -> None:
        """Until nothing waits to be remembered."""
        wait_until(lambda: self.status()["queue"]["pending"] == 0, what="all is remembered")

    def remember(self, said: str, **more: Any) -> None:
        self.chat(said, **more).raise_for_status()
        self.settle()

    def status(self) -> Any:
        return self.client.get("/memory/status").raise_for_status().json()

    def is_ready(self) -> bool:
        """Memories can be searched; before there are numbers, the answer is a 503."""
        return "owui_memory_backend_ready 1.0" in self.client.get("/memory/metrics").text

    def numbers(self) -> str:
        return self.client.get("/memory/metrics").raise_for_status().text

    @property
    def stored(self) -> float:
        """How many exchanges were taken to be remembered."""
        return self.number('owui_memory_exchanges_total{state="stored"}')

    def key(self, user: str) -> dict[str, str]:
        """The header of a new key of a user's own."""
        engine = open_state(self.data_dir)
        try:
            return {"Authorization": f"Bearer {ApiKeys(engine).add(user)}"}
        finally:
            engine.dispose()

    def number(self, line: str) -> float:
        """One of these numbers, by its line; 0 before it is there."""
        found = [one.rpartition(" ")[2] for one in self.numbers().splitlines() if one.startswith(f"{line} ")]
        return float(found[0]) if found else 0.0

    @property
    def sent(self) -> Any:
        """The body that the upstream got last."""
        return self.upstream.asked[-1].body


@contextmanager
def desk(
    data_dir: Path,
    upstream: Upstream,
    *more: Upstream,
    traces: bool = False,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    **presets: str,
) -> Iterator[Desk]:
    """A started one. presets: of settings. around: what requests go through first."""
    names = ("main", "second", "third")
    upstreams = [
        {"name": name, "base_url": one.base_url, "api_key": f"key of {name}"}
        for name, one in zip(names, (upstream, *more), strict=False)
    ]
    given = {"upstreams": json.dumps(upstreams), "inlet_deadline_ms": "10000", **presets}
    environment = Environment(
        given, data_dir, KEY, data_dir / "valves.json", user_jwt_secret="s" * 40, traces=traces
    )
    port = free_port()
    config = uvicorn.Config(around(application(environment)), port=port, log_level="warning", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    one = Desk(f"http://127.0.0.1:{port}", upstream, data_dir, environment)
    try:
        wait_until(lambda: server.started, what="the proxy serves")
        wait_until(one.is_ready, what="memories can be searched")
        yield one
    finally:
        one.client.close()
        server.should_exit = True
        thread.join(60)
