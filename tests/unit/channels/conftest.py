"""What these tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.channels.room import Opened, Room, closed


@pytest.fixture
def opens(tmp_path: Path, scripted_llm: ScriptedLLM) -> Iterator[Opened]:
    """Opens the test's room, once more too."""
    rooms: list[Room] = []

    def open_one(**settings: object) -> Room:
        rooms.append(Room(tmp_path, scripted_llm, **settings))
        return rooms[-1]

    yield open_one
    closed(rooms)


@pytest.fixture
def room(opens: Opened) -> Room:
    return opens()
