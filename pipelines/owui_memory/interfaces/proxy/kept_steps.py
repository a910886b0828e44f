"""An agent's steps between two requests of a client, which carries out calls of its own tools meanwhile.

What the model asked memory's tools and was told before such a call never went to the client. It is put back
in place of the message with the call, when the client comes with the call's result.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from dataclasses import dataclass
from typing import Any

from ...core.latest import Latest
from ...models.tokens import estimated_tokens
from ..body import mapping, mappings

_MOST, _MOST_S, _MOST_CHARS = 500, 600.0, 60_000  # of all users; and of one's messages
_COUNTED_CHARS = 100_000  # whose tokens are estimated; of a longer text each character counts as one
_DROPS_S = 3600.0  # longer than requests take


@dataclass(frozen=True, slots=True)
class _Kept:
    """messages: that stand in place of the client's. tokens: that they take beside it."""

    at: float
    messages: list[dict[str, Any]]
    tokens: int


class KeptSteps:
    """In memory, for some minutes and until something of their user's is erased. `drop` is for any thread."""

    def __init__(self, seconds: float = _MOST_S) -> None:
        self._seconds, self._lock = seconds, threading.Lock()
        self._kept = Latest[tuple[str, str], _Kept](_MOST)  # by user and calls
        self._dropped: dict[str, float] = {}  # users, and when

    def __len__(self) -> int:
        return len(self._kept)

    def keep(
        self, user_id: str, since: float, calls: list[dict[str, Any]], messages: list[dict[str, Any]]
    ) -> None:
        """Keep messages whose last calls go out to the client. Runs on the event loop.

        since: when, by the monotonic clock, the first of them was made: what was erased later may be in them.
        """
        if len(messages) < 2 or sum(len(one["function"]["arguments"]) for one in calls) > _MOST_CHARS:
            return
        if len(json.dumps(messages)) > _MOST_CHARS:
            return
        now = time.monotonic()
        kept = _Kept(now, messages, max(tokens_of(messages) - tokens_of(calls), 0))
        with self._lock:
            if self._dropped.get(user_id, -1.0) >= since:
                return
            self._kept[user_id, _named(calls)] = kept
        asyncio.get_running_loop().call_later(self._seconds, self._purge)

    def put_back(self, messages: list[Any], user_id: str, room: int) -> tuple[list[Any], int]:
        """A client's messages with what belongs before their calls, and how much of the room is left.

        room: for it, in tokens; what is newer comes first.
        """
        with self._lock:
            known = {key: one for (owner, key), one in self._kept.items() if owner == user_id}
        if not known:
            return messages, room
        back: list[Any] = []
        for message in reversed(messages):
            calls = mapping(message).get("tool_calls")
            kept = known.get(_named(calls)) if calls else None
            if kept is not None and kept.tokens <= room:
                room -= kept.tokens
                back += reversed(kept.messages)
            else:
                back.append(message)
        return back[::-1], room

    def drop(self, user_id: str) -> None:
        """Keep nothing of a user's, who may have it forgotten."""
        now = time.monotonic()
        with self._lock:
            self._dropped = {one: at for one, at in self._dropped.items() if at > now - _DROPS_S}
            self._dropped[user_id] = now
            for key in [key for key in self._kept if key[0] == user_id]:
                del self._kept[key]

    def _purge(self) -> None:
        with self._lock:
            until = time.monotonic() - self._seconds
            for key in [key for key, one in self._kept.items() if one.at <= until]:
                del self._kept[key]


def tokens_of(value: Any) -> int:
    """How many tokens a part of a request takes, about."""
    text = json.dumps(value, ensure_ascii=False)
    return estimated_tokens(text) if len(text) <= _COUNTED_CHARS else len(text)


def _named(calls: Any) -> str:
    """What calls are known by when the client sends them again, which may write their arguments anew."""
    named = []
    for one in mappings(calls):
        function = mapping(one.get("function"))
        arguments: Any = function.get("arguments")
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            arguments = json.loads(arguments)
        named.append([one.get("id"), function.get("name"), arguments])
    with contextlib.suppress(RecursionError):
        return json.dumps(named, sort_keys=True)
    return ""
