"""What a turn is told: the steps from its message to the blocks of its prompt."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sqlalchemy import Engine

from ..backends.base import Backend, EditableBackend, Memory
from ..chat.body import Turn
from ..chat.policy import SWITCHED_OFF
from ..scopes import View, reading_view
from ..settings import Valves
from .block import Blocks, correction, line, render, shown
from .profile import Profiles
from .rank import ranked
from .search import asks_for_all, candidates, query_of
from .select import ENOUGH, LEAST_MEANING, TO_FORGET, TOLD, TOLD_BEFORE, Selection, evidence, select
from .tokens import Count, Tokenizers
from .told import Conversation, Line, Told
from .why import MOST, Explanation, Explanations, Weighed
from .wishes import unwanted

_CHECK_EVERY_S = 60.0  # what was told, for what others have changed in mem0
_CHECKED = 1000  # conversations
_TIMES_THE_BUDGET = 6  # of one message, that a conversation may hold; then it is told anew


@dataclass(frozen=True, slots=True)
class Recalled:
    """Blocks for a prompt; what of it is new, and which lines are not told any more; and why.

    `on`: else the user has switched memory off here, and nothing was looked for.
    secrets, markup: of the new ones, how many secrets were left out, and how many lost their markup.
    """

    blocks: Blocks
    new: tuple[Line, ...]
    gone: tuple[int, ...]
    why: Explanation
    on: bool = True
    secrets: int = 0
    markup: int = 0


@dataclass(frozen=True, slots=True)
class _Checked:
    """When all that a conversation was told was found as it was told, and what of it is not to be seen.

    versions: those of the memories at that time, see `told.Conversation`. at: monotonic seconds.
    seen, hidden: ids of memories.
    """

    versions: tuple[int, int]
    at: float
    seen: frozenset[str]
    hidden: frozenset[str]

    def holds(self, before: Conversation) -> bool:
        """Whether nothing has changed since, nor was anything told that was not looked at."""
        fresh = self.versions == before.versions and time.monotonic() - self.at < _CHECK_EVERY_S
        return fresh and all(
            told.memory_id in self.seen or told.memory_id in self.hidden for told in before.lines
        )


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was told and still is, ids of the lines that are not, and corrections of what has changed."""

    lines: tuple[Line, ...]
    gone: tuple[int, ...] = ()
    corrections: tuple[Line, ...] = ()

    def without(self, unwanted: Collection[str]) -> _Kept:
        """The same, but for these memories."""
        if not unwanted:
            return self
        gone = [told.id for told in self.lines if told.memory_id in unwanted]
        return _Kept(
            tuple(told for told in self.lines if told.memory_id not in unwanted),
            (*self.gone, *gone),
            tuple(line for line in self.corrections if line.memory_id not in unwanted),
        )


class Recaller:
    """Recalls for all users. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._told, self._explanations = Told(engine), Explanations(engine)
        self._profiles = Profiles()
        self._tokenizers = Tokenizers()
        self._checked: OrderedDict[tuple[str, str, View], _Checked] = OrderedDict()

    def recall(self, backend: Backend, turn: Turn, settings: Valves, now: datetime) -> Recalled:
        """The blocks for a turn. Blocks; raises the backend's errors. `now` is aware."""
        began = time.perf_counter()
        count = _Lines(self._tokenizers.of(turn.base_model or turn.model), now)
        view = reading_view(turn, settings)
        before = self._told.conversation(turn, view.teams)
        if not before.on:
            return Recalled(Blocks(), (), (), Explanation.of_left_alone(SWITCHED_OFF.reason), on=False)
        selection, seen, hushed = self._selected(backend, turn, settings, count, before.version, view)
        kept = self._kept(backend, turn, before, now, view).without(hushed)
        if count.held(kept.lines) > _TIMES_THE_BUDGET * settings.memory_token_budget:
            kept = _Kept((), tuple(told.id for told in before.lines))
        profile: list[Memory] = []
        if not kept.lines:
            always = self._profiles.of(backend, turn.user_id, before.version, view)
            wanted = [memory for memory in always if memory.id not in hushed]
            profile = count.fitting(wanted, settings.profile_token_budget)
        told_before = {told.memory_id for told in kept.lines}
        known = told_before | {memory.id for memory in profile}
        chosen = [memory for memory in selection.chosen if memory.id not in known]
        news = [*profile, *chosen[: _most(settings, turn, kept.lines, selection)]]
        new = (
            *kept.corrections,
            *(Line(turn.positions[-1], one.id, one.text, line(one, now)) for one in news),
        )
        self._note_told(turn, view, new)
        conversation = Conversation((*kept.lines, *new))
        in_system = turn.searched or settings.placement == "system"
        forgotten = [told.memory_id for told in before.lines if told.id in kept.gone]
        why = Explanation(
            query=turn.text,
            evidence=seen,
            threshold=settings.relevance_threshold,
            weighed=tuple(islice(_weighed(selection, told_before, {memory.id for memory in news}), MOST)),
            more=max(len(selection.outcomes) - MOST, 0),
            profile=tuple(memory.id for memory in profile),
            corrected=tuple(one.memory_id for one in kept.corrections),
            forgotten=tuple(dict.fromkeys(forgotten)),
            took_ms=(time.perf_counter() - began) * 1000,
        )
        as_shown = [shown(one.text) for one in new]
        return Recalled(
            blocks=conversation.blocks(turn.positions, in_system=in_system),
            new=new,
            gone=kept.gone,
            why=why,
            secrets=sum(one.secrets for one in as_shown),
            markup=sum(one.markup for one in as_shown),
        )

    def drop(self, user_id: str) -> None:
        """Keep nothing of a user's in memory."""
        self._profiles.drop(user_id)
        self._told.drop(user_id)
        self._checked.clear()

    def keep(self, turn: Turn, recalled: Recalled | None, left_alone: str = "") -> None:
        """Keep what this turn was told, and why, for the next one and for whoever asks.

        left_alone: why it was not told anything, or is not remembered.
        """
        why = recalled.why if recalled else Explanation.of_left_alone(left_alone)
        with self._engine.begin() as connection:
            if recalled and (recalled.new or recalled.gone):
                self._told.keep(connection, turn, recalled.new, recalled.gone)
            self._explanations.keep(connection, turn, replace(why, left_alone=left_alone))

    def _selected(
        self, backend: Backend, turn: Turn, settings: Valves, count: _Lines, version: int, view: View
    ) -> tuple[Selection, float, frozenset[str]]:
        """What is relevant, what the gate saw, and ids of what is to be forgotten.

        `version`: of the user's memories.
        """
        if not settings.memories_per_turn:
            return Selection((), ()), 0.0, frozenset()
        query = query_of(turn.text)
        found = candidates(backend, turn, view)
        heard = self._told.heard(turn.user_id, version)
        items = ranked(found, query, count.now, heard)
        seen = evidence(items, query, settings.relevance_threshold)
        opened, least = seen >= settings.relevance_threshold, LEAST_MEANING
        if items and not opened and asks_for_all(backend, query):
            opened, least = True, 0.0
        hushed = unwanted(turn.text, items)
        selection = select(
            [item for item in items if item.memory.id not in hushed],
            least_meaning=least if opened else None,
            most=settings.memories_per_turn,
            room=settings.memory_token_budget - count.overhead,
            cost=count.cost,
        )
        if hushed:
            to_forget = tuple((item, TO_FORGET) for item in items if item.memory.id in hushed)
            selection = replace(selection, outcomes=(*selection.outcomes, *to_forget))
        return selection, seen, hushed

    def _kept(self, backend: Backend, turn: Turn, before: Conversation, now: datetime, view: View) -> _Kept:
        """What of that which was told still holds, and is seen here: the chat may have been moved to another
        folder, go on with another model, or its user have left a team."""
        key = turn.user_id, turn.positions[0], view
        if not before.lines or not isinstance(backend, EditableBackend):
            return _Kept(before.lines)
        checked = self._checked.get(key)
        if checked is not None and checked.holds(before):
            return _Kept(tuple(told for told in before.lines if told.memory_id not in checked.hidden))
        last = {told.memory_id: told for told in before.lines}
        there = {memory.id: memory for memory in backend.get_all(list(last))}
        seen = {memory.id: memory for memory in there.values() if view.sees(memory.scope)}
        gone = tuple(told.id for told in before.lines if told.memory_id not in there)
        corrections = tuple(
            Line(turn.positions[-1], memory.id, memory.text, correction(memory, told.text, now))
            for told in last.values()
            if (memory := seen.get(told.memory_id)) and memory.text != told.text
        )
        if not gone and not corrections:  # else it is looked at once more, until that is kept
            hidden = frozenset(there.keys() - seen.keys())
            self._checked[key] = _Checked(before.versions, time.monotonic(), frozenset(seen), hidden)
            if len(self._checked) > _CHECKED:
                self._checked.popitem(last=False)
        return _Kept(tuple(told for told in before.lines if told.memory_id in seen), gone, corrections)

    def _note_told(self, turn: Turn, view: View, new: Iterable[Line]) -> None:
        """What was just found needs no second look with the next message."""
        key = turn.user_id, turn.positions[0], view
        if (checked := self._checked.get(key)) is not None:
            seen = checked.seen.union(told.memory_id for told in new)
            self._checked[key] = replace(checked, seen=seen)


def _most(settings: Valves, turn: Turn, lines: Sequence[Line], selection: Selection) -> int:
    """How many memories may be new with this message.

    Half as many as with a conversation's first one: what was told before is still there (bench/prefix.py says
    what that saves). Another answer to the same message brings no more than the first one did.
    """
    if all(told.position == turn.positions[-1] for told in lines):
        most = settings.memories_per_turn
    else:
        most = max(settings.memories_per_turn // 2, 1)
    chosen = {memory.id for memory in selection.chosen}
    here = sum(told.position == turn.positions[-1] and told.memory_id in chosen for told in lines)
    return max(most - here, 0)


def _weighed(selection: Selection, told_before: set[str], news: set[str]) -> Iterator[Weighed]:
    """The candidates with what became of them in this conversation."""
    for item, chosen in selection.outcomes:
        outcome = chosen
        if chosen == TOLD and item.memory.id not in news:
            outcome = TOLD_BEFORE if item.memory.id in told_before else ENOUGH
        yield Weighed(item.memory.id, item.meaning, item.keyword, item.score, outcome)


class _Lines:
    """What memories take in a prompt, in tokens."""

    def __init__(self, count: Count, now: datetime) -> None:
        self._count, self.now = count, now
        self.overhead = count(render(["-"]))

    def cost(self, memory: Memory) -> int:
        return self._count(line(memory, self.now)) + 1

    def held(self, lines: Iterable[Line]) -> int:
        return sum(self._count(told.line) + 1 for told in lines)

    def fitting(self, memories: Iterable[Memory], room: int) -> list[Memory]:
        """Those that fit, in order."""
        chosen = []
        for memory in memories:
            if (tokens := self.cost(memory)) <= room:
                chosen.append(memory)
                room -= tokens
        return chosen
