"""Which of the ranked are told: only when something is relevant, each once, whole, within the budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.memory import Memory
from ..language.dedupe import same
from ..language.words import denials, stem, telling, terms_of
from .rank import Ranked, stems_asked

# The gate: docs/recall.md, "When nothing is told".
_COVERAGE_WEIGHT = 0.4
_WITNESSES = 10  # the nearest, and those with the most words, that may open it
LEAST_MEANING = 0.15  # of what is told once it is open

_NEARLY_SAME = 0.8  # share of words in common

TOLD, TOLD_BEFORE, NOT_RELEVANT, REPEATS, NO_ROOM, ENOUGH, TO_FORGET = (
    "told",
    "told before",
    "not relevant",
    "says the same as a better one",
    "does not fit the token budget",
    "others are better",
    "is to be forgotten",
)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is chosen, best first, and what became of each candidate, in words."""

    chosen: tuple[Memory, ...]
    outcomes: tuple[tuple[Ranked, str], ...]


def evidence(candidates: Sequence[Ranked], query: str, enough: float) -> float:
    """How sure it is that something is relevant, 0 to 1.4: by meaning, and by the words that one memory has.

    `enough`: no more is looked for.
    """
    nearest = sorted(candidates, key=lambda item: item.meaning, reverse=True)[:_WITNESSES]
    found = max((item.meaning for item in nearest), default=0.0)
    if found >= enough:
        return found
    asked = stems_asked(query)
    by_words = sorted(candidates, key=lambda item: item.keyword, reverse=True)[:_WITNESSES]
    return max(
        (item.meaning + _COVERAGE_WEIGHT * _coverage(item.memory, asked) for item in (*nearest, *by_words)),
        default=0.0,
    )


def _coverage(memory: Memory, asked: set[str]) -> float:
    """Share of the words that a memory has."""
    return len(asked.intersection(map(stem, terms_of(memory.text)))) / len(asked) if asked else 0.0


def select(
    candidates: Sequence[Ranked],
    *,
    least_meaning: float | None,
    most: int,
    room: int,
    cost: Callable[[Memory], int],
    whose: Callable[[Memory], str] = lambda _: "",
) -> Selection:
    """Choose from ranked candidates.

    least_meaning: of what may be told, a cosine; None where nothing may. most: memories. room: tokens.
    cost: tokens of one memory. whose: the same words of another person say something else.
    """
    chosen: list[Memory] = []
    sayings: list[_Saying] = []
    outcomes = []
    for item in candidates:
        if least_meaning is None or item.meaning < least_meaning:
            outcome = NOT_RELEVANT
        elif len(chosen) >= most:
            outcome = ENOUGH
        elif (saying := _Saying.of(item.memory, whose)).is_among(sayings):
            outcome = REPEATS
        elif (tokens := cost(item.memory)) > room:
            outcome = NO_ROOM
        else:
            outcome = TOLD
            chosen.append(item.memory)
            sayings.append(saying)
            room -= tokens
        outcomes.append((item, outcome))
    return Selection(tuple(chosen), tuple(outcomes))


@dataclass(frozen=True, slots=True)
class _Saying:
    """What a memory says, and whose it is: its words, and the names, numbers and denials in it."""

    whose: str
    text: str
    words: frozenset[str]
    telling: frozenset[str]

    @classmethod
    def of(cls, memory: Memory, whose: Callable[[Memory], str]) -> _Saying:
        text = memory.text
        return cls(whose(memory), text, frozenset(terms_of(text)), frozenset(telling(text) | denials(text)))

    def is_among(self, others: Sequence[_Saying]) -> bool:
        """Whether another has nearly all of its words, and all names, numbers and denials."""
        return any(self.whose == other.whose and self._repeats(other) for other in others)

    def _repeats(self, other: _Saying) -> bool:
        shared, all_ = len(self.words & other.words), len(self.words | other.words)
        nearly = self.telling == other.telling and shared >= _NEARLY_SAME * all_
        return (nearly or self.words == other.words) and same(self.text, other.text, 1.0)
