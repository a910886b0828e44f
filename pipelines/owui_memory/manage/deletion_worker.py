"""A thread that carries out what was deleted in Open WebUI, and compares with it once a night."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Engine

from ..config.settings import Valves
from ..core.errors import MemoryFault
from ..core.events import Emit, Job, failed, succeeded
from ..core.memory import Check
from .comparison import ChatServer, Comparison
from .deletions import Deletions

_LOOK_S = 60.0
_AGAIN_S = 900.0  # after a comparison that could not be made
_DAY_S = 86_400.0
_NIGHT = range(2, 6)  # hours, by the machine's clock; else when the last one was two days ago

Server = Callable[[Valves], AbstractContextManager[ChatServer]]


class DeletionWorker:
    """Methods do not block, but for `stop`."""

    def __init__(
        self, engine: Engine, deletions: Deletions, settings: Callable[[], Valves], server: Server, emit: Emit
    ) -> None:
        self._engine, self._deletions, self._settings = engine, deletions, settings
        self._server, self._emit = server, emit
        self._wake, self._stopping = threading.Event(), False
        self._not_before, self._told = time.monotonic(), Check("Open WebUI", True, "not compared yet")
        self._thread = threading.Thread(target=self._run, name="memory-deleting", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Something was written down as deleted."""
        self._wake.set()

    def stop(self, timeout_s: float) -> None:
        """Stops the thread. The next start goes on with what is written down."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout_s)

    def part(self) -> Check | None:
        """The status' line; None where Open WebUI cannot be asked."""
        return self._told if self._is_set else None

    @property
    def _is_set(self) -> bool:
        return bool(self._settings().webui_url and self._settings().webui_api_key)

    def _run(self) -> None:
        while not self._stopping:
            try:
                if self._deletions.carry_out():
                    self._emit(succeeded(Job.DELETING))
            except Exception as error:  # noqa: BLE001 - a place may be away, the state database ill
                self._emit(failed(Job.DELETING, error))
            self._compare()
            self._wake.wait(_LOOK_S)
            self._wake.clear()

    def _compare(self) -> None:
        """At night, or when it was not done for two days."""
        if not self._is_set or time.monotonic() < self._not_before:
            return
        settings = self._settings()
        try:
            comparison = Comparison(self._engine, self._deletions, settings.webui_url)
            age = time.time() - comparison.last()
            if 0 <= age < (_DAY_S * 0.8 if datetime.now().hour in _NIGHT else 2 * _DAY_S):
                return
            with self._server(settings) as server:
                done = comparison.run(server)
        except Exception as error:  # noqa: BLE001 - memory goes on without it
            self._not_before = time.monotonic() + _AGAIN_S
            told = str(error) if isinstance(error, MemoryFault) else type(error).__name__
            hint = getattr(error, "hint", "")
            self._told = Check("Open WebUI", False, f"cannot be compared: {told}", hint)
            return
        if done.deleted:
            self._wake.set()
        at, gone = datetime.now().astimezone(), len(done.deleted)
        seen = f"{done.chats:,} chats of {done.users:,} users seen, {gone:,} deleted"
        waiting = len(done.missing) - gone
        seen += f", {waiting:,} missing" if waiting else ""
        self._told = Check("Open WebUI", True, f"compared {at:%Y-%m-%d %H:%M}: {seen}")
