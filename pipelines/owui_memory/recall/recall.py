"""What a turn is told: the steps from its message to the blocks of its prompt."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from sqlalchemy import Engine

from ..backends.base import Backend
from ..config.scoping import reading_view
from ..config.settings import Valves
from ..core.locales import locale
from ..core.memory import Candidate, Memory
from ..core.reason import Reason
from ..core.scope import View
from ..core.turn import Turn
from ..language.credential_names import names_within
from ..language.forget_requests import forget_request
from ..language.guess import language_for
from ..language.past import NOT_ASKED, PastQuestion, past_question
from ..models.tokens import Tokenizers, estimated_tokens
from ..state.engine import unsynced
from .block import Blocks, is_of_document, is_own, is_quote, shown
from .documents import Documents
from .episodes import TIMES_ASKED, Episodes, apart, gate_of, is_doubted, is_within, ranked_passages
from .injected import Conversation, Injected, Line
from .lines import Lines
from .profile import Profiles, within
from .quotes import Quotes
from .rank import Ranked, kept_stem, ranked
from .search import asks_for_all, candidates
from .select import ENOUGH, INJECTED, INJECTED_BEFORE, TO_FORGET, Gate, Selection, select
from .sources import Aside, Sources
from .standing import Kept, Standing
from .suppressed import suppressed
from .times import zone_of
from .why import MOST, Explanation, Explanations, Weighed, most_telling

_TIMES_THE_BUDGET = 6  # of one message, that a conversation may hold; then it is told anew


@dataclass(frozen=True, slots=True)
class Recalled:
    """Blocks for a prompt; what of it is new, and which lines are not told any more; and why.

    `on`: else the user has switched memory off here, and nothing was looked for.
    secrets, markup: of the new facts, how many secrets were left out, and how many lost their markup; tokens:
    that they take in the prompt.
    """

    blocks: Blocks
    new: tuple[Line, ...]
    gone: tuple[int, ...]
    why: Explanation
    on: bool = True
    secrets: int = 0
    markup: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class _Relevant:
    """What is relevant to a message: which facts are chosen, and passages, ranked, with their gate.

    suppressed: ids of what is to be forgotten. asked: what the message asks of the past.
    """

    selection: Selection
    gate: Gate
    suppressed: frozenset[str]
    passages: Sequence[Ranked]
    passages_gate: Gate
    asked: PastQuestion = NOT_ASKED
    documents: Sequence[Ranked] = ()
    documents_gate: Gate = field(default_factory=lambda: Gate(0.0, 0.0))


class Recaller:
    """Recalls for all users. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._keeping = unsynced(engine)  # it may be told again, or explained no more
        self._injected, self._explanations = Injected(engine), Explanations(engine)
        self._profiles, self._sources = Profiles(engine), Sources(engine)
        self._episodes, self._documents = Episodes(engine), Documents(engine)
        self._tokenizers = Tokenizers()
        self._standing = Standing(self._sources)

    def recall(self, backend: Backend, turn: Turn, settings: Valves, now: datetime) -> Recalled:
        """The blocks for a turn. Blocks; raises the backend's errors. `now` is aware."""
        began = time.perf_counter()
        now = now.astimezone(zone_of(turn.timezone))
        view = reading_view(turn, settings)
        before = self._injected.conversation(turn, view.teams)
        if not before.on:
            return Recalled(Blocks(), (), (), Explanation.of_left_alone(Reason.USER_SWITCHED_OFF), on=False)
        count = self._tokenizers.of(turn.base_model or turn.model)
        words = locale(before.language or language_for(turn.language, turn.text))
        lines = Lines(count, now, turn, words, in_teams=bool(view.teams))
        view = self._episodes.view(view, turn, settings, before.version)
        view = self._documents.view(view, turn, settings, before.version)
        aside = self._sources.aside(turn)
        relevant = self._relevant(backend, turn, settings, lines, before.version, view, aside)
        selection, suppressed_ids = relevant.selection, relevant.suppressed
        kept = self._standing.of(backend, turn, before, lines, view, aside).without(suppressed_ids)
        numbers = settings.advanced_numbers
        budget = settings.memory_token_budget + (numbers.episode_token_budget if view.past else 0)
        budget += numbers.document_token_budget if view.documents else 0
        if lines.held(kept.lines) > _TIMES_THE_BUDGET * budget:
            kept = Kept((), tuple(injected.id for injected in before.lines))
        profile: list[Memory] = []
        if not kept.lines:
            always = self._profiles.of(backend, turn.user_id, before.version, view)
            always = self._sources.as_without(always, aside.messages) if aside else always
            wanted = [memory for memory in always if memory.id not in suppressed_ids]
            profile = within(wanted, settings.advanced_numbers.profile_token_budget, lines.cost)
        injected_before = {injected.memory_id for injected in kept.lines}
        known = injected_before | {memory.id for memory in profile}
        # A copy of it, which the user has shared with a team, may be found alone.
        said = {injected.text for injected in kept.lines if is_own(injected.line)} | {
            memory.text for memory in profile
        }
        chosen = [
            memory
            for memory in selection.chosen
            if memory.id not in known and (memory.text not in said or lines.teller(memory))
        ]
        news = [*profile, *chosen[: _most(settings, turn, kept.lines, selection)]]
        facts = list(self._new(lines, kept.corrections, news, aside.messages))
        said_here = [one.text for one in (*kept.lines, *facts) if not is_quote(one.line)]
        quotes = Quotes(
            lines,
            _room_for_quotes(settings, turn, kept.lines, lines, relevant.asked),
            known=[lines.query, *said_here],
            before=[one.line for one in kept.lines if _is_of_chat(one)],
        )
        spoken = quotes.select(
            [item for item in relevant.passages if item.memory.id not in injected_before],
            relevant.passages_gate.least,
        )
        from_chats = [lines.told(one, quotes.lines[one.id]) for one in quotes.in_order(spoken.chosen)]
        read, from_documents, document_tokens = self._documents.told(
            relevant.documents, relevant.documents_gate, settings, lines, kept.lines, facts
        )
        new = (*facts, *from_chats, *from_documents)
        self._standing.note(turn, view, new)
        conversation = Conversation((*kept.lines, *new))
        in_system = turn.searched or settings.placement == "system"
        forgotten = [injected.memory_id for injected in before.lines if injected.id in kept.gone]
        why = Explanation(
            query=turn.text,
            evidence=relevant.gate.evidence,
            threshold=relevant.gate.needed,
            weighed=tuple(islice(_weighed(selection, injected_before, {memory.id for memory in news}), MOST)),
            more=max(len(selection.outcomes) - MOST, 0),
            quoted=most_telling(spoken, read),
            profile=tuple(memory.id for memory in profile),
            corrected=tuple(memory.id for memory, _ in kept.corrections),
            forgotten=tuple(dict.fromkeys(forgotten)),
            standing=kept.standing(turn.positions),
            searched=settings.memories_per_turn > 0,
            took_ms=(time.perf_counter() - began) * 1000,
        )
        as_shown = [shown(one.text) for one in facts]  # of a quote the whole passage is not looked at
        return Recalled(
            blocks=conversation.blocks(turn.positions, in_system=in_system),
            new=new,
            gone=kept.gone,
            why=why,
            secrets=sum(one.secrets for one in as_shown),
            markup=sum(one.markup for one in as_shown),
            tokens=lines.held(facts) + quotes.taken + document_tokens,
        )

    def drop(self, user_id: str) -> None:
        """Keep nothing of a user's in memory."""
        self._profiles.drop(user_id)
        self._injected.drop(user_id)
        self._episodes.drop(user_id)
        self._documents.drop(user_id)
        self._standing.drop()
        for of_texts in (shown, estimated_tokens, kept_stem, names_within):
            of_texts.cache_clear()

    def keep(self, turn: Turn, recalled: Recalled | None, left_alone: str = "") -> None:
        """Keep what this turn was told, and why, for the next one and for whoever asks.

        left_alone: why it was not told anything, or is not remembered.
        """
        why = recalled.why if recalled else Explanation.of_left_alone(left_alone)
        why = replace(why, left_alone=left_alone, language=language_for(turn.language, turn.text))
        row = self._explanations.row(turn, why)
        with self._keeping.begin() as connection:
            if recalled and (recalled.new or recalled.gone):
                self._injected.keep(connection, turn, recalled.new, recalled.gone)
            self._explanations.keep(connection, row)

    def _relevant(
        self,
        backend: Backend,
        turn: Turn,
        settings: Valves,
        lines: Lines,
        version: int,
        view: View,
        aside: Aside,
    ) -> _Relevant:
        """What is relevant. version: of the user's memories. aside: messages that do not count."""
        asks_to_forget = bool(forget_request(turn.text))
        closed = Gate(0.0, settings.relevance_threshold)
        if not settings.memories_per_turn and not asks_to_forget:
            return _Relevant(Selection((), ()), closed, frozenset(), (), closed)
        query = lines.query
        found, passages, pages = apart(candidates(backend, turn, view))
        if aside or any(item.memory.copy_of for item in found):
            found = self._said_by_others(found, aside.messages)
        found = lines.without_copies(found)
        reaffirmed = self._injected.reaffirmed(turn.user_id, version)
        items = ranked(found, query, lines.now, reaffirmed)
        of_self = backend.of_self(query)
        gate = Gate.of(items, settings.relevance_threshold, of_self, query)
        asked = past_question(turn.text, lines.now.date()) if view.past else NOT_ASKED
        there = {item.memory.id for item in passages}
        of_the_time = self._episodes.of_the_time(backend, turn.user_id, asked, view, lines.now)
        passages += [item for item in of_the_time if item.memory.id not in there]
        passages = self._episodes.elsewhere(passages, turn, aside.batches)
        spoken = ranked_passages(passages, query, lines.now, asked)
        many = self._episodes.kept(turn.user_id, version).passages if spoken else 0
        passages_gate = gate_of(
            spoken,
            Gate.of(spoken, settings.relevance_threshold, of_self, query, short=False),
            (item.keyword for item in passages),
            many,
            asked,
        )
        then = [item for item in spoken if asked.asks and is_within(item.memory, asked, lines.now)]
        if then and passages_gate.least is None:
            spoken, passages_gate = then, replace(passages_gate, least=0.0)
        if is_doubted(gate, items, passages_gate, spoken):
            gate = replace(gate, least=None)
        least = gate.least
        if items and least is None and asks_for_all(backend, query):
            least = 0.0
        suppressed_ids = suppressed(turn.text, [*items, *spoken])
        selection = select(
            [item for item in items if item.memory.id not in suppressed_ids],
            least_worth=least,
            most=settings.memories_per_turn,
            room=settings.memory_token_budget - lines.overhead,
            cost=lines.cost,
            whose=lines.whose,
        )
        if suppressed_ids:
            to_forget = tuple((item, TO_FORGET) for item in items if item.memory.id in suppressed_ids)
            selection = replace(selection, outcomes=(*selection.outcomes, *to_forget))
        documents, documents_gate = self._documents.ranked(pages, turn, settings, lines, version, of_self)
        if asks_to_forget:
            passages_gate, documents_gate = (
                replace(one, least=None) for one in (passages_gate, documents_gate)
            )
        return _Relevant(
            selection, gate, suppressed_ids, spoken, passages_gate, asked, documents, documents_gate
        )

    def _said_by_others(self, found: Sequence[Candidate], aside: Collection[str]) -> list[Candidate]:
        """Those that read the same without these messages."""
        same = {
            (memory.id, memory.text)
            for memory in self._sources.as_without((item.memory for item in found), aside)
        }
        return [item for item in found if (item.memory.id, item.memory.text) in same]

    def _new(
        self,
        lines: Lines,
        corrections: Iterable[tuple[Memory, str]],
        news: Iterable[Memory],
        aside: Collection[str],
    ) -> Iterator[Line]:
        """The new lines, what was said first at first."""
        before = {memory.id: injected for memory, injected in corrections}
        memories = [*(memory for memory, _ in corrections), *news]
        said = self._sources.as_without(memories, aside)
        for memory in sorted(said, key=lines.said_at):
            yield lines.told(memory, lines.of(memory, before.get(memory.id)))


def _most(settings: Valves, turn: Turn, lines: Sequence[Line], selection: Selection) -> int:
    """How many memories may be new with this message.

    Half as many as with a conversation's first one: what was told before is still there (bench/prefix.py says
    what that saves). Another answer to the same message brings no more than the first one did.
    """
    if all(injected.position == turn.positions[-1] for injected in lines):
        most = settings.memories_per_turn
    else:
        most = max(settings.memories_per_turn // 2, 1)
    chosen = {memory.id for memory in selection.chosen}
    here = sum(injected.position == turn.positions[-1] and injected.memory_id in chosen for injected in lines)
    return max(most - here, 0)


def _room_for_quotes(
    settings: Valves, turn: Turn, held: Sequence[Line], lines: Lines, asked: PastQuestion
) -> int:
    """Tokens for new quotes: half as many as with a conversation's first message, more for what is asked for.

    What stands there already is taken off.
    """
    here = [one for one in held if one.position == turn.positions[-1]]
    share = 1.0 if len(here) == len(held) else 0.5
    budget = int(settings.advanced_numbers.episode_token_budget * (TIMES_ASKED if asked.asks else share))
    return budget - lines.held(one for one in here if _is_of_chat(one))


def _is_of_chat(line: Line) -> bool:
    return is_quote(line.line) and not is_of_document(line.line)


def _weighed(selection: Selection, injected_before: set[str], news: set[str]) -> Iterator[Weighed]:
    """The candidates with what became of them in this conversation."""
    for item, chosen in selection.outcomes:
        outcome = chosen
        if chosen == INJECTED and item.memory.id not in news:
            outcome = INJECTED_BEFORE if item.memory.id in injected_before else ENOUGH
        yield Weighed.of(item, outcome)
