"""Statements that every message runs, without what SQLAlchemy does anew each time: ten times as fast.

What is written is still SQLAlchemy Core, for both kinds of database; it is compiled once for each.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError

_FEWEST = 8  # values of a list that a statement is compiled for; then twice as many, and so on


class Prepared:
    """A statement with named values, one of which may be a list (`bindparam(name, expanding=True)`)."""

    def __init__(self, statement: Any, expanding: str = "") -> None:
        """expanding: the name of the value that is a list."""
        self._statement, self._expanding = statement, expanding
        self._compiled: dict[tuple[str, int], _Compiled] = {}
        names = [one.key for one in _columns(statement)]
        self._row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """All rows, as named tuples; of an empty list, none. Raises what SQLAlchemy would.

        Where nothing else has begun a transaction, the statement sees what is there when it runs.
        """
        if self._expanding and not values[self._expanding]:
            return []
        return list(map(self._row._make, self._for(connection, values).fetched(connection, values)))

    def change(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """How many rows it has changed, in a transaction that SQLAlchemy has begun; raises the same."""
        return self._for(connection, values).changed(connection, values)

    def change_all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """As `change`, once for each of several rows."""
        if rows:
            self._for(connection, rows[0]).changed_all(connection, rows)

    def _for(self, connection: Connection, values: Mapping[str, Any]) -> _Compiled:
        listed = _FEWEST if self._expanding else 0
        while self._expanding and listed < len(values[self._expanding]):
            listed *= 2
        key = connection.dialect.name, listed
        if key not in self._compiled:
            self._compiled[key] = _Compiled(self._statement, connection.dialect, self._expanding, listed)
        return self._compiled[key]


class _Compiled:
    """A statement as one kind of database takes it, with so many values in its list."""

    def __init__(self, statement: Any, dialect: Dialect, expanding: str, listed: int) -> None:
        made: Any = statement.compile(dialect=dialect)
        values = {**made.construct_params(_check=False), **({expanding: [None] * listed} if listed else {})}
        state = made.construct_expanded_state(values)
        self._sql = state.statement
        self._positions = list(state.positiontup) if made.positional else None
        self._own = dict(state.parameters)  # what stands in the statement itself, and columns' defaults
        self._own |= {one.key: one.default.arg for one in made.insert_prefetch}
        self._listed = (expanding, list(state.parameter_expansion.get(expanding, ())))
        processors = {**made._bind_processors, **state.processors}
        self._process: dict[str, Callable[[Any], Any]] = {
            name: process for name, process in processors.items() if name != expanding and process
        }
        # psycopg's values are Python's already.
        types = [] if dialect.name == "postgresql" else [one.type for one in _columns(statement)]
        results = [one.dialect_impl(dialect).result_processor(dialect, None) for one in types]
        self._results = results if any(results) else None

    def fetched(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """What the database answers."""
        with self._run(connection, values) as cursor:
            rows: list[Any] = cursor.fetchall()
        if self._results is None:
            return rows
        return [
            [process(value) if process else value for process, value in zip(self._results, row, strict=True)]
            for row in rows
        ]

    def changed(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """How many rows the database says it has changed."""
        with self._run(connection, values) as cursor:
            return int(cursor.rowcount)

    def changed_all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """The same for several."""
        with self._cursor(connection) as cursor:
            cursor.executemany(self._sql, [self._bound(values) for values in rows])

    @contextmanager
    def _run(self, connection: Connection, values: Mapping[str, Any]) -> Iterator[Any]:
        with self._cursor(connection) as cursor:
            cursor.execute(self._sql, self._bound(values))
            yield cursor

    def _bound(self, values: Mapping[str, Any]) -> Any:
        bound = {name: values.get(name, own) for name, own in self._own.items()}
        name, places = self._listed
        if places:
            wanted = list(values[name])
            # The last one several times does no harm.
            bound |= zip(places, wanted + wanted[-1:] * (len(places) - len(wanted)), strict=True)
        for processed, process in self._process.items():
            bound[processed] = process(bound[processed])
        return [bound[name] for name in self._positions] if self._positions else bound

    @contextmanager
    def _cursor(self, connection: Connection) -> Iterator[Any]:
        errors = connection.dialect.loaded_dbapi.Error
        cursor = connection.connection.cursor()
        try:
            yield cursor
        except errors as error:
            raise DBAPIError.instance(self._sql, None, error, errors) from error
        finally:
            cursor.close()


def _columns(statement: Any) -> list[Any]:
    return list(getattr(statement, "selected_columns", ()))
