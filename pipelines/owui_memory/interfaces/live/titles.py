"""What users' chats are called in Open WebUI, for the headings of what was said in them."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from urllib.parse import quote

from ...language.sanitize import one_line
from ...language.secrets import masked
from .poster import Poster

_USERS, _KNOWN_S = 500, 60.0  # whose titles are kept, and for how long
_TITLE_CHARS = 200
_UNNAMED = "New Chat"  # until Open WebUI has thought of a title


class Titles:
    """For all users. Threads may share it."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, Mapping[str, str]]] = OrderedDict()

    def of(self, user_id: str, chat_id: str) -> str:
        """The title of one of the user's latest chats; "" where it is not known. Blocks for some seconds."""
        if not self._poster.is_on:
            return ""
        with self._lock:
            at, titles = self._known.get(user_id, (float("-inf"), {}))
        if time.monotonic() - at > _KNOWN_S:
            titles = self._listed(user_id)
            with self._lock:
                self._known[user_id] = time.monotonic(), titles
                while len(self._known) > _USERS:
                    self._known.popitem(last=False)
        return titles.get(chat_id, "")

    def drop(self, user_id: str) -> None:
        """Keep nothing of a user's."""
        with self._lock:
            self._known.pop(user_id, None)

    def _listed(self, user_id: str) -> dict[str, str]:
        try:
            answer = self._poster.get(f"/api/v1/chats/list/user/{quote(user_id, safe='')}")
            chats = json.loads(answer) if answer else []
        except Exception:  # noqa: BLE001 - a passage without its chat's title is whole
            return {}
        titles = {}
        for chat in chats if isinstance(chats, list) else ():
            told = (chat.get("id"), chat.get("title")) if isinstance(chat, dict) else (None, None)
            if isinstance(told[0], str) and isinstance(told[1], str) and told[1] != _UNNAMED:
                titles[told[0]] = masked(one_line(told[1][:_TITLE_CHARS]))[0]
        return titles
