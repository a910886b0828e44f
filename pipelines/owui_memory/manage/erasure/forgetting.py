"""Erases for good what users forgot, once they can no longer bring it back.

The journal has it: see `Journal.asked_to_forget`. So it is done whatever ends in between, by whichever server
comes first, and with a location that cannot be reached as by any other erasure.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Engine

from ...config.settings import Valves
from ...core.change import ToForget
from ...remember.journal import Journal
from ..command_log import CommandLog
from .erase import Eraser

_SETTLED_S = 60.0  # in which a row with a lower id than another may still be committed


class Forgetting:
    """Erases what was forgotten. For one thread; blocks."""

    def __init__(self, engine: Engine, eraser: Eraser, settings: Callable[[], Valves]) -> None:
        self._journal, self._orders = Journal(engine), CommandLog(engine)
        self._eraser, self._settings = eraser, settings
        self._seen = 0  # up to this id of the journal there is nothing left to do
        self._newest: deque[tuple[float, int]] = deque()  # highest ids, and when they were

    def erase_due(self) -> None:
        """Erases what was forgotten so long ago that nobody can bring it back.

        A time far ahead is due, too: the clock was wrong when it was written down.
        """
        kept_s, now = self._settings().advanced_numbers.forget_undo_minutes * 60, time.time()
        newest = self._journal.newest_id()
        asked = self._journal.asked_to_forget(self._seen)
        due = [one for one in asked if abs(now - one.at) >= kept_s]
        left = {one.id for one in asked} - {one.id for one in due}
        whose = attrgetter("user_id")
        for user_id, theirs in groupby(sorted(due, key=whose), key=whose):
            left |= self._erase(user_id, list(theirs))
        self._move_on(time.monotonic(), newest, left)

    def _erase(self, user_id: str, asked: list[ToForget]) -> set[int]:
        """Those that are just about to be brought back are left; their ids."""
        back = self._journal.brought_back(asked)
        self._journal.settle([one for one in asked if back.get(one.id)])
        going = [one for one in asked if one.id not in back]
        if going:
            ids = {one.memory_id for one in going}
            self._orders.erase_answers(user_id)  # they may tell what it was
            self._eraser.forget(user_id, ids, until=max(one.at for one in going))
        return {id_ for id_, is_made in back.items() if not is_made}

    def _move_on(self, now: float, newest: int, waiting: Iterable[int]) -> None:
        self._newest.append((now, newest))
        while self._newest and self._newest[0][0] <= now - _SETTLED_S:
            self._seen = max(self._seen, self._newest.popleft()[1])
        self._seen = min([self._seen, *(id_ - 1 for id_ in waiting)])
