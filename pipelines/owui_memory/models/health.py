"""How a provider does: calls, how long they take, how many are under way, what failed last."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import median

from ..core.errors import MemoryFault
from ..core.events import COUNTS_FOR

_LAST = 100  # answered calls that the median is of
_SILENT_S, _TIMES_THE_USUAL = 20.0, 3  # after which a call is told of


class Health:
    """Of one provider since the backend was opened. Threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._took_s: deque[float] = deque(maxlen=_LAST)
        self._calls = self._under_way = 0
        self._last_error: tuple[datetime, str] | None = None
        self._failing = False  # the last call that ended did
        self._began: dict[int, float] = {}  # of those under way

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around one call. Of what it raises only a MemoryFault's text is kept: others may quote a user."""
        began = self._clock()
        with self._lock:
            self._calls += 1
            self._under_way += 1
            number = self._calls
            self._began[number] = began
        try:
            yield
        except BaseException as error:
            details = str(error) if isinstance(error, MemoryFault) else f"failed ({type(error).__name__})"
            with self._lock:
                self._under_way -= 1
                del self._began[number]
                self._last_error, self._failing = (datetime.now(UTC), details), True
            raise
        with self._lock:
            self._under_way -= 1
            del self._began[number]
            self._failing = False
            self._took_s.append(self._clock() - began)  # of a refusal it would tell nothing

    @property
    def median_ms(self) -> float | None:
        """Of the last 100 calls that were answered; None before the first."""
        with self._lock:
            return median(self._took_s) * 1000 if self._took_s else None

    def trouble(self) -> str:
        """What is wrong now, if anything is: the last call failed, lately, or one is silent for too long."""
        usual_s = (self.median_ms or 0.0) / 1000
        with self._lock:
            silent_s = self._clock() - min(self._began.values(), default=self._clock())
            if silent_s > max(_SILENT_S, _TIMES_THE_USUAL * usual_s):
                return f"no answer for {silent_s:.0f} s"
            error = self._last_error if self._failing else None
        lately = error is not None and abs(datetime.now(UTC) - error[0]) < COUNTS_FOR
        return f"the last call failed: {error[1]}" if error and lately else ""

    def described(self) -> str:
        """As a line of the status has it."""
        took = self.median_ms
        with self._lock:
            calls, under_way, error = self._calls, self._under_way, self._last_error
        details = [
            f"{calls:,} calls",
            "none answered" if took is None else f"{in_ms(took)} (median of the last {_LAST})",
            f"{under_way} under way",
            f"last error {error[0]:%Y-%m-%d %H:%M:%S} UTC: {error[1]}" if error else "no error",
        ]
        return ", ".join(details)


def in_ms(took_ms: float) -> str:
    """A time with as many digits as mean something: "0.4 ms", "38 ms"."""
    return f"{took_ms:.1f} ms" if took_ms < 10 else f"{took_ms:,.0f} ms"
