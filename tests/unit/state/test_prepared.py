"""Statements that are compiled once say what SQLAlchemy's say, in both kinds of database."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, bindparam, insert, select
from sqlalchemy.exc import DBAPIError

from owui_memory.state import engine as engines
from owui_memory.state import insert_new, open_state, reading, switches
from owui_memory.state.prepared import Prepared

_OF_ADA = switches.c.user_id == bindparam("user")
_LISTED = switches.c.chat_id.in_(bindparam("chats", expanding=True))
_CHATS = Prepared(
    select(switches.c.chat_id, switches.c.is_on, switches.c.at)
    .where(_OF_ADA, _LISTED)
    .order_by(switches.c.at),
    "chats",
)
_AGAIN = Prepared(insert(switches).values(user_id=bindparam("user"), chat_id="c0", is_on=True, at=1.0))


def _rows(count: int) -> list[dict[str, object]]:
    return [{"user_id": "ada", "chat_id": f"c{n}", "is_on": n % 2 == 0, "at": n + 0.5} for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 8, 9, 40])
def test_lists_of_any_length(engine: Engine, count: int) -> None:
    with engine.begin() as connection:
        insert_new(connection, switches, _rows(50))
    with reading(engine).connect() as connection:
        found = _CHATS.rows(connection, {"user": "ada", "chats": [f"c{n}" for n in range(count)]})
        assert [tuple(row) for row in found] == [(f"c{n}", n % 2 == 0, n + 0.5) for n in range(count)]
        assert all(isinstance(row.is_on, bool) for row in found)
        assert _CHATS.rows(connection, {"user": "bob", "chats": ["c1"]}) == []


def test_texts_are_made_plain_as_by_the_tables(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_new(
            connection, switches, [{"user_id": "a\0da", "chat_id": "c\ud83d", "is_on": True, "at": 1.0}]
        )
    with reading(engine).connect() as connection:
        (found,) = _CHATS.rows(connection, {"user": "a\0da", "chats": ["c\ud83d"]})
        assert found.chat_id == "c\N{REPLACEMENT CHARACTER}"


def test_what_is_there_already_is_left_out_and_a_fault_undoes_all(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_new(connection, switches, _rows(1))
        insert_new(connection, switches, _rows(3))
    with pytest.raises(DBAPIError):
        _twice(engine)
    with reading(engine).connect() as connection:
        found = _CHATS.rows(connection, {"user": "ada", "chats": ["c0", "c2", "c4"]})
        assert [row.chat_id for row in found] == ["c0", "c2"]


def _twice(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_new(connection, switches, _rows(5)[4:])
        _AGAIN.change(connection, {"user": "ada"})


def test_what_may_be_lost_waits_for_no_disk_and_what_comes_next_does(tmp_path: Path) -> None:
    engine = open_state(tmp_path)
    for wanted, of in (
        (2, engine),
        (1, engines.unsynced(engine)),
        (2, engine),
        (1, engines.unsynced(engine)),
    ):
        with of.begin() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == wanted
    engine.dispose()
