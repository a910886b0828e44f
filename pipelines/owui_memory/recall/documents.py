"""Passages of documents: which of them are told, and as which quotes; measured in docs/documents.md."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Engine

from ..config.settings import Valves
from ..core.memory import Candidate
from ..core.scope import EVERYONE, View
from ..core.turn import Turn
from ..state.documents_table import DocumentsTable
from .block import is_of_document
from .episodes import Chance, gate_of, ranked_passages
from .injected import Line
from .lines import Lines
from .quotes import Quotes
from .rank import Ranked
from .ready import Ready
from .select import Gate, Selection

_COUNTED_S = 30.0  # for which the number of passages is believed
_OF_SELF = 0.75  # a document answers questions about anything, so less speaks against these
# A folder is about a few subjects. All that is near to a message on one of them says nothing of the best.
_CHANCE = Chance(more=0.05, each=0.03, others=0.5)
# Of the worth of the best passage, that others need to be quoted beside it: with half as many quotes, as many
# answers of bench.documents are told; with 0.7 a tenth less.
_OF_BEST = 0.5
_TIMES = 4  # as long as quotes of chats: an answer often stands beside the words that were asked for


class Documents:
    """What recall knows of documents. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._table = DocumentsTable(engine)
        self._ready: Ready[int] = Ready()

    def drop(self, user_id: str) -> None:
        self._ready.drop(user_id)

    def kept(self, user_id: str, version: int) -> int:
        """How many passages there are of documents of a user and of everyone."""
        now = time.monotonic() // _COUNTED_S
        return self._ready.of(
            user_id, (version, now), lambda: self._table.known((user_id, EVERYONE)).passages
        )

    def view(self, view: View, turn: Turn, settings: Valves, version: int) -> View:
        """The view, with documents where there are any and the settings want them told."""
        budget = settings.advanced_numbers.document_token_budget
        if not (settings.documents_dir and budget and settings.memories_per_turn):
            return view
        return replace(view, documents=self.kept(turn.user_id, version) > 0)

    def ranked(
        self,
        found: Sequence[Candidate],
        turn: Turn,
        settings: Valves,
        lines: Lines,
        version: int,
        of_self: tuple[float, float],
    ) -> tuple[Sequence[Ranked], Gate]:
        """The passages, best first, and the gate for them. of_self: as the backend tells of the message."""
        if not found:
            return (), Gate(0.0, settings.relevance_threshold)
        items = ranked_passages(found, lines.query, lines.now)
        told, trust = of_self
        gate = Gate.of(
            items, settings.relevance_threshold, (_OF_SELF * told, trust), lines.query, short=False
        )
        keywords = (item.keyword for item in found)
        kept = self.kept(turn.user_id, version)
        gate = gate_of(items, gate, keywords, kept, chance=_CHANCE)
        if gate.least is None:
            return items, gate
        return items, replace(gate, least=max(gate.least, _OF_BEST * gate.evidence))

    @staticmethod
    def told(
        items: Sequence[Ranked],
        gate: Gate,
        settings: Valves,
        lines: Lines,
        held: Sequence[Line],
        facts: Sequence[Line],
    ) -> tuple[Selection, list[Line], int]:
        """What is told of them, as lines, and what these take, in tokens.

        held: the lines that the conversation holds. facts: those that are told beside them.
        """
        if not items:
            return Selection((), ()), [], 0
        before = {one.memory_id for one in held}
        here = [one for one in held if is_of_document(one.line)]
        room = settings.advanced_numbers.document_token_budget
        quotes = Quotes(
            lines,
            room - lines.held(one for one in here if one.position == lines.position),
            known=[one.text for one in facts],
            before=[one.line for one in here],
            header="block, documents",
            times=_TIMES,
        )
        spoken = quotes.select([item for item in items if item.memory.id not in before], gate.least)
        in_order = sorted(spoken.chosen, key=lambda memory: (memory.chat, memory.ordinal))
        return spoken, [lines.told(one, quotes.lines[one.id]) for one in in_order], quotes.taken
