"""The pgvector store's table: mem0's, with a column of words, and an index for all that is filtered by."""

from __future__ import annotations

from typing import Any

from psycopg import sql

INDEXED = frozenset({"user_id", "kind", "batch"})

# HNSW looks at the 40 nearest of all users and only then filters; by the users' index each search is exact.
_INDEXES = {
    "user_id_kind_idx": (
        "((payload->>'user_id'), (payload->>'kind'), (payload->>'created_at') DESC NULLS LAST, id)"
    ),
    "user_id_batch_idx": "((payload->>'user_id'), (payload->>'batch'))",
    "words_idx": "USING gin (words)",
    "no_words_idx": "(id) WHERE words IS NULL",
}


def make(cursor: Any, name: str, dims: int) -> int:
    """Make the table, or add to one of mem0's what it lacks; the dimensions of its vectors."""
    table = sql.Identifier(name)
    if not _is_current(cursor, name):
        # Of several servers that start at once, one does it; the extension is the whole database's.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('owui_memory vectors'))")
        cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
        cursor.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {} (id uuid PRIMARY KEY, vector vector({}), payload jsonb)"
            ).format(table, sql.Literal(dims))
        )
        cursor.execute(sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS words tsvector").format(table))
        # Vectors in the row itself where they fit: read from elsewhere, 1,000 take 6 ms and not 2.
        cursor.execute(sql.SQL("ALTER TABLE {} SET (toast_tuple_target = 8160)").format(table))
        for suffix, definition in _INDEXES.items():
            index = sql.Identifier(f"{name}_{suffix}")
            cursor.execute(sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} " + definition).format(index, table))
    cursor.execute(
        "SELECT atttypmod FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'vector'",
        (table.as_string(),),
    )
    return int(cursor.fetchone()[0])


def _is_current(cursor: Any, name: str) -> bool:
    """Whether there is nothing to do: altering a table waits for all who read it."""
    cursor.execute(
        "SELECT count(*) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
        "WHERE indrelid = to_regclass(%s) AND relname = ANY(%s)",
        (sql.Identifier(name).as_string(), [f"{name}_{suffix}" for suffix in _INDEXES]),
    )
    return int(cursor.fetchone()[0]) == len(_INDEXES)
