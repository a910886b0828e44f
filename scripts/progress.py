"""One line on the terminal for one slow step, so that nobody wonders whether it still runs."""

from __future__ import annotations

import contextlib
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator

QUIET_SECONDS = 20  # how often a log that is no terminal hears that a step goes on


@contextlib.contextmanager
def step(title: str, detail: Callable[[], str] = str) -> Iterator[None]:
    """Show `title` and its seconds until the block ends. `detail` says what is being done right now."""
    began = time.monotonic()
    over = threading.Event()
    ticker = threading.Thread(target=_tick, args=(title, detail, began, over), daemon=True)
    ticker.start()
    outcome = "stopped"
    try:
        yield
        outcome = "done"
    except Exception:
        outcome = "failed"
        raise
    finally:
        over.set()
        ticker.join()
        _show(f"{title} ... {outcome} ({_seconds(began)} s)", end="\n")


def _tick(title: str, detail: Callable[[], str], began: float, over: threading.Event) -> None:
    terminal = sys.stdout.isatty()
    _show(f"{title} ...", end="" if terminal else "\n")
    while not over.wait(1 if terminal else QUIET_SECONDS):
        _show(f"{title} ... {_seconds(began)} s  {detail()}", end="" if terminal else "\n")


def _show(text: str, *, end: str) -> None:
    """On a terminal, write over the line that is there; else write a line of its own."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        text = "\r\033[K" + text[:width]
    sys.stdout.write(f"{text}{end}")
    sys.stdout.flush()


def _seconds(began: float) -> int:
    return round(time.monotonic() - began)
