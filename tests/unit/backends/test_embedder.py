"""Threads that wait for a model in this process are served in batches; each gets its own vector or error."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from owui_memory.backends.base import Memory
from owui_memory.backends.embedder import Embedder
from owui_memory.backends.library import LibraryBackend
from owui_memory.errors import Retry
from owui_memory.settings import Valves
from tests.harness.scripted_llm import ScriptedLLM


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
    embedder = Embedder(lambda: model, "", local=True)
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
    embedder = Embedder(lambda: model, "", local=True)
    with pytest.raises(Retry, match="The embedder failed"):
        embedder.embed("poison")
    assert embedder.embed("tea") == [3.0]


class Vectors:
    """A model whose unrelated texts are as near to each other as told."""

    config = None

    def __init__(self, near: float) -> None:
        self._near = near

    def embed_batch(self, texts: list[str], _action: str) -> list[list[float]]:
        return [self._of(number, len(texts)) for number in range(len(texts))]

    def _of(self, number: int, count: int) -> list[float]:
        own = [0.0] * count
        own[number] = (1 - self._near) ** 0.5
        return [self._near**0.5, *own]


@pytest.mark.parametrize(("near", "floor"), [(0.0, 0.0), (0.05, 0.0), (0.5, 0.45), (0.8, 0.75)])
def test_the_cosine_that_means_nothing_is_learned(near: float, floor: float) -> None:
    embedder = Embedder(lambda: Vectors(near), "", local=True)
    assert embedder.floor == pytest.approx(floor)


def test_an_unrelated_memory_is_as_far_off_with_any_embedder(
    scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    """One that finds everything similar opens the gate no sooner than another."""
    settings = Valves(embedder_provider="openai", embedder_base_url=scripted_llm.base_url, embedder_model="e")
    found = []
    for number, near in enumerate((0.0, 0.7)):
        scripted_llm.nearness = near
        with contextlib.closing(LibraryBackend.open(settings, tmp_path / str(number))) as backend:
            backend.store("ada", Memory("", "The user's dog is called Rex."))
            found.append([backend.search("ada", text, 1)[0].meaning for text in ("my dog Rex", "tax law")])
    (related, unrelated), (related_too, unrelated_too) = found
    assert related_too == pytest.approx(related, abs=0.2)
    assert unrelated_too == pytest.approx(unrelated, abs=0.2)
