"""Which chats users have in Open WebUI, and what they are called, for headings of what was said in them."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from urllib.parse import quote

from ...core.latest import Latest
from ...language.sanitize import one_line
from ...language.secrets import masked
from ..body import mappings
from .poster import Poster

_USERS, _KNOWN_S = 500, 60.0  # whose chats are kept, and for how long
_ASKED = 2_000  # chats whose owners were asked for
_TITLE_CHARS = 200
_UNNAMED = "New Chat"  # until Open WebUI has thought of a title


class Titles:
    """For all users. Threads may share it."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster
        self._lock = threading.Lock()
        self._known = Latest[str, tuple[float, Mapping[str, str]]](_USERS)
        self._asked = Latest[tuple[str, str], tuple[float, bool | None]](_ASKED)

    def of(self, user_id: str, chat_id: str) -> str:
        """The title of one of the user's latest chats; "" where it is not known. Blocks for some seconds."""
        if not self._poster.is_on:
            return ""
        with self._lock:
            at, titles = self._known.get(user_id, (float("-inf"), {}))
        if time.monotonic() - at > _KNOWN_S:
            titles = self._look(user_id) or {}
        return titles.get(chat_id, "")

    def owns(self, user_id: str, chat_id: str) -> bool | None:
        """Whether a chat is the user's own, and none that others let them continue; None: it is not known.

        Blocks for some seconds at most.
        """
        if not self._poster.is_on:
            return None
        one = user_id, chat_id
        with self._lock:
            _, titles = self._known.get(user_id, (0.0, {}))
            at, own = self._asked.get(one, (float("-inf"), None))
        if chat_id in titles:
            return True
        if time.monotonic() - at <= _KNOWN_S or (listed := self._look(user_id)) is None:
            return own
        own = chat_id in listed or self._is_owner(user_id, chat_id)
        with self._lock:
            self._asked[one] = time.monotonic(), own
        return own

    def drop(self, user_id: str) -> None:
        """Keep nothing of a user's."""
        with self._lock:
            self._known.pop(user_id, None)
            for one in [one for one in self._asked if one[0] == user_id]:
                del self._asked[one]

    def _look(self, user_id: str) -> Mapping[str, str] | None:
        """Titles of the user's latest chats, "" for one without; None where Open WebUI does not tell."""
        titles = self._listed(user_id)
        with self._lock:
            self._known[user_id] = time.monotonic(), titles or {}
        return titles

    def _is_owner(self, user_id: str, chat_id: str) -> bool | None:
        """Of a chat that is not among the user's latest, and may be long."""
        chat = self._poster.get(f"/api/v1/chats/{quote(chat_id, safe='')}")  # None: it may be too long
        if not isinstance(chat, dict) or chat.get("id") != chat_id or "user_id" not in chat:
            return None
        return bool(chat["user_id"] == user_id)

    def _listed(self, user_id: str) -> dict[str, str] | None:
        chats = self._poster.get(f"/api/v1/chats/list/user/{quote(user_id, safe='')}")
        if chats is None:
            return None  # a passage without its chat's title is whole
        titles = {}
        for chat in mappings(chats):
            id_, title = chat.get("id"), chat.get("title")
            if isinstance(id_, str) and isinstance(title, str):
                title = "" if title == _UNNAMED else title
                titles[id_] = masked(one_line(title[:_TITLE_CHARS]))[0]
        return titles
