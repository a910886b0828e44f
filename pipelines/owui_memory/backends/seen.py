"""What mem0 has just told a thread: asked for once more at once, it is not fetched again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from ..core.memory import Memory

_LASTS_S = 1.0


class Seen:
    """Threads may share it; each has its own."""

    def __init__(self) -> None:
        self._of_thread = threading.local()

    def note(self, memories: Iterable[Memory], *, listed_of: str = "") -> None:
        """This thread was told of these. listed_of: whose they all are."""
        mine, now = self._of_thread, time.monotonic()
        if not self._is_fresh:
            mine.memories, mine.lists = {}, {}
        memories = list(memories)
        mine.memories |= {memory.id: memory for memory in memories}
        if listed_of:
            mine.lists[listed_of] = memories
        mine.until = now + _LASTS_S

    def memories(self) -> dict[str, Memory]:
        """Those that it was told of, by id."""
        memories: dict[str, Memory] = self._of_thread.memories if self._is_fresh else {}
        return memories

    def all_of(self, user_id: str) -> list[Memory] | None:
        """All of a user's, if it was told of them."""
        lists: dict[str, list[Memory]] = self._of_thread.lists if self._is_fresh else {}
        return lists.get(user_id)

    def forget(self) -> None:
        """Something is changed: what the thread was told is no longer current."""
        self._of_thread.until = 0.0

    @property
    def _is_fresh(self) -> bool:
        return time.monotonic() < getattr(self._of_thread, "until", 0.0)
