"""Which of the ranked are told: only when something is relevant, each once, whole, within the budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.memory import Memory
from ..language.dedupe import same
from ..language.self_reference import speaks_of_self
from ..language.words import denials, telling, terms_of
from .rank import Ranked

# The gate: docs/recall.md, "When nothing is told". One spread is that of the relevance of unrelated memories.
SPREAD = 0.42 / 4.0
_SELF_SPREADS = 2.7  # that a question about its user is let through below the threshold, and others above it
_SELF_MOST = 0.6  # of what an embedder makes of it: it exaggerates
_SPEAKS_OF_SELF, _OF_OTHERS = 0.1, -0.5  # where the words have to tell
# By which the best of many memories is nearer by chance than the best of forty; and by which it has to be
# nearer where the forty are all near, as with an embedder that finds all of a user's memories alike.
_CROWD_SPREADS, _CROWDED_SPREADS = 1.2, 0.4
_CROWD, _FEW = 40, 4  # memories; and
_FEW_SPREADS = 0.5  # for each time that there are e times fewer
_DEFAULT, _MOST = 0.42, 1.4  # of the threshold
_OF_BEST = 0.15  # of what the best one has: the rest of what is told once the gate is open
_LEAST = 0.1  # of that; less is far in meaning, and without words in common
_LESS_OF_FEW = 0.5  # for each time that there are e times fewer than forty: all of few cost little

_NEARLY_SAME = 0.8  # share of words in common

INJECTED, INJECTED_BEFORE, NOT_RELEVANT, REPEATS, NO_ROOM, ENOUGH, TO_FORGET = (
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


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a message is told anything.

    evidence: how sure it is that something is relevant, 0 to 1.4: by meaning, and by the words that one
    memory has. needed: as much opens the gate. least: the worth of what may be told then; None where it is
    closed.
    """

    evidence: float
    needed: float
    least: float | None = None

    @classmethod
    def of(
        cls,
        candidates: Sequence[Ranked],
        threshold: float,
        of_self: tuple[float, float],
        query: str,
        *,
        short: bool = True,
    ) -> Gate:
        """The gate for a message.

        Less than the threshold is needed where the user asks about themselves, more where they ask about
        other things; less where there are few memories, of which none is near by chance.
        threshold: see the settings. of_self: as the backend tells; where it cannot, the words do. short: they
        are facts, of which one more costs little.
        """
        seen = max((item.worth for item in candidates), default=0.0)
        allowed = SPREAD * (_for_own(of_self, query) + _by_chance(candidates))
        share = (_MOST - threshold) / (_MOST - _DEFAULT) if allowed > 0 else threshold / _DEFAULT
        needed = threshold - allowed * min(max(share, 0.0), 1.0)
        if not candidates or seen < needed:
            return cls(seen, needed)
        least = min(max(_OF_BEST * seen, _LEAST), _DEFAULT)
        return cls(seen, needed, least / (1 + _LESS_OF_FEW * _few(len(candidates))) if short else least)


def _for_own(of_self: tuple[float, float], query: str) -> float:
    """In spreads, how much less a question about its user needs; below 0 for others."""
    told, trust = of_self
    if trust < 1:
        said = _SPEAKS_OF_SELF if speaks_of_self(query) else _OF_OTHERS
        told = trust * told + (1 - trust) * said
    return _SELF_SPREADS * min(max(told, -_SELF_MOST), _SELF_MOST)


def _by_chance(candidates: Sequence[Ranked]) -> float:
    """In spreads, how much less near the best is by chance than that of a great many memories.

    Below 0 where all are nearer than those of a great many. Of many memories the nearest forty are all rather
    near; of few that says nothing, so they are counted.
    """
    near = sorted((item.meaning for item in candidates), reverse=True)[:_CROWD]
    others = sum(near[1:]) / max(len(near) - 1, 1)
    apart = _CROWD_SPREADS - others / SPREAD
    return max(apart, -_CROWDED_SPREADS) + _FEW_SPREADS * _few(len(near))


def _few(count: int) -> float:
    """How often there are e times fewer memories than forty; 0 for forty and more."""
    return math.log(_CROWD / min(max(count, _FEW), _CROWD))


def select(
    candidates: Sequence[Ranked],
    *,
    least_worth: float | None,
    most: int,
    room: int,
    cost: Callable[[Memory], int],
    whose: Callable[[Memory], str] = lambda _: "",
) -> Selection:
    """Choose from ranked candidates.

    least_worth: of what may be told; None where nothing may. most: memories. room: tokens.
    cost: tokens of one memory. whose: the same words of another person say something else.
    """
    chosen: list[Memory] = []
    sayings: list[_Saying] = []
    outcomes = []
    for item in candidates:
        if least_worth is None or item.worth < least_worth:
            outcome = NOT_RELEVANT
        elif len(chosen) >= most:
            outcome = ENOUGH
        elif (saying := _Saying.of(item.memory, whose)).is_among(sayings):
            outcome = REPEATS
        elif (tokens := cost(item.memory)) > room:
            outcome = NO_ROOM
        else:
            outcome = INJECTED
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
