"""A sqlite store in a file of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.stores.sqlite.store import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "memories.db")


@pytest.fixture
def store(path: str) -> Iterator[SqliteStore]:
    store = SqliteStore("memories", 3, path)
    yield store
    store.close()
