"""What a conversation was told before, and whether it still holds."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from ..backends.base import Backend
from ..core.memory import QUOTED, Memory
from ..core.scope import View
from ..core.turn import Turn
from .block import is_own
from .injected import Conversation, Line
from .lines import Lines
from .sources import Aside, Sources

_CHECK_EVERY_S = 60.0  # what was told, for what others have changed in mem0
_CHECKED = 1000  # conversations


@dataclass(frozen=True, slots=True)
class _Checked:
    """When all that a conversation was told was found as it was told, and what of it is not to be seen.

    versions: those of the memories at that time, see `injected.Conversation`. at: monotonic seconds.
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
            injected.memory_id in self.seen or injected.memory_id in self.hidden for injected in before.lines
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """What was told and still is, ids of the lines that are not, and what reads otherwise now.

    corrections: each such memory with what was told of it.
    """

    lines: tuple[Line, ...] = ()
    gone: tuple[int, ...] = ()
    corrections: tuple[tuple[Memory, str], ...] = ()

    def without(self, suppressed: Collection[str]) -> Kept:
        """The same, but for these memories."""
        if not suppressed:
            return self
        gone = [injected.id for injected in self.lines if injected.memory_id in suppressed]
        return Kept(
            tuple(injected for injected in self.lines if injected.memory_id not in suppressed),
            (*self.gone, *gone),
            tuple(one for one in self.corrections if one[0].id not in suppressed),
        )

    def standing(self, positions: Sequence[str]) -> tuple[tuple[str, int], ...]:
        """The memories that stay in the prompt, each with the number of the message that it was told with."""
        numbers = {position: number for number, position in enumerate(positions, 1)}
        return tuple({injected.memory_id: numbers[injected.position] for injected in self.lines}.items())


class Standing:
    """What stands in the prompts of all users' conversations. Threads may share it."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._checked: OrderedDict[tuple[str, str, View], _Checked] = OrderedDict()

    def drop(self) -> None:
        self._checked.clear()

    def of(
        self,
        backend: Backend,
        turn: Turn,
        before: Conversation,
        lines: Lines,
        view: View,
        aside: Aside,
    ) -> Kept:
        """What of that which was told still holds, and is seen here: the chat may have been moved to another
        folder, go on with another model, or its user have left a team.

        What only messages have said that do not count is gone, as is what was told as another's.
        """
        key = turn.user_id, turn.positions[0], view
        if not before.lines:
            return Kept(before.lines)
        checked = self._checked.get(key)
        if not aside and checked is not None and checked.holds(before):
            return Kept(
                tuple(injected for injected in before.lines if injected.memory_id not in checked.hidden)
            )
        there = {
            memory.id: memory for memory in backend.get_all([injected.memory_id for injected in before.lines])
        }
        facts = [memory for memory in there.values() if memory.kind not in QUOTED]
        quoted = [
            memory for memory in there.values() if memory.kind in QUOTED and memory.batch not in aside.batches
        ]
        said = self._sources.as_without(facts, aside.messages)
        holds = {memory.id: memory for memory in (*said, *quoted)}
        seen = {id_: one for id_, one in holds.items() if view.sees(one.scope) and view.finds(one.kind)}
        gone = tuple(
            injected.id
            for injected in before.lines
            if (memory := holds.get(injected.memory_id)) is None
            or injected.text == there[injected.memory_id].text != memory.text
            or (memory.kind in QUOTED and memory.text != injected.text)
            or (memory.kind not in QUOTED and is_own(injected.line) == bool(lines.teller(memory)))
        )
        left = tuple(injected for injected in before.lines if injected.id not in gone)
        corrections = tuple(
            (memory, injected.text)
            for injected in {injected.memory_id: injected for injected in left}.values()
            if (memory := seen.get(injected.memory_id)) and memory.text != injected.text
        )
        # Else it is looked at once more: that is not kept yet, or a copy may go with its original.
        if not gone and not corrections and not aside and not any(one.copy_of for one in there.values()):
            hidden = frozenset(there.keys() - seen.keys())
            self._checked[key] = _Checked(before.versions, time.monotonic(), frozenset(seen), hidden)
            if len(self._checked) > _CHECKED:
                self._checked.popitem(last=False)
        return Kept(tuple(injected for injected in left if injected.memory_id in seen), gone, corrections)

    def note(self, turn: Turn, view: View, new: Iterable[Line]) -> None:
        """What was just found needs no second look with the next message."""
        key = turn.user_id, turn.positions[0], view
        if (checked := self._checked.get(key)) is not None:
            seen = checked.seen.union(injected.memory_id for injected in new)
            self._checked[key] = replace(checked, seen=seen)
