"""The state database: made whole, or taken from an earlier version to the newest."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, inspect, select, text

from owui_memory.core.errors import TellAdmin
from owui_memory.core.exchange import Exchange
from owui_memory.remember.journal import Journal
from owui_memory.remember.outbox import Outbox
from owui_memory.state import metadata, open_state, versions
from owui_memory.state.migrations import STEPS
from tests.harness.places import Place

# As the first version made it.
VERSION_1 = """
CREATE TABLE outbox (id INTEGER NOT NULL,
  key VARCHAR(300) NOT NULL, user_id VARCHAR(200) NOT NULL,
  chat_id VARCHAR(200) NOT NULL, exchange TEXT, state VARCHAR(10) NOT NULL, batch VARCHAR(40) NOT NULL,
  attempts INTEGER NOT NULL, ready_at FLOAT NOT NULL,
  claim_expires FLOAT NOT NULL, created_at FLOAT NOT NULL,
  waiting_since FLOAT NOT NULL, error TEXT NOT NULL, PRIMARY KEY (id), UNIQUE (key));
CREATE TABLE decisions (key VARCHAR(300) NOT NULL,
  user_id VARCHAR(200) NOT NULL, chat_id VARCHAR(200) NOT NULL,
  exchange_key VARCHAR(300) NOT NULL, timezone VARCHAR(64) NOT NULL,
  created_at FLOAT NOT NULL, PRIMARY KEY (key));
CREATE TABLE journal (id INTEGER NOT NULL, batch VARCHAR(40) NOT NULL, position INTEGER NOT NULL,
  user_id VARCHAR(200) NOT NULL, op VARCHAR(10) NOT NULL, memory_id VARCHAR(64) NOT NULL,
  before TEXT NOT NULL, after TEXT NOT NULL, kind VARCHAR(16) NOT NULL, expires VARCHAR(10) NOT NULL,
  source TEXT NOT NULL,
  model VARCHAR(200) NOT NULL, refused TEXT NOT NULL, made BOOLEAN NOT NULL, undoes INTEGER NOT NULL,
  at FLOAT NOT NULL, PRIMARY KEY (id), UNIQUE (batch, position));
CREATE TABLE schema_version (number INTEGER NOT NULL, PRIMARY KEY (number));
INSERT INTO schema_version VALUES (1);
INSERT INTO outbox VALUES (1, 'k', 'ada', 'c', '{"key": "k", "user_id": "ada", "chat_id": "c",
  "user_text": "I live in Lisbon.", "assistant_text": "", "said_at": 1.0, "timezone": ""}',
  'pending', '', 0, 0.0, 0.0, 1.0, 1.0, '');
INSERT INTO journal VALUES (1, 'b', 0, 'ada', 'add', 'm', '', 'x', 'fact', '', 'k', '', '', 1, 0, 1.0);
"""


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
        assert numbers == [(len(STEPS),)]
        engine.dispose()


def test_servers_that_start_together_make_it_once(place: Place) -> None:
    together = threading.Barrier(3)

    def start(_: int) -> list[tuple[int]]:
        together.wait(10)
        engine = place.open()
        with engine.connect() as connection:
            versions_of_schema = connection.execute(text("select number from schema_version")).all()
        engine.dispose()
        return [(row.number,) for row in versions_of_schema]

    with ThreadPoolExecutor(3) as servers:
        assert list(servers.map(start, range(3))) == [[(len(STEPS),)]] * 3


def test_an_earlier_version_is_migrated_with_what_is_in_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "state.db")) as earlier:
        earlier.executescript(VERSION_1)
    for _ in range(2):
        engine = open_state(tmp_path)
        there = inspect(engine)
        for table in metadata.sorted_tables:
            expected = {column.name for column in table.columns}
            assert {column["name"] for column in there.get_columns(table.name)} == expected
        assert [change.after for change in Journal(engine).of_user("ada")] == ["x"]
        engine.dispose()
    engine = open_state(tmp_path)
    queue = Outbox(engine)
    queue.put(Exchange("ada\nc\nnew", "ada", "c", "I live in Porto.", "", 2.0, follows="start"))
    batch = queue.claim()
    engine.dispose()
    assert batch is not None
    assert [(one.user_text, one.replaces) for one in batch.exchanges] == [
        ("I live in Lisbon.", ()),
        ("I live in Porto.", ()),
    ], "nobody knows of old rows which message they followed"


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
