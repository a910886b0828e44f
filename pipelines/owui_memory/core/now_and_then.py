"""Threads that do something now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def kept_up(name: str, renew: Callable[[], None], every_s: float) -> Iterator[None]:
    """Inside, a thread renews a claim; where that fails, whoever works is told before their next change."""
    ended = threading.Event()

    def run() -> None:
        with suppress(Exception):
            while not ended.wait(every_s):
                renew()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class NowAndThen:
    """A thread that looks whether there is something to do. Methods do not block, but for `stop`."""

    def __init__(self, name: str, look: Callable[[], bool], every_s: float) -> None:
        """look: does some of what there is to do, returns whether to look again at once, and never raises.

        every_s: seconds between looks where nothing wakes it; the first is after as many.
        """
        self._look, self._every_s = look, every_s
        self._wake, self._stopping = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def is_stopping(self) -> bool:
        return self._stopping

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def stop(self, timeout_s: float) -> None:
        """Ends with the look in hand, which is waited for so many seconds."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(self._every_s)
            self._wake.clear()
            while not self._stopping and self._look():
                pass
