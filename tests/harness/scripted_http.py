"""What the scripted model server says over HTTP: OpenAI's chat and embeddings API."""

from __future__ import annotations

import base64
import json
import re
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from tests.harness.closable_server import ClosableServer
from tests.harness.scripted_answers import embedding_json
from tests.harness.scripted_requests import Fault, Request

if TYPE_CHECKING:
    from tests.harness.scripted_llm import ScriptedLLM

MODELS = ("scripted-chat", "scripted-embed")
CALL = re.compile(r"CALL (\w+) (\{.*\})", re.DOTALL)  # a reply that is a call of a tool


class ScriptedServer(ClosableServer):
    llm: ScriptedLLM


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ScriptedServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
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
