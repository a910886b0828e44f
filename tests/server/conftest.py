"""What tests of the real server share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.mem0_http import StandIn
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.backends.contract import stand_in


@pytest.fixture
def mem0_server(scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[StandIn]:
    """mem0's own."""
    with stand_in("server", scripted_llm, tmp_path / "mem0s-server") as running:
        yield running
