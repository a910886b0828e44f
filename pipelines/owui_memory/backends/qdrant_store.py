"""mem0's Qdrant store with keyword vectors of our own making, and both searches in one request.

mem0 makes them with fastembed, whose model files come from a hub. The words are those of the other stores
(`words.py`), cut to their stems; Qdrant weighs them by how rare they are.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mem0.vector_stores.qdrant import Qdrant
from qdrant_client import models

from ..words import content_words, stem, terms_of

_K1, _B = 1.2, 0.75  # of BM25
_MEAN_WORDS = 12.0  # of a memory: one sentence


@dataclass(frozen=True, slots=True)
class Sparse:
    """A sparse vector as mem0 wants it from its encoder: numbers of words, and their weights."""

    indices: np.ndarray[Any, np.dtype[np.int64]]
    values: np.ndarray[Any, np.dtype[np.float32]]


class Bm25Encoder:
    """The part of BM25 that belongs to the text; Qdrant's IDF modifier adds the rest."""

    def embed(self, texts: Sequence[str]) -> Iterator[Sparse]:
        """For each stored text its words, weighed by how often they are in it and by its length."""
        for text in texts:
            words = Counter(_number(word) for word in terms_of(text))
            length = _K1 * (1 - _B + _B * words.total() / _MEAN_WORDS)
            weights = [count * (_K1 + 1) / (count + length) for count in words.values()]
            yield Sparse(np.array(list(words), np.int64), np.array(weights, np.float32))

    def query(self, text: str) -> models.SparseVector:
        """The words that say what a query is about, each with weight 1."""
        numbers = list({_number(word) for word in content_words(text)})
        return models.SparseVector(indices=numbers, values=[1.0] * len(numbers))


class QdrantStore(Qdrant):  # type: ignore[misc]
    """See mem0's class; registered in its place."""

    _encoder = Bm25Encoder()

    def _get_bm25_encoder(self) -> Bm25Encoder:
        return self._encoder

    def search_both(
        self, query: str, vector: Sequence[float], top_k: int, filters: Mapping[str, Any]
    ) -> tuple[list[Any], list[Any] | None]:
        """The nearest by meaning, and by words (None in a collection made without them), in one request."""
        shared = {"filter": self._create_filter(dict(filters)), "limit": top_k, "with_payload": True}
        requests = [models.QueryRequest(query=list(vector), **shared)]
        words = self._encoder.query(query)
        if self._has_bm25_slot and words.indices:
            requests.append(models.QueryRequest(query=words, using="bm25", **shared))
        answers = self.client.query_batch_points(self.collection_name, requests=requests)
        if not self._has_bm25_slot:
            return answers[0].points, None
        return answers[0].points, answers[1].points if len(answers) > 1 else []

    def get_all(self, vector_ids: Sequence[str]) -> list[Any]:
        """Those of these memories that there are, in no order."""
        found: list[Any] = self.client.retrieve(self.collection_name, ids=list(vector_ids), with_payload=True)
        return found


def _number(word: str) -> int:
    return zlib.crc32(stem(word).encode())
