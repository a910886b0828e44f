"""What lives from the plugin's start-up to its shutdown: threads, database, backend, counters."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from . import COMMAND, __version__, redact
from .backends import open_backend
from .backends.base import Backend, Part
from .backends.embedder import Embedder
from .backends.library import LibraryBackend
from .backends.live import LiveBackend
from .chat.body import Answered, Turn
from .chat.commands import Commander
from .chat.decisions import Decisions
from .chat.notes import Notes
from .chat.policy import SWITCHED_OFF, Decision
from .control.erase import Eraser
from .control.sweeper import Sweeper
from .control.switches import Switches
from .errors import Drop
from .moving.mover import Mover
from .moving.places import naming
from .ops import costs
from .ops.breaker import Breaker
from .ops.ledger import Ledger
from .ops.metrics import Metrics
from .ops.nearness import nearness
from .ops.prices import read_prices
from .ops.selfcheck import SelfChecks
from .ops.status import BackendCheck, report
from .recall.recall import Recalled, Recaller
from .recall.told import Told
from .remember.journal import Journal
from .remember.outbox import Exchange, Outbox
from .remember.writer import Writer
from .scopes import scope_of
from .settings import PUBLIC_DEFAULT_KEY, Environment, Valves
from .state import open_state

_STATE_THREADS = 4
_COMMANDS_AT_ONCE = 8
_STOP_S = 5.0
_SETTLED = ("exchanges remembered", "not worth remembering")  # counters of exchanges


class Runtime:
    """Everything the filter needs at work. Methods block unless they say otherwise."""

    recalls_at_once = 64  # threads that may wait for a slow backend before recall is skipped

    def __init__(self, environment: Environment, settings: Callable[[], Valves], problems: list[str]) -> None:
        """Open the state database and begin to open the backend, in the background.

        Raises:
            TellAdmin: the data folder cannot be written, or PostgreSQL refuses.
            Retry: PostgreSQL cannot be reached.
        """
        self._environment, self._settings, self._problems = environment, settings, problems
        self.metrics, self.breaker = Metrics(), Breaker()
        self._engine = open_state(environment.data_dir, environment.state_url, environment.state_password)
        self._ledger = self.metrics.ledger = Ledger(self._engine, self.metrics.failed)
        self._decisions, self._outbox = Decisions(self._engine), Outbox(self._engine)
        selfchecks = SelfChecks()
        opener = selfchecks.opening(self._open_backend)
        self._mover = Mover(self._engine, environment.data_dir, opener)
        self.live = LiveBackend(environment.data_dir, opener, sound=selfchecks.fault, bring=self._mover.bring)
        self._switches = Switches(self._engine)
        self.notes = Notes(self._engine, self.live)
        self._check = BackendCheck(self.live, selfchecks)
        self._recaller = Recaller(self._engine)
        journal = Journal(self._engine)
        self._writer = Writer(self._outbox, self.live, journal, Told(self._engine), settings, self.metrics)
        # Apart, so that no slow backend keeps an exchange from being stored.
        self.recall_pool = ThreadPoolExecutor(self.recalls_at_once, thread_name_prefix="memory-recall")
        self.state_pool = ThreadPoolExecutor(_STATE_THREADS, thread_name_prefix="memory-state")
        eraser = Eraser(self._engine, environment.data_dir, settings, opener, self.live)
        self.commander = Commander(
            self._engine, self.live, settings, self.metrics.failed, eraser, self.metrics.count
        )
        self._sweeper = Sweeper(eraser, self._drop, self.metrics)
        self.command_pool = ThreadPoolExecutor(_COMMANDS_AT_ONCE, thread_name_prefix="memory-command")
        self.live.use(settings())
        threading.Thread(
            target=redact.formats, name="memory-redact", daemon=True
        ).start()  # before it is needed
        self._writer.start()
        self._sweeper.start()

    def _open_backend(self, settings: Valves, data_dir: Path) -> Backend:
        return open_backend(settings, data_dir, self.metrics, partial(naming, self._engine, data_dir))

    def _drop(self, user_id: str) -> None:
        """Keep nothing of a user's in memory."""
        self._recaller.drop(user_id)
        self._decisions.drop(user_id)
        if isinstance(backend := self.live.current, LibraryBackend):
            backend.drop()

    def embedder(self) -> Embedder:
        """The one in use. Raises MemoryFault where there is none."""
        if isinstance(backend := self.live.get(), LibraryBackend):
            return backend.models.embedder
        raise Drop("This backend has no embedder of its own.", hint="Set `backend` to library.")

    def recall(self, turn: Turn) -> Recalled:
        """The blocks of memories for a turn."""
        return self._recaller.recall(self.live.get(), turn, self._settings(), datetime.now(UTC))

    def announce(self, turn: Turn) -> None:
        """As `allow`, for this process and at once: never blocks."""
        self._decisions.announce(turn, scope_of(turn, self._settings()))

    def allow(self, turn: Turn) -> bool:
        """Keep for the outlet that this turn may be remembered; False where its user has switched it off."""
        return self._decisions.allow(turn, scope_of(turn, self._settings()))

    def forbid(self, turn: Turn) -> None:
        """This turn may not be remembered, whatever one with the same key was allowed: never blocks."""
        self._decisions.announce_ban(turn)
        self.state_pool.submit(self._forbid, turn)

    def _forbid(self, turn: Turn) -> None:
        try:
            self._decisions.forbid(turn)
        except Exception as error:  # noqa: BLE001 - the chat has gone on already, and this process knows
            self.metrics.failed("forbidding", error)

    def after_inlet(self, turn: Turn, recalled: Recalled | None, decision: Decision, missed: str) -> None:
        """Do what no message has to wait for: never blocks. missed: why nothing could be recalled."""
        if recalled or missed or decision.noted or decision.write:
            self.state_pool.submit(self._after_inlet, turn, recalled, decision, missed)

    def _after_inlet(self, turn: Turn, recalled: Recalled | None, decision: Decision, missed: str) -> None:
        try:
            if recalled or missed or decision.noted:
                self._recaller.keep(turn, recalled, missed or decision.reason)
            # So that what was said in other chats is known by the time of the next message.
            if decision.write and self._outbox.leave_others(turn.user_id, turn.chat_id):
                self._writer.wake()
        except Exception as error:  # noqa: BLE001 - the chat has gone on already
            self.metrics.failed("keeping what was told", error)

    def keep(self, answered: Answered) -> str:
        """Store a finished exchange durably, if its inlet allowed it; its chat, else ""."""
        permission = self._decisions.allowed(answered.user_id, answered.keys)
        if permission is None:
            self.metrics.count("answers not remembered: their inlet gave no permission")
            return ""
        if not self._switches.is_on(answered.user_id, permission.chat_id):  # switched off since, or just now
            self._decisions.used(answered.user_id, permission)
            self.metrics.count(f"answers not remembered: {SWITCHED_OFF.reason}")
            return ""
        settings = self._settings()
        # Before anything of it is kept: what is not in the queue needs not be got out of it again.
        user_text, secrets = redact.masked(answered.user_text)
        assistant_text, more = redact.masked(answered.assistant_text)
        added = self._outbox.put(
            Exchange(
                key=permission.exchange_key,
                user_id=answered.user_id,
                chat_id=permission.chat_id,
                user_text=user_text,
                assistant_text=assistant_text,
                said_at=permission.asked_at,
                timezone=permission.timezone,
                scope=permission.scope,
                follows=permission.follows,
            ),
            wait_s=settings.batch_idle_seconds if settings.uses_llm else 0.0,
            batch_max=settings.batch_max_exchanges,
        )
        self._decisions.used(answered.user_id, permission)
        self.metrics.count("exchanges stored" if added else "answers to the same message again")
        if added and secrets + more:
            self.metrics.count("secrets not stored", secrets + more)
        self._writer.wake()
        return permission.chat_id

    def status(self) -> dict[str, object]:
        """The self-check, as JSON-plain values."""
        counts = self._outbox.counts()
        queue = Part(
            "queue",
            counts.dead == 0,
            f"{counts.pending} waiting, {counts.dead} given up",
            f"Mend the cause, then run: {COMMAND} queue retry all" if counts.dead else "",
        )
        last_error = self.metrics.last_error
        checked = self._check.parts(failed_at=last_error.at if last_error else None)
        parts = [
            self._filter_part(),
            *checked,
            *self._mover.part(),
            *nearness(self._settings(), self._environment.state_url),
            self._recall_part(),
            queue,
            self._costs_part(),
            self._key_part(),
        ]
        return report([*parts, self._last_error_part()], counts.pending, counts.dead)

    def close(self) -> None:
        """Remember what waits and stop threads, within a bound; what is left waits for the next start."""
        self._sweeper.stop(_STOP_S)
        self._writer.stop(_STOP_S)
        self.live.close()
        self.recall_pool.shutdown(wait=False)
        self.command_pool.shutdown(wait=False)
        self.state_pool.shutdown(wait=True)
        self._ledger.close()
        self._engine.dispose()

    def _filter_part(self) -> Part:
        settings = self._settings()
        if self._problems:
            return Part(
                "filter", False, " ".join(self._problems), "Save the settings in the admin panel once more."
            )
        for refusal in settings.refusals or ():
            return Part(
                "filter", False, f"the last change of settings was refused: {refusal}", "Save it once more."
            )
        state = "on" if settings.enabled else "switched off"
        counts = sorted(item for item in self.metrics.counts().items() if not costs.is_cost(item[0]))
        counted = "; ".join(f"{name}: {count}" for name, count in counts)
        return Part("filter", True, f"version {__version__}, memory is {state}. {counted}".strip())

    def _recall_part(self) -> Part:
        if self.breaker.is_open:
            hint = "Chats go on without memories, and it is tried again by itself."
            return Part("recall", False, "paused: the backend failed several times in a row", hint)
        return Part(
            "recall", True, f"within {self._settings().inlet_deadline_ms} ms, or the chat goes on without"
        )

    def _costs_part(self) -> Part:
        counts = self.metrics.counts()
        exchanges = sum(count for name, count in counts.items() if name.startswith(_SETTLED))
        days = self._ledger.described(read_prices(self._settings().llm_prices))
        return Part("costs", True, "; ".join(filter(None, [costs.described(counts, exchanges), days])))

    def _key_part(self) -> Part:
        if self._environment.server_key == PUBLIC_DEFAULT_KEY:
            hint = "Set PIPELINES_API_KEY to a secret of your own, here and in Open WebUI."
            return Part("key", False, "the server's key is the public default one", hint)
        if not self._environment.server_key:
            return Part("key", False, "PIPELINES_API_KEY is empty", "Set it to a secret of your own.")
        if not self._settings().require_key:
            return Part("key", False, "not required on all routes", "Switch require_key on.")
        return Part("key", True, "required on every route")

    def _last_error_part(self) -> Part:
        error = self.metrics.last_error
        if error is None:
            return Part("last error", True, "none")
        return Part(
            "last error", True, f"{error.at:%Y-%m-%d %H:%M:%S} UTC, {error.where}: {error.text}", error.hint
        )
