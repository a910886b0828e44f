"""The tables of the sqlite store, and which of them belong to which collection.

`memory_collections` gives every collection a number, so a name chosen by the admin never becomes an
identifier. Numbers are not used twice: whoever still has a deleted collection open cannot write into another.
"""

# ruff: noqa: S608  (table names are made of our own numbers)
from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from ..payload import wrong_size
from .driver import Connections, erases_words, look_at

_LOOK_S = 10.0


@dataclass(frozen=True, slots=True)
class Tables:
    """One collection's tables.

    memories: id, user, chat, kind, JSON, by `seq`. owners: the users, numbered. vectors and words: by the
    owner's number and `seq` in one key, so that one owner's lie together. blocks: see `blocks.py`.
    """

    number: int
    dims: int

    @property
    def memories(self) -> str:
        return f"memories_{self.number}"

    # Others than in the releases before: those are to fail, and not to write half of a memory.

    @property
    def owners(self) -> str:
        return f"owners_{self.number}"

    @property
    def blocks(self) -> str:
        return f"blocks_{self.number}"

    @property
    def vectors(self) -> str:
        return f"units_{self.number}"

    @property
    def words(self) -> str:
        return f"terms_{self.number}"


def open_collection(connections: Connections, name: str, dims: int) -> Tables:
    """The collection's tables, made when absent. TellAdmin on vectors of another size."""
    # Looked up without the write lock first: opening must not wait for whoever writes.
    with connections.use() as connection:
        tables = _find(connection, name)
        current = tables is not None and _is_current(connection, tables)
    if tables is None or not current:
        with connections.write() as connection:
            tables = _find(connection, name) or _register(connection, name, dims)
            if not _is_current(connection, tables):
                from .upgrade import upgrade

                upgrade(connection, tables)
    if tables.dims != dims:
        raise wrong_size(name, tables.dims, dims)
    return tables


def size_in_file(path: Path, name: str) -> int | None:
    """The dimensions of a collection's vectors; None where there is no such collection or file."""
    if not path.exists():
        return None
    with contextlib.closing(look_at(str(path), _LOOK_S)) as connection:
        tables = _find(connection, name)
    return tables.dims if tables else None


def make_tables(connection: sqlite3.Connection, tables: Tables) -> None:
    connection.execute(
        f"CREATE TABLE {tables.memories} (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, "
        "user_id TEXT, chat TEXT, kind TEXT, payload TEXT NOT NULL, "
        "created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))"
    )
    index_memories(connection, tables)
    make_search(connection, tables)


def make_search(connection: sqlite3.Connection, tables: Tables) -> None:
    """All tables but that of the memories."""
    connection.execute(
        f"CREATE TABLE {tables.owners} (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, "
        "rows INTEGER NOT NULL, centred INTEGER NOT NULL DEFAULT 0, centre BLOB, version INTEGER NOT NULL)"
    )
    connection.execute(f"CREATE TABLE {tables.blocks} (key INTEGER PRIMARY KEY, lines BLOB NOT NULL)")
    connection.execute(f"CREATE TABLE {tables.vectors} (key INTEGER PRIMARY KEY, vector BLOB NOT NULL)")
    _make_words(connection, tables)


def index_memories(connection: sqlite3.Connection, tables: Tables) -> None:
    for column in ("chat", "kind"):
        connection.execute(
            f"CREATE INDEX {tables.memories}_{column} ON {tables.memories} (user_id, {column})"
        )


def _make_words(connection: sqlite3.Connection, tables: Tables) -> None:
    # With detail=none FTS5's secure-delete damages the index (3.51); positions are not asked for.
    connection.execute(
        f"CREATE VIRTUAL TABLE {tables.words} USING fts5(body, detail = column, columnsize = 0, "
        "tokenize = \"porter unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\")"
    )
    if erases_words(connection):
        overwrite_words(connection, tables, True)


def overwrite_words(connection: sqlite3.Connection, tables: Tables, at_once: bool) -> None:
    """Whether each deleted word is overwritten in its place, or with the next merge."""
    option = f"INSERT INTO {tables.words} ({tables.words}, rank) VALUES ('secure-delete', ?)"
    connection.execute(option, (int(at_once),))


def drop_tables(connection: sqlite3.Connection, tables: Tables) -> None:
    for table in (tables.memories, tables.owners, tables.blocks, tables.vectors, tables.words):
        connection.execute(f"DROP TABLE {table}")


def _is_current(connection: sqlite3.Connection, tables: Tables) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (tables.blocks,))
    return found.fetchone() is not None


def _find(connection: sqlite3.Connection, name: str) -> Tables | None:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'memory_collections'").fetchone():
        return None
    row = connection.execute("SELECT number, dims FROM memory_collections WHERE name = ?", (name,)).fetchone()
    return Tables(*row) if row else None


def _register(connection: sqlite3.Connection, name: str, dims: int) -> Tables:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS memory_collections "
        "(number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, dims INTEGER NOT NULL)"
    )
    (number,) = connection.execute(
        "INSERT INTO memory_collections (name, dims) VALUES (?, ?) RETURNING number", (name, dims)
    ).fetchone()
    tables = Tables(number, dims)
    make_tables(connection, tables)
    return tables
