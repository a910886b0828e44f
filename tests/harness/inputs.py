"""Tables of texts for tests: tests/fixtures/inputs, one JSON file each.

{"joined": ["a", "b"]} stands for "ab": what looks like a key is in two parts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parents[1] / "fixtures" / "inputs"


@dataclass(frozen=True)
class Inputs:
    """The tables of one file, by name."""

    tables: dict[str, Any]

    @classmethod
    def read(cls, name: str) -> Inputs:
        return cls(json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8")))

    def all(self, table: str) -> Any:
        """A table's rows, lists as tuples."""
        return _frozen(self.tables[table])


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return "".join(value["joined"]) if isinstance(value, dict) else value
