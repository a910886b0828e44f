"""From a turn to the memories to tell: candidates from the backend, selected."""

from __future__ import annotations

from datetime import datetime

from ..backends.base import Backend, Memory
from ..chat.body import Turn
from ..settings import Valves
from .select import select

_POOL = 60  # candidates by meaning, and as many by words
_QUERY_CHARS = 2000  # of a long message, half from its beginning and half from its end


# Nothing that is remembered resembles a question for all of it.
_ABOUT_THE_USER = (
    "What do you know about me?",
    "What do you remember about me?",
    "Tell me about myself.",
)
_IS_ABOUT_THE_USER = 0.6  # cosine; "What do you know about quantum physics?" has 0.27


def recall(backend: Backend, turn: Turn, settings: Valves, now: datetime) -> list[Memory]:
    """The memories for this turn, best first. Blocks; raises the backend's errors."""
    query = _query(turn.text)
    candidates = backend.search(turn.user_id, query, _POOL)
    chosen = select(candidates, settings, now)
    if candidates and not chosen and max(backend.similarities(query, _ABOUT_THE_USER)) >= _IS_ABOUT_THE_USER:
        chosen = select(candidates, settings.model_copy(update={"relevance_threshold": 0.0}), now)
    return chosen


def _query(text: str) -> str:
    if len(text) <= _QUERY_CHARS:
        return text
    half = _QUERY_CHARS // 2
    return f"{text[:half]}\n{text[-half:]}"
