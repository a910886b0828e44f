"""Memories to be moved: a house with a state database, an embedder of each size, and a switch of settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.manage.house import House


@pytest.fixture
def small_llm() -> Iterator[ScriptedLLM]:
    """Another embedder, whose vectors are smaller."""
    with ScriptedLLM(dims=64) as llm:
        yield llm


@pytest.fixture
def house(tmp_path: Path, scripted_llm: ScriptedLLM, small_llm: ScriptedLLM) -> Iterator[House]:
    house = House(tmp_path / "house", scripted_llm, small_llm)
    yield house
    house.close()
