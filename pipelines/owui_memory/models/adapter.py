"""What brings a question nearer to the statements that answer it, learned once for the bundled model.

A linear map of the question's vector, of low rank: `x + (x @ left) @ right.T`. bench/adapter.py learns it;
docs/recall.md says from what, and what it brings.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

BUNDLED = "bundled_adapter.txt"
_LINE_CHARS = 100


@dataclass(frozen=True)
class Adapter:
    """left, right: as many rows as a vector has numbers. mark: tells it from others."""

    left: Matrix
    right: Matrix
    mark: str = ""

    def turned(self, vectors: Matrix) -> Matrix:
        """The vectors of questions, as they are to be searched with; not of length 1."""
        found: Matrix = vectors + (vectors @ self.left) @ self.right.T
        return found

    def text(self) -> str:
        """As it is kept: dimensions, rank and the scale of each half, then one signed byte a number."""
        scales = [float(np.abs(half).max()) / 127 for half in (self.left, self.right)]
        halves = [
            np.round(half / scale).astype(np.int8)
            for half, scale in zip((self.left, self.right), scales, strict=True)
        ]
        written = base64.b85encode(b"".join(half.tobytes() for half in halves)).decode()
        lines = [written[at : at + _LINE_CHARS] for at in range(0, len(written), _LINE_CHARS)]
        head = f"{self.left.shape[0]} {self.left.shape[1]} {scales[0]!r} {scales[1]!r}"
        return "\n".join([head, *lines, ""])

    @classmethod
    def of_text(cls, text: str) -> Adapter:
        """The same, read again."""
        head, _, rest = text.partition("\n")
        dims, rank, *scales = head.split()
        numbers = np.frombuffer(base64.b85decode("".join(rest.split())), dtype=np.int8).astype(float)
        left, right = numbers.reshape(2, int(dims), int(rank))
        mark = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        return cls(left * float(scales[0]), right * float(scales[1]), mark)


@lru_cache(1)
def bundled() -> Adapter:
    """That of the bundled model."""
    return Adapter.of_text(files(__package__).joinpath(BUNDLED).read_text(encoding="ascii"))
