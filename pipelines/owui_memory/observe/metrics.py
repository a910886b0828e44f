"""Counters and the last error, shared by all threads. Nothing in here holds what a user said."""

from __future__ import annotations

import logging
import threading
import traceback
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..core.clock import COUNTS_FOR
from ..core.errors import Drop, MemoryFault, TakenOver

if TYPE_CHECKING:
    from .ledger import Ledger

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LastError:
    """What went wrong last, where, and what to do."""

    at: datetime
    where: str
    text: str
    hint: str
    of_state: bool = False  # the state database's, whatever was about to be done


class Metrics:
    """Counts what happens, and logs an error when it is another than the one before.

    `ledger` keeps the costs of each day, where there is one.
    """

    ledger: Ledger | None = None

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._last_error: LastError | None = None
        self._open_errors: dict[str, LastError] = {}  # by where, of work that has not been done since

    def count(self, name: str, by: int = 1) -> None:
        """Add to a counter."""
        with self._lock:
            self._counts[name] += by

    def failed(self, where: str, error: BaseException) -> None:
        """Count and keep an error."""
        text, hint = f"an error inside the filter ({type(error).__name__})", "Look at the server's log."
        of_state = type(error).__module__.startswith("sqlalchemy")
        if isinstance(error, MemoryFault):
            text, hint = str(error), error.hint
        elif of_state:
            text, hint = f"the state database failed ({type(error).__name__})", "See the line of the state."
        with self._lock:
            before = self._last_error
            self._last_error = LastError(datetime.now(UTC), where, text, hint, of_state)
            if not isinstance(error, Drop | TakenOver):  # else nothing is wrong here
                self._open_errors[where] = self._last_error
            self._counts[f"failed {where}"] += 1
        if before is None or (before.where, before.text) != (where, text):
            # The traceback of a foreign error goes along without its message, which may quote a user.
            log.warning("%s failed: %s %s", where, text, hint)
            if not isinstance(error, MemoryFault) and not of_state:
                log.warning("%s", "".join(traceback.format_tb(error.__traceback__)))

    def succeeded(self, where: str, at: datetime | None = None) -> None:
        """The same work has been done, or would have been, since it failed. at: when, if that was not now."""
        with self._lock:
            error = self._open_errors.get(where)
            if error is not None and (at is None or error.at <= at):
                del self._open_errors[where]

    def state_was_well(self, at: datetime) -> None:
        """The state database took a change then."""
        with self._lock:
            for where, error in list(self._open_errors.items()):
                if error.of_state and error.at <= at:
                    del self._open_errors[where]

    def counts(self) -> dict[str, int]:
        """All counters."""
        with self._lock:
            return dict(self._counts)

    @property
    def last_error(self) -> LastError | None:
        return self._last_error

    @property
    def open_error(self) -> LastError | None:
        """The latest of work that has not been done since, for as long as it counts."""
        now = datetime.now(UTC)
        with self._lock:  # abs: the clock may have been put right
            still = [error for error in self._open_errors.values() if abs(now - error.at) < COUNTS_FOR]
        return max(still, key=lambda error: error.at, default=None)
