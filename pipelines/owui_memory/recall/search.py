"""From a turn to its block: candidates from the backend, selected and rendered."""

from __future__ import annotations

from datetime import datetime

from ..backends.base import Backend
from ..chat.body import Turn
from ..settings import Valves
from .block import render
from .select import select

_POOL = 60  # candidates by meaning, and as many by words
_QUERY_CHARS = 2000  # of a long message, half from its beginning and half from its end


def recall(backend: Backend, turn: Turn, settings: Valves, now: datetime) -> str:
    """The block for this turn; "" when nothing is relevant. Blocks; raises the backend's errors."""
    candidates = backend.search(turn.user_id, _query(turn.text), _POOL)
    return render(select(candidates, settings, now), now)


def _query(text: str) -> str:
    if len(text) <= _QUERY_CHARS:
        return text
    half = _QUERY_CHARS // 2
    return f"{text[:half]}\n{text[-half:]}"
