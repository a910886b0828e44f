"""A desk for each test, and one for the tests of a module that leave nothing to others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.commands.desk import Desk, a_desk


@pytest.fixture
def desk(own_data_folder: Path, scripted_llm: ScriptedLLM) -> Iterator[Desk]:
    with a_desk(own_data_folder, scripted_llm) as desk:
        yield desk


@pytest.fixture(scope="module")
def _desk(tmp_path_factory: pytest.TempPathFactory, _running_llm: ScriptedLLM) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("desk"), _running_llm) as desk:
        yield desk


@pytest.fixture
def shared_desk(_desk: Desk, scripted_llm: ScriptedLLM) -> Iterator[Desk]:
    """The module's, with a user of the test's own."""
    settings = _desk.settings
    _desk.begin(settings)
    yield _desk
    _desk.begin(settings)
