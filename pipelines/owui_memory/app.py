"""What lives from the plugin's start-up to its shutdown: threads, database, backend, counters."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from .backends import open_backend
from .backends.backend_holder import BackendHolder
from .backends.base import Backend
from .backends.library import LibraryBackend
from .backends.locations import naming
from .channels.channels import Channels
from .channels.erasing import Sweeping
from .channels.reader import ChannelReader
from .commands.commander import Commander
from .commands.notes import Notes
from .commands.parse import read_command
from .config.environment import Environment
from .config.settings import Valves
from .context.contexts import Contexts
from .core.errors import Drop
from .core.events import Event, Job, failed, succeeded
from .core.heap import keep_loaded
from .core.locales import locale
from .core.permission import Decision
from .core.scope import channel_owner
from .core.turn import Turn
from .digests.schedule import DigestWorker
from .digests.template import TEMPLATES
from .documents.indexing import Indexing
from .documents.watcher import Watcher
from .interfaces.channel_poller import ChannelPoller
from .interfaces.lanes import Lanes
from .interfaces.live.chats import LiveChats
from .interfaces.proxy.kept_steps import KeptSteps
from .interfaces.tools.toolbox import Toolbox
from .interfaces.web.parts import Parts
from .interfaces.webui import WebUi
from .language import secrets as redact
from .language.guess import language_for
from .manage.deletion_worker import DeletionWorker
from .manage.erasure.erase import Eraser
from .manage.erasure.erasures import Erasure
from .manage.erasure.forgetting import Forgetting
from .manage.erasure.retention import prune_all
from .manage.erasure.worker import ErasureWorker
from .manage.history.imports import Imports
from .manage.history.uploads import Uploads
from .manage.listing import Listing
from .manage.migrate.mover import Mover
from .manage.users import UserCounts
from .models.embedder import Embedder
from .observe.comparison import compared
from .observe.costs import Costs
from .observe.counting import Counting, levels
from .observe.data_residency import data_residency
from .observe.event_log import EventLog
from .observe.ledger import Ledger
from .observe.metrics import Metrics
from .observe.prometheus import Levels, Prometheus
from .observe.selfcheck import SelfChecks
from .observe.statecheck import StateCheck, StateFile
from .observe.status import (
    BackendCheck,
    channels_part,
    costs_part,
    documents_part,
    filter_part,
    key_part,
    last_error_part,
    past_chats_part,
    queue_part,
    recall_part,
    report,
)
from .observe.tracing import Tracing
from .recall.channel import ChannelNotes, ChannelRecaller
from .recall.injected import Injected
from .recall.recall import Recalled, Recaller
from .recall.run import Outcome, Run
from .remember.journal import Journal
from .remember.keeper import Keeper
from .remember.outbox import Outbox
from .remember.reflector import Reflector
from .remember.spill import Spill
from .remember.writer import Writer
from .state import open_state
from .state.api_keys_table import ApiKeys
from .state.documents_table import DocumentsTable

_STATE_THREADS = 4
_RECALLS_AT_ONCE = 64  # threads that may wait for a slow backend before recall is skipped
_COMMANDS_AT_ONCE = 8
_PASTS_AT_ONCE = 2  # that are looked at, imported or taken back
_STOP_S = 5.0


class Application:
    """Everything the filter needs at work. Methods block unless they say otherwise."""

    def __init__(
        self,
        environment: Environment,
        settings: Callable[[], Valves],
        problems: list[str],
        spill: Spill | None = None,
    ) -> None:
        """Open the state database and begin to open the backend, in the background.

        spill: with what was said before there was a runtime.

        Raises:
            TellAdmin: the data folder cannot be written, or PostgreSQL refuses.
            Retry: PostgreSQL cannot be reached.
        """
        self._environment, self._settings, self._problems = environment, settings, problems
        data_dir = environment.data_dir
        self.metrics, self.costs, self._prometheus = Metrics(), Costs(), Prometheus()
        self._engine = engine = open_state(data_dir, environment.state_url, environment.state_password)
        self._ledger = Ledger(engine, self.metrics)
        self._tracing, self._event_log = Tracing(on=environment.traces), EventLog(environment.log_events)
        self._outbox = Outbox(engine)
        self._counting = Counting(engine, self._outbox, self._ledger, settings)
        file = StateFile(engine)
        self._state_check = StateCheck(engine, file, data_dir, self.metrics.state_was_well)
        self.spill = spill or Spill(data_dir)
        self.keeper = Keeper(engine, self._outbox, self.spill, settings, self.emit, self._wake, file.look)
        selfchecks = SelfChecks(compare=partial(compared, engine))
        opener = selfchecks.opening(self._open_backend)
        self._mover = Mover(engine, data_dir, opener)
        self.live = BackendHolder(data_dir, opener, sound=selfchecks.fault, bring=self._mover.bring)
        self.live_chats = chats = LiveChats(engine, self.live, settings)
        self.notes = Notes(engine, self.live, chats.is_others)
        self._check = BackendCheck(self.live, selfchecks)
        self._recaller, self._channel_recaller = Recaller(engine), ChannelRecaller(engine)
        self.recalls = Run(self.live, self._recall, self.emit, _RECALLS_AT_ONCE)
        journal, injected = Journal(engine), Injected(engine)
        self._writer = Writer(
            self._outbox,
            self.live,
            journal,
            injected,
            settings,
            self.emit,
            self.keeper.take_in,
            self._is_busy,
            chats.learned,
            chats.titled,
            self.recalls.wait,
        )
        reflector = Reflector(self.live, journal, settings, self.emit, self._is_busy)
        self.state_pool = ThreadPoolExecutor(_STATE_THREADS, thread_name_prefix="memory-state")
        eraser = Eraser(engine, data_dir, settings, opener, self.live)

        def folder() -> Path | None:
            return settings().documents_folder(data_dir)

        check, is_others, templates = chats.check, chats.is_others, data_dir / TEMPLATES
        self.commander = Commander(
            engine, self.live, settings, self.emit, eraser, check, folder, templates, is_others
        )
        tools = self.commander.tools
        self.toolbox = Toolbox(tools.control)
        self.imports = Imports(engine, settings, lambda text: read_command(text) is not None)
        self.page = Parts(
            tools,
            journal,
            Listing(tools.control),
            ApiKeys(engine),
            UserCounts(engine, self.live, settings().collection),
            self._ledger,
            self.status,
            self.imports,
            Uploads(data_dir),
        )
        forgetting = Forgetting(engine, eraser, settings)
        self._sweeper = ErasureWorker(eraser, self._drop, self.emit, forgetting, partial(self._prune, eraser))
        indexing = partial(Indexing, DocumentsTable(engine), lambda: self.recalls.is_used)
        self.watcher = Watcher(self.live.get, folder, indexing, self.emit)
        digest_worker = DigestWorker(
            tools.schedule, tools.digests, self.live, folder, self.emit, self._is_busy
        )
        self.channels = Channels(engine, settings)
        self._channel_poller = ChannelPoller(self.channels, settings)
        queue, sweeping = self.channels.queue, Sweeping(engine, self.live, eraser.forget)
        channel_reader = ChannelReader(
            self.live, queue, journal, settings, self.emit, sweeping, self._is_busy
        )
        self.deletions = tools.deletions
        self.deletion_worker = DeletionWorker(engine, self.deletions, settings, WebUi.of, self.emit)
        self.contexts = Contexts(engine, self.live, settings, self.emit)
        self.lanes, self.api_keys, self.kept_steps = Lanes(), self.page.keys, KeptSteps()
        self.command_pool = ThreadPoolExecutor(_COMMANDS_AT_ONCE, thread_name_prefix="memory-command")
        self.history_pool = ThreadPoolExecutor(_PASTS_AT_ONCE, thread_name_prefix="memory-history")
        self.live.use(settings())
        # Before it is needed.
        threading.Thread(target=redact.formats, name="memory-redact", daemon=True).start()
        # In the order in which they stop, each with how long it is waited for: the last is what remembers.
        self._workers = (
            (self.watcher, _STOP_S),
            (self._channel_poller.thread, _STOP_S),
            (digest_worker.thread, 0.0),
            (reflector.thread, 0.0),
            (channel_reader.thread, 0.0),  # what is broken off is read again
            (self.deletion_worker.thread, _STOP_S),
            (self._sweeper.thread, _STOP_S),
            (self._writer, _STOP_S),
        )
        for worker, _ in self._workers:
            worker.start()

    def _open_backend(self, settings: Valves, data_dir: Path) -> Backend:
        backend = open_backend(settings, data_dir, self.emit, partial(naming, self._engine, data_dir))
        keep_loaded()
        return backend

    def _drop(self, erasure: Erasure) -> None:
        """Keep nothing in memory of the user of an erasure, and no archive that they sent before it."""
        user_id = erasure.user_id
        self._recaller.drop(user_id)
        self.page.listing.drop(user_id)
        if erasure.whole:
            self.page.uploads.drop(user_id, before=erasure.asked_at)
        self.keeper.drop(user_id)
        self.live_chats.drop(user_id)
        self.contexts.drop(user_id)
        self.kept_steps.drop(user_id)
        self.watcher.wake()  # files that were sent by programs go, too
        if isinstance(backend := self.live.current, LibraryBackend):
            backend.drop()

    def _prune(self, eraser: Eraser) -> None:
        """Delete what is kept only for a while."""
        self.page.uploads.prune()
        prune_all(self._engine, eraser, self._settings)
        self.channels.queue.prune(self._settings().advanced_numbers.channel_days)

    def embedder(self) -> Embedder:
        """The embedder in use. Raises MemoryFault if there is none."""
        if isinstance(backend := self.live.get(), LibraryBackend):
            return backend.embedder
        raise Drop("This backend has no embedder of its own.", hint="Set `backend` to library.")

    def emit(self, event: Event) -> None:
        """Passes an event to all observers."""
        counting = self.metrics, self.costs, self._ledger, self._prometheus
        for observe in (*counting, self._tracing, self._event_log):
            observe(event)

    def use(self, settings: Valves) -> None:
        """Uses settings that have changed."""
        self.live.use(settings)
        self._channel_poller.ask_again()
        self.deletion_worker.ask_again()

    def _recall(self, turn: Turn, settings: Valves) -> Recalled:
        if turn.channel:
            return self._channel_recaller.recall(self.live.get(), turn, settings, datetime.now(UTC))
        return self._recaller.recall(self.live.get(), turn, settings, datetime.now(UTC))

    def notes_of_channel(self, source: str, channel: str, text: str) -> ChannelNotes:
        """What of a channel is relevant to a text. Blocks; raises the backend's errors."""
        words, now = locale(language_for("", text)), datetime.now(UTC)
        recaller, owner = self._channel_recaller, channel_owner(source, channel)
        return recaller.notes(self.live.get(), owner, text, self._settings(), now, words)

    def _is_busy(self) -> bool:
        return self.recalls.is_busy

    def forbid(self, turn: Turn) -> None:
        """Forbids that a turn is remembered, whatever one with the same key was allowed. Never blocks."""
        self.keeper.announce_ban(turn)
        if not self.keeper.is_ill:  # else this process knows
            self._later(Job.FORBIDDING, partial(self.keeper.forbid, turn))

    def after_inlet(self, turn: Turn, outcome: Outcome, decision: Decision) -> None:
        """Does what no message has to wait for. Never blocks."""
        if self.keeper.is_ill:
            return  # the state database has no time for what is of use only
        self.live_chats.recalled(turn, outcome.recalled)
        if outcome.recalled or outcome.missed or decision.noted or decision.write:
            self._later(Job.KEEPING_INJECTED, partial(self._after_inlet, turn, outcome, decision))

    def _after_inlet(self, turn: Turn, outcome: Outcome, decision: Decision) -> None:
        if outcome.recalled or outcome.missed or decision.noted:
            self._recaller.keep(turn, outcome.recalled, outcome.missed or decision.reason)
        # So that what was said in other chats is known by the time of the next message.
        if decision.write and self._outbox.leave_others(turn.user_id, turn.chat_id):
            self._writer.wake()

    def _later(self, job: Job, work: Callable[[], object]) -> None:
        """Do it in the pool of the state database. Never blocks."""

        def do() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - the chat has gone on already
                self.emit(failed(job, error))
            else:
                self.emit(succeeded(job))

        self.state_pool.submit(do)

    def _wake(self) -> None:
        self._writer.wake()

    def status(self) -> dict[str, object]:
        """The self-check, as JSON-plain values. Takes some seconds if something hangs, never longer."""
        last_error, state = self.metrics.last_error, self._state_check.part()
        # In this order: what is brought from the spill to the queue meanwhile is in one of them at least.
        waiting, counted = self.spill.waiting(), self._counting.lately()
        counts = counted.exchanges
        backend = self._check.parts(failed_at=last_error.at if last_error else None)
        if all(part.ok for part in backend):
            self.emit(succeeded(Job.RECALL, self._check.checked_at))
        parts = [
            filter_part(self._settings(), self._problems, self.metrics),
            state,
            *backend,
            *self._mover.part(),
            *data_residency(self._settings(), self._environment.state_url),
            recall_part(self._settings(), is_paused=self.recalls.breaker.is_open),
            queue_part(counts, waiting),
            past_chats_part(self._settings(), counted.past_chats),
            documents_part(self._settings(), self._environment.data_dir, counted.documents),
            channels_part(self._settings(), counted.channels),
            costs_part(self.costs, self.metrics, counted.days),
            key_part(self._settings(), self._environment.server_key),
            *filter(
                None, [self.live_chats.check(), self.deletion_worker.part(), self._channel_poller.part()]
            ),
        ]
        return report(
            [*parts, last_error_part(self.metrics)], counts.pending + waiting.exchanges, counts.dead
        )

    def numbers(self) -> bytes:
        """Counters, histograms and how things stand, as Prometheus reads them. Takes some seconds at most.

        Raises:
            TellAdmin: prometheus-client is not installed.
        """

        def now() -> Levels:
            waiting, counted = self.spill.waiting(), self._counting.lately()
            return levels(waiting, counted, self.recalls, self.live, self._mover, self._environment.data_dir)

        return self._prometheus.text(now)

    def close(self) -> None:
        """Remembers what waits and stops all threads, within a bound. The rest waits for the next start."""
        self.contexts.close()
        for worker, patience_s in self._workers:
            worker.stop(patience_s)
        self.live_chats.close()
        self.live.close()
        self.recalls.close()
        self.command_pool.shutdown(wait=False)
        self.imports.close()
        self.history_pool.shutdown(wait=False, cancel_futures=True)
        self.state_pool.shutdown(wait=True)
        self.spill.write()
        self._ledger.close()
        self._tracing.close()
        self._engine.dispose()
