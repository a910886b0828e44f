"""A circuit breaker, so that chats do not each wait for a backend that is down.

Our own: the known libraries hold a lock across the call, or count only what raises, while a call
that misses its deadline here goes on in its thread.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable


class Breaker:
    """Opens after `failures` failures in a row, and then lets one call through every `pause_s` seconds."""

    def __init__(
        self, failures: int = 5, pause_s: float = 15.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._pause_s, self.clock = failures, pause_s, clock
        self._lock = threading.Lock()
        self._failures = 0
        self._next_try = 0.0
        self._succeeded_at = -math.inf

    def allows(self) -> bool:
        """Whether to call now. While the breaker is open, one call per pause may go through, as a test."""
        with self._lock:
            if self._failures < self._limit:
                return True
            if self.clock() < self._next_try:
                return False
            self._next_try = self.clock() + self._pause_s
            return True

    def succeeded(self) -> None:
        """The call worked, so the breaker closes."""
        with self._lock:
            self._failures = 0
            self._succeeded_at = self.clock()

    def failed(self, since: float) -> None:
        """The call that began at `since` failed, or took too long.

        It does not count where another has succeeded meanwhile: that is a queue, not an outage.
        """
        with self._lock:
            if self._succeeded_at > since:
                return
            self._failures += 1
            if self._failures == self._limit:
                self._next_try = self.clock() + self._pause_s

    @property
    def is_open(self) -> bool:
        """Whether a call would be refused now."""
        with self._lock:
            return self._failures >= self._limit and self.clock() < self._next_try
