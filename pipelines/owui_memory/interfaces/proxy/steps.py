"""One answer of a model in the agent's loop: read as it comes, with the tools that it asks for."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..body import mapping, mappings
from .answer import Ear, Said, StreamEar, WholeEar
from .answer import chat as read_chat

_MOST_CALLS = 4_096  # of tools in one answer
_MOST_CHARS = 64_000  # of the arguments of memory's tools; those of the client's go out as they are
_HELD_CHARS, _HELD_BYTES = 300, 4_000_000  # said, and received, before an answer must be the final one
_ERROR_BYTES, _MOST_BYTES = 100_000, 20_000_000
_OWN_KEYS = ("index", "id", "type", "function")
# By servers, beside a message's calls.
_WANTED_BACK = ("reasoning_content", "reasoning_details", "extra_content")
_IN_PIECES = ("text", "summary")  # of what a stream tells of one detail
Event = dict[str, Any]


@dataclass(slots=True)
class ToolCall:
    """A call as the model wrote it. more: what its server has added, and wants back."""

    id: str = ""
    name: str = ""
    more: Event = field(default_factory=dict)
    _pieces: list[str] = field(default_factory=list)
    _chars: int = 0

    @property
    def arguments(self) -> str:
        return "".join(self._pieces)

    def add(self, arguments: str) -> None:
        self._pieces.append(arguments)
        self._chars += len(arguments)

    def read(self) -> object:
        """The arguments, for memory's tools. Raises ValueError or RecursionError where they are no JSON."""
        if self._chars > _MOST_CHARS:
            raise ValueError("too long")
        return json.loads(self.arguments or "{}")

    def mended(self, *, is_theirs: bool) -> Event:
        """The call in a message to the model; what is no JSON object would break some servers."""
        told = self.written()
        if is_theirs and self._chars > _MOST_CHARS:
            return told
        arguments: object = None
        with contextlib.suppress(ValueError, RecursionError):
            arguments = self.read()
        if not isinstance(arguments, dict):
            told["function"] = {**told["function"], "arguments": "{}"}
        return told

    def written(self) -> Event:
        """The call in a message, as the model wrote it."""
        arguments = self.arguments or "{}"
        told = {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": arguments}}
        return {**self.more, **told}


class Step:
    """Takes an answer as `Relay` sends it, and holds its events back until they may go to the client.

    done: all of it came, and could be kept. is_final: it has said so much, and asked for no tool, that it is
    the final answer. is_shown: some of it has gone to the client.
    """

    def __init__(self) -> None:
        self.status, self.done, self.is_shown = 0, False, False
        self.headers: list[tuple[bytes, bytes]] = []
        self.events: list[Event] = []  # that came and were not sent, as those of a stream
        self.whole: Mapping[str, Any] | None = None
        self.error = bytearray()
        self.usage: Event = {}
        self._ear: Ear | None = None
        self._calls: dict[object, ToolCall] = {}
        self._newest: dict[object, object] = {}  # a call's index in the answer -> its key
        self._wanted_back: dict[str, list[Any]] = {}  # in the pieces that came
        self._bytes = self._chars = 0
        self._is_too_long = False  # while a call was held back: nobody gets so much

    @property
    def said(self) -> Said:
        return self._ear.said if self._ear else Said()

    @property
    def calls(self) -> list[ToolCall]:
        """Those that name a tool."""
        return [one for one in self._calls.values() if one.name]

    @property
    def is_final(self) -> bool:
        return not self._calls and (self._chars > _HELD_CHARS or self._bytes > _HELD_BYTES)

    def take(self, message: Mapping[str, Any]) -> None:
        """The next ASGI message of the answer."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
            told = {name.lower(): value for name, value in self.headers}
            kind = told.get(b"content-type", b"").partition(b";")[0].strip().lower()
            if self.status == 200 and b"content-encoding" not in told:
                self._ear = StreamEar(self._read) if kind == b"text/event-stream" else WholeEar(self._read)
            return
        chunk = message.get("body", b"")
        self._bytes += len(chunk)
        if self._ear is not None:
            self._ear.hears(chunk)
        elif len(self.error) < _ERROR_BYTES:
            self.error += chunk
        if not message.get("more_body", False):
            if self._ear is not None:
                self._ear.over()
            self.done = not self._is_too_long

    def _read(self, said: Said, told: Mapping[str, Any]) -> bool:
        read_chat(said, told)
        if isinstance(told.get("usage"), Mapping):
            self.usage = dict(told["usage"])
        self.whole = told
        first = _first(told)
        message = mapping(first.get("delta") or first.get("message"))
        self._chars += len(content) if isinstance(content := message.get("content"), str) else 0
        if self._is_too_long:
            return False
        for name in _WANTED_BACK:
            if (value := message.get(name)) and self._bytes <= _MOST_BYTES:
                self._wanted_back.setdefault(name, []).append(value)
        for at, one in enumerate(mappings(message.get("tool_calls"))):
            self._add(one, at)
        kept = {name: value for name, value in message.items() if name != "tool_calls"}
        choice = {name: value for name, value in first.items() if name != "message"} | {"delta": kept}
        self._is_too_long |= bool(self._calls) and self._bytes > _MOST_BYTES
        self.events.append(
            {**told, "object": "chat.completion.chunk", "choices": [{**choice, "index": 0}] if first else []}
        )
        return False

    def _add(self, one: Mapping[str, Any], at: int) -> None:
        index = one.get("index") if isinstance(one.get("index"), int) else at
        id_ = one["id"] if isinstance(one.get("id"), str) else ""
        key = self._newest.get(index, index)
        if id_ and key in self._calls and self._calls[key].id != id_:
            key = id_  # some servers count every call as the first
        if key not in self._calls and len(self._calls) >= _MOST_CALLS:
            self._is_too_long = True
            return
        self._newest[index] = key
        call = self._calls.setdefault(key, ToolCall())
        call.id = call.id or id_ or f"call_{uuid.uuid4().hex}"
        call.more |= {name: value for name, value in one.items() if name not in _OWN_KEYS}
        function = mapping(one.get("function"))
        name, arguments = function.get("name"), function.get("arguments")
        call.name += name if isinstance(name, str) and len(call.name) < _HELD_CHARS else ""
        written = json.dumps(arguments) if isinstance(arguments, Mapping | list) else arguments
        if isinstance(written, str):
            call.add(written)

    def message(self, calls: Sequence[ToolCall], theirs: Collection[str]) -> Event:
        """The answer as a message to the model, with these of its calls. theirs: the client's tools."""
        told = {"role": "assistant", "content": "".join(self.said.pieces) or None}
        told |= {name: _joined(pieces) for name, pieces in self._wanted_back.items()}
        return {**told, "tool_calls": [one.mended(is_theirs=one.name in theirs) for one in calls]}


def _joined(pieces: Sequence[Any]) -> Any:
    """What a stream told in pieces: a text, values by name, or a list of those, each with an index."""
    if all(isinstance(one, str) for one in pieces):
        return "".join(pieces)
    if all(isinstance(one, Mapping) for one in pieces):
        return {name: value for one in pieces for name, value in one.items()}
    if not all(isinstance(one, list) for one in pieces):
        return pieces[-1]
    parts = [part for piece in pieces for part in piece]
    if not all(isinstance(part, Mapping) for part in parts):
        return parts
    details: dict[object, list[Mapping[str, Any]]] = {}
    for at, part in enumerate(parts):
        key = (part.get("type"), part["index"]) if isinstance(part.get("index"), int) else f"{at}"
        details.setdefault(str(key), []).append(part)
    return [_one_of(detail) for detail in details.values()]


def _one_of(parts: Sequence[Mapping[str, Any]]) -> Event:
    told = {name: value for part in parts for name, value in part.items() if value is not None}
    for name in _IN_PIECES:
        texts = [part[name] for part in parts if isinstance(part.get(name), str)]
        told |= {name: "".join(texts)} if texts else {}
    return told


def ending(step: Step, calls: Sequence[ToolCall], usage: Event, text: str) -> list[Event]:
    """The rest of the events that the client gets, with these calls of its own tools.

    usage: of the whole loop. text: to be said, where the model said nothing.
    """
    rest, last = [], dict(step.whole or {})
    for event in step.events:
        if choice := _first(event):
            last = event if choice.get("finish_reason") else last
            if choice["delta"]:
                rest.append({**event, "choices": [{**choice, "finish_reason": None}]})
        elif not event.get("usage"):
            rest.append(event)
    envelope = {name: value for name, value in last.items() if name not in ("choices", "usage")}
    envelope |= {"object": "chat.completion.chunk"}
    deltas: list[Event] = [{"content": text}] if text else []
    if calls:
        deltas.append({"tool_calls": [{"index": at, **one.written()} for at, one in enumerate(calls)]})
    rest += [{**envelope, "choices": [{"index": 0, "delta": one, "finish_reason": None}]} for one in deltas]
    rest.append({**envelope, "choices": [{"index": 0, "delta": {}, "finish_reason": _reason(last, calls)}]})
    return [*rest, {**envelope, "choices": [], "usage": usage}] if step.usage else rest


def whole(step: Step, calls: Sequence[ToolCall], usage: Event, text: str) -> Event:
    """The same for a client that wants no stream."""
    told = dict(step.whole or {})
    given = _first(told)
    message: Event = {"role": "assistant", "content": "".join(step.said.pieces) or None}
    if isinstance(given.get("message"), Mapping):
        message = {name: value for name, value in given["message"].items() if name != "tool_calls"}
    message |= {"content": text} if text else {}
    message |= {"tool_calls": [one.written() for one in calls]} if calls else {}
    choice = {name: value for name, value in given.items() if name != "delta"}
    choice |= {"index": 0, "message": message, "finish_reason": _reason(told, calls)}
    return {**told, "object": "chat.completion", "choices": [choice], **({"usage": usage} if usage else {})}


def _first(told: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = told.get("choices")
    return mapping(choices[0]) if isinstance(choices, list) and choices else {}


def _reason(told: Mapping[str, Any], calls: Sequence[ToolCall]) -> str:
    """Why an answer ends, where these calls go out with it."""
    reason = _first(told).get("finish_reason")
    if calls:
        return "tool_calls"
    return str(reason) if reason and reason not in ("tool_calls", "function_call") else "stop"
