"""A thread that looks now and then whether there is something to do."""

from __future__ import annotations

import threading
from collections.abc import Callable


class NowAndThen:
    """Methods do not block, but for `stop`."""

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
