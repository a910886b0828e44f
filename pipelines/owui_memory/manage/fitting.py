"""Which of the candidates of a search fit what was searched for, so that a search can find nothing.

By words where a memory has most of the query's; else by meaning and words, which must be nearer than what has
nothing to do with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from ..backends.base import Backend
from ..core.scope import View
from ..language.forms import stem
from ..language.words import content_words, is_lone, terms_of
from ..recall.rank import COVERAGE_WEIGHT, Ranked, Weights, ranked

# Relevance. The bundled embedder gives a word and a sentence about it 0.3 and more ("job" and "I work as a
# nurse" 0.36), and 0.3 at most where they have nothing in common ("unicorn" and a hamster).
_LEAST = 0.31
_WEIGHTS = Weights(lone_word=1.0)  # whoever searches by hand has chosen the word
_QUERY_CHARS = 1000
_ENOUGH_WORDS = 0.5  # share of the query's, rare ones counting more
_OF_BEST = 0.6  # of what the best one has: beside "My dog is called Rex", a hamster is no answer to "dog"


def found(
    backend: Backend, owners: Iterable[str], query: str, most: int, view: View | None = None
) -> list[Ranked]:
    """What of these owners fits some words or a sentence, best first.

    most: candidates by meaning and by words, of each. view: what it sees; None: all.
    """
    query = query[:_QUERY_CHARS]
    candidates = [
        one for owner in owners for one in backend.search(owner, query, most, view=view, asked=True)
    ]
    return fitting(ranked(candidates, query, datetime.now(UTC), weights=_WEIGHTS), query)


def fitting(items: Sequence[Ranked], query: str) -> list[Ranked]:
    """Those that fit, in the same order."""
    if not items:
        return []
    asked = _whole(content_words(query))
    coverages = _coverages([item.memory.text for item in items], asked)
    worth = [
        item.meaning + COVERAGE_WEIGHT * coverage for item, coverage in zip(items, coverages, strict=True)
    ]
    least = max(_OF_BEST * max(worth), _LEAST)
    return [
        item
        for item, coverage, own in zip(items, coverages, worth, strict=True)
        if coverage >= _ENOUGH_WORDS or own >= least
    ]


def _coverages(texts: Sequence[str], asked: Sequence[str]) -> list[float]:
    """For each text the share of the words that it has; a word that few of them have counts more.

    Another form of a word counts half where some text has the word itself.
    """
    terms = [set(terms_of(text)) for text in texts]
    stems = [set(map(stem, own)) for own in terms]
    shares, whole = [0.0] * len(texts), 0.0
    for word in asked:
        short = stem(word)
        exact = [_has(own, word) for own in terms]
        alike = [short in own for own in stems]
        weight = 1 / max(sum(exact) or sum(alike), 1)
        whole += weight
        other_form = 0.5 if any(exact) else 1.0
        for at, (is_word, is_form) in enumerate(zip(exact, alike, strict=True)):
            shares[at] += weight if is_word else weight * other_form * is_form
    return [share / whole if whole else 0.0 for share in shares]


def _has(terms: set[str], word: str) -> bool:
    return word in terms or (is_lone(word) and any(term.startswith(word) for term in terms))


def _whole(words: Sequence[str]) -> Sequence[str]:
    """Without the last character of a run without spaces, which stands in the pair before it too."""
    if len(words) < 2:
        return words
    return [word for word in words if not is_lone(word)] or words
