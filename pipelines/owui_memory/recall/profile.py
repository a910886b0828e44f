"""What is told in every conversation: who the user is, and how they want to be answered."""

from __future__ import annotations

import threading
from collections import OrderedDict

from ..backends.base import Backend, EditableBackend, Memory

KINDS = ("preference", "profile")  # wishes first: they are few, and each answer depends on them
_MOST = 50  # memories of each kind
_USERS = 1000


class Profiles:
    """Kept ready for the users who were here last, for as long as their memories do not change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready: OrderedDict[str, tuple[object, int, list[Memory]]] = OrderedDict()

    def of(self, backend: Backend, user_id: str, version: int) -> list[Memory]:
        """The user's profile, most important first; `version`: see `state.versions`.

        Raises what the backend raises.
        """
        if not isinstance(backend, EditableBackend):
            return []
        with self._lock:
            ready = self._ready.get(user_id)
        if ready and ready[:2] == (backend, version):
            return ready[2]
        memories = [memory for kind in KINDS for memory in backend.of_kind(user_id, kind, _MOST)]
        with self._lock:
            self._ready[user_id] = (backend, version, memories)
            self._ready.move_to_end(user_id)
            while len(self._ready) > _USERS:
                self._ready.popitem(last=False)
        return memories
