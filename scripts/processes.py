"""Child processes: start one with its own log, watch it, stop it with everything that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

GRACE_SECONDS = 10


class ChildDiedError(Exception):
    """A child ended by itself; the text says which, with the end of its log."""


class Child:
    """A server as a child process, in a process group of its own so that Ctrl-C reaches only the parent."""

    def __init__(
        self, name: str, command: list[str], *, env: Mapping[str, str], cwd: Path, log: Path
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def check(self) -> None:
        """Raise ChildDiedError if the child has ended."""
        code = self._process.poll()
        if code is not None:
            raise ChildDiedError(
                f"{self.name} has stopped ({_reason(code)}). The end of its log, {self.log}:\n\n{self.tail()}"
            )

    def tail(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def join(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic seconds), then kill what is left of the group."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def stop(children: Iterable[Child], grace: float = GRACE_SECONDS) -> None:
    """Ask all to end, and kill those that have not after `grace` seconds."""
    children = list(children)
    for child in children:
        child.terminate()
    deadline = time.monotonic() + grace
    for child in children:
        child.join(deadline)


def wait_until(ready: Callable[[], bool], children: Iterable[Child], seconds: float, what: str) -> None:
    """Wait for `ready`; raises ChildDiedError as soon as a child dies, TimeoutError after `seconds`."""
    children = list(children)
    deadline = time.monotonic() + seconds
    while not ready():
        for child in children:
            child.check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: nothing after {seconds:g} s")
        time.sleep(0.2)


def _reason(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
