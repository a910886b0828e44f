"""Which turns of a chat stay in its prompt, told by their sizes alone.

The oldest go first, all of them at once down to a share of the room, so that the prompt begins the same way
until the next cut, and a model's cache holds for as long. What the sizes say is the same after a restart and
on another server; a cut that was made is kept all the same, since sizes are estimates that are learned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

_HEAD_SHARE = 0.25  # of the limit: a longer first exchange is nothing but the oldest one
_READY_SHARE = 0.85  # of the limit, that a prompt may take once it was cut where an abstract is ready
_PREPARED_FROM = 0.7  # of the limit, from which on an abstract is made


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of a prompt, in tokens. fixed: what always stays. turns: each from its message on; the last is asked.

    reserve: memories that will come in. abstract: what is in place of turns that do not stay.
    """

    fixed: int
    turns: Sequence[int]
    limit: int
    keep: float
    reserve: int = 0
    abstract: int = 0

    @property
    def total(self) -> int:
        """All of it, without the reserve."""
        return self.fixed + sum(self.turns)

    @property
    def head(self) -> int:
        """How many turns stay at the beginning: the first one, where it is not too long."""
        return int(len(self.turns) > 2 and self.turns[0] <= _HEAD_SHARE * self.limit)

    @property
    def room(self) -> int:
        """For turns that can be cut."""
        return max(self.limit - self.fixed - sum(self.turns[: self.head]) - self.reserve - self.abstract, 0)


@dataclass(frozen=True, slots=True)
class Window:
    """What stays: `head` turns, then those from `start` on. is_new: it was not cut here before."""

    head: int
    start: int
    is_new: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether anything is left out."""
        return self.start > self.head

    def stays(self, turns: Sequence[int]) -> int:
        """Tokens of the turns that stay."""
        return sum(turns[: self.head]) + sum(turns[self.start :])


def window(sizes: Sizes, cut_at: Iterable[int] = (), ready_at: Iterable[int] = ()) -> Window:
    """What stays of a chat.

    cut_at: turns that earlier prompts were cut before. ready_at: those that an abstract is ready up to.
    """
    head, last = sizes.head, len(sizes.turns) - 1
    whole = Window(head, head)
    start = max((at for at in cut_at if head < at <= last), default=head)
    if start > head and _fits(sizes, start, 1.0):  # though all may fit: memories of what is out went with it
        return Window(head, start)
    if start == head and (sizes.total + sizes.reserve <= sizes.limit or last <= head):
        return whole
    for at in sorted(ready_at, reverse=True):
        if start < at <= last and _fits(sizes, at, max(_READY_SHARE, 0.55 + sizes.keep / 2)):
            return Window(head, at, is_new=True)
    if start == head and _fits(sizes, replayed := _replayed(sizes), 1.0) and replayed > head:
        return Window(head, replayed, is_new=True)
    return Window(head, max(_cut(sizes, start, last), start), is_new=True)


def to_be_ready(sizes: Sizes, seen: Window) -> int:
    """The turn before which the next cut will fall; 0 while that is far off."""
    stays = sizes.fixed + sizes.reserve + sizes.abstract + seen.stays(sizes.turns)
    if stays < _PREPARED_FROM * sizes.limit:
        return 0
    left = (1 - sizes.keep) * sizes.room
    for at, gone in enumerate(accumulate(sizes.turns[seen.start : -1]), seen.start + 1):
        if gone >= left:
            return at
    return 0


def further(sizes: Sizes, seen: Window, more: Mapping[int, int]) -> Window:
    """The same window, cut further where what was put in front of its turns is too much.

    more: tokens by turn. The last turn stays, whatever it has.
    """
    turns = [size + more.get(at, 0) for at, size in enumerate(sizes.turns)]
    head, start = seen.head, seen.start
    while sizes.fixed + Window(head, start).stays(turns) > sizes.limit and start < len(turns) - 1:
        start += 1
    if head and start == len(turns) - 1 and sizes.fixed + Window(head, start).stays(turns) > sizes.limit:
        head = 0
    return seen if (head, start) == (seen.head, seen.start) else Window(head, start, is_new=True)


def _fits(sizes: Sizes, start: int, share: float) -> bool:
    stays = sizes.fixed + Window(sizes.head, start).stays(sizes.turns) + sizes.reserve
    return stays + sizes.abstract <= share * sizes.limit


def _cut(sizes: Sizes, start: int, last: int) -> int:
    """The first turn from which on the turns up to `last` take no more than their share of the room."""
    left = sizes.keep * sizes.room
    stays = sum(sizes.turns[start : last + 1])
    while start < last and stays > left:
        stays -= sizes.turns[start]
        start += 1
    return start


def _replayed(sizes: Sizes) -> int:
    """Where the chat would have been cut last, had it been seen from its beginning."""
    start, run = sizes.head, 0
    for at in range(sizes.head, len(sizes.turns)):
        run += sizes.turns[at]
        if run > sizes.room and at > start:
            start = _cut(sizes, start, at)
            run = sum(sizes.turns[start : at + 1])
    return start
