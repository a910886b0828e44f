"""The words of memories in the embedded store, as FTS5 finds them."""

# ruff: noqa: S608  (table names come from sqlite_schema, all values are bound)
from __future__ import annotations

import json
import sqlite3

from .driver import erases_words
from .schema import Tables, overwrite_words
from .text import indexed, owner_term

# docs/recall.md says what was measured.
CONTEXT_WEIGHT = 0.3  # of the words of the memories before one, its own having 1
_CONTEXT = 2  # of those, in its chat


class Words:
    """Of one collection. Each method takes a connection that writes."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def put(self, connection: sqlite3.Connection, seq: int) -> None:
        """Index a memory's words, and those of the memories for which it is context."""
        memories = self._tables.memories
        (user, chat, payload) = connection.execute(
            f"SELECT user_id, chat, payload FROM {memories} WHERE seq = ?", (seq,)
        ).fetchone()
        self._index(connection, seq, user, chat, payload)
        self.follow(connection, seq, user, chat)

    def follow(self, connection: sqlite3.Connection, seq: int, user: str | None, chat: str | None) -> None:
        """Index the memories anew for which the one at `seq` was context."""
        for row in connection.execute(
            f"SELECT seq, user_id, chat, payload FROM {self._tables.memories} "
            "WHERE user_id IS ? AND chat = ? AND seq > ? ORDER BY seq LIMIT ?",
            (user, chat, seq, _CONTEXT),
        ).fetchall():
            self._index(connection, *row)

    def _index(
        self, connection: sqlite3.Connection, seq: int, user: str | None, chat: str | None, payload: str
    ) -> None:
        before = connection.execute(
            f"SELECT payload FROM {self._tables.memories} "
            "WHERE user_id IS ? AND chat = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            (user, chat, seq, _CONTEXT),
        ).fetchall()
        context = " ".join(indexed(json.loads(text)) for (text,) in before)
        connection.execute(
            f"REPLACE INTO {self._tables.words} (rowid, owner, body, context) VALUES (?, ?, ?, ?)",
            (seq, owner_term(user), indexed(json.loads(payload)), context),
        )

    def erase(self, connection: sqlite3.Connection) -> None:
        """Let nothing of the words stay that were deleted or replaced."""
        if not erases_words(connection):
            self.merge(connection)

    def merge(self, connection: sqlite3.Connection) -> None:
        """FTS5 keeps deleted words until segments merge; merging all takes 0.2 s at 100,000."""
        connection.execute(f"INSERT INTO {self._tables.words} ({self._tables.words}) VALUES ('optimize')")

    def overwrite(self, connection: sqlite3.Connection, *, at_once: bool) -> None:
        """Whether FTS5 overwrites each deleted word in its place, where it can."""
        if erases_words(connection):
            overwrite_words(connection, self._tables, at_once)
