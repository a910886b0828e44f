"""A mem0 vector store in one SQLite file: the embedded default.

A memory is written to three tables in one transaction: itself as JSON, its vector (sqlite-vec, partitioned
by user) and its words (FTS5, with the user as a required term). With its own words go, at a lower weight,
those of the two memories before it in the same chat: what was said there is often what it is about. They are
taken away again with the memory that they are of.
"""

# ruff: noqa: S608  (table names come from sqlite_schema, all values are bound)
from __future__ import annotations

import array
import json
import math
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mem0.vector_stores.base import VectorStoreBase

from ...core.errors import Drop, TellAdmin
from ...state import wal
from ..payload import to_json, wrong_size
from ..sqlite_faults import translated
from .driver import Connections
from .filters import Filters, user_of, where
from .row import Row
from .schema import drop_tables, make_tables, open_collection
from .text import match_expression, owner_term
from .words import CONTEXT_WEIGHT, Words

KNN_LIMIT = 4096  # of sqlite-vec

_MANY = 500  # memories from which on words are erased faster all together: 0.5 s at 100,000, else 2 ms each

Rows = list[Row]
Payload = Mapping[str, Any]
Vector = Sequence[float]


class SqliteStore(VectorStoreBase):  # type: ignore[misc]
    """Safe for many threads and several processes. What goes wrong is raised as MemoryFault."""

    def __init__(self, collection_name: str, embedding_model_dims: int, path: str) -> None:
        """Open collection `collection_name` in the file at `path`; both are made when absent."""
        if not path or path == ":memory:":
            raise TellAdmin("The memory database needs a file.", hint="Set the path of a file.")
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

    def create_col(self, name: str, vector_size: int, distance: str = "cosine") -> None:
        """Use collection `name`, making it when absent. TellAdmin if its vectors have another size."""
        if distance != "cosine":
            raise TellAdmin("This store compares by cosine only.", hint="Leave the distance at cosine.")
        self._tables = open_collection(self._connections, name, vector_size)
        self._words = Words(self._tables)
        self.collection_name, self.embedding_model_dims = name, vector_size

    def list_cols(self) -> list[str]:
        """The names of all collections in the file."""
        with self._connections.use() as connection:
            rows = connection.execute("SELECT name FROM memory_collections ORDER BY number").fetchall()
        return [name for (name,) in rows]

    def col_info(self) -> dict[str, Any]:
        """`name`, `dims` and `count` of this collection."""
        return {"name": self.collection_name, "dims": self.embedding_model_dims, "count": self.count()}

    def delete_col(self) -> None:
        """Erase this collection. The store cannot be used afterwards, except for `create_col` and `close`."""
        with self._connections.write() as connection:
            drop_tables(connection, self._tables)
            connection.execute("DELETE FROM memory_collections WHERE number = ?", (self._tables.number,))

    def reset(self) -> None:
        """Erase all memories of this collection; it stays usable, also for others who have it open."""
        with self._connections.write() as connection:
            drop_tables(connection, self._tables)
            make_tables(connection, self._tables)

    # Writing

    def insert(
        self,
        vectors: Sequence[Vector],
        payloads: Sequence[Payload] | None = None,
        ids: Sequence[str] | None = None,
    ) -> None:
        """Store all or none; an id that exists is replaced and keeps its place in `list`."""
        payloads = [{}] * len(vectors) if payloads is None else payloads
        ids = [str(uuid.uuid4()) for _ in vectors] if ids is None else ids
        if not len(vectors) == len(payloads) == len(ids):
            raise Drop("An insert needs as many payloads and ids as vectors.")
        # Everything that can be refused is refused before the write lock is taken.
        entries = [
            (str(id_), _user(payload), *_columns(payload), to_json(payload), self._blob(vector))
            for id_, payload, vector in zip(ids, payloads, vectors, strict=True)
        ]
        with self._connections.write() as connection:
            for id_, user, chat, kind, text, blob in entries:
                (seq,) = connection.execute(
                    f"INSERT INTO {self._tables.memories} (id, user_id, chat, kind, payload) "
                    "VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, "
                    "chat = excluded.chat, kind = excluded.kind, payload = excluded.payload RETURNING seq",
                    (id_, user, chat, kind, text),
                ).fetchone()
                self._put_vector(connection, seq, user, blob)
                self._words.put(connection, seq)
            self._words.erase(connection)

    def update(self, vector_id: str, vector: Vector | None = None, payload: Payload | None = None) -> None:
        """Replace what is given, keep what is None. Drop when there is no such memory."""
        blob = None if vector is None else self._blob(vector)
        text = None if payload is None else to_json(payload)
        with self._connections.write() as connection:
            row = connection.execute(
                f"SELECT seq, user_id, chat FROM {self._tables.memories} WHERE id = ?", (str(vector_id),)
            ).fetchone()
            if row is None:
                raise Drop("The memory to update no longer exists.")
            seq, user, chat = row
            if payload is not None:
                user, columns = _user(payload), _columns(payload)
                connection.execute(
                    f"UPDATE {self._tables.memories} SET user_id = ?, chat = ?, kind = ?, payload = ? "
                    "WHERE seq = ?",
                    (user, *columns, text, seq),
                )
                self._words.put(connection, seq)
                if (user, columns[0]) != row[1:]:
                    self._words.follow(connection, seq, row[1], chat)
                self._words.erase(connection)
            if blob is None and user != row[1]:
                blob = self._stored_blob(connection, seq)  # it moves to the other user's partition
            if blob is not None:
                self._put_vector(connection, seq, user, blob)

    def put(self, ids: Sequence[str], vectors: Sequence[Vector], payloads: Sequence[Payload]) -> None:
        """Store all or none; one whose id exists is replaced."""
        self.insert(vectors, payloads, ids)

    def delete(self, vector_id: str) -> None:
        """Erase one memory; nothing happens when it is absent."""
        self.delete_all([vector_id])

    def delete_all(self, ids: Sequence[str]) -> None:
        """Erase all of these memories or none; those that are absent do not matter."""
        with self._connections.write() as connection:
            rows = connection.execute(
                f"DELETE FROM {self._tables.memories} WHERE id IN (SELECT value FROM json_each(?)) "
                "RETURNING seq, user_id, chat",
                (_listed(ids),),
            ).fetchall()
            many = len(rows) >= _MANY
            if many:
                self._words.overwrite(connection, at_once=False)
            for row in rows:
                connection.execute(f"DELETE FROM {self._tables.vectors} WHERE rowid = ?", row[:1])
                connection.execute(f"DELETE FROM {self._tables.words} WHERE rowid = ?", row[:1])
            for row in rows:
                self._words.follow(connection, *row)
            if many:
                self._words.merge(connection)
                self._words.overwrite(connection, at_once=True)
            elif rows:
                self._words.erase(connection)

    # Reading

    def get(self, vector_id: str) -> Row | None:
        """One memory by its id."""
        with self._connections.use() as connection:
            row = connection.execute(
                f"SELECT id, NULL, payload FROM {self._tables.memories} WHERE id = ?", (str(vector_id),)
            ).fetchone()
        return Row(*row) if row else None

    def get_all(self, vector_ids: Sequence[str]) -> Rows:
        """Those of these memories that there are, in no order."""
        with self._connections.use() as connection:
            rows = connection.execute(
                f"SELECT id, NULL, payload FROM {self._tables.memories} "
                "WHERE id IN (SELECT value FROM json_each(?))",
                (_listed(vector_ids),),
            ).fetchall()
        return [Row(*row) for row in rows]

    def scan(self, after: int | None, limit: int) -> tuple[Rows, int | None]:
        """A page of all memories, oldest first, and where the next begins; None: that was all."""
        limit = max(limit, 1)
        with self._connections.use() as connection:
            rows = connection.execute(
                f"SELECT seq, id, payload FROM {self._tables.memories} WHERE seq > ? ORDER BY seq LIMIT ?",
                (after or 0, limit + 1),  # one more tells whether there is more
            ).fetchall()
        page = rows[:limit]
        return [Row(id_, None, payload) for _, id_, payload in page], page[-1][0] if rows[limit:] else None

    def of_kind(self, user_id: str, kind: str, top_k: int) -> Rows:
        """A user's memories of one kind, newest first; found by index."""
        with self._connections.use() as connection:
            rows = connection.execute(
                f"SELECT id, NULL, payload FROM {self._tables.memories} "
                "WHERE user_id = ? AND kind = ? ORDER BY seq DESC LIMIT ?",
                (user_id, kind, top_k),
            ).fetchall()
        return [Row(*row) for row in rows]

    def list(self, filters: Filters | None = None, top_k: int | None = None) -> list[Rows]:
        """`[rows]`, as mem0 expects it, newest first; all of them when `top_k` is None."""
        condition, bound = where(filters)
        sql = (
            f"SELECT id, NULL, payload FROM {self._tables.memories} AS m "
            f"WHERE {condition} ORDER BY seq DESC LIMIT ?"
        )
        with self._connections.use() as connection:
            rows = connection.execute(sql, (*bound, -1 if top_k is None else max(top_k, 0))).fetchall()
        return [[Row(*row) for row in rows]]

    def count(self, filters: Filters | None = None) -> int:
        """How many memories the filters match."""
        condition, bound = where(filters)
        sql = f"SELECT count(*) FROM {self._tables.memories} AS m WHERE {condition}"
        with self._connections.use() as connection:
            return int(connection.execute(sql, bound).fetchone()[0])

    def count_rows(self) -> int:
        """How many memories the collection holds."""
        return self.count()

    def search(
        self,
        query: str,  # noqa: ARG002  (mem0 gives the text to every store)
        vectors: Vector,
        top_k: int = 5,
        filters: Filters | None = None,
    ) -> Rows:
        """The `top_k` memories nearest to the one vector `vectors`; score is the cosine similarity, 0..1."""
        condition, bound = where(filters)
        user = user_of(filters)
        blob = self._blob(vectors)
        if top_k < 1 or not blob:
            return []
        memories, table = self._tables.memories, self._tables.vectors
        if top_k > KNN_LIMIT:
            near = (
                f"SELECT m.seq, vec_distance_cosine(v.embedding, ?) AS distance FROM {memories} AS m "
                f"CROSS JOIN {table} AS v ON v.rowid = m.seq WHERE {condition} ORDER BY distance LIMIT ?"
            )
            values = [blob, *bound, top_k]
        else:
            near = f"SELECT rowid AS seq, distance FROM {table} WHERE embedding MATCH ? AND k = ?"
            values = [blob, top_k]
            if user is not None:
                near += " AND owner = ?"
                values.append(owner_term(user))
            if filters and not _user_only(filters):
                near += f" AND rowid IN (SELECT m.seq FROM {memories} AS m WHERE {condition})"
                values += bound
        return self._ranked(near, [*values, *bound], "max(min(1 - near.distance, 1.0), 0.0)", condition)

    def keyword_search(self, query: str, top_k: int = 5, filters: Filters | None = None) -> Rows:
        """Memories that share words with `query` (any text); score is BM25 over the whole collection."""
        condition, bound = where(filters)
        user = user_of(filters)
        match = match_expression(query, None if user is None else owner_term(user))
        if top_k < 1 or match is None:
            return []
        words = self._tables.words
        distance = f"bm25({words}, 0.0, 1.0, {CONTEXT_WEIGHT})"
        near = f"SELECT {words}.rowid AS seq, {distance} AS distance FROM {words}"
        values: list[Any] = [match]
        if _user_only(filters):  # the owner's term filters already
            near += f" WHERE {words} MATCH ?"
        else:
            near += f" CROSS JOIN {self._tables.memories} AS m ON m.seq = {words}.rowid"
            near += f" WHERE {words} MATCH ? AND {condition}"
            values += bound
        near += " ORDER BY distance LIMIT ?"
        return self._ranked(near, [*values, top_k, *bound], "-near.distance", condition)

    # Housekeeping

    def purge(self) -> str:
        """Overwrite what was erased; nothing keeps it all the same. Retry where somebody reads too long."""
        with self._connections.use() as connection:
            wal.empty(connection, "The memory database")
        return ""

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the file and empty it, so that what was deleted is gone from both.

        False when another reader or writer is in the way; call it again later.
        """
        with self._connections.use() as connection:
            return wal.is_emptied(connection)

    def close(self) -> None:
        """Release the file; SQLite folds the write-ahead log into it when nobody else has it open."""
        self._connections.close()

    # Inside

    def _ranked(self, near: str, values: Sequence[Any], score: str, condition: str) -> Rows:
        """Rows of `near` (seq, distance), from one snapshot as it is one statement; filtered once more."""
        sql = (
            f"WITH near AS MATERIALIZED ({near}) SELECT m.id, {score}, m.payload "
            f"FROM near CROSS JOIN {self._tables.memories} AS m ON m.seq = near.seq "
            f"WHERE {condition} ORDER BY near.distance, m.seq DESC"
        )
        with self._connections.use() as connection:
            rows = connection.execute(sql, values).fetchall()
        return [Row(*row) for row in rows]

    def _blob(self, vector: Vector) -> bytes:
        """The direction as float32; empty for a vector of zeros, which has none to compare."""
        try:
            floats = array.array("f", vector)
        except (TypeError, OverflowError):
            raise Drop("The embedder returned something that is no list of numbers.") from None
        if len(floats) != self.embedding_model_dims:
            raise wrong_size(self.collection_name, self.embedding_model_dims, len(floats))
        if not all(map(math.isfinite, floats)):
            raise Drop("The embedder returned a number that is not finite.")
        # Only the direction counts; at length 1 sqlite-vec's float32 sums neither overflow nor vanish.
        length = math.hypot(*floats)
        return array.array("f", [number / length for number in floats]).tobytes() if length else b""

    def _stored_blob(self, connection: sqlite3.Connection, seq: int) -> bytes:
        row = connection.execute(
            f"SELECT embedding FROM {self._tables.vectors} WHERE rowid = ?", (seq,)
        ).fetchone()
        return bytes(row[0]) if row else b""

    def _put_vector(self, connection: sqlite3.Connection, seq: int, user: str | None, blob: bytes) -> None:
        connection.execute(f"DELETE FROM {self._tables.vectors} WHERE rowid = ?", (seq,))
        # sqlite-vec would rank a vector of zeros first in every search, so it is left out.
        if blob:
            connection.execute(
                f"INSERT INTO {self._tables.vectors} (rowid, owner, embedding) VALUES (?, ?, ?)",
                (seq, owner_term(user), blob),
            )


def _user_only(filters: Filters | None) -> bool:
    return user_of(filters) is not None and len(filters or {}) == 1


def _user(payload: Payload) -> str | None:
    user = payload.get("user_id")
    return user if isinstance(user, str) and user else None


def _columns(payload: Payload) -> tuple[str | None, str | None]:
    """The chat it is from and its kind; None where that is not known."""
    chat, kind = payload.get("chat"), payload.get("kind")
    return chat if isinstance(chat, str) and chat else None, kind if isinstance(kind, str) else None


def _listed(ids: Sequence[str]) -> str:
    return json.dumps([str(id_) for id_ in ids], ensure_ascii=False)
