"""What is read of a user's memories once and kept ready until they change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")

_USERS = 1000


class Ready(Generic[T]):
    """One value for each of the users who were here last. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[Hashable, T]] = OrderedDict()

    def of(self, user_id: str, version: Hashable, read: Callable[[], T]) -> T:
        """The value that `read` gave at this version, or gives now."""
        with self._lock:
            kept = self._kept.get(user_id)
        if kept and kept[0] == version:
            return kept[1]
        value = read()
        with self._lock:
            self._kept[user_id] = (version, value)
            self._kept.move_to_end(user_id)
            while len(self._kept) > _USERS:
                self._kept.popitem(last=False)
        return value

    def drop(self, user_id: str) -> None:
        """Keep nothing of a user's."""
        with self._lock:
            self._kept.pop(user_id, None)
