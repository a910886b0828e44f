"""A house with its page, for the tests of this folder; each has users of its own."""

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from owui_memory.interfaces import limits
from tests.unit.interfaces.web.visitors import Visitors, visitors


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    with visitors(tmp_path_factory.mktemp("page"), episodes="on", channels="on") as some:
        yield some


@pytest.fixture
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """In which somebody might do more again: what is allowed in a minute is allowed once."""
    now = time.monotonic()
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: now))
