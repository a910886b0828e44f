"""The command line: `owui-memory --help` lists what it can do.

It works on the memories that the Pipelines server's environment names (`MEMORY_DATA_DIR`, `PIPELINES_DIR`,
`MEMORY_STATE_URL`), also while the server runs; in the environment made by `make`, without PIPELINES_DIR, on
those of `make up`. Where the package is not installed: `python -m owui_memory` in the folder that holds it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path

from . import COMMAND


def run() -> None:
    """What `owui-memory` runs."""
    default_to_make_up(os.environ)
    sys.exit(main())


def default_to_make_up(environ: MutableMapping[str, str]) -> None:
    """Name the folder of `make up`, where no other is named and there is one beside this environment."""
    folder = Path(sys.prefix).parent / ".run" / "pipelines"
    if folder.is_dir() and not environ.get("PIPELINES_DIR"):
        environ["PIPELINES_DIR"] = str(folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    try:
        from .interfaces.cli.app import app
    except ModuleNotFoundError as missing:  # the minimum image of the Pipelines server has no typer
        if missing.name not in ("typer", "rich"):
            raise
        print("The command line needs typer, which is not installed: pip install typer", file=sys.stderr)
        return 1
    try:
        app(arguments, prog_name=COMMAND, obj=_serve)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0


def _serve(host: str, port: int) -> None:
    """What the command `proxy` does: it assembles the application, which no command may."""
    from .standalone import serve

    serve(host, port)


if __name__ == "__main__":
    sys.exit(main())
