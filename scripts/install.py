"""Makes an environment from its lock: `python3 -m scripts.install pipelines` (`dev`, `webui`, `uv`, `node`).

A stamp in the environment remembers what it was made from, so that a second call returns at once. uv, which
comes from PyPI through pip, installs what the locks name in seconds. pip itself does it, in a minute, where
there is no uv for the platform, where uv fails, and where pip is told of an index of its own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.progress import step

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
_PIP_ONLY = re.compile(
    r"^[^=]*\.(index-url|no-index|proxy)=", re.MULTILINE
)  # uv reads none of pip's settings


@dataclass(frozen=True)
class Environment:
    """What one lock file says, in a virtual environment that it may share with others."""

    name: str
    folder: Path
    lock: Path
    about: str
    has_filter: bool = False

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.folder / f".made-from-{self.name}"

    @property
    def log(self) -> Path:
        return ROOT / ".run" / "logs" / f"install-{self.name}.log"

    def recipe(self) -> str:
        """What the environment is made from, as one short text."""
        parts = [".".join(map(str, sys.version_info[:2])), self.lock.read_text()]
        parts += [str(ROOT)] if self.has_filter else []
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def is_made(self) -> bool:
        return self.python.exists() and self.stamp.exists() and self.stamp.read_text() == self.recipe()


UV = Environment("uv", ROOT / ".run" / "uv", REQUIREMENTS / "uv.txt", "uv, which installs the rest")
NODE = Environment("node", ROOT / ".run" / "node", REQUIREMENTS / "node.txt", "Node.js, for scripts.npm")
ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        UV,
        NODE,
        Environment(
            "pipelines",
            ROOT / ".venv",
            REQUIREMENTS / "pipelines.lock",
            "the Pipelines server, the filter",
            has_filter=True,
        ),
        Environment("dev", ROOT / ".venv", REQUIREMENTS / "dev.lock", "tools of tests and checks"),
        Environment("webui", ROOT / ".venv-webui", REQUIREMENTS / "webui.lock", "Open WebUI"),
    )
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
    """Open WebUI 0.12.4 takes Python 3.11 and 3.12; all environments are made with the same one."""
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
    """Create or complete the environment; raises InstallError with the end of the log."""
    environment.log.parent.mkdir(parents=True, exist_ok=True)
    environment.log.write_text("")
    environment.stamp.unlink(missing_ok=True)
    name = environment.folder.name
    if not works(environment):
        venv = [sys.executable, "-m", "venv", "--clear", str(environment.folder)]
        venv += [] if environment == UV else ["--without-pip"]  # theirs is in their locks
        run(environment, f"{name}: new environment", venv)
    install(environment, f"{name}: {environment.about}", f"--requirement={environment.lock}")
    if environment.has_filter:  # for its command line, `owui-memory`
        install(environment, f"{name}: the filter itself", "--no-build-isolation", f"--editable={ROOT}")
    environment.stamp.write_text(environment.recipe())


def works(environment: Environment) -> bool:
    """False for a missing interpreter, and for one whose home has moved or was upgraded away."""
    command = [environment.python, "-c", "import pip" if environment == UV else ""]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install(environment: Environment, title: str, *what: str) -> None:
    """Install exactly `what` into the environment, with uv or else with pip.

    Python compiles at the first start what it needs of it. Where it may not keep that, each start would take
    seconds more, so all is compiled now.
    """
    options = ["--python", str(environment.python)]
    compiling = sys.dont_write_bytecode
    if uv := fast(environment):
        options_of_uv = [*options, *(["--compile-bytecode"] if compiling else [])]
        try:
            run(environment, title, [uv, "pip", "install", *options_of_uv, "--no-deps", *what])
        except InstallError:
            print(f"uv could not do it, so pip does. The whole log: {environment.log}", flush=True)
        else:
            return
    pip = [str(UV.python), "-m", "pip", *options, "--no-input", "--disable-pip-version-check", "install"]
    run(environment, title, [*pip, *([] if compiling else ["--no-compile"]), "--no-deps", *what])


def fast(environment: Environment) -> str | None:
    """The uv to install with; None where pip is to do it."""
    if environment == UV:
        return None
    if not UV.is_made():
        try:
            make(UV)
        except InstallError:
            if not works(UV):
                raise
            print(f"There is no uv, so pip does it. The whole log: {UV.log}", flush=True)
            return None
    return None if pip_has_its_own_index(UV.python) else str(UV.folder / "bin" / "uv")


def pip_has_its_own_index(python: Path) -> bool:
    """Whether pip's settings name where packages are to come from; those of one command stay unseen."""
    asked = subprocess.run(
        [python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    return bool(_PIP_ONLY.search(asked.stdout))


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
