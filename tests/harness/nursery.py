"""A process that has imported what the Pipelines server needs of others, and forks each that is started.

    with Nursery(environment) as nursery:
        server = nursery.start(["main:app", "--port", "9099"], cwd=folder, env=environment, log=file)

More than half of a start are those imports. What reads the environment while it is imported (mem0, the server
itself, the filter) is imported by each server for itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

_IMPORTED = (
    *("uvicorn.main", "uvicorn.loops.uvloop", "uvicorn.lifespan.on", "uvicorn.protocols.http.httptools_impl"),
    *(
        "uvicorn.protocols.websockets.auto",
        "fastapi.middleware.cors",
        "aiohttp",
        "requests",
        "passlib",
        "jwt",
    ),
    *(
        "openai",
        "openai.resources.chat",
        "openai.resources.embeddings",
        "openai.types.responses",
        "httpx",
        "numpy",
    ),
    *("sqlalchemy", "sqlalchemy.dialects.sqlite", "detect_secrets", "cryptography.hazmat.bindings._rust"),
)


class Forked:
    """A process of the nursery, as far as `subprocess.Popen` is asked here."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._nursery, self._ended = nursery, os.pidfd_open(pid)

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._nursery.ask(poll=self.pid)
            if self.returncode is not None:
                os.close(self._ended)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        if self.poll() is None and not select.select([self._ended], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("a server of the nursery", timeout or 0)
        while (code := self.poll()) is None:
            pass
        return code


class Nursery:
    """A context manager; its servers are to be ended before. Threads may use it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=Path(__file__).parents[2],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate(timeout=60)

    def start(self, arguments: list[str], *, cwd: Path, env: dict[str, str], log: Path) -> Forked:
        """`python -m uvicorn` with these arguments, whose output is added to `log`."""
        return Forked(self, self.ask(arguments=arguments, cwd=str(cwd), env=env, log=str(log)))

    def ask(self, **asked: Any) -> Any:
        to, back = self._process.stdin, self._process.stdout
        with self._lock:
            to.write(json.dumps(asked) + "\n")
            to.flush()
            return json.loads(back.readline())


def _serve() -> dict[str, Any]:
    """Answers what `Nursery` asks; in a process that it has forked, what is to be started."""
    for name in _IMPORTED:
        with contextlib.suppress(ImportError):
            __import__(name)
    for line in sys.stdin:
        asked = json.loads(line)
        if "poll" in asked:
            ended, status = os.waitpid(asked["poll"], os.WNOHANG)
            answer: int | None = os.waitstatus_to_exitcode(status) if ended else None
        elif (answer := os.fork()) == 0:
            return asked
        print(json.dumps(answer), flush=True)
    sys.exit()


def _become(asked: dict[str, Any]) -> None:
    with Path(asked["log"]).open("ab") as log, Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    for name in [name for name in sys.modules if name.split(".")[0] == "tests"]:
        del sys.modules[name]
    sys.path[0], sys.argv = asked["cwd"], ["uvicorn", *asked["arguments"]]
    runpy.run_module("uvicorn", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _become(_serve())
