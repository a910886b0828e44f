"""Each backend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.backends.base import EditableBackend
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.backends.contract import LIBRARIES, REMOTES, Case, opened


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
