"""An observer of examples/ as a process, started as often as it is killed."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.harness.observed import KEY, ObservedMemory
from tests.harness.pipelines_server import clean_environment
from tests.harness.waiting import wait_until

EXAMPLES = Path(__file__).parents[2] / "examples"


class Observer:
    """program: its Python, run with `arguments`. listens: whether the other side sees that it does."""

    def __init__(self, folder: Path, memory: ObservedMemory, program: str, *arguments: str) -> None:
        self.listens: Callable[[], object] = lambda: True
        self._command = [sys.executable, "-c", program, *arguments]
        self._log = folder / "log"
        self._env = {
            **clean_environment(),
            "PYTHONPATH": str(EXAMPLES),
            "PYTHONWARNINGS": "ignore",
            "PYTHONDONTWRITEBYTECODE": "1",
            "OBSERVER_FILE": str(folder / "kept.db"),
            "MEMORY_URL": memory.url,
            "MEMORY_OBSERVER_KEY": KEY,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **env: str) -> None:
        self._env |= env
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._env, stdout=log, stderr=log)
        wait_until(self.listens, what=self.told)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(10)

    def ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def told(self) -> str:
        return self._log.read_text(errors="replace")
