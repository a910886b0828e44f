"""Wait for a condition instead of for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_LEAST_S = 60.0
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.004, 0.05


def wait_until(
    condition: Callable[[], T],
    *,
    within: float = _LEAST_S,
    every: float = 0.0,
    what: str | Callable[[], str] = "the condition",
) -> T:
    """Ask `condition` until its answer is true, and return that answer: every so many seconds, or by and by
    more seldom.

    `within` (seconds) is only the bound after which the test fails with `what`; a pass never waits for it. It
    is a minute at least: another machine may be as busy as ten.
    """
    deadline = time.monotonic() + max(within, _LEAST_S)
    pause = every or _FIRST_PAUSE_S
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            text = what() if callable(what) else what
            raise AssertionError(f"not within {within:g} s: {text}")
        time.sleep(pause)
        pause = every or min(2 * pause, _LAST_PAUSE_S)
