"""What people say in many languages: the lines of tests/fixtures/languages, `\\n` being line ends."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parents[2] / "fixtures" / "languages"


def said(name: str) -> dict[str, list[str]]:
    """The messages of a file by heading."""
    found: dict[str, list[str]] = {}
    for line in (_FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            messages = found.setdefault(line[2:], [])
        elif line:
            messages.append(line.replace("\\n", "\n"))
    return found


LANGUAGES = sorted(
    path.stem for path in _FOLDER.glob("*.txt") if path.stem not in ("about_oneself", "beyond", "more")
)
