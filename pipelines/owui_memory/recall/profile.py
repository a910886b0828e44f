"""What is told in every conversation: who the user is, and how they want to be answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Engine

from ..backends.base import Backend
from ..core.memory import Memory
from ..core.scope import View
from ..state.reflections_table import Reflections
from .ready import Ready

PERSON, WISHES = "profile", "preference"  # who the user is; how they want to be answered
_MOST = 200  # memories of each kind, in all scopes


class Profiles:
    """Kept ready for the users who were here last, for as long as their memories do not change."""

    def __init__(self, engine: Engine) -> None:
        self._written = Reflections(engine)
        self._ready: Ready[list[Memory]] = Ready()

    def drop(self, user_id: str) -> None:
        self._ready.drop(user_id)

    def of(self, backend: Backend, user_id: str, version: int, view: View) -> list[Memory]:
        """The user's profile as the view sees it; `version`: see `state.versions`.

        First what the profile that was written is made of, in its order: see `remember.reflection`. Then the
        newest of each kind.

        Raises what the backend raises.
        """

        def read() -> list[Memory]:
            found = [memory for kind in (WISHES, PERSON) for memory in backend.of_kind(user_id, kind, _MOST)]
            written = self._written.profiles(user_id)
            cited = dict.fromkeys(id_ for one in written for text, ids in one.parts if text for id_ in ids)
            order = {memory_id: number for number, memory_id in enumerate(cited)}
            return sorted(found, key=lambda memory: order.get(memory.id, len(order)))

        known = self._ready.of(user_id, (backend, version), read)
        return [memory for memory in known if view.sees(memory.scope)]


def within(memories: Sequence[Memory], room: int, cost: Callable[[Memory], int]) -> list[Memory]:
    """Those of a profile that fit into so many tokens, in order.

    Half of them is for who the user is, so that no number of wishes leaves that out; what either half leaves,
    the other may use.
    """
    person = [memory for memory in memories if memory.kind == PERSON]
    others = [memory for memory in memories if memory.kind != PERSON]
    first, left = _fitting(person, room // 2, cost)
    wishes, left = _fitting(others, room - room // 2 + left, cost)
    more, _ = _fitting([one for one in person if one not in first], left, cost)
    chosen = {memory.id for memory in (*first, *wishes, *more)}
    return [memory for memory in memories if memory.id in chosen]


def _fitting(
    memories: Iterable[Memory], room: int, cost: Callable[[Memory], int]
) -> tuple[list[Memory], int]:
    """Those that fit, and the room that is left."""
    chosen = []
    for memory in memories:
        if (tokens := cost(memory)) <= room:
            chosen.append(memory)
            room -= tokens
    return chosen, room
