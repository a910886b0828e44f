"""Where state may live."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from owui_memory.state import open_state
from tests.harness.postgres import PASSWORD, Postgres


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


@contextlib.contextmanager
def on_postgres(postgres: Postgres, folder: Path) -> Iterator[Place]:
    with postgres.database() as url:
        yield Place(folder, url, PASSWORD)
