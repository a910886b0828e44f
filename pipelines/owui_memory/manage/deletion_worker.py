"""A thread that carries out what was deleted in Open WebUI, and compares with it once a night."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Engine

from ..config.settings import Valves
from ..core.errors import MemoryFault, Retry
from ..core.events import Emit, Job, failed, succeeded
from ..core.memory import Check
from ..core.now_and_then import NowAndThen
from .comparison import ChatServer, Comparison
from .deletions import Deletions

_LOOK_S = 60.0
_AGAIN_S = 900.0  # after a comparison that could not be made
_DAY_S = 86_400.0
_NIGHT = range(2, 6)  # hours, by the machine's clock; else when the last one was two days ago
_LINE = "deleted in Open WebUI"  # of the status

Server = Callable[[Valves], AbstractContextManager[ChatServer]]


class DeletionWorker:
    """Its thread is `thread`; the next start goes on with what is written down."""

    def __init__(
        self, engine: Engine, deletions: Deletions, settings: Callable[[], Valves], server: Server, emit: Emit
    ) -> None:
        self._engine, self._deletions, self._settings = engine, deletions, settings
        self._server, self._emit = server, emit
        self._not_before, self._told = time.monotonic(), Check(_LINE, True, "not compared yet")
        self.thread = NowAndThen("memory-deleting", self.look, _LOOK_S)
        self.thread.wake()  # the first look is at once

    def ask_again(self) -> None:
        """Ask Open WebUI at once, whatever failed before: the settings are others. Never blocks."""
        self._not_before = time.monotonic()
        self.thread.wake()

    def part(self) -> Check | None:
        """The status' line; None where Open WebUI cannot be asked."""
        return self._told if self._is_set else None

    @property
    def _is_set(self) -> bool:
        return bool(self._settings().webui_url and self._settings().webui_api_key)

    def look(self) -> bool:
        """Carries out what was deleted, and compares; whether that found anything. Blocks, never raises."""
        try:
            if self._deletions.carry_out():
                self._emit(succeeded(Job.DELETING))
        except Exception as error:  # noqa: BLE001 - a place may be away, the state database ill
            self._emit(failed(Job.DELETING, error))
        return self._compare()

    def _compare(self) -> bool:
        """At night, or when it was not done for two days; whether something was deleted."""
        if not self._is_set or time.monotonic() < self._not_before:
            return False
        settings = self._settings()
        try:
            comparison = Comparison(self._engine, self._deletions, settings.webui_url)
            age = time.time() - comparison.last()
            if 0 <= age < (_DAY_S * 0.8 if datetime.now().hour in _NIGHT else 2 * _DAY_S):
                return False
            with self._server(settings) as server:
                done = comparison.run(server)
        except Exception as error:  # noqa: BLE001 - memory goes on without it
            self._not_before = time.monotonic() + _AGAIN_S
            told = str(error) if isinstance(error, MemoryFault) else type(error).__name__
            hint = getattr(error, "hint", "")
            is_ok = isinstance(error, Retry)  # it may be down, or show nobody's chats: nothing is lost
            self._told = Check(_LINE, is_ok, f"users and chats cannot be compared: {told}", hint)
            return False
        at, gone = datetime.now().astimezone(), len(done.deleted)
        seen = f"{done.chats:,} chats of {done.users:,} users seen, {gone:,} deleted"
        waiting = len(done.missing) - gone
        seen += f", {waiting:,} missing" if waiting else ""
        self._told = Check(_LINE, True, f"compared {at:%Y-%m-%d %H:%M}: {seen}")
        return bool(done.deleted)
