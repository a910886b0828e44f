"""One started filter for all tests of a module that only talk to it; each of them has users of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.pipelines_server import with_embedder
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.interfaces.test_filter import Running


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module's filter keeps its data."""
    return tmp_path_factory.mktemp("shared") / "memory_data"


@pytest.fixture(scope="module")
def _shared_filter(shared_folder: Path, _running_llm: ScriptedLLM) -> Iterator[Running]:
    environment = {
        **with_embedder(_running_llm),
        "MEMORY_DATA_DIR": str(shared_folder),
        "MEMORY_INLET_DEADLINE_MS": "10000",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        running = Running()
    wait_until(lambda: running.part("backend")["ok"], what="the backend is ready")
    yield running
    running.close()


@pytest.fixture
def shared_filter(_shared_filter: Running, scripted_llm: ScriptedLLM) -> Iterator[Running]:
    """With the settings of before, and after all that the test before has begun."""
    _shared_filter.rest()
    before = _shared_filter.pipeline.valves
    yield _shared_filter
    _shared_filter.pipeline.valves = before
