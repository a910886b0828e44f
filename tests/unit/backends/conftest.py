"""Each backend, and a sqlite store in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.backends.base import EditableBackend
from owui_memory.stores.sqlite.store import SqliteStore
from tests.harness.qdrant_server import QdrantServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.backends.contract import LIBRARIES, REMOTES, Case, opened


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "memories.db")


@pytest.fixture
def store(path: str) -> Iterator[SqliteStore]:
    store = SqliteStore("memories", 3, path)
    yield store
    store.close()


@pytest.fixture
def qdrant() -> Iterator[QdrantServer]:
    with QdrantServer() as server:
        yield server


@pytest.fixture(params=[*LIBRARIES, *REMOTES])
def case(request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[Case]:
    """Each test that asks for it takes the backends one after the other."""
    with opened(request.param, request, scripted_llm, tmp_path) as case:
        yield case


@pytest.fixture
def backend(case: Case) -> EditableBackend:
    return case.backend


@pytest.fixture(params=REMOTES)
def remote(request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[Case]:
    """The two that stand behind HTTP."""
    with opened(request.param, request, scripted_llm, tmp_path) as case:
        yield case
