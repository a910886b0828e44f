"""Memories to be moved: a house with a state database, an embedder of each size, and a switch of settings."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.manage.migrate import mover
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.manage.house import CAT, CELLO, DOG, TOWN, House


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


@pytest.fixture(scope="session")
def _lived_in(
    tmp_path_factory: pytest.TempPathFactory, _running_llm: ScriptedLLM, _small_llm: ScriptedLLM
) -> Path:
    """The folder of a house with three memories of Ada's and one of Bob's, with the first model."""
    house = House(tmp_path_factory.mktemp("lived-in") / "house", _running_llm, _small_llm)
    house.use(house.with_model())
    house.remember(DOG, CAT, TOWN)
    house.remember(CELLO, user="bob")
    house.leave()
    return house.folder


@pytest.fixture
def left(house: House, _lived_in: Path) -> House:
    """That one, whose server was stopped."""
    house.leave()
    shutil.rmtree(house.folder)
    shutil.copytree(_lived_in, house.folder)
    return house


@pytest.fixture
def moved_in(left: House) -> House:
    left.enter()
    left.use(left.with_model())
    return left
