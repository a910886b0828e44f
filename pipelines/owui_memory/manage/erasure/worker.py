"""Finishes erasures in each server, drops what the process has in memory of them, and prunes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from ...core.events import Emit, Job, failed, succeeded
from ...core.now_and_then import NowAndThen
from .erase import Eraser
from .erasures import Erasure
from .forgetting import Forgetting

_EVERY_S = 2.0
_PRUNE_EVERY_S, _PRUNE_AGAIN_S = 3600.0, 60.0
_MOST_LEFT_OUT = 29  # looks: a location that cannot be reached is asked once a minute


class ErasureWorker:
    """Its thread is `thread`; the next start goes on with what was begun.

    `drop` forgets what is in memory of the user of an erasure; `prune` deletes what is too old.
    """

    def __init__(
        self,
        eraser: Eraser,
        drop: Callable[[Erasure], object],
        emit: Emit,
        forgetting: Forgetting | None = None,
        prune: Callable[[], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._eraser, self._drop, self._emit = eraser, drop, emit
        self._forgetting = forgetting
        self._prune, self._clock, self._prune_at = prune, clock, -math.inf
        self._last = eraser.newest()  # of earlier ones nothing is in memory yet
        self._left_out = self._next_left_out = 0  # looks in which nothing is tried again
        self.thread = NowAndThen("memory-erasing", self.look, _EVERY_S)

    def look(self) -> bool:
        """Once: drop what is new, and do what is left; that less often while something is in the way.

        Returns False: there is nothing more to do at once.
        """
        self._prune_now_and_then()
        try:
            if self._drops():
                self._left_out = self._next_left_out = 0
            if self._left_out:
                self._left_out -= 1
                return False
            if self._forgetting is not None:
                self._forgetting.erase_due()
            went_well = not any(receipt.unreached for receipt in self._eraser.go_on())
            self._emit(succeeded(Job.ERASING))
        except Exception as error:  # noqa: BLE001 - the thread must not die; the state database may be ill
            self._emit(failed(Job.ERASING, error))
            went_well = False
        self._left_out = 0 if went_well else self._next_left_out
        self._next_left_out = 0 if went_well else min(self._next_left_out * 2 + 1, _MOST_LEFT_OUT)
        return False

    def _drops(self) -> bool:
        """Whether there were new ones."""
        new = self._eraser.news(self._last)
        for erasure in {(one.user_id, one.whole): one for one in new}.values():
            self._drop(erasure)
        if new:
            self._last = new[-1].id
        return bool(new)

    def _prune_now_and_then(self) -> None:
        """At the start, and by a clock: servers that are started often must prune, too."""
        if self._prune is None or self._clock() < self._prune_at:
            return
        pause = _PRUNE_EVERY_S
        try:
            self._prune()
        except Exception as error:  # noqa: BLE001 - the state database may be ill
            self._emit(failed(Job.PRUNING, error))
            pause = _PRUNE_AGAIN_S
        self._prune_at = self._clock() + pause
