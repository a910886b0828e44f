"""Real processes that work on a data folder and may be killed at any step of it.

    with Mortals() as mortals:
        end = mortals.run("drain", folder, settings)                       # end.steps: all it went through
        end = mortals.run("drain", folder, settings, die_at=end.steps[3])  # end.killed

`drain` is what the plugin does between its start-up and its shutdown. `undo` takes back every change of ada.
`erase_user` erases her, `forget_first` what she said first; `go_on` finishes what another process began.

`read_channels` reads what waits of channels.

One process imports mem0, which takes seconds, and forks one for each run.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.harness.pipelines_server import PLUGINS, ROOT, clean_environment
from tests.harness.steps import Steps, die_at, everything
from tests.harness.waiting import wait_until

if TYPE_CHECKING:
    from owui_memory.manage.erasure.erase import Eraser

_PATIENCE_S = 60.0


@dataclass(frozen=True)
class End:
    """How a process ended, and the steps it went through when nobody killed it."""

    status: int  # exit code, or minus the signal
    steps: list[str]

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL


class Mortals:
    """Starts them one after the other: a context manager."""

    def __enter__(self) -> Mortals:
        # Files instead of pipes: whatever the processes say cannot block them.
        self._errors = tempfile.TemporaryFile()
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.harness.mortals"],
            cwd=ROOT,
            env={**clean_environment(), "PYTHONPATH": os.pathsep.join(map(str, (ROOT, PLUGINS)))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._parent.stdin
        assert self._parent.stdout
        self._parent.stdin.close()
        self._parent.wait(timeout=_PATIENCE_S)
        self._parent.stdout.close()
        self._errors.close()

    def run(self, what: str, folder: Path, settings: dict[str, Any], *, die_at: str = "") -> End:
        """Let one live and see how it ends. Fails where it ended otherwise than well or by a kill."""
        order = {"what": what, "folder": str(folder), "settings": settings, "die_at": die_at}
        assert self._parent.stdin
        assert self._parent.stdout
        print(json.dumps(order), file=self._parent.stdin, flush=True)
        answer = self._parent.stdout.readline()
        assert answer, self._said()
        end = End(**json.loads(answer))
        assert end.killed or end.status == 0, f"ended with {end.status}: {self._said()}"
        return end

    def _said(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")[-4000:]


def _serve() -> None:
    """The parent: an order a line, an answer a line."""
    from owui_memory.backends.assemble import import_mem0

    with tempfile.TemporaryDirectory() as home:
        import_mem0(Path(home))
        list(everything())
        for line in sys.stdin:
            order, told = json.loads(line), Path(home) / "told.json"
            pid = os.fork()
            if pid == 0:
                os._exit(_live(order, told))
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            last = json.loads(told.read_text()) if told.exists() else {"steps": [], "imported": []}
            told.unlink(missing_ok=True)
            print(json.dumps({"status": status, "steps": last["steps"]}), flush=True)
            for name in last["imported"]:  # so that the next ones need not
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)


def _live(order: dict[str, Any], told: Path) -> int:
    """The child: its exit code."""
    before = set(sys.modules)
    try:
        seen: list[str] = []
        watching = Steps(die_at(order["die_at"]) if order["die_at"] else seen.append)
        for cls in everything():
            watching.watch(cls)
        _WORK[order["what"]](Path(order["folder"]), order["settings"])
        imported = sorted(set(sys.modules) - before)
        told.write_text(json.dumps({"steps": seen, "imported": imported}))
    except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
        traceback.print_exc()
        return 1
    return 0


def _drain(folder: Path, settings: dict[str, Any]) -> None:
    from owui_memory.app import Application
    from owui_memory.config.environment import Environment
    from owui_memory.config.settings import Valves
    from owui_memory.remember import writer
    from owui_memory.remember.outbox import Outbox
    from owui_memory.state import open_state

    writer._IDLE_S = 0.01  # looks for the backend, and at the queue, more often
    valves = Valves(**settings)
    runtime = Application(Environment({}, folder, "key"), lambda: valves, [])
    engine = open_state(folder)
    queue = Outbox(engine)
    wait_until(lambda: queue.counts().pending == 0, within=_PATIENCE_S, every=0.01, what="drained")
    runtime.close()
    engine.dispose()


def _undo(folder: Path, settings: dict[str, Any]) -> None:
    from owui_memory.backends.library import LibraryBackend
    from owui_memory.config.settings import Valves
    from owui_memory.remember.apply import Changes
    from owui_memory.remember.journal import Journal
    from owui_memory.state import open_state

    backend = LibraryBackend.open(Valves(**settings), folder)
    engine = open_state(folder)
    journal = Journal(engine)
    for change in reversed(journal.of_user("ada")):
        if not change.undoes and change.op != "heard":
            Changes(journal).undo(backend, change)
    backend.close()
    engine.dispose()


@contextlib.contextmanager
def _erasing(folder: Path, settings: dict[str, Any]) -> Iterator[Eraser]:
    from functools import partial

    from owui_memory.backends import open_backend
    from owui_memory.backends.locations import naming
    from owui_memory.config.settings import Valves
    from owui_memory.manage.erasure import sites
    from owui_memory.manage.erasure.erase import Eraser
    from owui_memory.state import open_state

    sites._AT_ONCE = 1  # so that there is a step between two memories
    engine, valves = open_state(folder), Valves(**settings)

    def opened(given: Valves, data_dir: Path) -> Any:
        return open_backend(given, data_dir, None, partial(naming, engine, data_dir))

    yield Eraser(engine, folder, lambda: valves, opened)
    engine.dispose()


def _erase_user(folder: Path, settings: dict[str, Any]) -> None:
    with _erasing(folder, settings) as eraser:
        eraser.erase_user("ada")


def _forget_first(folder: Path, settings: dict[str, Any]) -> None:
    """With the passages of past chats that say the same, as `/memory forget` does."""
    from owui_memory.core.scope import past_owner
    from owui_memory.remember.journal import Journal
    from owui_memory.state import open_state
    from tests.harness.remains import store_in

    engine = open_state(folder)
    first = Journal(engine).of_user("ada")[0]
    engine.dispose()
    with contextlib.closing(store_in(folder)) as store:
        passages = store.list({"user_id": past_owner("ada")})[0]
        said = [str(row.id) for row in passages if first.after in row.payload["data"]]
    with _erasing(folder, settings) as eraser:
        eraser.forget("ada", [first.memory_id, *said])


def _go_on(folder: Path, settings: dict[str, Any]) -> None:
    with _erasing(folder, settings) as eraser:
        eraser.go_on()


def _read_channels(folder: Path, settings: dict[str, Any]) -> None:
    """Until all that waits is read, and what was deleted is gone."""
    from sqlalchemy import func, select

    from owui_memory.app import Application
    from owui_memory.channels import claims, reader
    from owui_memory.channels.queue import IN_HAND
    from owui_memory.config.environment import Environment
    from owui_memory.config.settings import Valves
    from owui_memory.state import channel_memories, channel_messages, open_state

    claims.DUE_S, reader._LOOK_S = 0.0, 0.01
    valves, engine = Valves(**settings), open_state(folder)
    runtime = Application(Environment({}, folder, "key"), lambda: valves, [])

    def is_done() -> bool:
        waiting = select(func.count()).where(channel_messages.c.state.in_(IN_HAND))
        gone = select(func.count()).where(channel_memories.c.gone)
        with engine.connect() as connection:
            return not connection.scalar(waiting) and not connection.scalar(gone)

    wait_until(is_done, within=_PATIENCE_S, every=0.01, what="all is read")
    runtime.close()
    engine.dispose()


_WORK = {
    "drain": _drain,
    "read_channels": _read_channels,
    "undo": _undo,
    "erase_user": _erase_user,
    "forget_first": _forget_first,
    "go_on": _go_on,
}

if __name__ == "__main__":
    _serve()
