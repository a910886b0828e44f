"""How often something may be asked for."""

from __future__ import annotations

import time
from collections import OrderedDict

_MOST_KEYS = 10_000


class Limits:
    """A bucket for each key, refilled steadily. For one thread, or one event loop."""

    def __init__(self, most: int, within_s: float) -> None:
        """most: at once, and in so many seconds."""
        self._most, self._rate = float(most), most / within_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def takes(self, key: str) -> bool:
        """Whether one more is allowed; it is counted if so."""
        now = time.monotonic()
        left, at = self._buckets.pop(key, (self._most, now))
        left = min(left + (now - at) * self._rate, self._most)
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
        return left >= 1
