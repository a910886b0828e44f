"""Drains the outbox into the backend, in the background, for as long as the plugin runs."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from ..backends.backend_holder import BackendHolder
from ..backends.base import Backend
from ..config.settings import Valves
from ..core.change import REAFFIRMED, Change
from ..core.chat_servers import AnsweredBy
from ..core.errors import ClaimLost, Drop, MemoryFault
from ..core.events import Emit, Event, EventKind, Job, failed, succeeded
from ..core.exchange import Batch
from ..core.memory import Memory, Message
from ..core.scope import scope_for
from ..recall.injected import Injected
from ..recall.profile import PERSON
from ..state.reflections_table import Reflections
from .admission import refused_among
from .apply import Changes
from .decision import decided
from .episodes import Episodes
from .failing import Failing
from .gate import sift
from .journal import Journal
from .later import Later
from .outbox import Outbox
from .prompt import as_said
from .reconcile import Reconciler
from .turns import CLAIM_S
from .verbatim import decide_given, decide_verbatim, kind_of

_IDLE_S = 1.0  # between looks at the queue when nothing wakes the writer
_YIELDS_S = 1.0  # before some passages are embedded, at most
_GIVES_WAY_S = 0.03  # before a change, at most: a recall takes a third of that
_PATIENT_TRIES = 8  # within two minutes, where a server that may have the LLM has not answered yet


class Writer:
    """Claims batches and remembers them, several users at once; what fails is tried again, or set aside."""

    def __init__(
        self,
        outbox: Outbox,
        live: BackendHolder,
        journal: Journal,
        injected: Injected,
        settings: Callable[[], Valves],
        emit: Emit,
        take_in: Callable[[], None] = lambda: None,
        is_busy: Callable[[], bool] = lambda: False,
        remembered: Callable[[Batch, Sequence[Change]], None] = lambda _batch, _made: None,
        titled: Callable[[Batch], Batch] = lambda batch: batch,
        recalls: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        """take_in: brings to the outbox what could not be put there at once.

        is_busy: whether many messages wait for their memories; then one user at a time is enough.
        remembered: is told of each batch what was made of it; never blocks, and raises nothing.
        recalls: waits, for so many seconds at most, until no message waits for its memories.
        titled: a batch with its chat's title, if that can be had; may take some seconds, and raises nothing.
        """
        self._titled, self._recalls = titled, recalls
        self._take_in, self._is_busy, self._tell = take_in, is_busy, remembered
        self._outbox, self._live, self._journal, self._injected = outbox, live, journal, injected
        self._later, self._reflections = Later(journal.engine, outbox), Reflections(journal.engine)
        self._changes, self._episodes = Changes(journal), Episodes(journal.engine, self.let_others_go_first)
        self._settings, self._emit = settings, emit
        self._wake = threading.Event()
        self._stop_at: float | None = None
        self._claimed: dict[str, Batch] = {}  # by name, those in hand
        self._renewed_at = 0.0
        self._failing = Failing(outbox, journal, settings, emit)
        self._thread = threading.Thread(target=self._run, name="memory-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self, timeout_s: float) -> None:
        """Remember what waits, for so long at most; what is left waits for the next start."""
        try:
            self._outbox.hurry()
        except Exception as error:  # noqa: BLE001 - the state database may be ill; stop all the same
            self._emit(failed(Job.QUEUE, error))
        self._stop_at = time.monotonic() + timeout_s
        self._wake.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        busy = True
        while not self._is_over(busy):
            stopping, in_hand = self._stop_at is not None, bool(self._claimed)
            try:
                self._renew()
                self._take_in()
                begun = self._begin_one()
            except Exception as error:  # noqa: BLE001 - the thread must not die; the state database may be ill
                self._emit(failed(Job.QUEUE, error))
                begun = False
            busy = begun or in_hand or not stopping  # what a stop makes ready is seen by a look after it
            if busy and not begun:
                self._wake.wait(_IDLE_S)
                self._wake.clear()

    def _is_over(self, busy: bool) -> bool:
        """Told to stop, and its time is up or nothing is left to do."""
        return self._stop_at is not None and (not busy or time.monotonic() >= self._stop_at)

    def _begin_one(self) -> bool:
        """Begin to work on a batch; False where there is none, or enough are in hand."""
        settings = self._settings()
        if len(self._claimed) >= (1 if self._is_busy() else settings.advanced_numbers.users_at_once):
            return False
        try:
            self._live.get()
        except MemoryFault:
            return False  # nothing is claimed, no try is spent
        by_model = settings.llm_provider == "auto"
        batch = self._outbox.claim(
            settings.advanced_numbers.batch_max_exchanges, list(self._claimed), by_model=by_model
        )
        self._emit(succeeded(Job.QUEUE))
        if batch is None:
            is_idle = not (self._claimed or self._is_busy() or self._stop_at)
            return is_idle and self._later.promote(settings.advanced_numbers.batch_max_exchanges)
        self._claimed[batch.name] = batch
        threading.Thread(target=self._work, args=(batch,), name="memory-remembering", daemon=True).start()
        return True

    def _renew(self) -> None:
        """Keep the claims on what is in hand."""
        if self._claimed and time.monotonic() - self._renewed_at > CLAIM_S / 4:
            for batch in list(self._claimed.values()):
                with suppress(ClaimLost):  # whoever works on it is told before the next change
                    self._outbox.renew(batch)
            self._renewed_at = time.monotonic()

    def _work(self, batch: Batch) -> None:
        try:
            with self._live.writing() as backend:
                self._settle(backend, batch)
        except BaseException as error:  # noqa: BLE001 - the state database is ill: the claim expires
            self._emit(failed(Job.QUEUE, error))
        finally:
            self._claimed.pop(batch.name, None)
            self._wake.set()

    def _settle(self, backend: Backend, batch: Batch) -> None:
        """Remember a batch, and write down in the queue what came of it."""
        began = time.monotonic()
        self._recalls(_GIVES_WAY_S)
        try:
            self._keep_passages(backend, batch)
            with _reading(backend, batch, self._settings()) as reading:
                worth, left_out = _sifted(batch, verbatim=reading.mode == "verbatim")
                retracted = self._retract(backend, batch)
                changes = self._remember(backend, worth, reading) if worth.exchanges else []
        except ClaimLost as fault:
            if not self._erased(backend, batch):
                self._emit(failed(Job.REMEMBERING, fault))
            return
        except BaseException as error:  # noqa: BLE001 - a panic of native code, too; sorted by `Failing`
            if not self._erased(backend, batch):
                self._failing.failed(backend, batch, error)
            return
        self._emit(succeeded(Job.REMEMBERING))
        self._failing.remembered(batch, counts=bool(worth.exchanges))
        if not self._outbox.done(batch) and self._erased(backend, batch):
            return
        for reason, count in left_out.items():
            self._emit(Event(EventKind.EXCHANGES_SKIPPED, count, reason))
        for change in changes:
            if change.refused:
                self._emit(Event(EventKind.CHANGE_REFUSED, reason=change.refused))
        made = [change for change in changes if not change.refused and change.op != REAFFIRMED]
        self._tell(batch, made)
        self._emit(Event(EventKind.EXCHANGES_REMEMBERED, len(worth.exchanges)))
        if reading.is_without and worth.exchanges:
            self._emit(Event(EventKind.EXCHANGES_UNREAD, len(worth.exchanges)))
        removed, took_s = sum(change.op == "remove" for change in made), time.monotonic() - began
        traces = tuple(dict.fromkeys(one.trace for one in batch.exchanges if one.trace))
        for many, code in ((len(made) - removed, "upsert"), (removed, "delete")):
            changed = Event(EventKind.MEMORIES_CHANGED, many, code=code, seconds=took_s, traces=traces)
            self._emit(changed)
        if retracted:
            self._emit(Event(EventKind.CHANGES_RETRACTED, retracted))
        if worth.exchanges:
            self._note(batch)

    def _note(self, batch: Batch) -> None:
        """Who may read all that is known in this scope: see `reflector`."""
        answered = AnsweredBy.of_all([AnsweredBy.read(one.answered_by) for one in batch.exchanges])
        for scope in {batch.scope, scope_for(batch.scope, PERSON)}:
            self._reflections.note(batch.user_id, scope, answered)

    def _keep_passages(self, backend: Backend, batch: Batch) -> None:
        """Keep what was said, as it was said. What cannot be kept costs no fact."""
        if batch.is_given:
            return
        confirm = partial(self._confirm, batch)
        try:
            self._episodes.retract(backend, batch, confirm)
            if self._settings().keeps_episodes:
                self._episodes.keep(backend, self._titled(batch), confirm)
        except Drop as fault:
            self._emit(failed(Job.REMEMBERING, fault))

    def _confirm(self, batch: Batch) -> None:
        """Before each change: the claim still holds. A message that waits for its memories goes first."""
        if self._stop_at is None:
            self._recalls(_GIVES_WAY_S)
        self._outbox.renew(batch)

    def let_others_go_first(self) -> None:
        """While many messages wait for their memories, what was said can wait a little."""
        until = time.monotonic() + _YIELDS_S
        while self._is_busy() and self._stop_at is None and time.monotonic() < until:
            time.sleep(_YIELDS_S / 50)

    def _erased(self, backend: Backend, batch: Batch) -> bool:
        """Whether the batch was erased meanwhile; then what it has stored is taken away, too."""
        if not self._outbox.was_erased(batch):
            return False
        for memory in backend.added_by(batch.user_id, batch.name):
            backend.remove(memory.id)
        self._episodes.erased(backend, batch)
        self._journal.erase_batch(batch.user_id, batch.name)
        self._emit(Event(EventKind.BATCH_ERASED))
        return True

    def _retract(self, backend: Backend, batch: Batch) -> int:
        """Take back what only earlier versions of these messages said."""
        versions = {replaced for exchange in batch.exchanges for replaced in exchange.replaces}
        confirm = partial(self._confirm, batch)
        return self._changes.retract(backend, batch.user_id, versions, confirm) if versions else 0

    def _remember(self, backend: Backend, batch: Batch, reading: _Reading) -> list[Change]:
        """The changes that were made of a batch, and those refused."""
        settings, confirm = self._settings(), partial(self._confirm, batch)
        if batch.is_given:
            return self._changes.make(backend, batch, lambda: decide_given(backend, batch), confirm)
        if reading.mode == "verbatim":
            return self._changes.make(backend, batch, lambda: decide_verbatim(backend, batch), confirm)
        if reading.mode == "reconcile":
            first = batch.exchanges[0]
            injected = self._injected.to_chat(batch.user_id, first.chat_id or first.key)
            reconciler = Reconciler(backend, self._journal, batch, settings.extraction_rules, injected)
            if settings.keeps_episodes:
                keep = self._episodes.keep_topics
                reconciler = replace(reconciler, keep_topics=lambda line: keep(backend, batch, line, confirm))
            return self._changes.make(backend, batch, reconciler.decide, confirm)
        return self._extract(backend, batch, reading.model or settings.llm_model)

    def _extract(self, backend: Backend, batch: Batch, model: str) -> list[Change]:
        """By mem0's own extraction, which makes the changes itself."""
        # An earlier try may have stored something before it failed or died: look before adding again.
        stored = backend.added_by(batch.user_id, batch.name) if batch.attempts > 1 else []
        # mem0 reads and stores in one go: who stands still in there for longer than a claim stores it late.
        self._outbox.renew(batch)
        if not stored:
            messages = list(_messages(batch))
            stored = backend.extract(batch.user_id, messages, batch=batch.name, scope=batch.scope)
            if not all(memory.id for memory in stored):
                stored = backend.added_by(batch.user_id, batch.name)
        stored = _without_copies(backend, stored)
        refused = refused_among(backend, stored)
        changes = [
            decided(
                batch,
                position,
                "add",
                batch.exchanges[-1],
                memory_id=memory.id,
                after=memory.text,
                kind=kind_of(backend, memory.text),
                source=" ".join(exchange.message_id for exchange in batch.exchanges),
                model=model,
                refused=refused.get(memory.id, ""),
                made=True,
            )
            for position, memory in enumerate(stored)
        ]
        for memory, change in zip(stored, changes, strict=True):
            if change.kind != memory.kind and not change.refused:
                backend.mark(memory.id, change.kind)
        self._changes.note(batch, changes)
        return changes


@dataclass(frozen=True)
class _Reading:
    """How a batch is remembered. model: the LLM that reads it first, "" for none.

    is_without: because none of those that answer the chats may, or can.
    """

    mode: Literal["reconcile", "mem0", "verbatim"]
    model: str = ""
    is_without: bool = False


@contextmanager
def _reading(backend: Backend, batch: Batch, settings: Valves) -> Iterator[_Reading]:
    """Inside, this thread asks the LLM that may read the batch.

    Raises:
        Retry: it cannot be told yet which one may.
    """
    is_mem0s = settings.mode == "mem0" and settings.backend != "library"
    if batch.is_given or is_mem0s or not settings.uses_llm or not settings.has_llm:
        yield _Reading(settings.mode)
        return
    answered = AnsweredBy.of_all([AnsweredBy.read(exchange.answered_by) for exchange in batch.exchanges])
    patient = batch.attempts < _PATIENT_TRIES
    with backend.reading(answered, local_only=settings.local_only, patient=patient) as model:
        is_without = settings.llm_provider == "auto" and not model
        yield _Reading(settings.mode_without_llm if is_without else settings.mode, model, is_without)


def _messages(batch: Batch) -> Iterator[Message]:
    for exchange in batch.exchanges:
        yield {"role": "user", "content": as_said(exchange.user_text)}
        if exchange.assistant_text:
            yield {"role": "assistant", "content": exchange.assistant_text}


def _without_copies(backend: Backend, stored: Sequence[Memory]) -> list[Memory]:
    """What a batch has stored, each text once: two tries of it may both have been read in the end."""
    first: dict[str, Memory] = {}
    for memory in sorted(stored, key=lambda memory: (memory.text, memory.id)):
        if first.setdefault(memory.text, memory) is not memory:
            backend.remove(memory.id)
    return list(first.values())


def _sifted(batch: Batch, *, verbatim: bool) -> tuple[Batch, Counter[str]]:
    """A batch with only what is worth remembering, and how much of it is not, by reason."""
    if batch.is_given:
        return batch, Counter()
    sifted = list(sift([one for one in batch.exchanges if not one.again], verbatim=verbatim))
    worth = tuple(exchange for exchange, reason in sifted if not reason)
    return replace(batch, exchanges=worth), Counter(reason for _, reason in sifted if reason)
