"""What is told in every conversation: who the user is, and how they want to be answered."""

from __future__ import annotations

from ..backends.base import Backend, EditableBackend
from ..core.memory import Memory
from ..core.scope import View
from .ready import Ready

KINDS = ("preference", "profile")  # wishes first: they are few, and each answer depends on them
_MOST = 200  # memories of each kind, in all scopes


class Profiles:
    """Kept ready for the users who were here last, for as long as their memories do not change."""

    def __init__(self) -> None:
        self._ready: Ready[list[Memory]] = Ready()

    def drop(self, user_id: str) -> None:
        """Keep nothing of a user's."""
        self._ready.drop(user_id)

    def of(self, backend: Backend, user_id: str, version: int, view: View) -> list[Memory]:
        """The user's profile as the view sees it, most important first; `version`: see `state.versions`.

        Raises what the backend raises.
        """
        if not isinstance(backend, EditableBackend):
            return []

        def read() -> list[Memory]:
            return [memory for kind in KINDS for memory in backend.of_kind(user_id, kind, _MOST)]

        known = self._ready.of(user_id, (backend, version), read)
        return [memory for memory in known if view.sees(memory.scope)]
