"""Questions to what may hang, so that nobody waits longer for an answer than they want."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Inquiry(Generic[T]):
    """One question, asked in a thread of its own and once at a time, however many want to know."""

    def __init__(self, name: str, ask: Callable[[], T]) -> None:
        self._name, self._ask = name, ask
        self._lock = threading.Lock()
        self._asking: Future[T] = Future()
        self._asking.cancel()
        self._began = 0.0

    def answer(self, patience_s: float) -> T:
        """The answer from now on, or of the question that is under way.

        Raises:
            TimeoutError: there is none within `patience_s` seconds; it may come later.
            Exception: what `ask` raises.
        """
        with self._lock:
            if self._asking.done():
                self._asking, self._began = Future(), time.monotonic()
                threading.Thread(target=self._run, args=(self._asking,), name=self._name, daemon=True).start()
            asking = self._asking
        return asking.result(patience_s)

    @property
    def waits_s(self) -> float:
        """For how many seconds the question has been under way."""
        return time.monotonic() - self._began

    def _run(self, asking: Future[T]) -> None:
        try:
            asking.set_result(self._ask())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            asking.set_exception(error)
