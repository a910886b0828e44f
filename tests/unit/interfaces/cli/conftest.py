"""A server that has run, and its command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from owui_memory.__main__ import main
from owui_memory.state import open_state
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.interfaces.cli.desk import Refused, Run


@pytest.fixture(autouse=True)
def server(own_data_folder: Path, monkeypatch: pytest.MonkeyPatch, scripted_llm: ScriptedLLM) -> Path:
    """The environment and the data folder of a server that has run."""
    given = {
        "MEMORY_DATA_DIR": str(own_data_folder),
        "MEMORY_EMBEDDER_PROVIDER": "openai",
        "MEMORY_EMBEDDER_BASE_URL": scripted_llm.base_url,
        "MEMORY_EMBEDDER_MODEL": "m",
        "MEMORY_EMBEDDER_API_KEY": "k",
        "MEMORY_TEAMS": "design: ada bob; sales: bob",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    open_state(own_data_folder).dispose()
    return own_data_folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> str:
        code = main(arguments)
        said = capsys.readouterr()
        if code:
            raise Refused(f"{code}: {said.err}{said.out}")
        return said.out

    return run
