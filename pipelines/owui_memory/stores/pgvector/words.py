"""The words of a memory and of a query as PostgreSQL's tsvector and tsquery, without its own parser."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ...language.forms import stem
from ...language.words import content_words, terms_of

QUERY_TERMS = 32
_TIMES = 250  # of PostgreSQL: places of one word
_PLACES = 16_000  # of PostgreSQL


def stored(payload: Mapping[str, Any]) -> str:
    """The stems of a memory's words with their places, as a tsvector."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for place, word in enumerate(terms_of(payload.get("data"))[:_PLACES], 1):
        places[stem(word)].append(str(place))
    return " ".join(f"'{word}':{','.join(at[:_TIMES])}" for word, at in places.items() if word)


def asked(query: str) -> list[str]:
    """The stems of the words that say what a query is about, each once."""
    stems = (stem(word) for word in content_words(query)[:QUERY_TERMS])
    return [word for word in dict.fromkeys(stems) if word]


def any_of(stems: Sequence[str]) -> str:
    """A tsquery for memories that have one of these; they hold letters, digits and marks only."""
    return " | ".join(f"'{word}'" for word in stems)
