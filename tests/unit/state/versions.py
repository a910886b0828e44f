"""State databases as earlier versions of the filter made them: see tests/fixtures/state."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.harness.places import Place
from tests.harness.postgres import Postgres

SCRIPTS = Path(__file__).parent.parent.parent / "fixtures" / "state"
VERSIONS = (4,)  # 4: of the first release


def script(version: int, dialect: str) -> str:
    """What makes a database of this version, with some rows in every table."""
    parts = (dialect, "rows")
    return "\n".join((SCRIPTS / f"version_{version}.{part}.sql").read_text() for part in parts)


def make(place: Place, version: int, postgres: Postgres | None) -> None:
    """Put such a database where `place.open()` finds it."""
    if place.url:
        postgres.execute(script(version, "postgresql"), place.url)
        return
    place.folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(place.folder / "state.db")) as file:
        file.executescript(script(version, "sqlite"))
