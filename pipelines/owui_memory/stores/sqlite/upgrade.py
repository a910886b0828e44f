"""Brings a collection of the releases before up to date, in the transaction of whoever opens it first.

Those kept vectors in sqlite-vec, and words with their user and context. What they open afterwards they cannot
read or change: their tables are gone, so they say so instead of leaving half of a memory behind.
"""

# ruff: noqa: S608  (table names are made of our own numbers)
from __future__ import annotations

import json
import sqlite3

import numpy as np

from .blocks import Edit, packed
from .driver import load_vec
from .schema import Tables, index_memories, make_search, overwrite_words
from .text import indexed
from .words import CONTEXT, Words


def upgrade(connection: sqlite3.Connection, tables: Tables) -> None:
    """All of it or nothing. 100,000 memories take ten seconds.

    Raises:
        TellAdmin: sqlite-vec is not installed.
    """
    load_vec(connection)
    former_vectors, former_words = f"vectors_{tables.number}", f"words_{tables.number}"
    columns = connection.execute("SELECT name FROM pragma_table_info(?)", (tables.memories,)).fetchall()
    if ("kind",) not in columns:  # of the first version, which knew nothing of chats
        connection.execute(f"ALTER TABLE {tables.memories} ADD chat TEXT")
        connection.execute(f"ALTER TABLE {tables.memories} ADD kind TEXT")
        connection.execute(f"DROP INDEX {tables.memories}_user")
        index_memories(connection, tables)
    make_search(connection, tables)
    overwrite_words(connection, tables, at_once=False)
    words = Words(tables)
    for (user,) in connection.execute(f"SELECT DISTINCT user_id FROM {tables.memories}").fetchall():
        _bring(connection, tables, words, former_vectors, user)
    words.merge(connection)
    words.overwrite(connection, at_once=True)
    connection.execute(f"DROP TABLE {former_vectors}")
    connection.execute(f"DROP TABLE {former_words}")


def _bring(
    connection: sqlite3.Connection, tables: Tables, words: Words, former_vectors: str, user: str | None
) -> None:
    """The memories of one user. Codes are made when all their vectors are there."""
    edit = Edit(connection, tables)
    whose = edit.owner(user or "")
    found: list[tuple[int, str | None, int]] = []
    for seq, chat, payload, vector in connection.execute(
        f"SELECT m.seq, m.chat, m.payload, v.embedding FROM {tables.memories} AS m "
        f"LEFT JOIN {former_vectors} AS v ON v.rowid = m.seq WHERE m.user_id IS ? ORDER BY m.seq",
        (user,),
    ):
        body = indexed(json.loads(payload))
        if vector is not None:
            connection.execute(
                f"INSERT INTO {tables.vectors} (key, vector) VALUES (?, ?)",
                (whose.key(seq), packed(np.frombuffer(vector, np.float32))),
            )
        words.put(connection, whose.key(seq), body)
        found.append((seq, chat, len(body.split())))
    of_chat: dict[str | None, list[tuple[int, int]]] = {}
    for seq, chat, own in found:
        before = of_chat.setdefault(chat, []) if chat is not None else []
        edit.add(whose, seq, 0, own, sum(length for _, length in before[-CONTEXT:]), None)
        if before:
            edit.lead(whose, before[-1][0], seq)
        before.append((seq, own))
    edit.flush()
