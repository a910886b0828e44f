"""What tests of the writer work with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from owui_memory.backends.backend_holder import BackendHolder
from owui_memory.backends.base import Backend
from owui_memory.config.settings import Valves
from owui_memory.core.exchange import Exchange
from owui_memory.core.memory import Memory
from owui_memory.models.llms import Llms
from owui_memory.observe.metrics import Metrics
from owui_memory.recall.injected import Injected
from owui_memory.remember.journal import Journal
from owui_memory.remember.outbox import Outbox
from owui_memory.remember.writer import Writer
from tests.harness.places import library, opened
from tests.harness.remains import Remains
from tests.harness.waiting import wait_until
from tests.unit.remember.story import DOG, FIRST, KNOWN, PORTO, TEA, said


class Bench:
    """A queue, a backend and a writer in a folder of their own."""

    def __init__(self, folder: Path, settings: Valves, backend: Backend) -> None:
        self.settings = settings
        self.engine = opened(folder)
        self.outbox = Outbox(self.engine)
        self.backend = backend
        self.live = BackendHolder(folder, lambda *_: backend)
        self.live.use(settings)
        wait_until(lambda: self.live.current, what="the backend is open")
        self.metrics = Metrics()
        self.journal, self.told = Journal(self.engine), Injected(self.engine)
        self.writer = Writer(
            self.outbox, self.live, self.journal, self.told, lambda: self.settings, self.metrics
        )

    def say(self, text: str, *, key: str = "k", user: str = "ada") -> None:
        exchange = Exchange(
            key=key, user_id=user, chat_id="c", user_text=text, assistant_text="ok", said_at=1.0
        )
        self.outbox.put(exchange)

    def start(self) -> None:
        with suppress(RuntimeError):  # it runs already
            self.writer.start()
        self.writer.wake()

    def fails(self, times: int, where: str = "remembering") -> None:
        """Until it has failed so often."""
        self.start()
        wait_until(
            lambda: self.metrics.counts().get(f"failed {where}", 0) >= times,
            what=lambda: f"it fails {times} times: {self.metrics.counts()}",
        )

    def drain(self) -> None:
        """Until nothing waits, and what came of it is counted, which is done after."""
        self.start()
        wait_until(lambda: self.outbox.counts().pending == 0, what="the queue is drained")
        wait_until(lambda: not any(map(_remembers, threading.enumerate())), what="all is told")

    def texts(self, user: str = "ada") -> list[str]:
        rows = self.backend._memory.vector_store.list(filters={"user_id": user})[0]
        return sorted(row.payload["data"] for row in rows)

    def close(self) -> None:
        self.writer.stop(5)
        self.live.close()
        self.engine.dispose()


OpenBench = Callable[[Valves], Bench]


def _remembers(thread: threading.Thread) -> bool:
    return thread.name == "memory-remembering"


def impatient(backend: Any, settings: Valves, *, timeout_s: float, pause_s: float = 0.01) -> None:
    """Bound its LLMs to so many seconds for an answer; one that failed is left alone for `pause_s` only."""
    backend._llms = backend._memory.llm = Llms.open(settings, timeout_s=timeout_s, pause_s=pause_s)


@dataclass
class Tale:
    """What Ada says to a bench, and what must be remembered of it in the end, whatever happens meanwhile."""

    bench: Bench
    folder: Path
    exchange: Exchange
    known: dict[str, str]
    expected: list[str]

    @classmethod
    def begin(cls, folder: Path, settings: Valves, **llms: float) -> Tale:
        """Ada is known already, and has said something that waits. `llms`: see `impatient`."""
        known, text, expected = TALES[settings.mode]
        backend = library(settings, folder)
        backend._llms = backend._memory.llm = Llms.open(
            settings, **{"timeout_s": 0.5, "pause_s": 0.01, **llms}
        )
        ids = {backend.store("ada", Memory("", text, batch="before")): text for text in known}
        bench = Bench(folder, settings, backend)
        tale = cls(bench, folder, said(text, name="m1", at=1.0), ids, sorted(expected))
        assert bench.outbox.put(tale.exchange)
        return tale

    def ends_well(self) -> None:
        """All is remembered, each once, and everything that is written down says so."""
        self.bench.drain()
        self.bench.close()
        remains = Remains(self.folder)
        assert remains.texts == self.expected
        assert remains.flaws(self.known) == []


TALES = {
    "reconcile": (KNOWN, FIRST, (DOG, PORTO, TEA)),
    "verbatim": (
        ("I like green tea.",),
        "I like green tea. I live in Lisbon. My dog is called Rex.",
        ("I like green tea.", "I live in Lisbon.", "My dog is called Rex."),
    ),
    "mem0": ((), "I live in Lisbon.", ("User live in Lisbon.",)),
}
