"""A server that has run, and its command line."""

import functools
import json
from pathlib import Path

import pytest
import typer.main

from owui_memory.__main__ import main
from tests.harness.places import measured, opened
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.interfaces.cli.desk import Know, Refused, Run

_command_of = functools.cache(typer.main.get_command)  # made anew for each call, though it stays the same


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
    monkeypatch.setattr(typer.main, "get_command", _command_of)
    opened(own_data_folder).dispose()
    measured("m", own_data_folder)
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


@pytest.fixture
def know(run: Run, tmp_path: Path) -> Know:
    """Users' memories, from the oldest to the newest: `know(ada=[DOG])`."""

    def know(**texts: list[str]) -> None:
        lines = [
            {"memory": text, "user_id": user, "created_at": f"2026-01-{day:02}T10:00:00+00:00"}
            for user, known in texts.items()
            for day, text in enumerate(known, 1)
        ]
        file = tmp_path / "known.jsonl"
        file.write_text("\n".join(map(json.dumps, lines)))
        run("import", str(file))

    return know
