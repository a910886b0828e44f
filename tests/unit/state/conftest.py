"""Here a database is made: it is empty at first."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.places import Place


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, own_data_folder: Path) -> Place:
    """Each kind of state database, empty."""
    if request.param == "sqlite":
        return Place(own_data_folder)
    place: Place = request.getfixturevalue("shared_place")
    return place
