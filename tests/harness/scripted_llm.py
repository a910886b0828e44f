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

Embeddings are made of hashed words and character trigrams: texts that share words are near, others are not.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import json
import math
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIMENSIONS = 256
MODELS = ("scripted-chat", "scripted-embed")
HELLO = "Hello from the model."
SELF_CHECK = "This is a self-check."  # see owui_memory.ops.selfcheck
BLOCK = re.compile(r"<user_memories\b[^>]*>(.*?)</user_memories>", re.DOTALL)


# What was asked -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """One recorded request: what came in, before any rule or fault."""

    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        """`chat`, `embeddings`, `models`, or the path itself."""
        return ENDPOINTS.get(self.path, self.path)

    @property
    def inputs(self) -> list[str]:
        """The texts of an embeddings request."""
        given = self.body.get("input", []) if isinstance(self.body, dict) else []
        return [given] if isinstance(given, str) else [str(text) for text in given]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of a chat request."""
        return self.body.get("messages", []) if isinstance(self.body, dict) else []

    def said_by(self, role: str) -> str:
        """All text of the messages of one role."""
        return "\n".join(text_of(m) for m in self.messages if m.get("role") == role)

    @property
    def last_user_text(self) -> str:
        return next((text_of(m) for m in reversed(self.messages) if m.get("role") == "user"), "")

    @property
    def text(self) -> str:
        """Everything a text predicate looks at."""
        return "\n".join([*self.inputs, *(text_of(m) for m in self.messages)])


ENDPOINTS = {
    "/v1/models": "models",
    "/health": "health",
    "/v1/chat/completions": "chat",
    "/v1/embeddings": "embeddings",
}

Predicate = str | Callable[[Request], bool]
Reply = str | dict[str, Any] | Callable[[Request], "str | dict[str, Any]"]


def text_of(message: dict[str, Any]) -> str:
    """The text of a message, whose content may be a list of parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content if isinstance(part, dict))


def matches(predicate: Predicate | None, request: Request) -> bool:
    if predicate is None:
        return True
    if isinstance(predicate, str):
        return predicate.lower() in request.text.lower()
    return predicate(request)


# What goes wrong ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong with requests to `endpoint` (`chat`, `embeddings`, `models`, `*`)."""

    endpoint: str
    when: Predicate | None = None
    delay: float = 0.0  # seconds before anything else happens
    status: int = 0  # answer with this HTTP status
    broken_json: bool = False  # answer 200 with half a JSON text
    cut: bool = False  # close the connection instead of answering (a stream: in its middle)
    dims: int = 0  # embeddings of this size
    until: threading.Event | None = None  # hang until set

    def hits(self, request: Request) -> bool:
        return self.endpoint in ("*", request.endpoint) and matches(self.when, request)


class Gate:
    """Requests that hang until `release()`; `waiting` tells how many do."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._waiting: Callable[[], int] = lambda: 0

    @property
    def waiting(self) -> int:
        return self._waiting()

    def release(self) -> None:
        self._event.set()


# Embeddings ---------------------------------------------------------------------------------------

_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a about am an and any are as at be been but by can did do does for from had has have he her his how "
        "i if in is it its know me my of on or our please she so tell than that the their them then there "
        "these they this to user was we were what when where which who whose why will with would you your",
    )
)
_ENDINGS = ("'s", "ings", "ing", "ied", "ies", "ed", "es", "ly", "s", "e")


def stem(word: str) -> str:
    """`lives`, `lived` and `living` become `liv`; good enough for tests."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def embedding(text: str, dims: int = DIMENSIONS) -> list[float]:
    """A unit vector of `dims` numbers, the same for the same text on every machine."""
    words = re.findall(r"[^\W_]+(?:'s)?", text.lower())
    stems = [stem(w) for w in words if w not in _COMMON] or words or [text]
    vector = [0.0] * dims
    for word in stems:
        _put(vector, f"word:{word}", 1.0)
        for at in range(len(word) - 2):
            _put(vector, f"part:{word[at : at + 3]}", 0.3)
    norm = math.sqrt(sum(x * x for x in vector))
    if not norm:
        vector[0] = norm = 1.0
    return [x / norm for x in vector]


def _nearer(vector: list[float], nearness: float) -> list[float]:
    """The same with a part that all have in common."""
    if not nearness:
        return vector
    common = math.sqrt(nearness / len(vector))
    return [math.sqrt(1 - nearness) * value + common for value in vector]


def _put(vector: list[float], feature: str, weight: float) -> None:
    digest = hashlib.blake2b(feature.encode(), digest_size=8).digest()
    vector[int.from_bytes(digest[:4], "big") % len(vector)] += weight if digest[4] & 1 else -weight


# Answers when no rule speaks ----------------------------------------------------------------------


def default_reply(request: Request) -> str | dict[str, Any]:
    system = request.said_by("system")
    if "You are a Memory Extractor" in system:
        return mem0_extraction(request.last_user_text)
    if '"operations"' in system:
        return {"operations": []}
    if "### Task:" in request.last_user_text:
        return task_answer(request.last_user_text)
    known = memory_lines(request.text)
    return "I know: " + "; ".join(known) if known else HELLO


def memory_lines(prompt: str) -> list[str]:
    """The memories in our blocks: their lines that start with a dash."""
    lines = [line for block in BLOCK.findall(prompt) for line in block.splitlines()]
    return [line.strip().removeprefix("- ") for line in lines if line.strip().startswith("- ")]


def task_answer(prompt: str) -> dict[str, Any]:
    """What Open WebUI's title, tags, follow-up and query tasks want: a small JSON object."""
    wanted = prompt.partition("### Output")[2] or prompt
    if '"follow_ups"' in wanted:
        return {"follow_ups": ["What else?"]}
    if '"tags"' in wanted:
        return {"tags": ["General"]}
    if '"queries"' in wanted:
        return {"queries": []}
    return {"title": "A chat"}


def mem0_extraction(prompt: str) -> dict[str, Any]:
    """The answer to mem0 2.2.1's ADDITIVE_EXTRACTION_PROMPT: each first-person statement of the user."""
    new_messages = prompt.partition("## New Messages\n")[2].partition("\n\n## Observation Date")[0]
    said = re.findall(
        r"^user: (.*?)(?=^(?:user|assistant|system): |\Z)", new_messages, re.DOTALL | re.MULTILINE
    )
    texts = [third_person(s) for message in said for s in sentences(message) if is_statement_about_self(s)]
    return {"memory": [{"id": str(n), "text": t, "attributed_to": "user"} for n, t in enumerate(texts)]}


def sentences(text: str) -> list[str]:
    return [s.strip() for s in re.split(r"(?<=[.!?])\s+|\n+", text) if s.strip()]


def is_statement_about_self(sentence: str) -> bool:
    return not sentence.endswith("?") and bool(
        re.search(r"\b(I|my|me|mine|we|our)\b", sentence, re.IGNORECASE)
    )


_PERSON = [
    (r"^(I am|I'm)\b", "User is"),
    (r"^(I have|I've)\b", "User has"),
    (r"^My\b", "User's"),
    (r"^I\b", "User"),
    (r"\b(I am|I'm)\b", "they are"),
    (r"\bI\b", "they"),
    (r"\bmy\b", "their"),
    (r"\bme\b", "them"),
]


def third_person(sentence: str) -> str:
    """`I live in Rome.` becomes `User live in Rome.`: no grammar, but the words stay findable."""
    for pattern, words in _PERSON:
        sentence = re.sub(pattern, words, sentence)
    return sentence if sentence.startswith("User") else f"User said: {sentence}"


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
        self._thread = threading.Thread(target=self._server.serve_forever, name="scripted-llm", daemon=True)

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
        self._thread.join(timeout=10)
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
        message = {"role": "assistant", "content": answer}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return self._json({**envelope, "object": "chat.completion", "choices": [choice], "usage": usage})

    def _stream(
        self, envelope: dict[str, Any], answer: str, usage: dict[str, Any] | None, *, cut: bool
    ) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        envelope = {**envelope, "object": "chat.completion.chunk"}
        deltas = [
            {"role": "assistant", "content": ""},
            *({"content": w} for w in re.findall(r"\S+\s*", answer)),
        ]
        for number, delta in enumerate(deltas):
            if cut and number > len(deltas) // 2:
                return
            self._event({**envelope, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        self._event({**envelope, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
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
            vector: Any = _nearer(embedding(text, dims), self.server.llm.nearness)
            if in_base64:
                vector = base64.b64encode(struct.pack(f"<{dims}f", *vector)).decode()
            found.append({"object": "embedding", "index": index, "embedding": vector})
        usage = _usage(request.text, "")
        self._json({"object": "list", "data": found, "model": request.body.get("model", ""), "usage": usage})

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
