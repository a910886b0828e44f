"""What a model says, read beside an answer that goes on to the client as it comes.

A stream is read event by event, as it is cut into chunks anywhere; whatever is no event of a chat is left
alone, and never an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...language.sentences import sentences
from ..body import final_text, mapping, mappings, prompt_tokens, text_of

_EVENT_BYTES = 4_000_000  # of a stream; a longer event is not read
_JSON_BYTES = 8_000_000  # of an answer that is no stream
_LONG_BYTES = 200_000
_TEXT_CHARS = 300_000
_BROKEN = " […]"  # behind what is remembered of an answer that broke off
_CALLS = ("function_call", "custom_tool_call")
_ENDS, _CLOSERS = tuple(".!?…。！？؟।"), "\"'”’»)]*_`"


@dataclass(slots=True)
class Said:
    """What a model has said so far.

    ended: it said all. calls: it asks for a tool, and goes on after that. failed: an error came in its place.
    """

    pieces: list[str] = field(default_factory=list)
    ended: bool = False
    calls: bool = False
    failed: bool = False
    prompt_tokens: int = 0
    _chars: int = 0

    def final(self) -> str | None:
        """What is remembered of it; None for nothing: it goes on, or broke off before a sentence's end."""
        if self.calls:
            return None
        if self.ended and not self.failed:
            return final_text("".join(self.pieces))
        said = final_text("".join(self.pieces))
        is_whole = said.rstrip(_CLOSERS)[-1:] in _ENDS
        whole = [one for one in sentences(said) if is_whole or one.end < len(said)]
        return said[: whole[-1].end].rstrip() + _BROKEN if whole else None

    def add(self, text: Any) -> None:
        """A piece of text, or of a list of parts."""
        if self._chars < _TEXT_CHARS and (piece := text_of(text)[:_TEXT_CHARS]):
            self.pieces.append(piece)
            self._chars += len(piece)


Read = Callable[[Said, Mapping[str, Any]], bool]  # takes in an event; whether it ends a stream


def chat(said: Said, told: Mapping[str, Any]) -> bool:
    """An event, or the whole, of /chat/completions and /completions; of several choices the first."""
    if told.get("error"):
        said.failed = True
    said.prompt_tokens = prompt_tokens(told.get("usage")) or said.prompt_tokens
    for choice in mappings(told.get("choices")):
        if choice.get("index") not in (0, None):
            continue
        message = mapping(choice.get("delta") or choice.get("message"))
        said.add(message.get("content"))
        said.calls |= bool(message.get("tool_calls") or message.get("function_call"))
        said.add(choice.get("text"))
        if reason := choice.get("finish_reason"):
            said.ended = True
            said.calls |= reason in ("tool_calls", "function_call")
    return False  # [DONE] is


def responses(said: Said, told: Mapping[str, Any]) -> bool:
    """An event, or the whole, of /responses."""
    kind, item, response = told.get("type"), told.get("item"), told.get("response")
    usage = (response if isinstance(response, Mapping) else told).get("usage")
    said.prompt_tokens = prompt_tokens(usage) or said.prompt_tokens
    if kind == "response.output_text.delta":
        said.add(told.get("delta"))
    elif kind in ("response.failed", "error"):
        said.failed = True
    elif kind in ("response.completed", "response.incomplete"):
        said.ended = True
    elif isinstance(item, Mapping):
        said.calls |= item.get("type") in _CALLS
    elif told.get("object") == "response":
        for one in mappings(told.get("output")):
            said.calls |= one.get("type") in _CALLS
            said.add(one.get("content") if one.get("type") == "message" else None)
        said.ended = told.get("status") in ("completed", "incomplete")
    return said.ended


class StreamEar:
    """Reads along with server-sent events. is_whole: the answer is one piece. is_long: see `WholeEar`."""

    is_whole = is_long = False

    def __init__(self, read: Read) -> None:
        self.said, self._read = Said(), read
        self._line: list[bytes] = []  # one that has no end yet, in pieces
        self._line_size = 0
        self._data: list[bytes] = []  # of an event that has no end yet
        self._size = 0
        self._after_cr = False

    def hears(self, chunk: bytes) -> int | None:
        """Where in this chunk the stream's end begins, which waits until all is kept; None: not here."""
        last = None  # where the last event begins
        event = 0 if self._data else -1
        for start, line in self._lines(chunk):
            if line.startswith(b"data:"):
                event = start if event < 0 else event
                if line[5:].strip() == b"[DONE]":
                    self.said.ended = True
                    last = event if last is None else last
                self._size += len(line)
                if self._size <= _EVENT_BYTES:
                    self._data.append(line[5:])
            elif not line and self._data:
                if self._is_last() and last is None:
                    last = event
                event = -1
        return last

    def over(self) -> None:
        self.hears(b"\n\n")

    def _lines(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        """Each line that ends in the chunk, and where in the chunk it begins."""
        start = int(self._after_cr and chunk[:1] == b"\n")  # the second half of an end that was cut
        self._after_cr = chunk.endswith(b"\r")
        for piece in chunk[start:].splitlines(keepends=True):
            self._line_size += len(piece)
            if self._line_size <= _EVENT_BYTES:
                self._line.append(piece)
            if piece[-1:] in b"\r\n":
                line = b"".join(self._line).rstrip(b"\r\n") if self._line_size <= _EVENT_BYTES else b":"
                self._line, self._line_size = [], 0
                yield start, line
            start += len(piece)

    def _is_last(self) -> bool:
        data, size = b"\n".join(self._data), self._size
        self._data, self._size = [], 0
        told = _json(data) if size <= _EVENT_BYTES else None
        return told is not None and self._read(self.said, told)


class WholeEar:
    """Reads along with an answer in one piece of JSON. is_long: reading it takes its time."""

    is_whole = True

    def __init__(self, read: Read) -> None:
        self.said, self._read = Said(), read
        self._pieces: list[bytes] = []
        self._size = 0

    @property
    def is_long(self) -> bool:
        return self._size > _LONG_BYTES

    def hears(self, chunk: bytes) -> int | None:
        self._size += len(chunk)
        if self._size <= _JSON_BYTES:
            self._pieces.append(chunk)
        return None

    def over(self) -> None:
        if self._size <= _JSON_BYTES and (told := _json(b"".join(self._pieces))) is not None:
            self._read(self.said, told)
        self._pieces = []


Ear = StreamEar | WholeEar


def _json(data: bytes) -> Mapping[str, Any] | None:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, Mapping) else None
