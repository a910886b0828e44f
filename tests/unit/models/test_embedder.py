"""Threads that wait for a model in this process are served in batches; each gets its own vector or error."""

import contextlib
import json
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.errors import Retry, TellAdmin
from owui_memory.core.memory import Memory
from owui_memory.models.embedder import Embedder
from tests.harness import scripted_http as harness
from tests.harness.places import library
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until


class Model:
    """A model that takes its time when told to."""

    config = None

    def __init__(self) -> None:
        self.free = threading.Event()
        self.batches: list[list[str]] = []

    def embed_batch(self, texts: list[str], _action: str) -> list[list[float]]:
        self.batches.append(list(texts))
        assert self.free.wait(60)
        if "poison" in texts:
            raise RuntimeError("no")
        return [[float(len(text))] for text in texts]


def test_those_who_wait_are_encoded_together() -> None:
    model = Model()
    embedder = Embedder(lambda: model, "", local=True)
    texts = ["yes " * number + "." for number in range(1, 41)]
    with ThreadPoolExecutor(40) as threads:
        vectors = [threads.submit(embedder.embed, text) for text in texts]
        model.free.set()
        assert [vector.result() for vector in vectors] == [[float(len(text))] for text in texts]
    assert sorted(text for batch in model.batches for text in batch) == texts
    assert max(map(len, model.batches)) <= 16


def _interrupt_when(is_so: Callable[[], bool], thread: int) -> None:
    wait_until(is_so)
    signal.pthread_kill(thread, signal.SIGINT)


class Stepwise:
    """A model that encodes a batch for each time that it is let."""

    config = None

    def __init__(self) -> None:
        self.steps = threading.Semaphore(0)
        self.encoded: list[str] = []
        self.waiting = False

    def embed_batch(self, texts: list[str], _action: str) -> list[list[float]]:
        self.waiting = True
        assert self.steps.acquire(timeout=60)
        self.encoded += texts
        return [[float(len(text))] for text in texts]


def test_nobody_waits_for_a_batch_that_has_not_their_text() -> None:
    model = Stepwise()
    embedder = Embedder(lambda: model, "", local=True)
    texts = ["yes " * number + "." for number in range(1, 41)]
    with ThreadPoolExecutor(40) as threads:
        vectors = {text: threads.submit(embedder.embed, text) for text in texts}
        try:
            model.steps.release(2)
            wait_until(lambda: len(model.encoded) > 1)
            told = [vectors[text].result(timeout=60) for text in model.encoded]
            assert len(told) < 40
        finally:
            model.steps.release(40)


@pytest.mark.parametrize("chosen", [False, True], ids=["it waits", "it is to encode the next"])
def test_nobody_waits_for_a_thread_that_was_interrupted(chosen: bool) -> None:
    model = Stepwise()
    embedder = Embedder(lambda: model, "", local=True)

    def interrupt(*_: object) -> None:
        if chosen:
            model.steps.release()
            first.result(timeout=60)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    main = threading.get_ident()
    with ThreadPoolExecutor(2) as threads:
        try:
            first = threads.submit(embedder.embed, "tea")
            wait_until(lambda: model.waiting, what="the first is being encoded")
            threads.submit(_interrupt_when, lambda: bool(embedder._encode._waiting), main)
            with pytest.raises(KeyboardInterrupt):
                embedder.embed("coffee")
        finally:
            signal.signal(signal.SIGINT, before)
            model.steps.release(3)
        assert threads.submit(embedder.embed, "water").result(timeout=60) == [5.0]
    assert "coffee" not in model.encoded


def test_a_failure_reaches_its_own_batch_only() -> None:
    model = Model()
    model.free.set()
    embedder = Embedder(lambda: model, "", local=True)
    with pytest.raises(Retry, match="The embedder failed"):
        embedder.embed("poison")
    assert embedder.embed("tea") == [3.0]


# What is no vector --------------------------------------------------------------------------------

NAN, INFINITE = float("nan"), float("inf")
NO_VECTORS: dict[str, Any] = {
    "not a number": [NAN] * 8,
    "one that is none": [0.5, NAN, 0.5],
    "infinite": [0.5, INFINITE],
    "minus infinite": [-INFINITE, 0.5],
    "too large for stores": [1e300, 1.0],
    "too small for stores": [1e-300] * 8,
    "zeros": [0.0] * 8,
    "one zero": [0],
    "empty": [],
    "texts": ["0.5", "0.5"],
    "a text": "0.5",
    "nulls": [None, None],
    "null": None,
    "booleans": [True, False],
    "nested": [[0.5, 0.5]],
    "an object": {"0": 0.5},
    "a huge integer": [10**400, 1],
}


def settings_for(llm: ScriptedLLM) -> Valves:
    return Valves(**llm.embeds("e"))


@pytest.fixture
def backend(scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[LibraryBackend]:
    with contextlib.closing(library(settings_for(scripted_llm), tmp_path)) as opened:
        yield opened


def test_what_is_no_vector_is_neither_stored_nor_kept(
    backend: LibraryBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: backend.search("ada", "my dog Rex", 5),
        lambda: backend.store("ada", Memory("", "The user's dog is called Rex.")),
        lambda: backend.similarities("my dog Rex", ["a dog"]),
    )
    for what, vector in NO_VECTORS.items():
        with monkeypatch.context() as ill:
            ill.setattr(harness, "embedding_json", partial(lambda sent, *_: sent, json.dumps(vector)))
            for ask in calls:
                with pytest.raises((Retry, TellAdmin), match=r"^The embedder"):
                    ask()
            embedder = next(part for part in backend.check() if part.name == "embedder")
            assert not embedder.ok, what
            assert "The embedder" in embedder.detail
    assert backend.list_all("ada") == []
    backend.store("ada", Memory("", "The user's dog is called Rex."))
    assert backend.search("ada", "my dog Rex", 5)[0].meaning > 0.2
    assert backend.similarities("my dog Rex", ["a dog"])[0] > 0.2


def test_vectors_of_another_size_are_refused(backend: LibraryBackend, scripted_llm: ScriptedLLM) -> None:
    for dims in (1, 255, 257):
        with scripted_llm.fault("embeddings", dims=dims), pytest.raises(TellAdmin, match="vectors of 256"):
            backend.search("ada", "my dog Rex", 5)
    assert backend.search("ada", "my dog Rex", 5) == []


def test_an_embedder_that_begins_ill_is_not_opened(
    scripted_llm: ScriptedLLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "embedding_json", lambda *_: json.dumps([NAN] * 8))
    with pytest.raises(Retry, match="no vector"):
        LibraryBackend.open(settings_for(scripted_llm), tmp_path)


def test_what_mem0_extracts_waits_for_its_vectors(
    scripted_llm: ScriptedLLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """mem0 leaves out what could not be embedded, and calls that a success."""
    settings = settings_for(scripted_llm).model_copy(update=scripted_llm.reads())
    said = [{"role": "user", "content": "My dog is called Rex. I live in Rome."}]
    with contextlib.closing(LibraryBackend.open(settings, tmp_path)) as backend:
        with monkeypatch.context() as ill:
            ill.setattr(
                harness,
                "embedding_json",
                lambda text, dims, _nearness: json.dumps(
                    [float("rome" not in text.lower() or "dog" in text)] * dims
                ),
            )
            with pytest.raises(Retry, match="no vector"):
                backend.extract("ada", said, batch="b")
        assert backend.list_all("ada") == []
        assert len(backend.extract("ada", said, batch="b")) == 2


def test_a_local_model_that_answers_too_little_holds_up_nobody() -> None:
    model = Model()
    model.free.set()
    model.embed_batch = lambda texts, _action: []
    embedder = Embedder(lambda: model, "", local=True)
    with ThreadPoolExecutor(4) as threads:
        faults = [threads.submit(embedder.embed, text).exception(60) for text in ("a", "b", "c", "d")]
    assert all(isinstance(fault, Retry) for fault in faults)


# What means nothing -------------------------------------------------------------------------------


def test_an_unrelated_memory_is_as_far_off_with_any_embedder(
    scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    """One that finds everything similar opens the gate no sooner than another."""
    settings = Valves(**scripted_llm.embeds("e"))
    found = []
    for number, near in enumerate((0.0, 0.7)):
        scripted_llm.nearness = near
        with contextlib.closing(LibraryBackend.open(settings, tmp_path / str(number))) as backend:
            backend.store("ada", Memory("", "The user's dog is called Rex."))
            found.append([backend.search("ada", text, 1)[0].meaning for text in ("my dog Rex", "tax law")])
    (related, unrelated), (related_too, unrelated_too) = found
    assert related_too == pytest.approx(related, abs=0.2)
    assert unrelated_too == pytest.approx(unrelated, abs=0.2)
