"""Cases of tests/fixtures/remember: one a line, its parts between bars, `\\n` being line ends."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parents[2] / "fixtures" / "remember"


def cases(name: str) -> dict[str, list[list[str]]]:
    """The cases of a file by heading; what begins with `;` is a comment."""
    found: dict[str, list[list[str]]] = {}
    for line in (_FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            section = found.setdefault(line[2:], [])
        elif line and not line.startswith(";"):
            section.append(line.replace("\\n", "\n").split(" | "))
    return found
