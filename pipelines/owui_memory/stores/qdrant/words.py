"""Keyword vectors for Qdrant, of our own making: mem0 makes them with fastembed, whose files come from a hub.

The words are those of the other stores (`words.py`), cut to their stems; each has a number.
"""

from __future__ import annotations

import zlib
from collections import Counter

from qdrant_client.models import SparseVector

from ...language.forms import stem
from ...language.words import content_words, terms_of

_K1, _B = 1.2, 0.75  # of BM25
_MEAN_WORDS = 12.0  # of a memory: one sentence


def stored(text: str) -> SparseVector:
    """The part of BM25 that belongs to a text; Qdrant's IDF modifier adds how rare its words are."""
    words = Counter(map(_number, terms_of(text)))
    length = _K1 * (1 - _B + _B * words.total() / _MEAN_WORDS)
    weights = [count * (_K1 + 1) / (count + length) for count in words.values()]
    return SparseVector(indices=list(words), values=weights)


def asked(text: str) -> SparseVector:
    """The words that say what a query is about, each with weight 1."""
    numbers = list(dict.fromkeys(map(_number, content_words(text))))
    return SparseVector(indices=numbers, values=[1.0] * len(numbers))


def _number(word: str) -> int:
    return zlib.crc32(stem(word).encode())
