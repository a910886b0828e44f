"""The tables of the sqlite store, and which of them belong to which collection.

`memory_collections` gives every collection a number, so a name chosen by the admin never becomes an
identifier. Numbers are not used twice: whoever still has a deleted collection open cannot write into another.
"""

# ruff: noqa: S608  (table names are made of our own numbers)
from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import TellAdmin
from ..payload import wrong_size
from .driver import Connections, erases_words, look_at
from .text import indexed

MAX_NAME = 200
MAX_DIMS = 8192  # of sqlite-vec
# sqlite-vec reserves room for this many vectors at once for each user: its default of 1024 would take
# 1.5 MB for a user's first memory (384 dimensions); this takes 48 kB and searches as fast.
CHUNK = 32
_LOOK_S = 10.0


@dataclass(frozen=True, slots=True)
class Tables:
    """One collection's tables: memories (id, user, chat, kind, JSON), vectors and words, joined by `seq`."""

    number: int
    dims: int

    @property
    def memories(self) -> str:
        return f"memories_{self.number}"

    @property
    def vectors(self) -> str:
        return f"vectors_{self.number}"

    @property
    def words(self) -> str:
        return f"words_{self.number}"


def open_collection(connections: Connections, name: str, dims: int) -> Tables:
    """The collection's tables, made when absent. TellAdmin on a bad name or vectors of another size."""
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise TellAdmin(
            f"A collection's name must have 1 to {MAX_NAME} printable characters.",
            hint="Choose another `collection`.",
        )
    if not 1 <= dims <= MAX_DIMS:
        raise TellAdmin(
            f"An embedding size of {dims} is not possible (1 to {MAX_DIMS}).", hint="Choose another embedder."
        )
    # Looked up without the write lock first: opening must not wait for whoever writes.
    with connections.use() as connection:
        tables = _find(connection, name)
        current = tables is not None and _is_current(connection, tables)
    if tables is None or not current:
        with connections.write() as connection:
            tables = _find(connection, name) or _register(connection, name, dims)
            if not _is_current(connection, tables):
                _upgrade(connection, tables)
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
    _index_memories(connection, tables)
    connection.execute(
        f"CREATE VIRTUAL TABLE {tables.vectors} USING vec0(owner TEXT partition key, "
        f"embedding float[{tables.dims}] distance_metric=cosine, chunk_size={CHUNK})"
    )
    _make_words(connection, tables)


def _index_memories(connection: sqlite3.Connection, tables: Tables) -> None:
    for column in ("chat", "kind"):
        connection.execute(
            f"CREATE INDEX {tables.memories}_{column} ON {tables.memories} (user_id, {column})"
        )


def _make_words(connection: sqlite3.Connection, tables: Tables) -> None:
    connection.execute(
        f"CREATE VIRTUAL TABLE {tables.words} USING fts5(owner, body, context, "
        "tokenize = \"porter unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\")"
    )
    if erases_words(connection):
        overwrite_words(connection, tables, True)


def overwrite_words(connection: sqlite3.Connection, tables: Tables, at_once: bool) -> None:
    """Whether each deleted word is overwritten in its place, or with the next merge."""
    option = f"INSERT INTO {tables.words} ({tables.words}, rank) VALUES ('secure-delete', ?)"
    connection.execute(option, (int(at_once),))


def drop_tables(connection: sqlite3.Connection, tables: Tables) -> None:
    for table in (tables.memories, tables.vectors, tables.words):
        connection.execute(f"DROP TABLE {table}")


def _is_current(connection: sqlite3.Connection, tables: Tables) -> bool:
    columns = connection.execute("SELECT name FROM pragma_table_info(?)", (tables.memories,))
    return ("kind",) in columns.fetchall()


def _upgrade(connection: sqlite3.Connection, tables: Tables) -> None:
    """From the first version, which knew nothing of chats: words are indexed anew."""
    connection.execute(f"ALTER TABLE {tables.memories} ADD chat TEXT")
    connection.execute(f"ALTER TABLE {tables.memories} ADD kind TEXT")
    connection.execute(f"DROP INDEX {tables.memories}_user")
    _index_memories(connection, tables)
    owners = dict(connection.execute(f"SELECT rowid, owner FROM {tables.words}").fetchall())
    connection.execute(f"DROP TABLE {tables.words}")
    _make_words(connection, tables)
    for seq, payload in connection.execute(f"SELECT seq, payload FROM {tables.memories}").fetchall():
        connection.execute(
            f"INSERT INTO {tables.words} (rowid, owner, body, context) VALUES (?, ?, ?, '')",
            (seq, owners.get(seq, ""), indexed(json.loads(payload))),
        )


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
