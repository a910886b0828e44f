"""Counters and the last error, shared by all threads. Nothing in here holds what a user said."""

from __future__ import annotations

import logging
import threading
import traceback
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from ..core.errors import ClaimLost, Drop, MemoryFault
from ..core.events import COUNTS_FOR, Event, EventKind, Job

log = logging.getLogger(__name__)


# As the status has them. Costs have a line of their own.
_NAMES = {
    EventKind.RECALLED: "messages with memories",
    EventKind.NOTHING_RELEVANT: "messages without relevant memories",
    EventKind.RECALL_MISSED: "messages without memories",
    EventKind.LEFT_ALONE: "left alone",
    EventKind.SECRETS_MASKED: "secrets masked",
    EventKind.MARKUP_REMOVED: "memories shown without their markup",
    EventKind.COMMAND: "commands",
    EventKind.EXCHANGE_STORED: "exchanges stored",
    EventKind.EXCHANGE_REPEATED: "answers to the same message again",
    EventKind.EXCHANGE_REFUSED: "answers not remembered",
    EventKind.SECRETS_WITHHELD: "secrets not stored",
    EventKind.EXCHANGES_SKIPPED: "not worth remembering",
    EventKind.EXCHANGES_REMEMBERED: "exchanges remembered",
    EventKind.EXCHANGES_UNREAD: "exchanges that no LLM could read",
    EventKind.MEMORIES_CHANGED: "memories changed",
    EventKind.CHANGE_REFUSED: "changes refused",
    EventKind.CHANGES_RETRACTED: "changes taken back after an edit",
    EventKind.BATCH_ERASED: "batches erased while they were remembered",
    EventKind.CONTEXT_CUT: "long chats cut",
    EventKind.ABSTRACT_MADE: "summaries of long chats",
    EventKind.DIGEST_MADE: "digests",
    EventKind.CHANNEL_READ: "messages of channels read",
    EventKind.CHANNEL_ASIDE: "messages of channels set aside",
    EventKind.FAILED: "failed",
}
_JOBS = {
    Job.FORBIDDING: "forbidding",
    Job.KEEPING_INJECTED: "keeping what was told",
    Job.ABSTRACT: "summarising a long chat",
    Job.DIGEST: "making a digest",
    Job.CHANNELS: "reading channels",
    Job.REFLECTING: "keeping memories in order",
    Job.FIRST_LLM: "asking the first LLM",
    Job.COSTS: "keeping the costs",
}


@dataclass(frozen=True, slots=True)
class LastError:
    """What went wrong last, where, and what to do."""

    at: datetime
    where: str
    text: str
    hint: str
    of_state: bool = False  # the state database's, whatever was about to be done


class Metrics:
    """Counts events, and logs an error when it is another than the one before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[EventKind, str]] = Counter()  # by kind, and reason or work
        self._last_error: LastError | None = None
        self._open_errors: dict[Job, LastError] = {}  # of work that has not been done since

    def __call__(self, event: Event) -> None:
        if event.kind is EventKind.FAILED and event.job is not None and event.error is not None:
            self._failed(event.job, event.error)
        elif event.kind is EventKind.SUCCEEDED and event.job is not None:
            self._succeeded(event.job, event.at)
        elif event.kind in _NAMES:
            with self._lock:
                self._counts[event.kind, event.reason] += event.count

    def count(self, kind: EventKind) -> int:
        """How often an event has happened, for any reason."""
        with self._lock:
            return sum(count for (one, _), count in self._counts.items() if one is kind)

    def counts(self) -> dict[str, int]:
        """All counters, by their names in the status."""
        with self._lock:
            return {_name(kind, reason): count for (kind, reason), count in self._counts.items()}

    def described(self) -> str:
        """All counters as a line of the status."""
        return "; ".join(f"{name}: {count}" for name, count in sorted(self.counts().items()))

    def _failed(self, job: Job, error: BaseException) -> None:
        where = _JOBS.get(job, job.value)
        text, hint = f"an error inside the filter ({type(error).__name__})", "Look at the server's log."
        of_state = type(error).__module__.startswith("sqlalchemy")
        if isinstance(error, MemoryFault):
            text, hint = str(error), error.hint
        elif of_state:
            text, hint = f"the state database failed ({type(error).__name__})", "See the line of the state."
        with self._lock:
            before = self._last_error
            self._last_error = LastError(datetime.now(UTC), where, text, hint, of_state)
            if not isinstance(error, Drop | ClaimLost):  # else nothing is wrong here
                self._open_errors[job] = self._last_error
            self._counts[EventKind.FAILED, job.value] += 1
        if before is None or (before.where, before.text) != (where, text):
            # The traceback of a foreign error goes along without its message, which may quote a user.
            log.warning("%s failed: %s %s", where, text, hint)
            if not isinstance(error, MemoryFault) and not of_state:
                log.warning("%s", "".join(traceback.format_tb(error.__traceback__)))

    def _succeeded(self, job: Job, at: datetime | None) -> None:
        """The same work has been done, or would have been, since it failed. at: when, if that was not now."""
        with self._lock:
            error = self._open_errors.get(job)
            if error is not None and (at is None or error.at <= at):
                del self._open_errors[job]

    def state_was_well(self, at: datetime) -> None:
        """Notes that the state database took a change at this time."""
        with self._lock:
            for job, error in list(self._open_errors.items()):
                if error.of_state and error.at <= at:
                    del self._open_errors[job]

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


def _name(kind: EventKind, reason: str) -> str:
    if kind is EventKind.FAILED:
        return f"failed {_JOBS.get(Job(reason), reason)}"
    return f"{_NAMES[kind]}: {reason}" if reason else _NAMES[kind]
