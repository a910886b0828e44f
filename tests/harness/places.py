"""Where state and memories may live.

A new database goes through all migrations, in 20 ms, on PostgreSQL in 100, and a new library measures its
embedder, in 40: tests of what comes later begin with a copy of what was made once.
"""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import Engine

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.events import Emit, ignore
from owui_memory.state import open_state
from tests.harness.postgres import PASSWORD, Postgres
from tests.harness.scripted_llm import ScriptedLLM


@dataclass(frozen=True)
class Place:
    """A data folder, or a database at `url`."""

    folder: Path
    url: str = ""
    password: str = ""

    def open(self) -> Engine:
        """What each server opens for itself."""
        return open_state(self.folder, self.url, self.password)

    def set_in(self, environment: pytest.MonkeyPatch) -> None:
        """As the Pipelines server has it."""
        environment.setenv("MEMORY_DATA_DIR", str(self.folder))
        environment.setenv("MEMORY_STATE_URL", self.url)
        environment.setenv("MEMORY_STATE_PASSWORD", self.password)


def opened(folder: Path) -> Engine:
    """What `open_state` gives, with all tables in a folder without a database."""
    if not (file := folder / "state.db").exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(_made())
    return open_state(folder)


@cache
def _made() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        open_state(Path(folder)).dispose()
        return (Path(folder) / "state.db").read_bytes()


def library(settings: Valves, folder: Path, emit: Emit = ignore) -> LibraryBackend:
    """The library in a folder, where its embedder, a scripted server's, is measured already."""
    assert settings.embedder_provider == "openai"
    measured(settings.embedder_model, folder)
    return LibraryBackend.open(settings, folder, emit)


def measured(model: str, folder: Path) -> None:
    """Put into a folder what measuring a model of the scripted server gives."""
    (folder / "calibration").mkdir(parents=True, exist_ok=True)
    for name, content in _measured(model).items():
        (folder / "calibration" / name).write_bytes(content)


@cache
def _measured(model: str) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder, ScriptedLLM() as llm:
        settings = Valves(**llm.embeds(model))
        LibraryBackend.open(settings, Path(folder)).close()
        return {file.name: file.read_bytes() for file in Path(folder, "calibration").iterdir()}


@contextlib.contextmanager
def on_postgres(postgres: Postgres, folder: Path, *, empty: bool = True) -> Iterator[Place]:
    """A database of its own; with all tables, unless it is to be empty."""
    with postgres.database(made=None if empty else _make) as url:
        yield Place(folder, url, PASSWORD)


def _make(url: str) -> None:
    open_state(Path(), url, PASSWORD).dispose()
