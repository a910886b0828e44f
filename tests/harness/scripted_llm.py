"""A model server for tests: OpenAI's chat and embeddings API, answered by rules.

    with ScriptedLLM() as llm:
        llm.when("capital of France", "Paris.")                # a rule: text or predicate, then the reply
        with llm.fault("embeddings", status=503):              # until the block ends
            ...
        with llm.hold("embeddings", when="slow") as gate:      # such requests hang until the block ends
            ...
        assert llm.embedded_texts() == [...]

Run as a process (`python -m tests.harness.scripted_llm --port 9300`) it is scripted over HTTP:
`POST /_script {"rules": [...], "faults": [...], "clear": true}` and `GET /_requests`.

What it answers where no rule speaks: see `scripted_answers`.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.harness.scripted_answers import DIMENSIONS, default_reply, embedding_json
from tests.harness.scripted_requests import Fault, Gate, Predicate, Reply, Request, matches

MODELS = ("scripted-chat", "scripted-embed")
CALL = re.compile(r"CALL (\w+) (\{.*\})", re.DOTALL)  # a reply that is a call of a tool
SELF_CHECK = "This is a self-check."  # see owui_memory.ops.selfcheck


# The server ---------------------------------------------------------------------------------------


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
        self._server = _Server(("127.0.0.1", port), _Handler)
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
        assert fault.until is not None
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

    def script(self, orders: dict[str, Any]) -> None:
        """`POST /_script`: each key given replaces what was there."""
        if orders.get("clear"):
            self.clear()
        with self._lock:
            if "faults" in orders:
                self._faults = [Fault(**fault) for fault in orders["faults"]]
            if "rules" in orders:
                self._rules = [(rule["when"], rule["reply"]) for rule in orders["rules"]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    llm: ScriptedLLM

    def __init__(self, *args: Any) -> None:
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._lock:
            self._connections.discard(request)

    def close_connections(self) -> None:
        """Wake the threads that wait for a next request on a kept connection."""
        with self._lock:
            left = list(self._connections)
        for connection in left:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away (its deadline passed) is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/_requests":
            return self._json([vars(r) for r in self.server.llm.requests])
        request = self._request(None)
        if self._fails(self.server.llm.record(request)):
            return None
        if request.endpoint == "health":
            return self._json({"status": "ok"})
        if request.endpoint == "models":
            return self._json({"object": "list", "data": [{"id": m, "object": "model"} for m in MODELS]})
        return self._error(404, f"no such route: {path}")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(raw)
        except ValueError:
            return self._error(400, "the request is not JSON")
        if self.path == "/_script":
            self.server.llm.script(body)
            return self._json({"ok": True})
        request = self._request(body)
        fault = self.server.llm.record(request)
        streamed = request.endpoint == "chat" and body.get("stream")
        if not (streamed and fault.cut) and self._fails(fault):
            return None
        if request.endpoint == "chat":
            return self._chat(request, cut=fault.cut)
        if request.endpoint == "embeddings":
            return self._embeddings(request, fault.dims)
        return self._error(404, f"no such route: {self.path}")

    def _request(self, body: Any) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, self.path.partition("?")[0], body, headers)

    def _fails(self, fault: Fault) -> bool:
        """Act the fault out; false if the request is to be answered after all."""
        if fault.cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault.status:
            self._error(fault.status, f"scripted failure {fault.status}")
        elif fault.broken_json:
            self._bytes(200, b'{"object": "list", "data": [{"emb')
        else:
            return False
        return True

    # Answers

    def _chat(self, request: Request, *, cut: bool) -> None:
        answer = self.server.llm.reply_to(request)
        usage = _usage(request.text, answer)
        envelope = {
            "id": "chatcmpl-scripted",
            "created": int(time.time()),
            "model": request.body.get("model", ""),
        }
        if request.body.get("stream"):
            with_usage = (request.body.get("stream_options") or {}).get("include_usage")
            return self._stream(envelope, answer, usage if with_usage else None, cut=cut)
        message = _delta(answer) or {"role": "assistant", "content": answer}
        choice = {"index": 0, "message": message, "finish_reason": _finish(answer)}
        return self._json({**envelope, "object": "chat.completion", "choices": [choice], "usage": usage})

    def _stream(
        self, envelope: dict[str, Any], answer: str, usage: dict[str, Any] | None, *, cut: bool
    ) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        envelope = {**envelope, "object": "chat.completion.chunk"}
        call = _delta(answer)
        deltas = [
            {"role": "assistant", "content": ""},
            *([call] if call else ({"content": w} for w in re.findall(r"\S+\s*", answer))),
        ]
        for number, delta in enumerate(deltas):
            if cut and number > len(deltas) // 2:
                return
            self._event({**envelope, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        self._event({**envelope, "choices": [{"index": 0, "delta": {}, "finish_reason": _finish(answer)}]})
        if usage:
            self._event({**envelope, "choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, content: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(content).encode() + b"\n\n")
        self.wfile.flush()

    def _embeddings(self, request: Request, wrong_dims: int) -> None:
        dims = wrong_dims or request.body.get("dimensions") or self.server.llm.dims
        in_base64 = request.body.get("encoding_format") == "base64"
        found = []
        for index, text in enumerate(request.inputs):
            vector = embedding_json(text, dims, self.server.llm.nearness)
            if in_base64:
                packed = struct.pack(f"<{dims}f", *json.loads(vector))
                vector = json.dumps(base64.b64encode(packed).decode())
            found.append(f'{{"object": "embedding", "index": {index}, "embedding": {vector}}}')
        rest = json.dumps({"model": request.body.get("model", ""), "usage": _usage(request.text, "")})
        self._bytes(200, f'{{"object": "list", "data": [{", ".join(found)}], {rest[1:]}'.encode())

    def _error(self, status: int, message: str) -> None:
        self._json({"error": {"message": message, "type": "scripted", "code": status}}, status)

    def _json(self, content: Any, status: int = 200) -> None:
        self._bytes(status, json.dumps(content, ensure_ascii=False).encode())

    def _bytes(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Quiet: requests are recorded, not logged."""


def _delta(answer: str) -> dict[str, Any]:
    """What an answer that is a call of a tool consists of; {} for another one."""
    if (call := CALL.fullmatch(answer)) is None:
        return {}
    told: dict[str, Any] = {"index": 0, "id": f"call_{hash(answer)}", "type": "function"}
    told["function"] = {"name": call[1], "arguments": call[2]}
    return {"role": "assistant", "content": None, "tool_calls": [told]}


def _finish(answer: str) -> str:
    return "tool_calls" if CALL.fullmatch(answer) else "stop"


def _usage(asked: str, answered: str) -> dict[str, int]:
    prompt, completion = len(asked.split()), len(answered.split())
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def main() -> None:
    parser = argparse.ArgumentParser(description="A scripted OpenAI-compatible model server on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=9300)
    parser.add_argument("--dims", type=int, default=DIMENSIONS, help="size of the embeddings")
    options = parser.parse_args()
    with ScriptedLLM(port=options.port, dims=options.dims) as llm:
        print(f"scripted model server on {llm.base_url}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
