"""From a message to candidates: what the backend finds for it, or for the one before where it leans on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..backends.base import Backend
from ..core.memory import Candidate
from ..core.scope import View
from ..core.text import capped
from ..core.turn import Turn
from ..language.words import terms_of

POOL = 40  # candidates by meaning, and as many by words; 60 find no more on LoCoMo (bench.recall_quality)
_QUERY_CHARS = 2000  # of a long message, half from its beginning and half from its end
_LEANS_WORDS = 4  # a message of so few words may be about what the one before was about
_BEFORE_WEIGHT = 0.5  # of what is found for that one

# Nothing that is remembered resembles a question for all of it.
_ABOUT_THE_USER = (
    "What do you know about me?",
    "What do you remember about me?",
    "Tell me about myself.",
)
_IS_ABOUT_THE_USER = 0.65  # likeness; "What do you know about quantum physics?" has 0.6 at most


def candidates(backend: Backend, turn: Turn, view: View) -> list[Candidate]:
    """What may be relevant, in no order, of what the view sees. Blocks; raises the backend's errors.

    Only the last message is searched for: joined with those before it, it finds half as much. A short one,
    "and the other one?", adds what is found for the message before, at half its worth.
    """
    found = backend.search(turn.user_id, query_of(turn.text), POOL, view, asked=True)
    if not turn.text_before or len(terms_of(turn.text)) > _LEANS_WORDS:
        return found
    before = backend.search(turn.user_id, query_of(turn.text_before), POOL, view, asked=True)
    return _joined(found, before)


def asks_for_all(backend: Backend, query: str) -> bool:
    """Whether it is a question for all that is known."""
    return max(backend.similarities(query, _ABOUT_THE_USER)) >= _IS_ABOUT_THE_USER


def query_of(text: str) -> str:
    """What of a message is searched for."""
    return capped(text, _QUERY_CHARS, between="\n")


def _joined(found: Sequence[Candidate], before: Sequence[Candidate]) -> list[Candidate]:
    """Each memory once, with the better of both."""
    best = {item.memory.id: item for item in found}
    for item in before:
        meaning = _BEFORE_WEIGHT * item.meaning
        keywords = [] if item.keyword is None else [_BEFORE_WEIGHT * item.keyword]
        if own := best.get(item.memory.id):
            meaning = max(meaning, own.meaning)
            keywords += [] if own.keyword is None else [own.keyword]
        best[item.memory.id] = replace(own or item, meaning=meaning, keyword=max(keywords, default=None))
    return list(best.values())
