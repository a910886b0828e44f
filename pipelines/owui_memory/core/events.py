"""What happens while people chat: each is one value, and who observes it makes counters and a status of it.

Rooms are given an `Emit` and call it; it never raises and never blocks for long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

COUNTS_FOR = timedelta(minutes=15)  # that a failure makes the status not ok


class EventKind(StrEnum):
    """What has happened. Those of which there may be several at once tell a `count`."""

    RECALLED = "recalled"  # a message with memories
    NOTHING_RELEVANT = "nothing_relevant"  # a message for which there were none
    RECALL_MISSED = "recall_missed"  # a message that went on before there were any; `reason`
    LEFT_ALONE = "left_alone"  # a message that may not be read or remembered; `reason`
    SECRETS_MASKED = "secrets_masked"  # in what a message was told
    MARKUP_REMOVED = "markup_removed"  # from what a message was told
    COMMAND = "command"
    EXCHANGE_STORED = "exchange_stored"
    EXCHANGE_REPEATED = "exchange_repeated"  # another answer to the same message
    EXCHANGE_REFUSED = "exchange_refused"  # `reason`
    SECRETS_WITHHELD = "secrets_withheld"  # from what was stored
    EXCHANGES_SKIPPED = "exchanges_skipped"  # not worth remembering; `reason`
    EXCHANGES_REMEMBERED = "exchanges_remembered"
    EXCHANGES_UNREAD = "exchanges_unread"  # remembered without an LLM, as none could read them
    MEMORIES_CHANGED = "memories_changed"
    CHANGE_REFUSED = "change_refused"  # `reason`
    CHANGES_RETRACTED = "changes_retracted"  # with an earlier version of a message
    BATCH_ERASED = "batch_erased"  # while it was worked on
    LLM_CALLED = "llm_called"  # and has answered: see `Usage`
    FAILED = "failed"  # a `job`, with an `error`
    SUCCEEDED = "succeeded"  # a `job`, which may have failed before


class Job(StrEnum):
    """What can fail, and is done again later."""

    INLET = "inlet"
    OUTLET = "outlet"
    RECALL = "recall"
    COMMAND = "command"
    FORBIDDING = "forbidding"  # a turn to be remembered
    KEEPING_INJECTED = "keeping_injected"  # what a chat was told
    QUEUE = "queue"
    REMEMBERING = "remembering"
    FIRST_LLM = "first_llm"
    ERASING = "erasing"
    PRUNING = "pruning"
    COSTS = "costs"


@dataclass(frozen=True, slots=True)
class Usage:
    """An answered call of an LLM, in tokens. estimated: the provider did not tell them.

    for_exchanges: else it says nothing of what an exchange costs.
    """

    model: str
    tokens_in: int
    tokens_out: int
    estimated: bool
    for_exchanges: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """One of them. at: when it was, if that was not now."""

    kind: EventKind
    count: int = 1
    reason: str = ""
    job: Job | None = None
    error: BaseException | None = None
    at: datetime | None = None
    usage: Usage | None = None


Emit = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """Nobody observes."""


def failed(job: Job, error: BaseException) -> Event:
    """Some work has failed."""
    return Event(EventKind.FAILED, job=job, error=error)


def succeeded(job: Job, at: datetime | None = None) -> Event:
    """The same work has been done, or would have been, since it failed."""
    return Event(EventKind.SUCCEEDED, job=job, at=at)
