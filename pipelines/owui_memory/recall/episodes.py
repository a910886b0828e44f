"""Passages of past chats: which of them are told, and as which quotes.

They are ranked as facts are, and apart from them: a chat leaves many passages, of which the best is near by
chance. docs/recall.md says what was measured.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine, bindparam, select

from ..backends.base import Backend
from ..backends.library import LibraryBackend
from ..config.settings import Valves
from ..core.exchange import EPISODES, episodes_name, passage_id
from ..core.memory import DOCUMENT, EPISODE, Candidate, Memory
from ..core.scope import View
from ..core.turn import Turn
from ..language.past import NOT_ASKED, PastQuestion
from ..state import outbox, reading
from ..state.episodes_table import EpisodesTable
from ..state.prepared import Prepared
from .rank import Ranked, Weights, ranked
from .ready import Ready
from .select import Gate

# A question and its answer lie side by side, and a passage that was said has its rare words for a reason.
_WEIGHTS = Weights(reach=1, lone_word=1.0)
_ASSISTANT = 0.95  # of the worth of what the user said
_COUNTED_S = 60.0  # for which the number of a user's passages is believed

_OF = 580  # passages
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
class Chance:
    """By how much more evidence the best of many passages needs, in relevance.

    more: of 580 passages. each: for each time that there are e times more. others: of how near the nearest
    forty are.
    """

    more: float
    each: float
    others: float


# Where not only the best are near, it is a subject that its user has often spoken of.
_IN_CHATS = Chance(more=0.2, each=0.06, others=-0.5)


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
        budget = settings.advanced_numbers.episode_token_budget
        if not (settings.keeps_episodes and budget and settings.memories_per_turn):
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
        if not asked.asks or asked.window is None or not isinstance(backend, LibraryBackend):
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

    def weigh(memory: Memory, score: float) -> float:
        own = score * _ASSISTANT if memory.role == "assistant" else score
        return own + _WHEN_ASKED if asked.window and is_within(memory, asked, now) else own

    return ranked(passages, query, now, weights=_WEIGHTS, weigh=weigh)


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
    chance: Chance = _IN_CHATS,
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
    more = chance.more + chance.each * many + chance.others * others - _RARE * rare
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
