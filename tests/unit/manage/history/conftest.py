"""A queue, a writer and a backend, whose imports are tested."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.config.settings import Valves
from owui_memory.manage.history import imports as module
from owui_memory.manage.history.imports import Imports
from tests.harness.places import library
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.remember.workbench import Bench


@pytest.fixture
def bench(tmp_path: Path, scripted_llm: ScriptedLLM) -> Iterator[Bench]:
    settings = Valves(**scripted_llm.embeds())
    bench = Bench(tmp_path, settings, library(settings, tmp_path))
    yield bench
    bench.start()
    bench.close()


@pytest.fixture
def imports(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Imports:
    monkeypatch.setattr(module, "_PAUSE_S", 0.0)
    return Imports(bench.engine, lambda: bench.settings, lambda text: text.startswith("/memory"))
