"""The backend in use: opened off the event loop, replaced when the settings change."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from ..errors import MemoryFault, NotReady, Retry, TellAdmin
from ..panel import SettingsError
from ..settings import Valves
from . import open_backend
from .base import Backend

log = logging.getLogger(__name__)

_RETRY_FIRST_S, _RETRY_MOST_S = 1.0, 60.0

# Settings that need a new backend when they change.
_CONCERNED = (
    *("backend", "backend_url", "backend_api_key"),
    *("vector_store", "vector_store_url", "vector_store_api_key", "collection"),
    *("llm_provider", "llm_base_url", "llm_model", "llm_api_key", "extraction_rules"),
    *("fallback_llm_provider", "fallback_llm_base_url", "fallback_llm_model", "fallback_llm_api_key"),
    *("embedder_provider", "embedder_base_url", "embedder_model", "embedder_api_key"),
)


class LiveBackend:
    """Holds one backend for all threads. A new one takes over only once it works."""

    def __init__(self, data_dir: Path, opener: Callable[[Valves, Path], Backend] = open_backend) -> None:
        self._data_dir = data_dir
        self._open = opener
        self._lock = threading.Lock()
        self._backend: Backend | None = None
        self._fault: MemoryFault | None = NotReady("Memory is still starting.", hint="Wait some seconds.")
        self._superseded = threading.Event()
        self._wanted: tuple[object, ...] | None = None

    def use(self, settings: Valves) -> None:
        """Begin to open the backend that the settings name, unless it is open already; returns at once."""
        wanted = tuple(getattr(settings, name) for name in _CONCERNED)
        with self._lock:
            if wanted == self._wanted:
                return
            self._wanted = wanted
            self._superseded.set()
            self._superseded = threading.Event()
            opening = (settings, self._superseded)
        threading.Thread(target=self._keep_opening, args=opening, name="memory-opening", daemon=True).start()

    def get(self) -> Backend:
        """The backend to use now.

        Raises:
            MemoryFault: why there is none yet.
        """
        with self._lock:
            if self._backend is None:
                assert self._fault is not None
                raise self._fault
            return self._backend

    @property
    def fault(self) -> MemoryFault | None:
        """Why the backend that the settings name is not in use, if it is not."""
        return self._fault

    def close(self) -> None:
        """Stop opening, and release the backend."""
        with self._lock:
            self._superseded.set()
            self._wanted = None
            backend, self._backend = self._backend, None
            self._fault = NotReady("Memory is stopped.", hint="Reload the pipelines.")
        if backend is not None:
            backend.close()

    def _keep_opening(self, settings: Valves, superseded: threading.Event) -> None:
        pause = _RETRY_FIRST_S
        while not superseded.is_set():
            try:
                settings.check()
                backend = self._open(settings, self._data_dir)
            except Exception as error:  # noqa: BLE001 - whatever it is, the chats go on and the status tells
                fault = _as_fault(error)
                if self._fault is None or str(fault) != str(self._fault):
                    log.warning("%s %s", fault, fault.hint)
                self._fault = fault
                superseded.wait(pause)
                pause = min(pause * 2, _RETRY_MOST_S)
            else:
                self._take_over(backend, superseded)
                return

    def _take_over(self, backend: Backend, superseded: threading.Event) -> None:
        with self._lock:
            if superseded.is_set():
                unused: Backend | None = backend
            else:
                unused, self._backend = self._backend, backend
                self._fault = None
        if unused is not None:
            unused.close()


def _as_fault(error: Exception) -> MemoryFault:
    if isinstance(error, MemoryFault):
        return error
    if isinstance(error, SettingsError):
        return TellAdmin(str(error), hint="Change it in the settings.")
    return Retry(f"The backend cannot be opened ({type(error).__name__}).", hint="Look at the server's log.")
