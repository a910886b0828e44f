"""What a search finds, and that it finds nothing where nothing fits: with the bundled embedder."""

import json
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.memory import Memory
from owui_memory.manage import fitting as search
from owui_memory.manage.fitting import fitting
from owui_memory.recall.rank import DEFAULT, ranked

CASES = json.loads((Path(__file__).parents[2] / "fixtures" / "searches.json").read_text())
MEMORIES = dict(CASES["memories"])


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryBackend]:
    folder: Path = tmp_path_factory.mktemp("fitting")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # mem0 asks its model by an old name
        backend = LibraryBackend.open(Valves(), folder)
    for text in MEMORIES.values():
        backend.store("ada", Memory("", text))
    yield backend
    backend.close()


def found(backend: LibraryBackend, query: str) -> list[str]:
    items = ranked(backend.search("ada", query, 40, asked=True), query, datetime.now(UTC))
    names = {text: name for name, text in MEMORIES.items()}
    return [names[item.memory.text] for item in fitting(items, query)]


@pytest.mark.parametrize("query", CASES["not found"])
def test_nothing_fits(backend: LibraryBackend, query: str) -> None:
    assert found(backend, query) == []


@pytest.mark.parametrize(("query", "right"), CASES["found"])
def test_what_fits_is_all_that_is_found(backend: LibraryBackend, query: str, right: str) -> None:
    assert found(backend, query) == [right]


def test_what_fits_in_another_language_is_found_too(backend: LibraryBackend) -> None:
    assert found(backend, "chien")  # where a memory has the word itself, others may be just too far
    assert found(backend, "dog")[0] == "dog"
    assert found(backend, "قطة")[0] == "cairo"


def test_a_word_by_itself_counts_whole(backend: LibraryBackend) -> None:
    """Whoever searches has chosen it; in a message it may be there by accident."""
    (dog,) = search.found(backend, ["ada"], "Rex", 40)
    assert dog.score >= DEFAULT.meaning * dog.meaning + DEFAULT.keyword


def test_several_fit(backend: LibraryBackend) -> None:
    assert set(found(backend, "pets")) == {"hamster", "dog", "perro", "kater", "tokyo"}
    assert set(found(backend, "beverage")) == {"tea", "beijing"}
    assert set(found(backend, "old")) == {"dog", "car"}
