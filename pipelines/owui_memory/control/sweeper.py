"""In each server: finishes what is to be erased, and drops what the process keeps in memory of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..ops.metrics import Metrics
from .erase import Eraser

_EVERY_S = 2.0
_MOST_S = 60.0  # a place that cannot be reached is not asked all the time


class Sweeper:
    """A thread. `drop` is told whose values are not to be kept any more."""

    def __init__(self, eraser: Eraser, drop: Callable[[str], None], metrics: Metrics) -> None:
        self._eraser, self._drop, self._metrics = eraser, drop, metrics
        self._stop = threading.Event()
        self._last = 0
        self._thread = threading.Thread(target=self._run, name="memory-erasing", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Look no more. What is begun is gone on with at the next start."""
        self._stop.set()
        self._thread.join(timeout_s)

    def sweep(self) -> bool:
        """False where something could not be reached, or still holds what was erased."""
        for erasure in self._eraser.news(self._last):
            self._drop(erasure.user_id)
            self._last = erasure.id
        return not any(receipt.unreached for receipt in self._eraser.go_on())

    def _run(self) -> None:
        pause = _EVERY_S
        while not self._stop.wait(pause):
            pause = self.look(pause)

    def look(self, pause_s: float) -> float:
        """Look once, after such a pause; how long the next one is: longer while something is in the way."""
        try:
            if self.sweep():
                return _EVERY_S
        except Exception as error:  # noqa: BLE001 - the thread must not die; the state database may be ill
            self._metrics.failed("erasing", error)
        return min(pause_s * 2, _MOST_S)
