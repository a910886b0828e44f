"""All of a user's memories, newest first, kept for a while: turning pages does not read all of them anew."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from sqlalchemy import select

from ..core.memory import Memory
from ..state import reading, versions
from .memories import Control

_AGE_S = 60.0  # for what others change in mem0
_MOST = 50_000  # memories, of all users


@dataclass(frozen=True, slots=True)
class _Read:
    version: int
    at: float  # monotonic seconds
    source: object  # the backend that they were read from
    memories: tuple[Memory, ...]


class Listing:
    """Threads may share it. A list is read anew when the user's memories have changed, wherever that was."""

    def __init__(self, control: Control) -> None:
        self._reading, self._control = reading(control.engine), control
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Read] = OrderedDict()

    def of(self, user_id: str) -> tuple[Memory, ...]:
        """A user's memories, newest first. Raises what the backend raises."""
        version, source, now = self._version(user_id), self._control.live.current, time.monotonic()
        with self._lock:
            self._forget_old(now)
            known = self._kept.get(user_id)
        if known is not None and known.version == version and known.source is source:
            return known.memories
        memories = tuple(self._control.all(user_id))
        with self._lock:
            self._kept[user_id] = _Read(version, now, source, memories)
            self._kept.move_to_end(user_id)
            while self._kept and sum(len(one.memories) for one in self._kept.values()) > _MOST:
                self._kept.popitem(last=False)
        return memories

    def drop(self, user_id: str) -> None:
        """Keep nothing of a user's."""
        with self._lock:
            self._kept.pop(user_id, None)

    def _forget_old(self, now: float) -> None:
        for user_id in [user_id for user_id, one in self._kept.items() if now - one.at > _AGE_S]:
            del self._kept[user_id]

    def _version(self, user_id: str) -> int:
        """Asked before the memories are read: a change meanwhile makes what was read old."""
        with self._reading.connect() as connection:
            wanted = select(versions.c.number).where(versions.c.user_id == user_id)
            return connection.scalar(wanted) or 0
