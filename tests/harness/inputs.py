"""Texts for tests, from the files of tests/fixtures.

Those of inputs/ are JSON: tables, and what they are about. {"joined": ["a", "b"]} stands for "ab" there: what
looks like a key is in two parts, so that no scanner takes it for one.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

FIXTURES = Path(__file__).parents[1] / "fixtures"


def inputs(name: str) -> Any:
    """The tables of a file, by name; their lists are tuples."""
    tables = json.loads((FIXTURES / "inputs" / f"{name}.json").read_text(encoding="utf-8"))
    return SimpleNamespace(**{table: _frozen(rows) for table, rows in tables.items()})


def sections(file: str) -> dict[str, list[str]]:
    """The lines of a text file by heading, `\\n` being line ends; what begins with `;` is a comment."""
    found: dict[str, list[str]] = {}
    for line in (FIXTURES / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            section = found.setdefault(line[2:], [])
        elif line and not line.startswith(";"):
            section.append(line.replace("\\n", "\n"))
    return found


def cases(file: str) -> dict[str, list[list[str]]]:
    """The same, each line's parts between bars."""
    return {heading: [line.split(" | ") for line in lines] for heading, lines in sections(file).items()}


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return "".join(value["joined"]) if isinstance(value, dict) else value
