"""The command line: `python -m owui_memory --help` lists what it can do.

Run it in the folder that holds this package, with the environment of the Pipelines server
(`MEMORY_STATE_URL`, `MEMORY_DATA_DIR` or `PIPELINES_DIR`): it works on the same memories, also while the
server runs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from . import COMMAND


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    try:
        from .cli.app import app
    except ModuleNotFoundError as missing:  # the minimum image of the Pipelines server has no typer
        if missing.name not in ("typer", "rich"):
            raise
        print("The command line needs typer, which is not installed: pip install typer", file=sys.stderr)
        return 1
    try:
        app(arguments, prog_name=COMMAND)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0


if __name__ == "__main__":
    sys.exit(main())
