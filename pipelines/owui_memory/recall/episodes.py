"""Passages of past chats: which of them are told, and as which quotes.

They are ranked as facts are, and apart from them: a chat leaves many passages, of which the best is near by
chance. docs/recall.md says what was measured.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine, bindparam, select

from ..backends.base import Backend, BulkBackend
from ..config.settings import Valves
from ..core.exchange import EPISODES, episodes_name, passage_id
from ..core.locales import Locale
from ..core.memory import DOCUMENT, EPISODE, Candidate, Memory
from ..core.scope import View
from ..core.turn import Turn
from ..language.forms import stem
from ..language.past import NOT_ASKED, PastQuestion
from ..language.scripts import sets_no_spaces
from ..language.sentences import spans
from ..language.words import terms_of
from ..models.tokens import Count
from ..state import outbox, reading
from ..state.episodes_table import EpisodesTable
from ..state.prepared import Prepared
from .block import above_of, quote_line, quotes_overhead
from .rank import Ranked, Weights, ranked, stems_asked
from .ready import Ready
from .select import ENOUGH, INJECTED, NO_ROOM, NOT_RELEVANT, REPEATS, Gate, Selection
from .times import is_to_come

_WEIGHTS = Weights(reach=1)  # a question and its answer lie side by side
_ASSISTANT = 0.95  # of the worth of what the user said
_QUOTE_CHARS, _DENSE_CHARS = 120, 50  # of a quote; the latter of scripts without spaces
_MOST = 60  # quotes with one message
_LEAST_TOKENS = 12  # for less there is no quote
_MISSES = 5  # quotes that do not fit, after which no shorter one is looked for
_REPEATED = 0.8  # share of a quote's words that stand in a fact which is told, or in the message itself
_COUNTED_S = 60.0  # for which the number of a user's passages is believed

# By how much more evidence the best of many passages needs, in relevance: more where there are more, and
# less where not only the best are near, as with a subject that its user has often spoken of.
_MORE, _MORE_EACH, _OF = (
    0.2,
    0.06,
    580,
)  # with so many passages; and for each time that there are e times more
_SUBJECT = 0.5
_RARE, _RARE_MOST, _RAREST = 0.025, 15.0, 5
_NEAREST = 40
_LESS_MOST = 0.2  # relevance, where there are as many as that
_LESS_ASKED, _LEAST_WORTH = 0.1, 0.12
_WHEN_ASKED = 0.15  # on top of a score
_OF_THE_TIME = 60  # messages of the time that is asked for
_EDITED = 50  # messages of a chat that are looked at beside those of its prompt
_NEWEST = Prepared(
    select(outbox.c.key)
    .where(outbox.c.user_id == bindparam("user_id"), outbox.c.chat_id == bindparam("chat_id"))
    .order_by(outbox.c.id.desc())
    .limit(bindparam("most"))
)
TIMES_ASKED = 3  # the budget of a question about the past
_DOUBTED = 0.15  # relevance, by which a fact's evidence is beyond doubt


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether a user wants passages to be told, and how many are kept."""

    wanted: bool = True
    passages: int = 0


class Episodes:
    """What recall knows of users' past chats. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._table, self._reading = EpisodesTable(engine), reading(engine)
        self._ready: Ready[Kept] = Ready()

    def drop(self, user_id: str) -> None:
        """Keep nothing of a user's in memory."""
        self._ready.drop(user_id)

    def kept(self, user_id: str, version: int) -> Kept:
        """What is kept of a user. `version`: see `state.versions`."""

        def read() -> Kept:
            return Kept(self._table.wants(user_id), self._table.kept(user_id).passages)

        kept = self._ready.of(user_id, (version, time.monotonic() // _COUNTED_S), read)
        if not kept.passages:
            self._ready.drop(user_id)  # the first ones may be what is asked for next
        return kept

    def view(self, view: View, turn: Turn, settings: Valves, version: int) -> View:
        """The view, with past chats where the settings and the user want that."""
        if not (settings.keeps_episodes and settings.episode_token_budget and settings.memories_per_turn):
            return view
        kept = self.kept(turn.user_id, version)
        return replace(view, past=kept.wanted and kept.passages > 0)

    def of_the_time(
        self, backend: Backend, user_id: str, asked: PastQuestion, view: View, now: datetime
    ) -> list[Candidate]:
        """How the messages of the time that is asked for begin, whatever they are about.

        "What did I ask you yesterday?" has no words of what was asked. now: in the user's time zone.
        """
        # Others give passages ids of their own.
        if not asked.asks or asked.window is None or not isinstance(backend, BulkBackend):
            return []
        first, last = (
            datetime.combine(day, datetime.min.time(), now.tzinfo).timestamp()
            for day in (asked.window.first, asked.window.last + timedelta(days=1))
        )
        entries = self._table.said_between(user_id, first, last, _OF_THE_TIME)
        ids = [passage_id(user_id, one.exchange, "user", 0) for one in entries if one.said]
        found = backend.get_all(ids) if ids else []
        return [Candidate(memory, 0.0, 0.0) for memory in found if view.sees(memory.scope)]

    def elsewhere(self, passages: Sequence[Candidate], turn: Turn, aside: Collection[str]) -> list[Candidate]:
        """Without those that stand in this prompt already, or that only messages said which do not count.

        aside: batches of such messages.
        """
        found = [item for item in passages if item.memory.batch not in aside]
        if not turn.chat_id or all(item.memory.chat != turn.chat_id for item in found):
            return found
        if turn.in_prompt:
            there = self._in_prompt(turn)
            return [
                item for item in found if item.memory.chat != turn.chat_id or item.memory.batch not in there
            ]
        # What a chat has beyond the messages of its prompt was dropped from there, the oldest first.
        entries = sorted(self._table.of_chat(turn.user_id, turn.chat_id), key=lambda entry: entry.first)
        dropped = entries[: max(len(entries) - (len(turn.positions) - 1), 0)]
        ends_at = max((one.first + one.said + one.answered + one.topics for one in dropped), default=0)
        return [item for item in found if item.memory.chat != turn.chat_id or item.memory.ordinal < ends_at]

    def _in_prompt(self, turn: Turn) -> set[str]:
        """The batches of what stands in the prompt of a chat that not all of stays there."""
        asked = {"user_id": turn.user_id, "chat_id": turn.chat_id, "most": 2 * len(turn.in_prompt) + _EDITED}
        with self._reading.connect() as connection:
            keys = [row[0] for row in _NEWEST.rows(connection, asked)]
        names = frozenset(turn.in_prompt)
        return {EPISODES + episodes_name(key) for key in keys if f"~{key.rpartition('~')[2]}" in names}


def apart(found: Iterable[Candidate]) -> tuple[list[Candidate], list[Candidate], list[Candidate]]:
    """Facts, passages of past chats, and of documents."""
    by_kind: dict[str, list[Candidate]] = {EPISODE: [], DOCUMENT: []}
    facts: list[Candidate] = []
    for item in found:
        by_kind.get(item.memory.kind, facts).append(item)
    return facts, by_kind[EPISODE], by_kind[DOCUMENT]


def ranked_passages(
    passages: Sequence[Candidate], query: str, now: datetime, asked: PastQuestion = NOT_ASKED
) -> list[Ranked]:
    """Best first; what the user said counts a little more, and what is of the time that is asked for."""
    items = ranked(passages, query, now, weights=_WEIGHTS)

    def score(item: Ranked) -> float:
        own = item.score * (_ASSISTANT if item.memory.role == "assistant" else 1.0)
        return own + (_WHEN_ASKED if is_within(item.memory, asked, now) else 0.0)

    # `replace` takes four times as long.
    weighed = [Ranked(one.memory, one.meaning, one.keyword, score(one), one.coverage) for one in items]
    return sorted(weighed, key=lambda item: item.score, reverse=True)


def is_within(memory: Memory, asked: PastQuestion, now: datetime) -> bool:
    """Whether a passage is of the time that is asked for. now: in the user's time zone."""
    if asked.window is None or memory.created_at is None:
        return False
    return asked.window.holds(memory.created_at.astimezone(now.tzinfo).date())


def gate_of(
    items: Sequence[Ranked],
    gate: Gate,
    keywords: Iterable[float | None],
    passages: int,
    asked: PastQuestion = NOT_ASKED,
) -> Gate:
    """The gate for passages: that for facts, and what chance adds where there are many.

    gate: as for facts. keywords: BM25 of the candidates. passages: how many the user has. asked: a question
    about the past needs less.
    """
    near = sorted((item.meaning for item in items), reverse=True)[:_NEAREST]
    others = sum(near[1:]) / max(len(near) - 1, 1)
    best = sorted((one or 0.0 for one in keywords), reverse=True)[:_RAREST]
    rare = min(sum(best) / _RAREST, _RARE_MOST)
    many = math.log(max(passages, len(near), 1) / _OF)
    less = _LESS_ASKED if asked.asks else 0.0
    more = _MORE + _MORE_EACH * many - _SUBJECT * others - _RARE * rare
    needed = gate.needed - less + max(more, -_LESS_MOST * len(near) / _NEAREST)
    if not items or gate.evidence < needed:
        return replace(gate, needed=needed, least=None)
    return replace(gate, needed=needed, least=gate.least or _LEAST_WORTH)


def is_doubted(gate: Gate, facts: Sequence[Ranked], passages_gate: Gate, passages: Sequence[Ranked]) -> bool:
    """Whether what speaks for a fact is chance, since its chat's many passages are not relevant.

    A fact's words are those of a passage; and of few facts the best seems near sooner.
    """
    if gate.least is None or passages_gate.least is not None or len(passages) < _NEAREST:
        return False
    best = max(facts, key=lambda item: item.worth).memory
    if not best.chat:
        return False
    return gate.evidence < gate.needed + _DOUBTED and any(item.memory.chat == best.chat for item in passages)


@dataclass
class Quotes:
    """The passages that a turn is told, as lines, within `room` tokens.

    query: what is asked. known: texts of which no quote is to be a repetition. before: lines of quotes that
    stand in the prompt already, whose chats' names are taken. header: the key of what stands above them.
    times: how many times as long as those of chats quotes may be.
    """

    query: str
    now: datetime
    words: Locale
    count: Count
    room: int
    known: Sequence[str] = ()
    before: Sequence[str] = ()
    header: str = "block, quotes"
    times: int = 1
    lines: dict[str, str] = field(default_factory=dict)  # by the passage's id
    _above: dict[tuple[str, str], str] = field(default_factory=dict)  # of a chat and day, what stands above
    _taken: Counter[str] = field(default_factory=Counter)
    _asked: frozenset[str] = field(init=False)
    _known: list[frozenset[str]] = field(default_factory=list)
    _with: dict[str, list[int]] = field(default_factory=dict)  # a word: which of the known have it
    _given: int = field(init=False)

    def __post_init__(self) -> None:
        self._given = self.room
        self._asked = frozenset(stems_asked(self.query))
        for above in {above_of(line) for line in self.before}:
            self._taken[_without_number(above)] += 1
        for text in self.known:
            self._know(frozenset(terms_of(text)))
        self.room -= quotes_overhead(self.count, self.words, self.header)

    @property
    def taken(self) -> int:
        """What the quotes take in the prompt, in tokens."""
        return self._given - self.room if self.lines else 0

    def select(self, items: Sequence[Ranked], least: float | None) -> Selection:
        """Choose from ranked passages, best first; what is chosen has its line in `lines`.

        least: the worth of what may be told; None where nothing may.
        """
        chosen: list[Memory] = []
        outcomes = []
        misses = 0  # that had no room
        for item in items:
            if least is None or item.worth < least:
                outcome = NOT_RELEVANT
            elif len(chosen) >= _MOST:
                outcome = ENOUGH
            elif self.room < _LEAST_TOKENS or misses >= _MISSES:
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
        start, end = quote(memory.text, self._asked, self.times)
        words = frozenset(terms_of(memory.text[start:end]))
        if self._is_known(words):
            return REPEATS
        line, above = quote_line(memory, (start, end), self.now, self.words)
        of_its_day = memory.chat, above
        is_first = of_its_day not in self._above
        tokens = self.count(line) + 1 + (self.count(above) + 1 if is_first else 0)
        if tokens > self.room:
            return NO_ROOM
        self.room -= tokens
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
        return -math.inf if at is None or is_to_come(at, self.now) else at.timestamp()

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
    wanted = frozenset(asked)
    hits = [_hits(text[start:end], wanted) for start, end in parts]
    first = last = max(range(len(parts)), key=lambda at: (hits[at], -at))
    while True:
        # Of its neighbours that fit, the one that has more; what follows, where they have as much.
        beside = [
            (hits[at], at > last, at)
            for at in (first - 1, last + 1)
            if 0 <= at < len(parts) and parts[max(last, at)][1] - parts[min(first, at)][0] <= most
        ]
        if not beside:
            break
        at = max(beside)[2]
        first, last = min(first, at), max(last, at)
    return parts[first][0], parts[last][1]


def _hits(text: str, wanted: frozenset[str]) -> int:
    """How many of these stems a text has."""
    if text.isascii():
        small = text.lower()
        if not any(one in small for one in wanted):  # a word in ASCII begins with its stem
            return 0
    return len(wanted.intersection(map(stem, terms_of(text))))


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
