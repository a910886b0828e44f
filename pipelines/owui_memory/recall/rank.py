"""Candidates -> ranked: meaning and words fused, neighbours in the chat, and what else speaks for a memory.

docs/recall.md says what each part was measured to bring.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter

from ..core.memory import Candidate, Memory
from ..language.forms import has_stem, stem
from ..language.words import content_words, terms_of

kept_stem = lru_cache(20_000)(stem)  # candidates have the same words again and again
_QUERY_WORDS = 32  # looked at
_REAFFIRMED_MOST = 3
COVERAGE_WEIGHT = 0.4  # of words, beside meaning
_ALL_OF_THEM = 1.25  # exponent: a memory with all of the query's words counts more than one with half of them

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much.

    meaning, keyword: of relevance, and of the share of the best BM25, as far as a memory has the query's
    words: where none has them, the best BM25 is that of an accident. lift: of the best neighbour's score, of
    those at most `reach` places away. recency: what a memory of today gets more than an old one, halved every
    `half_life_days`. heard: for each time that the user said it again, three at most. lone_word: of words,
    where a memory has one alone of the query's: for "How old am I?", "old stamps" has one by accident.
    """

    meaning: float = 0.6
    keyword: float = 0.4
    lift: float = 0.4
    reach: int = 2
    recency: float = 0.03
    half_life_days: float = 60.0
    reaffirmed: float = 0.01
    lone_word: float = 0.5


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with all that is known of it for one query.

    meaning: relevance, 0 to 1. keyword: share of the best candidate's BM25, 0 to 1. coverage: share of the
    query's words that it has. score: what it is ranked by.
    """

    memory: Memory
    meaning: float
    keyword: float
    score: float
    coverage: float = 0.0

    @property
    def worth(self) -> float:
        """How relevant it is by itself, 0 to 1.4: by meaning, and by words."""
        return self.meaning + COVERAGE_WEIGHT * self.coverage


DEFAULT = Weights()


def ranked(
    found: Sequence[Candidate],
    query: str,
    now: datetime,
    reaffirmed: Mapping[str, int] | None = None,
    weights: Weights = DEFAULT,
    weigh: Callable[[Memory, float], float] | None = None,
) -> list[Ranked]:
    """Best first.

    reaffirmed: how often the user said again what a memory holds, by its id. weigh: what a score becomes, for
    reasons of its memory's own.
    """
    found = with_keywords(found, query)
    best = max((item.keyword or 0.0 for item in found), default=0.0)
    keywords = [(item.keyword or 0.0) / best if best else 0.0 for item in found]
    asked = stems_asked(query)
    coverages = [
        coverage(item.memory, asked) if keyword else 0.0
        for item, keyword in zip(found, keywords, strict=True)
    ]

    def by_words(covered: float) -> float:
        """How much BM25 counts for a memory that has this share of the stems asked for, 0 to 1."""
        if not covered:
            return 0.0
        has_several = covered * len(asked) > 1.5
        return float(covered**_ALL_OF_THEM) * (1.0 if has_several else weights.lone_word)

    scores = [
        weights.meaning * item.meaning + weights.keyword * keyword * by_words(covered)
        for item, keyword, covered in zip(found, keywords, coverages, strict=True)
    ]
    lifts = _lifts(found, scores, weights)
    in_order = []
    for item, keyword, score, lift, covered in zip(found, keywords, scores, lifts, coverages, strict=True):
        memory = item.memory
        at = memory.updated_at or memory.created_at or _BEFORE_ALL
        total = score + weights.lift * lift + _worth(memory, (now - at).total_seconds(), reaffirmed, weights)
        final = weigh(memory, total) if weigh else total
        in_order.append((final, total, at, memory.id, Ranked(memory, item.meaning, keyword, final, covered)))
    in_order.sort(key=itemgetter(0, 1, 2, 3), reverse=True)
    return [one[-1] for one in in_order]


def with_keywords(found: Sequence[Candidate], query: str) -> Sequence[Candidate]:
    """For stores that search by meaning only: BM25 of the query's words over the candidates themselves."""
    if not found or any(item.keyword is not None for item in found):
        return found
    asked = stems_asked(query)
    documents = [[kept_stem(word) for word in terms_of(item.memory.text)] for item in found]
    scores = bm25(documents, asked)
    return [replace(item, keyword=score) for item, score in zip(found, scores, strict=True)]


def bm25(
    documents: Sequence[Sequence[str]], asked: Iterable[str], k1: float = 1.2, b: float = 0.75
) -> list[float]:
    """BM25 of each document (Robertson and Zaragoza 2009), with Lucene's idf, which is never negative."""
    count = len(documents)
    mean = sum(map(len, documents)) / max(count, 1) or 1.0
    scores = [0.0] * count
    for word in sorted(asked):  # a set's order, and with it the last digit, differs between processes
        frequencies = [document.count(word) for document in documents]
        holding = sum(frequency > 0 for frequency in frequencies)
        idf = math.log(1 + (count - holding + 0.5) / (holding + 0.5))
        for at, frequency in enumerate(frequencies):
            if frequency:
                length = 1 - b + b * len(documents[at]) / mean
                scores[at] += idf * frequency * (k1 + 1) / (frequency + k1 * length)
    return scores


def stems_asked(query: str) -> set[str]:
    """The stems of the words that say what a query is about."""
    return {kept_stem(word) for word in content_words(query)[:_QUERY_WORDS]} - {""}


def coverage(memory: Memory, asked: set[str]) -> float:
    """Share of the stems asked for that a memory has."""
    return len(stems_in(memory.text, asked)) / len(asked) if asked else 0.0


def stems_in(text: str, asked: Iterable[str]) -> set[str]:
    """Those of these stems that words of a text have."""
    if text.isascii():
        small = text.lower()
        return {short for short in asked if short in small and has_stem(small, short)}
    return set(asked).intersection(map(kept_stem, terms_of(text)))


def _lifts(found: Sequence[Candidate], scores: Sequence[float], weights: Weights) -> list[float]:
    """The score of each one's best neighbour among the candidates: what was said next to it."""
    ordinals = [(item.memory.chat, item.memory.ordinal) for item in found]
    known = {ordinal: score for ordinal, score in zip(ordinals, scores, strict=True) if ordinal[0]}
    lifts = []
    for chat, ordinal in ordinals:
        best = 0.0
        if chat:
            for step in range(1, weights.reach + 1):
                for score in (known.get((chat, ordinal - step)), known.get((chat, ordinal + step))):
                    if score is not None and score > best:
                        best = score
        lifts.append(best)
    return lifts


def _worth(memory: Memory, age_s: float, reaffirmed: Mapping[str, int] | None, weights: Weights) -> float:
    """What speaks for a memory whatever was asked: that it is new, and that its user says it again."""
    worth = weights.recency
    if age_s > 0:
        worth *= 0.5 ** (age_s / 86400 / weights.half_life_days)
    if reaffirmed and (again := reaffirmed.get(memory.id, 0)):
        worth += weights.reaffirmed * min(again, _REAFFIRMED_MOST)
    return worth
