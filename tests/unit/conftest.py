"""Where state and memories may live: a file, PostgreSQL, Qdrant; and processes that may be killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.harness.mortals import Mortals
from tests.harness.places import Place, on_postgres, opened
from tests.harness.postgres import Postgres
from tests.harness.qdrant_server import QdrantServer


@pytest.fixture
def stoppable(own_postgres: Postgres, own_data_folder: Path) -> Iterator[Place]:
    with on_postgres(own_postgres, own_data_folder) as place:
        yield place
        if own_postgres._process.poll() is not None:
            own_postgres.start()


@pytest.fixture
def shared_place(postgres: Postgres, own_data_folder: Path) -> Iterator[Place]:
    """A database of its own."""
    with on_postgres(postgres, own_data_folder) as place:
        yield place


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, own_data_folder: Path) -> Iterator[Place]:
    """Each kind of state database, with all tables and nothing in them."""
    if request.param == "sqlite":
        opened(own_data_folder).dispose()
        yield Place(own_data_folder)
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    with on_postgres(postgres, own_data_folder, empty=False) as place:
        yield place


@pytest.fixture
def engine(place: Place) -> Iterator[Engine]:
    engine = place.open()
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def mortals() -> Iterator[Mortals]:
    with Mortals() as mortals:
        yield mortals


@pytest.fixture
def qdrant() -> Iterator[QdrantServer]:
    with QdrantServer() as server:
        yield server


@pytest.fixture(scope="session")
def shared_qdrant() -> Iterator[QdrantServer]:
    """For whoever has a collection of their own."""
    with QdrantServer() as server:
        yield server
