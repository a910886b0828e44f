"""Makes an environment from its lock files: `python3 -m scripts.install pipelines` (or `webui`).

A stamp in the environment remembers what it was made from, so that a second call returns at once. PyTorch is
not in the locks: it comes last, in a pip call of its own, to which TORCH_ARGS is passed on. By then all that
its CPU build needs is there, so an index that has only PyTorch will do.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.progress import step

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
TORCH = "torch==2.13.0"


@dataclass(frozen=True)
class Environment:
    """A virtual environment: its folder, its lock files, and the programs that show it is complete."""

    name: str
    folder: Path
    locks: tuple[Path, ...]
    about: str
    has_filter: bool = False

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.folder / ".made-from"

    @property
    def log(self) -> Path:
        return ROOT / ".run" / "logs" / f"install-{self.name}.log"

    def recipe(self) -> str:
        """What the environment is made from, as one short text."""
        parts = [TORCH, ".".join(map(str, sys.version_info[:2])), *(lock.read_text() for lock in self.locks)]
        parts += [str(ROOT)] if self.has_filter else []
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def is_made(self) -> bool:
        return self.python.exists() and self.stamp.exists() and self.stamp.read_text() == self.recipe()


ENVIRONMENTS = {
    "pipelines": Environment(
        "pipelines",
        ROOT / ".venv",
        (REQUIREMENTS / "pipelines.lock", REQUIREMENTS / "dev.lock"),
        "the Pipelines server, the filter, the test tools",
        has_filter=True,
    ),
    "webui": Environment(
        "webui", ROOT / ".venv-webui", (REQUIREMENTS / "webui.lock",), "Open WebUI, some minutes"
    ),
}


class InstallError(Exception):
    """Something that the reader of the terminal can mend; the text says how."""


def main() -> None:
    environment = ENVIRONMENTS[sys.argv[1]]
    if environment.is_made():
        return
    try:
        check_python()
        make(environment)
    except InstallError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. The next call goes on from here.")


def check_python() -> None:
    """Open WebUI 0.12.4 takes Python 3.11 and 3.12; both environments are made with the same one."""
    version = sys.version_info[:2]
    if not (3, 11) <= version <= (3, 12):
        raise InstallError(
            f"Python 3.11 or 3.12 is needed, and {sys.executable} is {version[0]}.{version[1]}. "
            "Install one of them (Debian 12: apt-get install python3 python3-venv; elsewhere: pyenv or uv) "
            "and name it: make up PYTHON=python3.11"
        )
    if not importlib.util.find_spec("ensurepip"):
        raise InstallError(
            "This Python cannot make virtual environments. On Debian: apt-get install python3-venv"
        )


def make(environment: Environment) -> None:
    """Create or complete the environment; raises InstallError with the end of pip's log."""
    environment.log.parent.mkdir(parents=True, exist_ok=True)
    environment.log.write_text("")
    environment.stamp.unlink(missing_ok=True)
    name = environment.folder.name
    if not works(environment.python):
        venv = [sys.executable, "-m", "venv", "--clear", str(environment.folder)]
        run(environment, f"{name}: new environment", venv)
    pip = [str(environment.python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    locks = [f"--requirement={lock}" for lock in environment.locks]
    torch_args = shlex.split(os.environ.get("TORCH_ARGS", ""))
    run(environment, f"{name}: {environment.about}", [*pip, "--no-deps", *locks])
    run(environment, f"{name}: PyTorch", [*pip, *torch_args, TORCH])
    if environment.has_filter:  # for its command line, `owui-memory`
        itself = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
        run(environment, f"{name}: the filter itself", [*pip, *itself])
    environment.stamp.write_text(environment.recipe())


def works(python: Path) -> bool:
    """False for a missing interpreter, and for one whose home has moved or was upgraded away."""
    try:
        asked = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
    except OSError:
        return False
    return asked.returncode == 0


def run(environment: Environment, title: str, command: list[str]) -> None:
    with environment.log.open("ab") as log:
        try:
            with step(title, lambda: last_line(environment.log)):
                subprocess.run(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True, cwd=ROOT
                )
        except subprocess.CalledProcessError as error:
            tail = "\n".join(environment.log.read_text(errors="replace").splitlines()[-25:])
            said = f"{title}: did not work (exit code {error.returncode}). The whole log: {environment.log}"
            raise InstallError(f"{tail}\n\n{said}") from None


def last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return lines[-1].strip()[:70] if lines else ""


if __name__ == "__main__":
    main()
