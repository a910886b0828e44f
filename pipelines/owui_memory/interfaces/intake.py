"""The way of a body in and out again: what every later step may rely on, and where the work for it is done.

Bodies are as long and as odd as whoever sends them likes. Here they are made such that the server can send
them on, lose what no model is to see, and are read into values whose texts have a bound; big ones in threads
of their own, one at a time for each user, so that neither the event loop nor anybody else waits for them.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from ..core.turn import Answered, Turn
from .body import mapping, read_inlet, read_outlet
from .strip_commands import without_commands

_SMALL_CHARS, _SMALL_VALUES = 100_000, 5_000  # read in less than 10 ms
_THREADS = 2
_HALF = re.compile("[\ud800-\udfff]")
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_SPARE = "\x01\x02\x03\x04\x05\x06\x0e\x0f\x10\x11"  # hardly any text has all of them
_NESTED = (dict, list, tuple)  # all that JSON has; to ask for `Mapping` takes three times as long
_SLICE = 50_000  # characters: a pattern holds the interpreter's lock until it is through

_T = TypeVar("_T")


def read_asked(body: Any, user: Any) -> tuple[Any, Turn]:
    """An inlet's body, as it may go on, and the turn that it begins. Never raises."""
    body = without_commands(sendable(body))
    return body, read_inlet(body, user)


def read_finished(body: Any, user: Any) -> tuple[Any, Answered | None]:
    """An outlet's body, as it may go on, and the exchange that it ends, if it ends one. Never raises."""
    body = sendable(body)
    return body, read_outlet(body, user)


class Intake:
    """Does the work on bodies: a small one's at once, a big one's in a thread. For one event loop."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = ThreadPoolExecutor(_THREADS, "memory-intake")
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def read(self, work: Callable[[Any, Any], _T], body: Any, user: Any) -> _T:
        """`read_asked` or `read_finished` of a body."""
        return await self.rewrite(_id_of(user), work, body, user)

    async def load(self, user_id: str, raw: bytes) -> Any:
        """The JSON of a request. Raises ValueError or RecursionError where it is none."""
        if self._pool is None or len(raw) <= _SMALL_CHARS:
            return json.loads(raw)
        return await self.in_turn(user_id, self._pool, json.loads, raw)

    async def dump(self, user_id: str, body: Any) -> bytes:
        """A body as JSON, with whatever halves of characters it has."""
        return await self.rewrite(user_id, _dumped, body)

    async def rewrite(self, user_id: str, work: Callable[..., _T], body: Any, *values: Any) -> _T:
        """Work on a user's body; `values` go along."""
        if self._pool is None or is_small(body):
            return work(body, *values)
        return await self.in_turn(user_id, self._pool, work, body, *values)

    async def in_turn(self, user_id: str, pool: Executor, work: Callable[..., _T], *values: Any) -> _T:
        """Work in a thread of a pool, once all that came in turn before for the same user is done."""
        turn = self._turns.setdefault(user_id, asyncio.Lock())
        async with turn:
            return await asyncio.get_running_loop().run_in_executor(pool, work, *values)

    def close(self) -> None:
        """End the threads. Bodies that still come are read at once."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None


def _dumped(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def is_small(body: Any) -> bool:
    """Whether a body is read in no time. Costs none itself, however big the body is."""
    chars, values = _SMALL_CHARS, _SMALL_VALUES
    rest = [body]
    while rest and chars >= 0:
        value = rest.pop()
        if isinstance(value, str):
            chars -= len(value)
        elif isinstance(value, _NESTED):
            values -= len(value)
            if values < 0:
                return False
            rest += value
            if isinstance(value, dict):
                rest += value.values()
    return chars >= 0


def sendable(body: Any) -> Any:
    """A body that the server can put into JSON and UTF-8; else it answers 500, and the chat ends there.

    Halves of characters become U+FFFD; numbers that JSON does not know, null. The same object where all is
    well.
    """
    rest = [body]
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            if not _is_whole(value):
                break
        elif isinstance(value, float):
            if not math.isfinite(value):
                break
        elif isinstance(value, _NESTED):
            rest += value
            if isinstance(value, dict):
                rest += value.values()
    else:
        return body
    try:
        return _mended(body)
    except RecursionError:  # so deep that the server cannot answer with it either
        return body


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        mapping: dict[Any, Any] = {}
        for name, inner in value.items():  # no comprehension, which would be half as deep
            mapping[_mended(name)] = _mended(inner)
        return mapping
    if isinstance(value, list | tuple):
        items: list[Any] = []
        for inner in value:
            items.append(_mended(inner))
        return items
    return value


def _is_whole(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _whole(text: str) -> str:
    """A text with U+FFFD for each half of a character."""
    if _is_whole(text):
        return text
    spare = next((char for char in _SPARE if char not in text), "")
    if spare:  # ten times faster
        marked = text.replace("?", spare).encode(errors="replace").decode()  # a question mark for each half
        return marked.replace("?", _REPLACED).replace(spare, "?")
    slices = (text[at : at + _SLICE] for at in range(0, len(text), _SLICE))
    return "".join(_HALF.sub(_REPLACED, one) for one in slices)


def _id_of(user: Any) -> str:
    user_id = mapping(user).get("id")
    return user_id if isinstance(user_id, str) else ""
