"""What these tests share."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from owui_memory.config.settings import Valves
from owui_memory.remember import outbox, writer
from owui_memory.stores.sqlite import driver as sqlite_driver
from tests.harness.places import library
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.remember.mind import Mind
from tests.unit.remember.story import follow_the_story
from tests.unit.remember.workbench import Bench, OpenBench, impatient


@pytest.fixture(scope="session")
def _mind(_running_llm: ScriptedLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mind]:
    mind = Mind(_running_llm, tmp_path_factory.mktemp("mind"))
    yield mind
    mind.close()


@pytest.fixture
def mind(_mind: Mind, scripted_llm: ScriptedLLM) -> Mind:
    """One for all tests, which knows nothing of the one before."""
    _mind.forget()
    return _mind


@pytest.fixture
def own_mind(scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[Mind]:
    """For tests of what is learned of a model."""
    mind = Mind(scripted_llm, tmp_path)
    yield mind
    mind.close()


@pytest.fixture
def settings(scripted_llm: ScriptedLLM) -> Valves:
    return Valves(**scripted_llm.embeds())


@pytest.fixture
def open_bench(tmp_path: Path) -> Iterator[OpenBench]:
    """Opens benches in the test's folder, and closes them."""
    with ExitStack() as stack:
        yield lambda settings: stack.enter_context(
            closing(Bench(tmp_path, settings, library(settings, tmp_path)))
        )


@pytest.fixture
def bench(settings: Valves, open_bench: OpenBench) -> Bench:
    return open_bench(settings)


@pytest.fixture
def read(with_llm: Valves, open_bench: OpenBench, scripted_llm: ScriptedLLM) -> Bench:
    """A bench with an LLM that answers what the test says."""
    bench = open_bench(with_llm)
    impatient(bench.backend, with_llm, timeout_s=20)
    scripted_llm.clear()
    return bench


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between tries, and no patience with a file that somebody holds."""
    monkeypatch.setattr(outbox, "_BACKOFF_FIRST_S", 0.02)
    monkeypatch.setattr(outbox, "_BACKOFF_MOST_S", 0.05)
    monkeypatch.setattr(outbox, "_POSTPONED_FIRST_S", 0.02)
    monkeypatch.setattr(writer, "_IDLE_S", 0.02)
    monkeypatch.setattr(sqlite_driver, "BUSY_SECONDS", 0.1)


@pytest.fixture
def with_llm(settings: Valves, scripted_llm: ScriptedLLM) -> Valves:
    """As `settings`, and with an LLM that follows the story."""
    follow_the_story(scripted_llm)
    return settings.model_copy(update=scripted_llm.reads())
