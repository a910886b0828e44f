"""mem0's embedder, as the store and the searches use it: named errors, one at a time, a small cache."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

from .faults import translated

_CACHED = 256  # last texts: a regenerated answer's or second model's question costs no embedding


class Embedder:
    """Stands in mem0's `Memory` for the embedder it wraps.

    `one_at_a_time`: for a model in this process. PyTorch uses all cores for each text, so more at
    once would only queue up inside.
    """

    def __init__(self, model: Any, address: str, *, one_at_a_time: bool) -> None:
        self.config = model.config
        self.model, self._address = model, address
        self._turn: AbstractContextManager[Any] = threading.Lock() if one_at_a_time else nullcontext()
        self._cached = lru_cache(_CACHED)(self.embed_now)

    def embed(self, text: str, memory_action: str = "search") -> list[float]:
        """One vector. Raises a MemoryFault that names the embedder."""
        return list(self._cached(text, memory_action))

    def embed_batch(self, texts: Sequence[str], memory_action: str = "add") -> list[list[float]]:
        """A vector for each text."""
        with translated("embedder", self._address), self._turn:
            return [list(vector) for vector in self.model.embed_batch(list(texts), memory_action)]

    def embed_now(self, text: str, memory_action: str = "search") -> list[float]:
        """One vector, not from the cache: tells whether the embedder works."""
        with translated("embedder", self._address), self._turn:
            return list(self.model.embed(text, memory_action))
