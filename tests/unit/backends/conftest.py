"""Each backend."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from owui_memory.backends.base import Backend
from tests.harness.mem0_platform import Platform
from tests.harness.mem0_server import RestServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.backends.contract import LIBRARIES, REMOTES, Case, emptied, opened

Cases = Callable[[str], Case]


@pytest.fixture(scope="session")
def cases(
    request: pytest.FixtureRequest, _running_llm: ScriptedLLM, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cases]:
    """One backend of each kind, opened when it is first asked for, and empty for whoever asks."""
    with ExitStack() as stack:
        kept: dict[str, Case] = {}

        def of(kind: str) -> Case:
            if kind not in kept:
                folder = tmp_path_factory.mktemp(kind)
                kept[kind] = stack.enter_context(opened(kind, request, _running_llm, folder))
            return emptied(kept[kind])

        yield of


@pytest.fixture(params=[*LIBRARIES, *REMOTES])
def case(request: pytest.FixtureRequest, cases: Cases, scripted_llm: ScriptedLLM) -> Case:
    """Each test that asks for it takes the backends one after the other."""
    return cases(request.param)


@pytest.fixture(params=[*LIBRARIES, *REMOTES])
def own_case(request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[Case]:
    """As `case`, for what leaves a backend ill."""
    with opened(request.param, request, scripted_llm, tmp_path) as case:
        yield case


@pytest.fixture
def backend(case: Case) -> Backend:
    return case.backend


@pytest.fixture(params=REMOTES)
def remote(request: pytest.FixtureRequest, cases: Cases, scripted_llm: ScriptedLLM) -> Case:
    """The two that stand behind HTTP."""
    return cases(request.param)


@pytest.fixture
def server(cases: Cases, scripted_llm: ScriptedLLM) -> RestServer:
    running = cases("server").behind
    assert isinstance(running, RestServer)
    return running


@pytest.fixture
def platform(cases: Cases, scripted_llm: ScriptedLLM) -> Platform:
    running = cases("platform").behind
    assert isinstance(running, Platform)
    return running
