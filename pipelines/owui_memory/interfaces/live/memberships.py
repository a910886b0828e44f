"""Who may read which of Open WebUI's own channels, as Open WebUI says.

A chat's id says that it is a channel, and whoever calls an API may say any. What is not known is not allowed.
"""

from __future__ import annotations

import threading
import time
from urllib.parse import quote, urlencode

from ...core.latest import Latest
from .poster import Poster

_KNOWN = 5_000  # pairs of user and channel
_MEMBER_S, _OTHER_S = 300.0, 30.0  # for which it is believed
_PAGES = 34  # of thirty members, where no address tells whom to look for
_LONG_S = 5.0  # that all of them may take


class Memberships:
    """For all users. Threads may share it."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster
        self._lock = threading.Lock()
        self._known = Latest[tuple[str, str], tuple[float, bool]](_KNOWN)

    def holds(self, user_id: str, email: str, channel: str) -> bool:
        """Whether a user may read a channel. Blocks for some seconds at most."""
        one, now = (user_id, channel), time.monotonic()
        with self._lock:
            until, is_member = self._known.get(one, (0.0, False))
        if now < until:
            return is_member
        is_member = self._poster.is_on and bool(channel) and self._asked(user_id, email, channel)
        with self._lock:
            self._known[one] = time.monotonic() + (_MEMBER_S if is_member else _OTHER_S), is_member
        return is_member

    def drop(self, user_id: str) -> None:
        """Keep nothing of a user's."""
        with self._lock:
            for one in [one for one in self._known if one[0] == user_id]:
                del self._known[one]

    def _asked(self, user_id: str, email: str, channel: str) -> bool:
        until = time.monotonic() + _LONG_S
        for page in range(1, 2 if email else _PAGES + 1):
            asked = urlencode({"page": page, **({"query": email} if email else {})})
            answer = self._poster.get(f"/api/v1/channels/{quote(channel, safe='')}/members?{asked}")
            try:
                members = {str(one["id"]) for one in answer["users"]}
            except (KeyError, TypeError):  # not as expected
                return False
            if user_id in members or not members or time.monotonic() > until:
                return user_id in members
        return False
