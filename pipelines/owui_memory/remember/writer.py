"""Drains the outbox into the backend: one thread, in the background, for as long as the plugin runs."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..backends.base import Backend, EditableBackend, Message
from ..backends.live import LiveBackend
from ..errors import Drop, MemoryFault
from ..ops.metrics import Metrics
from ..settings import Valves
from .gate import sift, statements
from .outbox import CLAIM_S, Batch, Outbox
from .reconcile import Reconciler
from .sameness import same, words

log = logging.getLogger(__name__)

_IDLE_S = 1.0  # between looks at the queue when nothing wakes the writer
_NEAREST = 3  # memories that a sentence is compared with


class Writer:
    """Claims batches and remembers them; what fails is tried again, and in the end set aside."""

    def __init__(
        self,
        outbox: Outbox,
        live: LiveBackend,
        reconciler: Reconciler,
        settings: Callable[[], Valves],
        metrics: Metrics,
    ) -> None:
        self._outbox, self._live, self._reconciler = outbox, live, reconciler
        self._settings, self._metrics = settings, metrics
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory-writer", daemon=True)

    def start(self) -> None:
        """Begin to drain."""
        self._thread.start()

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    def stop(self, timeout_s: float) -> None:
        """Finish the batch in hand, for so long at most; what is left waits for the next start."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = self._step()
            except Exception as error:  # noqa: BLE001 - the thread must not die; the state database may be ill
                self._metrics.failed("queue", error)
                busy = False
            if not busy:
                self._wake.wait(_IDLE_S)
                self._wake.clear()

    def _step(self) -> bool:
        """Work on one batch; False where there was none to work on."""
        try:
            backend = self._live.get()
        except MemoryFault:
            return False  # nothing is claimed, no try is spent
        batch = self._outbox.claim(self._settings().batch_max_exchanges)
        if batch is None:
            return False
        worth, left_out = _sifted(batch, verbatim=not self._settings().uses_llm)
        try:
            with self._claimed(batch):
                changed = self._remember(backend, worth) if worth.exchanges else 0
        except Exception as error:  # noqa: BLE001 - sorted by `_failed`
            self._failed(batch, error)
        else:
            self._outbox.done(batch)
            for reason, count in left_out.items():
                self._metrics.count(f"not worth remembering: {reason}", count)
            self._metrics.count("exchanges remembered", len(worth.exchanges))
            self._metrics.count("memories changed", changed)
        return True

    def _remember(self, backend: Backend, batch: Batch) -> int:
        settings = self._settings()
        if settings.mode == "reconcile" and isinstance(backend, EditableBackend):
            return self._reconciler.remember(backend, batch, settings)
        # An earlier try may have stored something before it failed or died: look before adding again.
        stored = backend.added_by(batch.user_id, batch.name) if batch.attempts > 1 else set()
        if settings.uses_llm:
            return (
                0
                if stored
                else backend.add(batch.user_id, list(_messages(batch)), infer=True, batch=batch.name)
            )
        added = 0
        for text in _said(batch):
            if text not in stored and not _is_known(backend, batch.user_id, text):
                added += backend.add(batch.user_id, [_user(text)], infer=False, batch=batch.name)
        return added

    def _failed(self, batch: Batch, error: Exception) -> None:
        self._metrics.failed("remembering", error)
        reason = str(error) if isinstance(error, MemoryFault) else type(error).__name__
        waited_h = (time.time() - batch.waiting_since) / 3600
        if isinstance(error, Drop) or waited_h >= self._settings().retry_max_hours:
            log.error("%d exchange(s) set aside as dead: %s", len(batch.exchanges), reason)
            self._outbox.dead(batch, reason)
        else:
            self._outbox.retry(batch, reason)

    @contextmanager
    def _claimed(self, batch: Batch) -> Iterator[None]:
        """Renew the claim from a thread of its own while the work inside goes on."""
        finished = threading.Event()

        def renew() -> None:
            while not finished.wait(CLAIM_S / 3):
                self._outbox.renew(batch)

        renewing = threading.Thread(target=renew, name="memory-claim", daemon=True)
        renewing.start()
        try:
            yield
        finally:
            finished.set()
            renewing.join()


def _user(text: str) -> Message:
    return {"role": "user", "content": text}


def _messages(batch: Batch) -> Iterator[Message]:
    for exchange in batch.exchanges:
        yield _user(exchange.user_text)
        if exchange.assistant_text:
            yield {"role": "assistant", "content": exchange.assistant_text}


def _sifted(batch: Batch, *, verbatim: bool) -> tuple[Batch, Counter[str]]:
    """A batch with only what is worth remembering, and how much of it is not, by reason."""
    verdicts = list(sift(batch.exchanges, verbatim=verbatim))
    worth = tuple(exchange for exchange, verdict in verdicts if verdict.worth)
    left_out = Counter(verdict.reason for _, verdict in verdicts if not verdict.worth)
    return replace(batch, exchanges=worth), left_out


def _said(batch: Batch) -> list[str]:
    """What the user states in a batch, each sentence once, in order."""
    said = (statements(exchange.user_text, exchange.assistant_text) for exchange in batch.exchanges)
    return list({words(text): text for texts in said for text in texts}.values())


def _is_known(backend: Backend, user_id: str, text: str) -> bool:
    """Whether this is remembered already, in these words or nearly so."""
    return any(
        same(text, found.memory.text, found.meaning) for found in backend.search(user_id, text, _NEAREST)
    )
