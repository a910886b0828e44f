"""What these tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.remember.mind import Mind


@pytest.fixture
def mind(scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[Mind]:
    mind = Mind(scripted_llm, tmp_path)
    yield mind
    mind.close()
