"""The way to a runtime: a state database that cannot be opened yet is tried again until it can."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ..config.settings import Valves
from ..core.errors import MemoryFault, NotReady, Retry
from .service import Service

log = logging.getLogger(__name__)

_RETRY_FIRST_S, _RETRY_MOST_S = 1.0, 60.0
_AGAIN = "It is tried again automatically."


class Start:
    """Makes the runtime in a thread of its own, and holds it until the stop.

    runtime: None before it is made, and after the stop. fault: why there is none.
    """

    def __init__(self, make: Callable[[], Service], settings: Callable[[], Valves]) -> None:
        self._make, self._settings = make, settings
        self._lock = threading.Lock()
        self._tried, self._stopped = threading.Event(), threading.Event()
        self.runtime: Service | None = None
        self.fault: MemoryFault = NotReady("Memory is still starting.", hint="Wait some seconds.")

    def begin(self, wait_s: float) -> None:
        """Begin to try. Blocks until the first try is over, so many seconds at most."""
        threading.Thread(target=self._keep_trying, name="memory-start", daemon=True).start()
        self._tried.wait(wait_s)

    def use_settings(self) -> None:
        """The settings have changed; returns at once. A runtime that is still to come has them anyway."""
        with self._lock:
            if self.runtime is not None:
                self.runtime.use(self._settings())

    def stop(self) -> None:
        """Try no more, and close the runtime. Blocks, but not for a try that is under way."""
        with self._lock:
            self._stopped.set()
        if self.runtime is not None:
            self.runtime.close()  # until it has stopped, outlets go on to store what was said
            self.runtime = None
        self.fault = NotReady("Memory is stopped.", hint="Reload the pipelines.")

    def _keep_trying(self) -> None:
        pause = _RETRY_FIRST_S
        while not self._stopped.is_set():
            try:
                runtime = self._make()
            except Exception as error:  # noqa: BLE001 - whatever it is, the chats go on and the status tells
                self._failed(error)
            else:
                self._take_over(runtime)
                return
            finally:
                self._tried.set()
            self._stopped.wait(pause)
            pause = min(pause * 2, _RETRY_MOST_S)

    def _take_over(self, runtime: Service) -> None:
        with self._lock:
            late = self._stopped.is_set()
            if not late:
                self.runtime = runtime
                runtime.use(self._settings())  # they may have changed since it was made
        if late:
            runtime.close()

    def _failed(self, error: Exception) -> None:
        unexpected = f"Memory cannot start ({type(error).__name__})."
        fault = error if isinstance(error, MemoryFault) else Retry(unexpected)
        with self._lock:
            if self._stopped.is_set():
                return
            is_news = str(fault) != str(self.fault)
            self.fault = type(fault)(str(fault), hint=f"{fault.hint} {_AGAIN}".strip())
        if is_news:
            log.error("%s %s", fault, self.fault.hint, exc_info=None if fault is error else error)
