"""A model server for tests: OpenAI's chat and embeddings API, answered by rules.

    with ScriptedLLM() as llm:
        llm.when("capital of France", "Paris.")                # a rule: text or predicate, then the reply
        with llm.fault("embeddings", status=503):              # until the block ends
            ...
        with llm.hold("embeddings", when="slow") as gate:      # such requests hang until the block ends
            ...
        assert llm.embedded_texts() == [...]

What it answers where no rule speaks: see `scripted_answers`.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from tests.harness.scripted_answers import DIMENSIONS, default_reply
from tests.harness.scripted_http import Handler, ScriptedServer
from tests.harness.scripted_requests import Fault, Gate, Predicate, Reply, Request, matches

SELF_CHECK = "This is a self-check."  # see owui_memory.observe.selfcheck


class ScriptedLLM:
    """The server in threads of this process, on loopback only. Safe to script while it serves."""

    def __init__(self, *, port: int = 0, dims: int = DIMENSIONS) -> None:
        self.dims = dims
        self.nearness = 0.0  # cosine that all embeddings have in common
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._rules: list[tuple[Predicate, Reply]] = []
        self._faults: list[Fault] = []
        self._hanging: dict[int, int] = {}
        self._stopping = threading.Event()
        self._server = ScriptedServer(("127.0.0.1", port), Handler)
        self._server.llm = self
        serve = partial(self._server.serve_forever, poll_interval=0.05)
        self._thread = threading.Thread(target=serve, name="scripted-llm", daemon=True)

    # Life

    def __enter__(self) -> ScriptedLLM:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> ScriptedLLM:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Let go of everything that hangs, close every connection, end the thread."""
        self._stopping.set()
        self.clear()
        self._server.shutdown()
        self._thread.join(timeout=60)
        self._server.server_close()
        self._server.close_connections()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """What an OpenAI client wants as its base URL."""
        return f"{self.url}/v1"

    def embeds(self, model: str = "m") -> dict[str, str]:
        """Settings with which the filter embeds with it."""
        named = {"embedder_provider": "openai", "embedder_model": model, "embedder_api_key": "k"}
        return {**named, "embedder_base_url": self.base_url}

    def reads(self, model: str = "small") -> dict[str, str]:
        """Settings with which it reads what is said."""
        return {"llm_provider": "openai", "llm_base_url": self.base_url, "llm_model": model}

    # Script

    def when(self, predicate: Predicate, reply: Reply) -> None:
        """Answer matching chats with `reply` (text, JSON, a function of the request); the newest wins."""
        with self._lock:
            self._rules.insert(0, (predicate, reply))

    @contextlib.contextmanager
    def fault(self, endpoint: str = "*", **what: Any) -> Iterator[Fault]:
        """Make requests to `endpoint` go wrong (see `Fault`) until the block ends."""
        fault = self.add_fault(endpoint, **what)
        try:
            yield fault
        finally:
            self.remove_fault(fault)

    def add_fault(self, endpoint: str = "*", **what: Any) -> Fault:
        fault = Fault(endpoint, **what)
        with self._lock:
            self._faults.append(fault)
        return fault

    def remove_fault(self, fault: Fault) -> None:
        with self._lock:
            self._faults = [f for f in self._faults if f is not fault]
        if fault.until:
            fault.until.set()

    @contextlib.contextmanager
    def hold(self, endpoint: str = "*", when: Predicate | None = None) -> Iterator[Gate]:
        """Let matching requests hang until `gate.release()` or the end of the block."""
        gate = Gate()
        fault = self.add_fault(endpoint, when=when, until=gate._event)
        gate._waiting = lambda: self._hanging.get(id(fault), 0)
        try:
            yield gate
        finally:
            self.remove_fault(fault)

    def clear(self) -> None:
        """Forget requests, rules and faults."""
        with self._lock:
            faults, self._faults = self._faults, []
            self._requests, self._rules, self.nearness = [], [], 0.0
        for fault in faults:
            if fault.until:
                fault.until.set()

    # Records

    @property
    def requests(self) -> list[Request]:
        with self._lock:
            return list(self._requests)

    def chats(self) -> list[Request]:
        """What was asked about chats: the one question that a start asks is left out."""
        return [r for r in self.requests if r.endpoint == "chat" and SELF_CHECK not in r.text]

    def embedded_texts(self) -> list[str]:
        """Every text that was asked to be embedded, in order, faults included."""
        return [text for r in self.requests if r.endpoint == "embeddings" for text in r.inputs]

    # Used by the handler

    def record(self, request: Request) -> Fault:
        """Keep the request and return everything that goes wrong with it, as one fault."""
        with self._lock:
            self._requests.append(request)
            hits = [f for f in self._faults if f.hits(request)]
        return self._merge(request.endpoint, hits)

    def _merge(self, endpoint: str, hits: list[Fault]) -> Fault:
        merged = Fault(endpoint)
        for fault in hits:
            if fault.until:
                self._hang(fault)
            changed = {k: v for k, v in vars(fault).items() if v and k not in ("endpoint", "when", "until")}
            merged = replace(merged, **changed)
        if merged.delay:
            self._stopping.wait(merged.delay)
        return merged

    def _hang(self, fault: Fault) -> None:
        self._count_hanging(fault, +1)
        try:
            while not (fault.until.wait(0.1) or self._stopping.is_set()):
                pass
        finally:
            self._count_hanging(fault, -1)

    def _count_hanging(self, fault: Fault, change: int) -> None:
        with self._lock:
            self._hanging[id(fault)] = self._hanging.get(id(fault), 0) + change

    def reply_to(self, request: Request) -> str:
        with self._lock:
            rule = next(
                (reply for predicate, reply in self._rules if matches(predicate, request)), default_reply
            )
        answer = rule(request) if callable(rule) else rule
        return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
