"""What the library backend adds to mem0: which part failed, and no embedding twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.errors import Retry
from owui_memory.core.memory import Memory
from tests.harness.scripted_llm import ScriptedLLM

SAID = [{"role": "user", "content": "My dog is called Rex."}]


@pytest.fixture
def backend(scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[LibraryBackend]:
    settings = Valves(**scripted_llm.embeds("embed"), **scripted_llm.reads("chat"))
    backend = LibraryBackend.open(settings, tmp_path)
    scripted_llm.clear()
    yield backend
    backend.close()


def part(backend: LibraryBackend, name: str) -> tuple[bool, str]:
    return next((part.ok, part.detail) for part in backend.check() if part.name == name)


def test_a_text_is_embedded_once(backend: LibraryBackend, scripted_llm: ScriptedLLM) -> None:
    for _ in range(3):
        backend.search("ada", "What is my dog called?", 5)
    assert scripted_llm.embedded_texts() == ["What is my dog called?"]


def test_a_failure_is_not_kept(backend: LibraryBackend, scripted_llm: ScriptedLLM) -> None:
    with scripted_llm.fault("embeddings", status=503), pytest.raises(Retry, match="The embedder at"):
        backend.search("ada", "What is my dog called?", 5)
    assert backend.search("ada", "What is my dog called?", 5) == []


def test_the_embedder_is_named_where_adding_fails_for_it(
    backend: LibraryBackend, scripted_llm: ScriptedLLM
) -> None:
    with scripted_llm.fault("embeddings", status=503), pytest.raises(Retry, match="The embedder at"):
        backend.store("ada", Memory("", "My dog is called Rex."))


def test_the_llm_is_named_and_told_until_it_works_again(
    backend: LibraryBackend, scripted_llm: ScriptedLLM
) -> None:
    with scripted_llm.fault("chat", status=503), pytest.raises(Retry, match=r"The LLM at .* HTTP 503"):
        backend.extract("ada", SAID, batch="b")
    ok, detail = part(backend, "LLM")
    assert not ok
    assert "HTTP 503" in detail
    assert len(backend.extract("ada", SAID, batch="b")) == 1
    assert part(backend, "LLM") == (True, "openai chat")


def test_only_ones_own_are_removed_together(backend: LibraryBackend) -> None:
    ours, theirs = (backend.store(user, Memory("", f"{user} has a dog.")) for user in ("ada", "bob"))
    assert backend.remove_all("ada", [ours, theirs, "no id"]) == 1
    assert (backend.get(ours), backend.get(theirs) is None) == (None, False)
