"""What happens while people chat. Each event is one value; observers turn events into counters and a status.

Rooms are given an `Emit` and call it; it never raises and never blocks for long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

COUNTS_FOR = timedelta(minutes=15)  # that a failure makes the status not ok


class EventKind(StrEnum):
    """What has happened. An event of which several may happen at once has a `count`."""

    RECALLED = "recalled"  # a message with memories
    NOTHING_RELEVANT = "nothing_relevant"  # a message for which there were none
    RECALL_MISSED = "recall_missed"  # a message that went on before there were any; `reason`
    LEFT_ALONE = "left_alone"  # a message that may not be read or remembered; `reason`
    SECRETS_MASKED = "secrets_masked"  # in what a message was told
    MARKUP_REMOVED = "markup_removed"  # from what a message was told
    COMMAND = "command"
    TOOL_CALLED = "tool_called"  # by a model; `code`: the tool, `reason`: done or refused
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
    EXCHANGES_DEAD = "exchanges_dead"  # set aside: they could not be remembered
    CONTEXT_CUT = "context_cut"  # the oldest turns left a chat's prompt; `reason`: what is in their place
    ABSTRACT_MADE = "abstract_made"  # of a chat's oldest turns; `reason`: by what
    DIGEST_MADE = "digest_made"  # `reason`: its template, `code`: by what
    CHANNEL_READ = "channel_read"  # so many messages; `records`: memories made of them
    CHANNEL_ASIDE = "channel_aside"  # messages that could not be read
    EMBEDDED = "embedded"  # `count` texts, in one call
    PROXIED = "proxied"  # a request of the proxy was sent on
    UPSTREAM_ANSWERED = "upstream_answered"  # or has not: see `UpstreamCall`
    LLM_CALLED = "llm_called"  # and has answered: see `Usage`
    FAILED = "failed"  # a `job`, with an `error`
    SUCCEEDED = "succeeded"  # a `job`, which may have failed before


class Job(StrEnum):
    """Work that can fail and is tried again later."""

    INLET = "inlet"
    OUTLET = "outlet"
    RECALL = "recall"
    COMMAND = "command"
    FORBIDDING = "forbidding"  # a turn to be remembered
    KEEPING_INJECTED = "keeping_injected"  # what a chat was told
    QUEUE = "queue"
    REMEMBERING = "remembering"
    REFLECTING = "reflecting"
    FIRST_LLM = "first_llm"
    ABSTRACT = "abstract"  # of a chat's oldest turns
    DIGEST = "digest"
    ERASING = "erasing"
    DELETING = "deleting"  # what was deleted in Open WebUI
    PRUNING = "pruning"
    DOCUMENTS = "documents"
    CHANNELS = "channels"
    COSTS = "costs"


@dataclass(frozen=True, slots=True)
class Usage:
    """An answered LLM call, in tokens. estimated: the provider did not say how many there were.

    for_exchanges: the call read exchanges, so that it counts in what one costs. seconds: how long it took.
    """

    model: str
    tokens_in: int
    tokens_out: int
    estimated: bool
    for_exchanges: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class UpstreamCall:
    """A request that the proxy sent to a model server, `name` in the settings.

    outcome: "2xx" to "5xx", "unreachable", "broken" (the answer ended too early) or "left" (the client went).
    seconds: to the answer's end. first_s: to its first byte, None if there was none. operation: chat,
    text_completion, embeddings, or "" for anything else. model: as the client calls it.
    """

    name: str
    outcome: str
    seconds: float
    first_s: float | None = None
    operation: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened. at: when, if not now.

    code: the reason as a code, if `reason` is a sentence that varies. seconds: how long it took. tokens,
    records: of memories, what they take in a prompt, and how many there are; tokens of a digest: what its LLM
    took. traces: of the requests that it comes from, where that is not the one in hand (`core/trace.py`).
    """

    kind: EventKind
    count: int = 1
    reason: str = ""
    job: Job | None = None
    error: BaseException | None = None
    at: datetime | None = None
    usage: Usage | None = None
    code: str = ""
    seconds: float | None = None
    tokens: int = 0
    records: int = 0
    upstream: UpstreamCall | None = None
    traces: tuple[str, ...] = ()


Emit = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """Nobody observes."""


def failed(job: Job, error: BaseException) -> Event:
    """The event that a job has failed."""
    return Event(EventKind.FAILED, job=job, error=error)


def succeeded(job: Job, at: datetime | None = None) -> Event:
    """The event that a job works, or works again after a failure."""
    return Event(EventKind.SUCCEEDED, job=job, at=at)
