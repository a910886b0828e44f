"""Memories to be moved: a house with a state database, an embedder of each size, and a switch of settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.manage.migrate import mover
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.manage.house import House


@pytest.fixture(scope="session")
def _small_llm() -> Iterator[ScriptedLLM]:
    with ScriptedLLM(dims=64) as llm:
        yield llm


@pytest.fixture
def small_llm(_small_llm: ScriptedLLM) -> Iterator[ScriptedLLM]:
    """Another embedder, whose vectors are smaller."""
    _small_llm.clear()
    yield _small_llm
    _small_llm.clear()


@pytest.fixture
def house(
    tmp_path: Path, scripted_llm: ScriptedLLM, small_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    monkeypatch.setattr(mover, "_LOOK_S", 0.05)
    monkeypatch.setattr(mover, "_AGAIN_FIRST_S", 0.05)
    house = House(tmp_path / "house", scripted_llm, small_llm)
    yield house
    house.close()
