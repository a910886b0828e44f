"""A memory that observers of examples/ tell."""

from collections.abc import Iterator

import pytest

from tests.harness.observed import ObservedMemory


@pytest.fixture
def memory() -> Iterator[ObservedMemory]:
    with ObservedMemory() as memory:
        yield memory
