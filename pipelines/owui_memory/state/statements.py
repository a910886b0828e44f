"""Statements that both kinds of database say in their own way."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Table, and_, bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from . import engine as engines
from .prepared import Prepared
from .schema import decisions, erasures, versions


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows of the same columns; those whose unique values are there already are left out."""
    if not rows:
        return
    _insert_new(table, engines.is_shared(connection), tuple(rows[0])).change_all(connection, rows)


@cache
def _insert_new(table: Table, shared: bool, names: tuple[str, ...]) -> Prepared:
    values: dict[str, Any] = {name: bindparam(name, type_=table.c[name].type) for name in names}
    return Prepared((postgresql if shared else sqlite).insert(table).values(values).on_conflict_do_nothing())


def put_row(connection: Connection, table: Table, row: Mapping[str, object]) -> None:
    """Insert a row, or put it in the place of the one with its primary key."""
    keys = [column.name for column in table.primary_key]
    rest = {name: value for name, value in row.items() if name not in keys}
    new = _insert(connection, table).values(row)
    connection.execute(new.on_conflict_do_update(index_elements=keys, set_=rest))


def add_up(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows of numbers of the same columns, or add them to the rows with their primary keys."""
    if not rows:
        return
    keys, new = [column.name for column in table.primary_key], _insert(connection, table)
    added = {name: table.c[name] + new.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(new.on_conflict_do_update(index_elements=keys, set_=added), list(rows))


def count_up(connection: Connection, user_id: str) -> None:
    """A user's memories are no longer what they were; see `versions`."""
    add_up(connection, versions, [{"user_id": user_id, "number": 1}])


def hold(connection: Connection, user_id: str, *, wait: bool = True) -> bool:
    """Have a user's exchanges to oneself until the transaction ends; False where another one has them.

    wait: for it to end. SQLite's transactions that write are alone anyway.
    """
    if not engines.is_shared(connection):
        return True
    mine = select(versions.c.user_id).where(versions.c.user_id == user_id)
    mine = mine.with_for_update(skip_locked=not wait)
    if connection.scalar(mine) is not None:
        return True
    insert_new(connection, versions, [{"user_id": user_id, "number": 0}])
    return connection.scalar(mine) is not None


def _insert(connection: Connection, table: Table) -> Any:
    return (postgresql if engines.is_shared(connection) else sqlite).insert(table)


def was_erased(connection: Connection, user_id: str, since: float) -> bool:
    """Whether all of a user's was erased after that time (Unix seconds)."""
    later = and_(erasures.c.user_id == user_id, erasures.c.whole, erasures.c.asked_at >= since)
    return connection.scalar(select(erasures.c.id).where(later).limit(1)) is not None


def try_writing(engine: Engine) -> None:
    """Write to the database and leave nothing there; raises what it raises where that is not possible."""
    row = {"key": f"probe-{uuid.uuid4().hex}", "user_id": "", "chat_id": "", "exchange_key": ""}
    with engine.begin() as connection:
        connection.execute(insert(decisions).values(**row, created_at=0.0))
        connection.execute(delete(decisions).where(decisions.c.key == row["key"]))
