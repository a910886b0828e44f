"""Numbers to watch, in Prometheus' text format: counters and histograms of events, and how things stand now.

Base units; labels from small sets: no users, no texts. docs/observability.md explains each of them.
"""

from __future__ import annotations

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import TellAdmin
from ..core.events import Event, EventKind
from ..core.reason import Reason
from ..core.scope import EVERYONE

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from ..state.documents_table import Known

_PREFIX = "owui_memory_"
_MOST_VALUES = 50  # of one label; what comes after them is "other"
_RECALL_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 10.0)
_MODEL_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_FIRST_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
_FOLDER = ("folder", "state")
_TOKENS = (25, 50, 100, 200, 400, 800, 1600)

# name (a counter's without _total): what it counts, and its labels
COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "recalls_missed": ("Messages that went on before there were any memories.", ("reason",)),
    "messages_left_alone": ("Messages that may not be read, or not be remembered.", ("reason",)),
    "embedded_texts": ("Texts turned into vectors.", ()),
    "exchanges": ("Exchanges, by what became of them.", ("state",)),
    "exchanges_gated": ("Exchanges that were not worth remembering.", ("reason",)),
    "exchanges_refused": ("Answers that may not be remembered.", ("reason",)),
    "memories_changed": ("Memories added, replaced or removed.", ()),
    "changes_retracted": ("Changes taken back after a message was edited.", ()),
    "changes_refused": ("Changes that were not made.", ("reason",)),
    "secrets_masked": ("Secrets left out of what was shown or stored.", ("where",)),
    "commands": ("Commands of users.", ()),
    "tool_calls": ("Calls of memory's tools by models.", ("tool", "outcome")),
    "channel_messages": ("Messages of channels, by what became of them.", ("state",)),
    "failures": ("Work that failed, and is done again later.", ("job",)),
    "llm_calls": ("Answered calls of the LLM that reads the chats.", ("model",)),
    "llm_tokens": ("Tokens of these calls.", ("model", "direction")),
    "digests": ("Digests, by template and by what made them.", ("template", "by")),
    "digest_tokens": ("Tokens that LLMs took for them.", ("template",)),
    "upstream_requests": ("Requests that the proxy sent on.", ("upstream", "outcome")),
}
HISTOGRAMS: dict[str, tuple[str, tuple[str, ...], tuple[float, ...]]] = {
    "recall_seconds": ("That messages waited for memories.", ("outcome",), _RECALL_S),
    "injected_tokens": ("New memories in a message's prompt, in tokens.", (), _TOKENS),
    "embedding_seconds": ("Calls of the embedder.", (), _RECALL_S),
    "llm_seconds": ("Calls of the LLM that reads the chats.", ("model",), _MODEL_S),
    "upstream_seconds": ("From a request of the proxy to its answer's end.", ("upstream",), _MODEL_S),
    "upstream_first_byte_seconds": ("To its answer's first byte.", ("upstream",), _FIRST_S),
    "proxy_added_seconds": ("That the proxy took before it sent a request on.", ("memory",), _RECALL_S),
}
GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "queue_exchanges": ("Exchanges that wait, were given up, or wait for the database.", ("state",)),
    "queue_oldest_seconds": ("Since when the oldest exchange waits.", ()),
    "recall_breaker_open": ("1 while recall is paused because it kept failing.", ()),
    "backend_ready": ("1 while memories can be searched.", ()),
    "documents": ("Documents that were read or could not be, in users' folders or everyone's.", _FOLDER),
    "document_passages": ("Passages that are kept of them.", _FOLDER[:1]),
    "moving_memories": ("While memories are moved: those there, and all of them.", ("state",)),
    "channel_messages_waiting": ("Messages of channels that wait to be read.", ()),
    "channel_tokens_today": (
        "Tokens that reading took today, of the 50 busiest channels.",
        ("channel",),
    ),
    "store_bytes": ("Size of the files in the data folder.", ("store",)),
    "info": ("Always 1.", ("version",)),
}

# The counter of an event, and its label; None: the reason.
_COUNTED: dict[EventKind, tuple[str, str | None]] = {
    EventKind.EXCHANGE_STORED: ("exchanges", "stored"),
    EventKind.EXCHANGE_REPEATED: ("exchanges", "repeated"),
    EventKind.EXCHANGES_REMEMBERED: ("exchanges", "remembered"),
    EventKind.EXCHANGES_UNREAD: ("exchanges", "unread"),
    EventKind.EXCHANGES_DEAD: ("exchanges", "dead"),
    EventKind.RECALL_MISSED: ("recalls_missed", None),
    EventKind.LEFT_ALONE: ("messages_left_alone", None),
    EventKind.EXCHANGES_SKIPPED: ("exchanges_gated", None),
    EventKind.EXCHANGE_REFUSED: ("exchanges_refused", None),
    EventKind.CHANGE_REFUSED: ("changes_refused", None),
    EventKind.COMMAND: ("commands", ""),
    EventKind.MEMORIES_CHANGED: ("memories_changed", ""),
    EventKind.CHANGES_RETRACTED: ("changes_retracted", ""),
    EventKind.SECRETS_MASKED: ("secrets_masked", "shown"),
    EventKind.SECRETS_WITHHELD: ("secrets_masked", "stored"),
    EventKind.CHANNEL_READ: ("channel_messages", "read"),
    EventKind.CHANNEL_ASIDE: ("channel_messages", "aside"),
}
_RECALLED = {
    EventKind.RECALLED: "memories",
    EventKind.NOTHING_RELEVANT: "nothing",
    EventKind.RECALL_MISSED: "missed",
}


@dataclass(frozen=True)
class Levels:
    """How things stand now: a value for each gauge and its labels."""

    values: dict[tuple[str, tuple[str, ...]], float] = field(default_factory=dict)

    def set(self, gauge: str, value: float, *labels: str) -> None:
        self.values[gauge, labels] = value

    def set_documents(self, folders: Mapping[str, Known]) -> None:
        """What was read of all users' folders together, and of everyone's."""
        for name in ("users", "everyone"):
            found = [
                known for user_id, known in folders.items() if (user_id == EVERYONE) == (name != "users")
            ]
            self.set("documents", sum(one.documents for one in found), name, "read")
            self.set("documents", sum(one.failed for one in found), name, "failed")
            self.set("document_passages", sum(one.passages for one in found), name)


class Prometheus:
    """Counts events from now on. Threads may share it.

    Without the package prometheus-client it counts nothing, and `text` says what to install.
    """

    def __init__(self) -> None:
        self._seen: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._lock = threading.Lock()
        self._registry: CollectorRegistry | None = None
        self._made: dict[str, Any] = {}
        try:
            import prometheus_client as client
        except ImportError:  # the stock image of the Pipelines server has none
            return
        self._registry = registry = client.CollectorRegistry()
        for name, (text, labels) in COUNTERS.items():
            self._made[name] = client.Counter(_PREFIX + name, text, labels, registry=registry)
        for name, (text, labels, buckets) in HISTOGRAMS.items():
            self._made[name] = client.Histogram(
                _PREFIX + name, text, labels, buckets=buckets, registry=registry
            )
        for name, (text, labels) in GAUGES.items():
            self._made[name] = client.Gauge(_PREFIX + name, text, labels, registry=registry)

    def __call__(self, event: Event) -> None:
        if self._registry is None:
            return
        if event.kind in _COUNTED:
            name, label = _COUNTED[event.kind]
            label = event.code or _code(event.reason) if label is None else label
            self._of(name, *filter(None, [label])).inc(event.count)
        if event.kind in _RECALLED and event.seconds is not None:
            self._of("recall_seconds", _RECALLED[event.kind]).observe(event.seconds)
        if event.kind is EventKind.RECALLED:
            self._of("injected_tokens").observe(event.tokens)
        elif event.kind is EventKind.EMBEDDED:
            self._of("embedded_texts").inc(event.count)
            self._of("embedding_seconds").observe(event.seconds or 0.0)
        elif event.kind is EventKind.FAILED and event.job is not None:
            self._of("failures", event.job.value).inc()
        elif event.kind is EventKind.TOOL_CALLED:
            self._of("tool_calls", event.code, event.reason).inc()
        elif event.kind is EventKind.DIGEST_MADE:
            self._of("digests", event.reason, event.code).inc()
            self._of("digest_tokens", event.reason).inc(event.tokens)
        elif event.kind is EventKind.PROXIED:
            self._of("proxy_added_seconds", event.code).observe(event.seconds or 0.0)
        self._count_calls(event)

    def _count_calls(self, event: Event) -> None:
        if (usage := event.usage) is not None:
            self._of("llm_calls", usage.model).inc()
            self._of("llm_tokens", usage.model, "in").inc(usage.tokens_in)
            self._of("llm_tokens", usage.model, "out").inc(usage.tokens_out)
            self._of("llm_seconds", usage.model).observe(usage.seconds)
        if (call := event.upstream) is not None:
            self._of("upstream_requests", call.name, call.outcome).inc()
            self._of("upstream_seconds", call.name).observe(call.seconds)
            if call.first_s is not None:
                self._of("upstream_first_byte_seconds", call.name).observe(call.first_s)

    def text(self, levels: Callable[[], Levels]) -> bytes:
        """All numbers, as Prometheus reads them. levels: how things stand; may block.

        Raises:
            TellAdmin: the package is missing.
        """
        if self._registry is None:
            raise TellAdmin(
                "prometheus-client is not installed.",
                hint="Install pipelines/requirements.txt, or: pip install prometheus-client==0.26.0",
            )
        from prometheus_client import generate_latest

        now = levels().values
        with self._lock:
            for name, (_, labels) in GAUGES.items():
                if labels:
                    self._made[name].clear()  # what is not moved any more
            for (name, values), value in now.items():
                self._of(name, *values).set(value)
            return generate_latest(self._registry)

    def _of(self, name: str, *values: str) -> Any:
        made = self._made[name]
        bounded = [self._bounded(name, str(at), value) for at, value in enumerate(values)]
        return made.labels(*bounded) if bounded else made

    def _bounded(self, name: str, label: str, value: str) -> str:
        seen = self._seen[name, label]
        if value in seen:
            return value
        if len(seen) >= _MOST_VALUES:
            return "other"
        seen.add(value)
        return value


def sizes(data_dir: Path) -> dict[str, int]:
    """The databases in the data folder, in bytes, with the logs beside them."""
    found: Counter[str] = Counter()
    for file in data_dir.glob("*.db*"):
        with suppress(OSError):  # a log that is gone meanwhile
            found[file.name.partition(".db")[0]] += file.stat().st_size
    return found


def _code(reason: str) -> str:
    """A reason's code as a label; of one that has none the sentence, without what stands in brackets."""
    if isinstance(reason, Reason):
        return reason.name.lower()
    return re.sub(r"\W+", "_", reason.partition(" (")[0].lower()).strip("_")[:60] or "other"
