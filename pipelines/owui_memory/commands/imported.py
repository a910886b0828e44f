"""The lines below `/memory import`, as rows: JSON Lines, or JSON as a whole, as export or mem0 give it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_FENCE_LINE = re.compile(r"\s*`{3,}\w*\s*")
_LISTS = ("results", "memories")  # in what mem0 answers

Row = Mapping[str, Any] | None  # None: no JSON that could be a memory


def rows_in(text: str) -> list[Row]:
    """A row for each line that is not empty and no fence; each of a whole list where the text is one."""
    lines = [line for line in text.splitlines() if line.strip() and not _FENCE_LINE.fullmatch(line)]
    if len(lines) != 1 and lines and lines[0].lstrip()[:1] in ("[", "{") and _read(lines[0]) is None:
        whole = _read("\n".join(lines))
        if whole is not None:
            return list(_rows(whole))
    return [row for line in lines for row in _rows(_read(line))]


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _rows(value: Any) -> Iterator[Row]:
    for one in _listed(value):
        yield {"memory": one} if isinstance(one, str) else one if isinstance(one, dict) else None


def _listed(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return next((value[name] for name in _LISTS if isinstance(value.get(name), list)), [value])
    return value if isinstance(value, list) else [None if isinstance(value, str) else value]
