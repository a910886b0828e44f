"""What these tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.recall.conversation import Conversation, House


@pytest.fixture
def house(scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[House]:
    house = House(scripted_llm, tmp_path)
    yield house
    house.close()


@pytest.fixture
def talk(house: House) -> Conversation:
    return Conversation(house)
