"""A model server for tests of the proxy, which answers with the bytes that it is told, when it is told.

with Upstream() as upstream:
    upstream.streams(event({...}), gate, b"data: [DONE]\\n\\n")   # waits at the gate (a threading.Event)
    upstream.answers(500, b'{"error": ...}')
    upstream.breaks_off(event({...}))
    assert upstream.asked[-1].body["model"] == "llama3"
"""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.harness.closable_server import ClosableServer

Piece = bytes | threading.Event
SSE = {"Content-Type": "text/event-stream"}


def event(content: Any, end: bytes = b"\n") -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(content, ensure_ascii=False).encode() + end + end


def delta(end: bytes = b"\n", *, finish: str | None = None, index: int = 0, **told: Any) -> bytes:
    """One event of a chat's stream."""
    choice = {"index": index, "delta": told, "finish_reason": finish}
    return event({"id": "c", "object": "chat.completion.chunk", "choices": [choice]}, end)


def says(*texts: str) -> list[bytes]:
    """A whole stream that says these texts, piece by piece."""
    return [*(delta(content=text) for text in texts), delta(finish="stop"), b"data: [DONE]\n\n"]


def completion(text: str | None, **more: Any) -> bytes:
    """A whole answer that is no stream."""
    message = {"role": "assistant", "content": text, **more}
    reason = "tool_calls" if more.get("tool_calls") else "stop"
    choices = [{"index": 0, "message": message, "finish_reason": reason}]
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    told = {"id": "c", "object": "chat.completion", "created": 1, "model": "llama3"}
    return json.dumps({**told, "choices": choices, "usage": usage}).encode()


@dataclass(frozen=True)
class Asked:
    method: str
    path: str  # with its query
    headers: list[tuple[str, str]]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass
class _Script:
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: dict(SSE))
    pieces: tuple[Piece, ...] = ()
    cut: bool = False


class Upstream:
    """In threads of this process, on loopback."""

    def __init__(self, models: tuple[str, ...] = ("llama3", "other")) -> None:
        self.models = [{"id": one, "object": "model", "owned_by": "us", "extra": [1]} for one in models]
        self.asked: list[Asked] = []  # but for models
        self.listed = 0
        self.drops_reused = False  # the second request of a connection gets no answer
        self.list_gate: threading.Event | None = None  # at which lists wait
        self.left = threading.Event()  # somebody has gone away in the middle
        self.script = _Script(pieces=tuple(says("Hello", " there.")))
        self._next: list[_Script] = []  # before it, one for each request
        self._lock = threading.Lock()
        self._server = ClosableServer(("127.0.0.1", 0), _Handler)
        self._server.upstream = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Upstream:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for piece in self.script.pieces:
            if isinstance(piece, threading.Event):
                piece.set()
        self._server.shutdown()
        self._thread.join(timeout=60)
        self._server.server_close()
        self._server.close_connections()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def streams(self, *pieces: Piece) -> None:
        self.script = _Script(pieces=pieces)

    def answers(self, status: int, *pieces: Piece, **headers: str) -> None:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.script = _Script(status, {"Content-Type": "application/json", **told}, pieces)

    def breaks_off(self, *pieces: Piece) -> None:
        self.script = _Script(pieces=pieces, cut=True)

    def then(self) -> None:
        """What was scripted last is for one request; what is scripted next, for those after it."""
        self._next.append(self.script)

    def turn(self) -> _Script:
        with self._lock:
            return self._next.pop(0) if self._next else self.script

    def count_list(self) -> None:
        with self._lock:
            self.listed += 1

    @property
    def bodies(self) -> list[Any]:
        return [one.body for one in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Any
    requests = 0  # of this connection

    def _serve(self) -> None:
        upstream: Upstream = self.server.upstream
        self.requests += 1
        if upstream.drops_reused and self.requests > 1:
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.command == "GET" and self.path == "/v1/models":
            upstream.count_list()
            if upstream.list_gate is not None:
                upstream.list_gate.wait(60)
            told = json.dumps({"object": "list", "data": upstream.models}).encode()
            return self._send(_Script(200, {"Content-Type": "application/json"}, (told,)))
        upstream.asked.append(Asked(self.command, self.path, self.headers.items(), raw))
        return self._send(upstream.turn())

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815

    def _send(self, script: _Script) -> None:
        self.send_response(script.status)
        for name, value in script.headers.items():
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for piece in script.pieces:
                if isinstance(piece, threading.Event):
                    self._wait(piece)
                elif piece:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.flush()
            if script.cut:
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.server.upstream.left.set()
            self.close_connection = True

    def _wait(self, gate: threading.Event) -> None:
        """Until the gate opens or the client has gone."""
        while not gate.wait(0.05):
            self.connection.setblocking(False)
            try:
                gone = self.connection.recv(1, socket.MSG_PEEK) == b""
            except BlockingIOError:
                gone = False
            finally:
                self.connection.setblocking(True)
            if gone:
                raise BrokenPipeError

    def log_message(self, *_: Any) -> None:
        """Quiet."""
