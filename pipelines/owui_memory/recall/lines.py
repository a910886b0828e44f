"""Memories as lines of a prompt, and what they take in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from ..core.locales import Locale
from ..core.memory import Candidate, Memory
from ..core.scope import TEAM
from ..core.turn import Turn
from ..language.names import teller
from ..models.tokens import Count
from .block import correction, line, render
from .injected import Line
from .search import query_of
from .times import is_to_come

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class Lines:
    """Memories as they are told in a turn, and what they take in its prompt, in tokens."""

    def __init__(self, count: Count, now: datetime, turn: Turn, words: Locale, *, in_teams: bool) -> None:
        self.count, self.now, self._turn, self.words = count, now, turn, words
        self.query, self.position = query_of(turn.text), turn.positions[-1]
        self._ready: dict[Memory, str] = {}  # what was weighed is told, mostly
        self.overhead = count(render(['- "', *(['- A: "'] if in_teams else [])], words=words))

    def of(self, memory: Memory, before: str | None = None) -> str:
        """The line of a memory; `before`: what was told of it earlier, and no longer holds."""
        if before is None:
            if memory not in self._ready:
                self._ready[memory] = line(memory, self.now, self.teller(memory), self.words)
            return self._ready[memory]
        return correction(memory, before, self.now, self.teller(memory), self.words)

    def teller(self, memory: Memory) -> str:
        """Who has told it, "" for the user."""
        return teller(memory, self._turn.user_id, self._turn.name, self.words)

    def whose(self, memory: Memory) -> str:
        """The same for what the same person has told, "" for what the user has."""
        told_by = self.teller(memory)
        return told_by and f"{told_by} {memory.batch}"

    def without_copies(self, found: Sequence[Candidate]) -> list[Candidate]:
        """Those that are no copies for a team of another one of the user's own."""
        own = {item.memory.text for item in found if not item.memory.scope.startswith(TEAM)}
        return [
            item
            for item in found
            if not item.memory.scope.startswith(TEAM)
            or item.memory.text not in own
            or self.teller(item.memory)
        ]

    def said_at(self, memory: Memory) -> datetime:
        """When it was said; before all else where that is not known, so that what is known counts more."""
        at = memory.updated_at or memory.created_at
        return _BEFORE_ALL if at is None or is_to_come(at, self.now) else at

    def cost(self, memory: Memory) -> int:
        return self.count(self.of(memory)) + 1

    def told(self, memory: Memory, text: str) -> Line:
        """A memory as it is told with the turn's message. text: its line."""
        return Line(self.position, memory.id, memory.text, text, language=self.words.code)

    def held(self, lines: Iterable[Line]) -> int:
        return sum(self.count(injected.line) + 1 for injected in lines)
