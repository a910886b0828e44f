"""Looks at the folders of documents at the start, when something changes there, and now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..backends.base import Backend
from ..backends.library import LibraryBackend
from ..core.errors import MemoryFault
from ..core.events import Emit, Job, failed, succeeded
from .folders import Folders
from .indexing import Indexing

_AGAIN_S, _ABSENT_S = 300.0, 10.0  # looks without a sign of change, which some mounts never give
_OPENING_S = 2.0  # while there is no backend yet
_RETRY_S = 60.0
_SETTLES_MS = 500  # files that are being written change several times


class Watcher:
    """A thread. `live` gives the backend in use, and raises MemoryFault if there is none."""

    def __init__(
        self,
        live: Callable[[], Backend],
        folder: Callable[[], Path | None],
        indexing: Callable[..., Indexing],
        emit: Emit,
    ) -> None:
        """folder: where documents lie, None where none are to be read."""
        self._live, self._folder, self._emit = live, folder, emit
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._indexing = indexing(stopped=self._stop.is_set)
        self._thread = threading.Thread(target=self._run, name="memory-documents", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def stop(self, timeout_s: float) -> None:
        """Stops the thread. The next start goes on with what was begun."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def look(self) -> float:
        """Once; after how many seconds to look again if nothing changes."""
        root = self._folder()
        if root is None or not root.is_dir():
            return _ABSENT_S  # a volume that is not mounted takes nothing away
        try:
            backend = self._live()
        except MemoryFault:
            return _OPENING_S  # the backend's own line of the status tells why
        try:
            if not isinstance(backend, LibraryBackend):
                return _RETRY_S
            self._indexing.run(backend, Folders(root))
        except MemoryFault as fault:
            self._emit(failed(Job.DOCUMENTS, fault))
            return _RETRY_S
        except Exception as error:  # noqa: BLE001 - the thread must not die; the disk may be ill
            self._emit(failed(Job.DOCUMENTS, error))
            return _RETRY_S
        self._emit(succeeded(Job.DOCUMENTS))
        return _AGAIN_S

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            ended = threading.Event()
            threading.Thread(
                target=self._watch, args=(ended,), name="memory-documents-watch", daemon=True
            ).start()
            self._wake.wait(self.look())
            ended.set()

    def _watch(self, ended: threading.Event) -> None:
        """Wakes the other thread when something has changed."""
        root = self._folder()
        if root is None or not root.is_dir():
            return
        with suppress(Exception):  # then the folders are looked at by the clock
            from watchfiles import watch

            changes = watch(
                root, stop_event=ended, debounce=_SETTLES_MS, rust_timeout=1000, raise_interrupt=False
            )
            for _ in changes:
                self._wake.set()
                return
