"""Passages as the quotes that a turn is told: the sentences around what matched, within a budget."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from ..core.memory import Memory
from ..language.scripts import sets_no_spaces
from ..language.sentences import spans
from ..language.words import terms_of
from .block import above_of, quote_line, quotes_overhead
from .lines import Lines
from .rank import Ranked, stems_asked, stems_in
from .select import ENOUGH, INJECTED, NO_ROOM, NOT_RELEVANT, REPEATS, Selection
from .times import is_to_come

_QUOTE_CHARS, _DENSE_CHARS = 120, 50  # of a quote; the latter of scripts without spaces
_MOST = 60  # quotes with one message
_LEAST_TOKENS = 12  # for less there is no quote
_MISSES = 5  # quotes that do not fit, after which no shorter one is looked for
_REPEATED = 0.8  # share of a quote's words that stand in a fact which is told, or in the message itself


class Quotes:
    """The passages that a turn is told, each with its line in `lines`, by its id."""

    def __init__(
        self,
        lines: Lines,
        room: int,
        known: Iterable[str] = (),
        before: Iterable[str] = (),
        *,
        header: str = "block, quotes",
        times: int = 1,
    ) -> None:
        """room: tokens. known: texts of which no quote is to be a repetition. before: lines of quotes that
        stand in the prompt already, whose chats' names are taken. header: the key of what stands above them.
        times: how many times as long as those of chats quotes may be.
        """
        self.lines: dict[str, str] = {}
        self._as_lines, self._times, self._asked = lines, times, frozenset(stems_asked(lines.query))
        self._given, self._room = room, room - quotes_overhead(lines.count, lines.words, header)
        self._above: dict[tuple[str, str], str] = {}  # of a chat and day, what stands above
        self._taken = Counter(_without_number(above) for above in {above_of(line) for line in before})
        self._known: list[frozenset[str]] = []
        self._with: dict[str, list[int]] = {}  # a word: which of the known have it
        for text in known:
            self._know(frozenset(terms_of(text)))

    @property
    def taken(self) -> int:
        """What the quotes take in the prompt, in tokens."""
        return self._given - self._room if self.lines else 0

    def select(self, items: Sequence[Ranked], least: float | None) -> Selection:
        """Choose from ranked passages, best first. least: the worth of what may be told; None for nothing."""
        chosen: list[Memory] = []
        outcomes = []
        misses = 0  # that had no room
        for item in items:
            if least is None or item.worth < least:
                outcome = NOT_RELEVANT
            elif len(chosen) >= _MOST:
                outcome = ENOUGH
            elif self._room < _LEAST_TOKENS or misses >= _MISSES:
                outcome = NO_ROOM
            else:
                outcome = self._tried(item.memory)
                misses += outcome == NO_ROOM
                if outcome == INJECTED:
                    chosen.append(item.memory)
            outcomes.append((item, outcome))
        return Selection(tuple(chosen), tuple(outcomes))

    def _tried(self, memory: Memory) -> str:
        """What becomes of a passage: it is told where it says something new, and has room."""
        start, end = quote(memory.text, self._asked, self._times)
        words = frozenset(terms_of(memory.text[start:end]))
        if self._is_known(words):
            return REPEATS
        line, above = quote_line(memory, (start, end), self._as_lines.now, self._as_lines.words)
        of_its_day = memory.chat, above
        is_first = of_its_day not in self._above
        count = self._as_lines.count
        tokens = count(line) + 1 + (count(above) + 1 if is_first else 0)
        if tokens > self._room:
            return NO_ROOM
        self._room -= tokens
        self._know(words)
        if is_first:
            self._above[of_its_day] = self._alone(above)
        self.lines[memory.id] = f"{self._above[of_its_day]} {line.removeprefix('- ')}"
        return INJECTED

    def _know(self, words: frozenset[str]) -> None:
        for word in words:
            self._with.setdefault(word, []).append(len(self._known))
        self._known.append(words)

    def _is_known(self, words: frozenset[str]) -> bool:
        """Whether one that is known has most of these words, and all numbers among them."""
        if not words:
            return True
        least = math.ceil(_REPEATED * len(words))
        found = [self._with[word] for word in words if word in self._with]
        if len(found) < least:
            return False
        # One that has so many of them has one of the rarest few at least.
        rarest = sorted(found, key=len)[: len(found) - least + 1]
        numbers = _numbers(words)
        return any(
            len(words & self._known[at]) >= least and numbers <= self._known[at]
            for at in set().union(*rarest)
        )

    def in_order(self, chosen: Iterable[Memory]) -> list[Memory]:
        """Chat by chat, the oldest first, each as it was said."""
        begins: dict[str, float] = {}
        memories = list(chosen)
        for memory in memories:
            begins[memory.chat] = min(begins.get(memory.chat, math.inf), self._at(memory))
        return sorted(
            memories, key=lambda memory: (begins[memory.chat], memory.chat, self._at(memory), memory.ordinal)
        )

    def _at(self, memory: Memory) -> float:
        at = memory.created_at
        return -math.inf if at is None or is_to_come(at, self._as_lines.now) else at.timestamp()

    def _alone(self, above: str) -> str:
        """Another one where another chat of the same day and title has this."""
        self._taken[above] += 1
        return f"{above.removesuffix(']')} #{self._taken[above]}]" if self._taken[above] > 1 else above


def _numbers(words: Iterable[str]) -> set[str]:
    return {word for word in words if any(map(str.isdigit, word))}


def quote(text: str, asked: Collection[str], times: int = 1) -> tuple[int, int]:
    """From where to where a passage is quoted: the sentences around what has most of the words asked for.

    A short one is whole. asked: stems. times: how many times the usual length it may have.
    """
    begins = text[:_QUOTE_CHARS]
    is_dense = not begins.isascii() and 3 * sum(map(sets_no_spaces, begins)) > _DENSE_CHARS
    most = times * (_DENSE_CHARS if is_dense else _QUOTE_CHARS)
    if len(text) <= most:
        return 0, len(text)
    parts = list(_parts(text, most))
    if len(parts) < 2:
        return 0, min(2 * most, len(text))
    there = stems_in(text, asked)
    hits = [len(stems_in(text[start:end], there)) if there else 0 for start, end in parts]
    first = last = max(range(len(parts)), key=lambda at: (hits[at], -at))
    while True:
        # Of its neighbours that fit, the one that has more; what follows, where they have as much.
        left, right = first - 1, last + 1
        fits_left = left >= 0 and parts[last][1] - parts[left][0] <= most
        if right < len(parts) and parts[right][1] - parts[first][0] <= most:
            if fits_left and hits[left] > hits[right]:
                first = left
            else:
                last = right
        elif fits_left:
            first = left
        else:
            break
    return parts[first][0], parts[last][1]


def _parts(text: str, most: int) -> Iterable[tuple[int, int]]:
    """Where sentences begin and end; longer ones in pieces."""
    for start, end, _ in spans(text):
        while end - start > most:
            blank = text.rfind(" ", start + most // 2, start + most)
            cut = blank if blank > 0 else start + most
            yield start, cut
            start = cut + (blank > 0)
        yield start, end


def _without_number(heading: str) -> str:
    """A chat's heading without what tells chats of one day apart: `[... #2]`."""
    before, _, number = heading.rpartition(" #")
    return f"{before}]" if number.endswith("]") and number[:-1].isdecimal() else heading
