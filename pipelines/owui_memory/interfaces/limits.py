"""How often something may be asked for."""

from __future__ import annotations

import time
from collections import deque
from ipaddress import IPv6Address, ip_address, ip_network

from ..core.latest import Latest

_MOST_KEYS, _MINUTE_S = 10_000, 60.0


class Limits:
    """A bucket for each key, refilled steadily. For one thread, or one event loop."""

    def __init__(self, most: int, within_s: float) -> None:
        """most: at once, and in so many seconds."""
        self._most, self._rate = float(most), most / within_s
        self._buckets = Latest[str, tuple[float, float]](_MOST_KEYS)

    def takes(self, key: str) -> bool:
        """Whether one more is allowed; it is counted if so."""
        left, now = self._left(key), time.monotonic()
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        return left >= 1

    def allows(self, key: str) -> bool:
        """Whether one more would be allowed; nothing is counted."""
        return self._left(key) >= 1

    def _left(self, key: str) -> float:
        now = time.monotonic()
        left, at = self._buckets.get(key, (self._most, now))
        return min(left + (now - at) * self._rate, self._most)


class Rate:
    """So often may tools change a user's memories: no loop empties or floods them."""

    most = 20  # in a minute

    def __init__(self) -> None:
        self._done = Latest[str, deque[float]](_MOST_KEYS)  # when, by user

    def allows(self, user_id: str) -> bool:
        """Whether a user's may be changed now, which then counts."""
        now = time.monotonic()
        self._done[user_id] = done = self._done.get(user_id, deque(maxlen=self.most))
        if len(done) == self.most and now - done[0] < _MINUTE_S:
            return False
        done.append(now)
        return True


def place_of(host: str) -> str:
    """The key of a client's address: who has one address of IPv6 has the 2^64 beside it."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((int(address), 64), strict=False))
    return host
