"""What the sqlite store finds, in the shape that mem0 expects of a store."""

from __future__ import annotations

import json
from typing import Any

_READ = json.JSONDecoder().raw_decode  # what `json.loads` calls, and nothing else: it is our own JSON


class Row:
    """One stored memory. `score`: similarity 0..1, or BM25 above 0 (higher is better), or None."""

    __slots__ = ("_payload", "_text", "id", "score")

    def __init__(self, id_: str, score: float | None, text: str) -> None:
        self.id, self.score, self._text = id_, score, text
        self._payload: dict[str, Any] | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """Read when asked for: of what is found twice, by meaning and by words, it is asked for once."""
        if self._payload is None:
            self._payload = _READ(self._text)[0]
        assert self._payload is not None
        return self._payload
