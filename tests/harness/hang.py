"""Limits that only what hangs can reach: how busy the machine is makes no test of them fail.

    with work_ends("wlan-"):
        masked("wlan-" * 20_000)  # if each of them were compared with all others, this would take minutes

    with returns():
        client.get(silent_server)  # whose time-out is 1 s; without one, this would never end

Both are for the thread that runs the test. What never looks for signals, as some code in C, is ended with its
worker by pytest's `faulthandler_timeout`.
"""

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

WORK_S, WAIT_S = 20.0, 60.0


class HangsError(AssertionError):
    """It was not over when everything else would have been, many times."""


def work_ends(what: object = "", within: float = WORK_S) -> AbstractContextManager[None]:
    """`within`: seconds of this process's work on the processors, all its threads together."""
    return _limited(signal.ITIMER_PROF, signal.SIGPROF, within, f"still at work after {within:g} s: {what!r}")


def returns(what: object = "", within: float = WAIT_S) -> AbstractContextManager[None]:
    """`within`: seconds by the clock, many times what it takes."""
    return _limited(signal.ITIMER_REAL, signal.SIGALRM, within, f"not back within {within:g} s: {what!r}")


@contextmanager
def _limited(timer: int, sent: signal.Signals, within: float, told: str) -> Iterator[None]:
    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise HangsError(told[:500])

    former = signal.signal(sent, give_up)
    signal.setitimer(timer, within)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(sent, former)
