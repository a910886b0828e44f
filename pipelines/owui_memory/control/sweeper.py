"""In each server: finishes what is to be erased, and drops what the process keeps in memory of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..ops.metrics import Metrics
from .erase import Eraser
from .forgetting import Forgetting

_EVERY_S = 2.0
_MOST_LEFT_OUT = 29  # looks: a place that cannot be reached is asked once a minute


class Sweeper:
    """A thread. `drop` is told whose values are not to be kept any more."""

    def __init__(
        self,
        eraser: Eraser,
        drop: Callable[[str], None],
        metrics: Metrics,
        forgetting: Forgetting | None = None,
    ) -> None:
        self._eraser, self._drop, self._metrics = eraser, drop, metrics
        self._forgetting = forgetting
        self._stop = threading.Event()
        self._last = 0
        self._left_out = self._next_left_out = 0  # looks in which nothing is tried again
        self._thread = threading.Thread(target=self._run, name="memory-erasing", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Look no more. What is begun is gone on with at the next start."""
        self._stop.set()
        self._thread.join(timeout_s)

    def look(self) -> None:
        """Once: drop what is new, and do what is left; that less often while something is in the way."""
        try:
            if self._drops():
                self._left_out = self._next_left_out = 0
            if self._left_out:
                self._left_out -= 1
                return
            if self._forgetting is not None:
                self._forgetting.erase_due()
            went_well = not any(receipt.unreached for receipt in self._eraser.go_on())
        except Exception as error:  # noqa: BLE001 - the thread must not die; the state database may be ill
            self._metrics.failed("erasing", error)
            went_well = False
        self._left_out = 0 if went_well else self._next_left_out
        self._next_left_out = 0 if went_well else min(self._next_left_out * 2 + 1, _MOST_LEFT_OUT)

    def _drops(self) -> bool:
        """Whether there were new ones."""
        new = self._eraser.news(self._last)
        for erasure in new:
            self._drop(erasure.user_id)
            self._last = erasure.id
        return bool(new)

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self.look()
