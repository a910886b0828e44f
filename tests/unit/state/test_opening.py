"""The state database: made whole, or taken from an earlier version to the newest."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text

from owui_memory.core.errors import TellAdmin
from owui_memory.state import open_state, versions
from owui_memory.state.migrations import NEWEST
from tests.harness.places import Place


def test_an_unwritable_folder_tells_the_admin(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(TellAdmin, match="cannot be written") as told:
        open_state(tmp_path / "file")
    assert "MEMORY_DATA_DIR" in told.value.hint


def test_the_schema_is_made_once(place: Place) -> None:
    for _ in range(2):
        engine = place.open()
        with engine.connect() as connection:
            numbers = connection.execute(text("select number from schema_version")).all()
        assert numbers == [(NEWEST,)]
        engine.dispose()


def test_servers_that_start_together_make_it_once(place: Place) -> None:
    together = threading.Barrier(3)

    def start(_: int) -> list[tuple[int]]:
        together.wait(60)
        engine = place.open()
        with engine.connect() as connection:
            versions_of_schema = connection.execute(text("select number from schema_version")).all()
        engine.dispose()
        return [(row.number,) for row in versions_of_schema]

    with ThreadPoolExecutor(3) as servers:
        assert list(servers.map(start, range(3))) == [[(NEWEST,)]] * 3


def test_what_fails_or_is_held_up_lets_the_next_one_write(tmp_path: Path) -> None:
    engine = open_state(tmp_path)
    with pytest.raises(ZeroDivisionError), engine.begin():
        raise ZeroDivisionError
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(3) as threads:
            waiting = [threads.submit(_write, engine, number) for number in range(3)]
            assert not waiting[0].done()
            other.execute("ROLLBACK")
            assert [one.result() for one in waiting] == [0, 1, 2]
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(versions)) == 3
    engine.dispose()


def _write(engine: Engine, number: int) -> int:
    with engine.begin() as connection:
        connection.execute(versions.insert().values(user_id=str(number), number=number))
    return number


def test_who_opens_it_waits_for_nobody_who_writes(tmp_path: Path) -> None:
    open_state(tmp_path).dispose()
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        open_state(tmp_path).dispose()  # SQLite would wait for ten seconds, and fail
        other.execute("ROLLBACK")
