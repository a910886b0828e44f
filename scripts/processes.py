"""Child processes: each has its own log, is restarted when it dies, and is stopped with its own children."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

GRACE_SECONDS = 10
MOST_RESTARTS, RESTARTS_SECONDS = 5, 600  # of a child, before it is given up
PROBE_SECONDS, MOST_FAILURES = 5, 3  # between probes; of them in a row, before a child counts as hanging


class ChildDiedError(Exception):
    """A child ended by itself, or hangs; the text says which, with the end of its log."""

    def __init__(self, what: str, log_tail: str) -> None:
        super().__init__(f"{what}. The end of its log:\n\n{log_tail}")
        self.what = what


class Child:
    """A server as a child process, in a process group of its own so that Ctrl-C reaches only the parent."""

    def __init__(
        self, name: str, command: list[str], *, env: Mapping[str, str], cwd: Path, log: Path
    ) -> None:
        self.name = name
        self.log = log
        self._command, self._env, self._cwd = command, dict(env), cwd
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            return subprocess.Popen(
                self._command,
                env=self._env,
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def restart(self) -> None:
        """Start the child once more, after killing what is left of its process group."""
        self._signal(signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        self._process = self._start()

    def check(self) -> None:
        """Raise ChildDiedError if the child has ended."""
        code = self._process.poll()
        if code is not None:
            raise ChildDiedError(f"{self.name} has stopped ({_reason(code)})", self.tail())

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


class Supervisor:
    """Starts children again that end by themselves or hang; one that keeps doing so is given up."""

    def __init__(
        self,
        children: Iterable[Child],
        probes: Mapping[Child, Callable[[], bool]] | None = None,
        say: Callable[[str], object] = print,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """probes: whether a child answers; one that has answered before, and then does not, hangs."""
        self._watched = [_Watched(child, (probes or {}).get(child)) for child in children]
        self._say, self._clock = say, clock

    def check(self) -> None:
        """Start again whoever has ended or hangs. Blocks for as long as the probes do.

        Raises:
            ChildDiedError: a child was started again `MOST_RESTARTS` times within `RESTARTS_SECONDS` before.
        """
        for watched in self._watched:
            try:
                watched.check(self._clock())
            except ChildDiedError as died:
                watched.restart(self._clock(), died)
                self._say(f"{died.what} and is started again. Its log: {watched.child.log}")


class _Watched:
    def __init__(self, child: Child, answers: Callable[[], bool] | None) -> None:
        self.child = child
        self._answers = answers
        self._restarts: list[float] = []
        self._probed_at, self._failures = 0.0, -1  # -1: it has not answered yet, so it may still be starting

    def check(self, now: float) -> None:
        self.child.check()
        if self._answers is None or now - self._probed_at < PROBE_SECONDS:
            return
        self._probed_at = now
        if self._answers():
            self._failures = 0
        elif self._failures >= 0:
            self._failures += 1
        if self._failures >= MOST_FAILURES:
            raise ChildDiedError(f"{self.child.name} does not answer any more", self.child.tail())

    def restart(self, now: float, died: ChildDiedError) -> None:
        recent = [then for then in self._restarts if now - then < RESTARTS_SECONDS]
        if len(recent) >= MOST_RESTARTS:
            raise died
        self._restarts, self._failures = [*recent, now], -1
        self.child.restart()


def _reason(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
