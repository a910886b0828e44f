"""An index of documents."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.documents import indexing
from owui_memory.documents.extraction import Extraction
from tests.harness.places import opened
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.documents.index import Index


class Kept(Extraction):
    """Of many runs: one that is started anew is tested by `test_extraction`."""

    def close(self) -> None:
        """It goes on."""


@pytest.fixture(scope="session")
def extraction() -> Iterator[Extraction]:
    kept = Kept()
    yield kept
    Extraction.close(kept)


@pytest.fixture
def index(
    tmp_path: Path, scripted_llm: ScriptedLLM, extraction: Extraction, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Index]:
    monkeypatch.setattr(indexing, "Extraction", lambda: extraction)
    made = Index(opened(tmp_path), tmp_path, scripted_llm)
    yield made
    made.backend.close()
    made.engine.dispose()
