"""A sqlite store in a file of its own, and a place for a store of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.stores.sqlite.store import SqliteStore
from tests.unit.stores.kinds import KINDS, Place, place_of


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "memories.db")


@pytest.fixture
def store(path: str) -> Iterator[SqliteStore]:
    store = SqliteStore("memories", 3, path)
    yield store
    store.close()


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with place_of(request.param, tmp_path, request) as place:
        yield place
