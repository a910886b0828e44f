"""Threads that wait for a model in this process are served in batches; each gets its own vector or error."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from owui_memory.backends.embedder import Embedder
from owui_memory.errors import Retry


class Model:
    """A model that takes its time when told to."""

    config = None

    def __init__(self) -> None:
        self.free = threading.Event()
        self.batches: list[list[str]] = []

    def embed_batch(self, texts: list[str], _action: str) -> list[list[float]]:
        self.batches.append(list(texts))
        assert self.free.wait(20)
        if "poison" in texts:
            raise RuntimeError("no")
        return [[float(len(text))] for text in texts]


def test_those_who_wait_are_encoded_together() -> None:
    model = Model()
    embedder = Embedder(model, "", local=True)
    texts = ["x" * number for number in range(1, 41)]
    with ThreadPoolExecutor(40) as threads:
        vectors = [threads.submit(embedder.embed, text) for text in texts]
        model.free.set()
        assert [vector.result() for vector in vectors] == [[float(len(text))] for text in texts]
    assert sorted(text for batch in model.batches for text in batch) == texts
    assert max(map(len, model.batches)) <= 16


def test_a_failure_reaches_its_own_batch_only() -> None:
    model = Model()
    model.free.set()
    embedder = Embedder(model, "", local=True)
    with pytest.raises(Retry, match="The embedder failed"):
        embedder.embed("poison")
    assert embedder.embed("tea") == [3.0]
