"""What the state database holds, as numbers: for the status, and for Prometheus with how things stand."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from .. import __version__
from ..backends.backend_holder import BackendHolder
from ..channels.queue import ChannelQueue, Standing
from ..config.prices import read_prices
from ..config.settings import Valves
from ..manage.migrate.mover import Mover
from ..recall.run import Run
from ..remember.backlog import Counts
from ..remember.outbox import Outbox
from ..remember.spill import Waiting
from ..state.documents_table import DocumentsTable, Known
from ..state.episodes_table import EpisodesTable, Kept
from .inquiry import Inquiry
from .ledger import Ledger
from .prometheus import Levels, sizes

_PATIENCE_S = 3.0  # that a status waits for them
_MOST_CHANNELS = 50


@dataclass(frozen=True)
class Counted:
    """days: what LLMs took, as a sentence. documents: by user id."""

    exchanges: Counts = field(default_factory=lambda: Counts(pending=0, dead=0))
    days: str = ""
    past_chats: Kept = field(default_factory=Kept)
    documents: Mapping[str, Known] = field(default_factory=dict)
    channels: Sequence[Standing] = ()


class Counting:
    """Threads may share it."""

    def __init__(
        self, engine: Engine, outbox: Outbox, ledger: Ledger, settings: Callable[[], Valves]
    ) -> None:
        self._outbox, self._ledger, self._settings = outbox, ledger, settings
        self._episodes, self._documents = EpisodesTable(engine), DocumentsTable(engine)
        self._channels = ChannelQueue(engine)
        self._inquiry, self._counted = Inquiry("memory-counting", self._count), Counted()

    def lately(self) -> Counted:
        """The numbers now; those before if the state database does not answer within some seconds."""
        with contextlib.suppress(Exception):  # what is wrong with the database, its own line says
            self._counted = self._inquiry.answer(_PATIENCE_S)
        return self._counted

    def _count(self) -> Counted:
        days = self._ledger.described(read_prices(self._settings().llm_prices))
        past_chats, documents = self._episodes.kept(), self._documents.folders()
        return Counted(self._outbox.counts(), days, past_chats, documents, self._channels.standing())


def levels(
    waiting: Waiting, counted: Counted, recalls: Run, live: BackendHolder, mover: Mover, data_dir: Path
) -> Levels:
    """How things stand now, as Prometheus' gauges. waiting: what the state database could not take yet."""
    found, exchanges = Levels(), counted.exchanges
    found.set("queue_exchanges", exchanges.pending, "waiting")
    found.set("queue_exchanges", exchanges.dead, "dead")
    found.set("queue_exchanges", waiting.exchanges, "aside")
    found.set("queue_oldest_seconds", max(time.time() - exchanges.since, 0.0) if exchanges.since else 0.0)
    found.set("recall_breaker_open", recalls.breaker.is_open)
    found.set("backend_ready", live.current is not None)
    copied, total = mover.moved
    if not mover.idle and total:
        found.set("moving_memories", copied, "copied")
        found.set("moving_memories", total, "total")
    found.set("channel_messages_waiting", sum(one.unread for one in counted.channels))
    for one in counted.channels[:_MOST_CHANNELS]:
        found.set("channel_tokens_today", one.tokens, f"{one.source}/{one.name or one.channel}"[:80])
    found.set_documents(counted.documents)
    for store, size in sizes(data_dir).items():
        found.set("store_bytes", size, store)
    found.set("info", 1, __version__)
    return found
