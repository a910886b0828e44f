"""A mem0 vector store in one SQLite file: the embedded default.

A memory is written in one transaction: itself as JSON, its vector, its words (FTS5), a line in
its owner's blocks.
What lies together in the file is one owner's, so that a search reads nothing of the others'.
"""

# ruff: noqa: S608  (table names come from sqlite_schema, all values are bound)
from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mem0.vector_stores.base import VectorStoreBase

from ...core.errors import Drop
from ...state import wal
from ..payload import entries, to_json
from ..protocol import Insert, Payload, Vector
from ..sqlite_faults import translated
from ..vector import fitting
from . import blocks
from .blocks import Array, Edit
from .driver import Connections
from .filters import Filters, where
from .row import Row
from .schema import drop_tables, make_tables, open_collection
from .search import Found, Rows, Search
from .text import asked, indexed
from .words import CONTEXT, Words

_MANY = 500  # memories from which on words are erased faster all together: 0.5 s at 100,000, else 2 ms each


class SqliteStore(Insert, VectorStoreBase):  # type: ignore[misc]
    """See `protocol.VectorStore`; also safe for several processes. What is found is of one moment."""

    def __init__(self, collection_name: str, embedding_model_dims: int, path: str) -> None:
        """Open collection `collection_name` in the file at `path`; both are made when absent."""
        self.path = path
        self._connections = Connections(path)
        with translated(path):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        try:
            self.create_col(collection_name, embedding_model_dims)
        except BaseException:
            self._connections.close()
            raise

    # Collections

    def create_col(self, name: str, vector_size: int, distance: str = "cosine") -> None:  # noqa: ARG002 - mem0's
        """Use collection `name`, making it when absent. TellAdmin if its vectors have another size."""
        self._tables = open_collection(self._connections, name, vector_size)
        self._words, self._search = Words(self._tables), Search(self._tables)
        self.collection_name, self.embedding_model_dims = name, vector_size

    def list_cols(self) -> list[str]:
        with self._connections.use() as connection:
            rows = connection.execute("SELECT name FROM memory_collections ORDER BY number").fetchall()
        return [name for (name,) in rows]

    def col_info(self) -> dict[str, Any]:
        """`name`, `dims` and `count` of this collection."""
        return {"name": self.collection_name, "dims": self.embedding_model_dims, "count": self.count_rows()}

    def delete_col(self) -> None:
        """Erase this collection. The store cannot be used afterwards, except for `create_col` and `close`."""
        with self._connections.write() as connection:
            drop_tables(connection, self._tables)
            connection.execute("DELETE FROM memory_collections WHERE number = ?", (self._tables.number,))

    def reset(self) -> None:
        with self._connections.write() as connection:
            drop_tables(connection, self._tables)
            make_tables(connection, self._tables)

    # Writing

    def put(self, ids: Sequence[str], vectors: Sequence[Vector], payloads: Sequence[Payload]) -> None:
        """Store all or none; one whose id exists is replaced and keeps its place in `list`."""
        # Everything that can be refused is refused before the write lock is taken.
        new = [
            (str(id_), *_columns(payload), to_json(payload), self._unit(vector))
            for id_, vector, payload in entries(ids, vectors, payloads)
        ]
        with self._connections.write() as connection:
            edit = Edit(connection, self._tables)
            for id_, user, chat, kind, text, unit in new:
                row = connection.execute(
                    f"SELECT seq, user_id, chat FROM {self._tables.memories} WHERE id = ?", (id_,)
                ).fetchone()
                if row:
                    self._change(edit, row, (user, chat, kind, text), unit)
                    continue
                (seq,) = connection.execute(
                    f"INSERT INTO {self._tables.memories} (id, user_id, chat, kind, payload) "
                    "VALUES (?, ?, ?, ?, ?) RETURNING seq",
                    (id_, user, chat, kind, text),
                ).fetchone()
                self._give(edit, seq, user, chat, text, unit)
            edit.flush()
            self._words.erase(connection)

    def update(self, vector_id: str, vector: Vector | None = None, payload: Payload | None = None) -> None:
        unit = None if vector is None else self._unit(vector)
        new = None if payload is None else (*_columns(payload), to_json(payload))
        with self._connections.write() as connection:
            row = connection.execute(
                f"SELECT seq, user_id, chat, kind, payload FROM {self._tables.memories} WHERE id = ?",
                (str(vector_id),),
            ).fetchone()
            if row is None:
                raise Drop("The memory to update no longer exists.")
            edit = Edit(connection, self._tables)
            kept = self._stored(edit, row) if vector is None else unit
            self._change(edit, row[:3], new or row[1:], kept)
            edit.flush()
            self._words.erase(connection)

    def delete(self, vector_id: str) -> None:
        self.delete_all([vector_id])

    def delete_all(self, ids: Sequence[str]) -> None:
        with self._connections.write() as connection:
            rows = connection.execute(
                f"DELETE FROM {self._tables.memories} WHERE id IN (SELECT value FROM json_each(?)) "
                "RETURNING seq, user_id, chat",
                (_listed(ids),),
            ).fetchall()
            many = len(rows) >= _MANY
            if many:
                self._words.overwrite(connection, at_once=False)
            edit = Edit(connection, self._tables)
            for row in rows:
                self._take(edit, *row)
            edit.flush()
            if many:
                self._words.merge(connection)
                self._words.overwrite(connection, at_once=True)
            elif rows:
                self._words.erase(connection)

    # Reading

    def get(self, vector_id: str) -> Row | None:
        return next(iter(self._rows("WHERE id = ?", str(vector_id))), None)

    def get_all(self, vector_ids: Sequence[str]) -> Rows:
        return self._rows("WHERE id IN (SELECT value FROM json_each(?))", _listed(vector_ids))

    def of_kind(self, user_id: str, kind: str, top_k: int) -> Rows:
        return self._rows("WHERE user_id = ? AND kind = ? ORDER BY seq DESC LIMIT ?", user_id, kind, top_k)

    def list(self, filters: Filters | None = None, top_k: int | None = None) -> list[Rows]:
        condition, bound = where(filters)
        most = -1 if top_k is None else max(top_k, 0)
        return [self._rows(f"WHERE {condition} ORDER BY seq DESC LIMIT ?", *bound, most)]

    def scan(self, after: int | None, limit: int) -> tuple[Rows, int | None]:
        limit = max(limit, 1)
        with self._connections.use() as connection:
            rows = connection.execute(
                f"SELECT seq, id, payload FROM {self._tables.memories} WHERE seq > ? ORDER BY seq LIMIT ?",
                (after or 0, limit + 1),  # one more tells whether there is more
            ).fetchall()
        page = rows[:limit]
        return [Row(id_, None, payload) for _, id_, payload in page], page[-1][0] if rows[limit:] else None

    def count_rows(self) -> int:
        with self._connections.use() as connection:
            return int(connection.execute(f"SELECT count(*) FROM {self._tables.memories}").fetchone()[0])

    def search(
        self,
        query: str,  # noqa: ARG002  (mem0 gives the text to every store)
        vectors: Vector,
        top_k: int = 5,
        filters: Filters | None = None,
    ) -> Rows:
        unit = self._unit(vectors)
        with self._connections.read() as connection:
            return self._search.filtered(connection, unit, [], top_k, filters)[0]

    def keyword_search(self, query: str, top_k: int = 5, filters: Filters | None = None) -> Rows:
        with self._connections.read() as connection:
            return self._search.filtered(connection, None, asked(query), top_k, filters)[1]

    def search_owners(
        self,
        query: str,
        vector: Vector,
        top_k: int,
        owners: Sequence[str],
        scopes: Collection[str] | None = None,
    ) -> Found:
        unit, words = self._unit(vector), asked(query)
        with self._connections.read() as connection:
            return self._search.of_owners(connection, unit, words, top_k, owners, scopes)

    # Housekeeping

    def purge(self) -> str:
        """Overwrite what was erased; nothing keeps it all the same. Retry where somebody reads too long."""
        with self._connections.use() as connection:
            wal.empty(connection, "The memory database")
        return ""

    def close(self) -> None:
        self._connections.close()

    # Inside

    def _rows(self, rest: str, *bound: Any) -> Rows:
        with self._connections.use() as connection:
            rows = connection.execute(
                f"SELECT id, NULL, payload FROM {self._tables.memories} AS m {rest}", bound
            ).fetchall()
        return [Row(*row) for row in rows]

    def _give(
        self, edit: Edit, seq: int, user: str | None, chat: str | None, text: str, unit: Array | None
    ) -> None:
        """Make a memory that has its row found."""
        whose, connection = edit.owner(user or ""), edit.connection
        body = indexed(json.loads(text))
        if unit is not None:
            connection.execute(
                f"INSERT INTO {self._tables.vectors} (key, vector) VALUES (?, ?)",
                (whose.key(seq), blocks.packed(unit)),
            )
        self._words.put(connection, whose.key(seq), body)
        before, after = self._beside(connection, seq, user, chat)
        context = sum(edit.length(whose, one) for one in before)
        edit.add(whose, seq, after, len(body.split()), context, unit)
        if before:
            edit.lead(whose, before[0], seq)

    def _take(self, edit: Edit, seq: int, user: str | None, chat: str | None) -> None:
        """Let a memory be found no more; its row is gone, or changed next."""
        whose, connection = edit.owner(user or ""), edit.connection
        connection.execute(f"DELETE FROM {self._tables.vectors} WHERE key = ?", (whose.key(seq),))
        self._words.remove(connection, whose.key(seq))
        edit.remove(whose, seq)
        before, after = self._beside(connection, seq, user, chat)
        if before:
            edit.lead(whose, before[0], after)

    def _change(
        self,
        edit: Edit,
        row: tuple[int, str | None, str | None],
        new: tuple[str | None, str | None, str | None, str],
        unit: Array | None,
    ) -> None:
        """Give a memory (its seq, user and chat) another user, chat, kind and payload, and this vector."""
        seq = row[0]
        self._take(edit, *row)
        edit.connection.execute(
            f"UPDATE {self._tables.memories} SET user_id = ?, chat = ?, kind = ?, payload = ? WHERE seq = ?",
            (*new, seq),
        )
        user, chat, _, text = new
        self._give(edit, seq, user, chat, text, unit)

    def _beside(
        self, connection: sqlite3.Connection, seq: int, user: str | None, chat: str | None
    ) -> tuple[Sequence[int], int]:
        """Those before one in its chat that are its context, the last first; the one after it, or 0."""
        if chat is None:
            return [], 0
        others = f"SELECT seq FROM {self._tables.memories} WHERE user_id IS ? AND chat = ? AND seq"
        before = connection.execute(
            f"{others} < ? ORDER BY seq DESC LIMIT ?", (user, chat, seq, CONTEXT)
        ).fetchall()
        after = connection.execute(f"{others} > ? ORDER BY seq LIMIT 1", (user, chat, seq)).fetchone()
        return [one for (one,) in before], after[0] if after else 0

    def _unit(self, vector: Vector) -> Array | None:
        """The vector at length 1; None for one of zeros, which has no direction to compare."""
        numbers = fitting(vector, self.collection_name, self.embedding_model_dims)
        largest = np.abs(numbers).max()
        if not largest:
            return None
        numbers /= largest  # their squares neither overflow nor vanish
        unit: Array = (numbers / np.linalg.norm(numbers)).astype(np.float32)
        return unit

    def _stored(self, edit: Edit, row: tuple[Any, ...]) -> Array | None:
        """The vector of a memory, by its row."""
        found = edit.connection.execute(
            f"SELECT vector FROM {self._tables.vectors} WHERE key = ?",
            (edit.owner(row[1] or "").key(row[0]),),
        ).fetchone()
        return blocks.unpacked([found[0]], self.embedding_model_dims)[0] if found else None


def _columns(payload: Payload) -> tuple[str | None, str | None, str | None]:
    """Its user, the chat it is from and its kind; None where that is not known."""
    user, chat, kind = (payload.get(name) for name in ("user_id", "chat", "kind"))
    return (
        user if isinstance(user, str) and user else None,
        chat if isinstance(chat, str) and chat else None,
        kind if isinstance(kind, str) else None,
    )


def _listed(ids: Sequence[str]) -> str:
    return json.dumps([str(id_) for id_ in ids], ensure_ascii=False)
