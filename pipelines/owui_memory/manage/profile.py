"""What is written of a user in short, with the memories that it was made of, as far as it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..core.memory import Memory, is_over
from ..recall.profile import PERSON, WISHES
from ..state.reflections_table import Reflections
from .memories import Control

_MOST = 50  # memories that new chats are told


@dataclass(frozen=True, slots=True)
class Profile:
    """statements: sentences with the numbers of their memories, from 1. contradictions: such numbers.

    memories: what it was made of; as long as nothing is written, what new chats are told of. at: when the
    newest part was written.
    """

    statements: Sequence[tuple[str, Sequence[int]]]
    contradictions: Sequence[Sequence[int]]
    memories: Sequence[Memory]
    at: datetime | None


def profile_of(control: Control, user_id: str) -> Profile:
    """The profile of a user in all scopes. Raises what the backend raises."""
    backend, written = control.live.get(), Reflections(control.engine).profiles(user_id)
    ids = list(dict.fromkeys(id_ for some in written for _, sources in some.parts for id_ in sources))
    there = {one.id: one for one in (backend.get_all(ids) if ids else ()) if not is_over(one)}
    parts = sorted((part for some in written for part in some.holding(there)), key=lambda part: not part[0])
    numbers = {
        one.id: number for number, one in enumerate(dict.fromkeys(m for _, of in parts for m in of), 1)
    }
    numbered = [(text, [numbers[one.id] for one in made_of]) for text, made_of in parts]
    statements = [part for part in numbered if part[0]]
    memories = [there[id_] for id_ in numbers]
    if not statements:
        new = (one for kind in (PERSON, WISHES) for one in backend.of_kind(user_id, kind, _MOST))
        memories += [one for one in new if one.id not in numbers]
    at = max((some.at for some in written), default=0.0)
    asked = [some for text, some in numbered if not text]
    return Profile(statements, asked, memories, datetime.fromtimestamp(at, UTC) if at else None)
