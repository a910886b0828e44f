"""A memory that somebody names by an id which may be anybody's, as a model does."""

from __future__ import annotations

from ..core.memory import EPISODE, Memory, is_id, is_seen
from ..core.scope import TEAM, View, past_owner
from ..remember.journal import Journal
from .live import Live


def named(live: Live, journal: Journal, user_id: str, memory_id: str, view: View) -> Memory | None:
    """The user's memory or passage, or a team's, that has or had this id; None if the view sees no such.

    Raises what the backend raises.
    """
    backend = live.get()
    memory = backend.get(journal.now_called(memory_id)) if is_id(memory_id) else None
    if memory is None or not is_seen(memory, view):
        return None
    if memory.scope.startswith(TEAM):  # the view sees it, so the user is in that team
        return memory
    if any(one.user_id == user_id and one.op == "add" for one in journal.of_memory(memory.id)):
        return memory
    # What was imported, moved or is a passage has no such entry.
    owner = past_owner(user_id) if memory.kind == EPISODE else user_id
    return next((one for one in backend.list_all(owner) if one.id == memory.id), None)
