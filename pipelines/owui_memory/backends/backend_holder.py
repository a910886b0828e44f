"""The backend in use: opened off the event loop, replaced when the settings change."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakSet

from ..config.marks import Mark, marked
from ..config.settings import Valves
from ..config.valves_codec import SettingsError
from ..core.errors import MemoryFault, NotReady, Retry, TellAdmin
from . import open_backend
from .base import Backend

log = logging.getLogger(__name__)

Open = Callable[[Valves, Path], Backend]
Bring = Callable[["BackendHolder", Backend, Valves, threading.Event], None]
Sound = Callable[[Backend], MemoryFault | None]

_RETRY_FIRST_S, _RETRY_MOST_S = 1.0, 60.0


def _at_once(live: BackendHolder, backend: Backend, _settings: Valves, superseded: threading.Event) -> None:
    live.take_over(backend, superseded)


class BackendHolder:
    """Holds one backend for all threads. A new one takes over only once it works.

    sound: what is wrong with an opened backend; it is asked where another one is in use and can stay so.
    bring: lets an opened backend take over, once what is remembered is there too.
    """

    def __init__(
        self,
        data_dir: Path,
        opener: Open = open_backend,
        *,
        sound: Sound = lambda _backend: None,
        bring: Bring = _at_once,
    ) -> None:
        self._data_dir = data_dir
        self._open, self._sound, self._bring = opener, sound, bring
        self._lock = threading.Lock()
        self._writers = _Writers()
        self._backend: Backend | None = None
        self._fault: MemoryFault | None = NotReady("Memory is still starting.", hint="Wait some seconds.")
        self._superseded = threading.Event()
        self._wanted: tuple[object, ...] | None = None
        self._used: WeakSet[Backend] = WeakSet()  # those are closed by whoever takes over from them

    def use(self, settings: Valves) -> None:
        """Begin to open the backend that the settings name, unless it is open already; returns at once."""
        wanted = tuple(getattr(settings, name) for name in marked(Valves, Mark.OPENS))
        with self._lock:
            if wanted == self._wanted:
                return
            self._wanted = wanted
            self._superseded.set()
            self._superseded = threading.Event()
            opening = _Opening(self, settings, self._superseded)
        threading.Thread(target=opening.run, name="memory-opening", daemon=True).start()

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
    def current(self) -> Backend | None:
        """The backend in use."""
        return self._backend

    @property
    def fault(self) -> MemoryFault | None:
        """Why the backend that the settings name is not in use, if it is not."""
        return self._fault

    @contextmanager
    def writing(self) -> Iterator[Backend]:
        """The backend, to change memories: waits while they are about to be served from another place.

        Raises:
            MemoryFault: as `get`.
        """
        with self._writers.one():
            yield self.get()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody is `writing` meanwhile. Waits for those who are."""
        with self._writers.none():
            yield

    def take_over(self, backend: Backend, superseded: threading.Event) -> bool:
        """Use this one from now on, and close the one before; False if the settings have changed since."""
        with self._lock:
            if superseded.is_set():
                return False
            former, self._backend = self._backend, backend
            self._used.add(backend)
            self._fault = None
        if former is not None and former is not backend:
            former.close()
        return True

    def close(self) -> None:
        """Stop opening, and release the backend."""
        with self._lock:
            self._superseded.set()
            self._wanted = None
            backend, self._backend = self._backend, None
            self._fault = NotReady("Memory is stopped.", hint="Reload the pipelines.")
        if backend is not None:
            backend.close()


class _Opening:
    """Opens one backend and lets it take over, however often it must try."""

    def __init__(self, live: BackendHolder, settings: Valves, superseded: threading.Event) -> None:
        self._live, self._settings, self._superseded = live, settings, superseded
        self._backend: Backend | None = None

    def run(self) -> None:
        self._until_done(self._open)
        self._until_done(self._check)
        self._until_done(self._bring)
        if self._backend is not None and self._backend not in self._live._used:
            self._backend.close()

    def _open(self) -> None:
        self._settings.check()
        self._backend = self._live._open(self._settings, self._live._data_dir)

    def _check(self) -> None:
        """A fault is one only where another backend can stay in use."""
        assert self._backend is not None
        if self._live.current is not None and (fault := self._live._sound(self._backend)):
            raise fault

    def _bring(self) -> None:
        assert self._backend is not None
        self._live._bring(self._live, self._backend, self._settings, self._superseded)

    def _until_done(self, step: Callable[[], None]) -> None:
        pause = _RETRY_FIRST_S
        while not self._superseded.is_set():
            try:
                step()
            except Exception as error:  # noqa: BLE001 - whatever it is, the chats go on and the status tells
                self._told(_as_fault(error))
                self._superseded.wait(pause)
                pause = min(pause * 2, _RETRY_MOST_S)
            else:
                return

    def _told(self, fault: MemoryFault) -> None:
        if self._superseded.is_set():
            return  # nobody waits for this backend any more
        earlier = self._live._fault
        if earlier is None or str(fault) != str(earlier):
            log.warning("%s. %s", str(fault).rstrip("."), fault.hint)
        self._live._fault = fault


class _Writers:
    """Many at once, or nobody."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._writing, self._closed = 0, False

    @contextmanager
    def one(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._writing += 1
        try:
            yield
        finally:
            with self._changed:
                self._writing -= 1
                self._changed.notify_all()

    @contextmanager
    def none(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            self._changed.wait_for(lambda: not self._writing)
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()


def _as_fault(error: Exception) -> MemoryFault:
    if isinstance(error, MemoryFault):
        return error
    if isinstance(error, SettingsError):
        return TellAdmin(str(error), hint="Change it in the settings.")
    return Retry(f"The backend cannot be opened ({type(error).__name__}).", hint="Look at the server's log.")
