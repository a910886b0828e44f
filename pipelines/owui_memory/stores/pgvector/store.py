"""mem0's pgvector store with what `stores.protocol` asks for besides: upserts, pages, and words of our own.

mem0 has PostgreSQL split the texts into words, which it cannot do for scripts without spaces, and finds only
what holds all words of a query. Here a column holds the words of `words.py`, cut to their stems; those of a
query count by how rare they are among the user's memories, as in BM25.
"""

# ruff: noqa: S608  (conditions are put together here, all values are bound)
from __future__ import annotations

import builtins
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from mem0.vector_stores import pgvector as mem0s
from psycopg import sql
from psycopg_pool import ConnectionPool

from ...core.errors import Drop
from ...models.faults import translated
from ..payload import entries, to_json, wrong_size
from ..protocol import Filters, Insert, Payload, Rows, Vector
from ..vector import fitting
from . import schema as pgvector_schema
from .schema import INDEXED
from .words import any_of, asked, stored

TIMEOUT_S = 5  # psycopg's pool would wait 30 s for a connection
_CONNECTIONS = 8

_KEEPS = (
    "PostgreSQL has freed what was erased, and overwrites it as it goes on; archives of its log and backups "
    "keep it for as long as you keep those"
)

_SCOPES = "in scopes"  # a filter: any of these
# Each word that was asked for counts by how rare it is among what the condition lets through, and by how much
# of a memory it makes up. Constants of BM25: k1 = 1.2, b = 0.75; a memory has 12 words in the mean.
_BY_WORDS = """
    WITH hits AS MATERIALIZED (
        SELECT id, lexeme, cardinality(positions) AS times, length(words) AS size
        FROM {table}, unnest(words) WHERE words @@ %s::tsquery AND lexeme = ANY(%s) AND CONDITION
    ), rarity AS (
        SELECT lexeme, ln(1 + (everything - count(*) + 0.5) / (count(*) + 0.5)) AS idf
        FROM hits, (SELECT count(*) AS everything FROM {table} WHERE CONDITION) AS counted
        GROUP BY lexeme, everything
    ), best AS (
        SELECT id, sum(idf * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * size / 12.0))) AS score
        FROM hits JOIN rarity USING (lexeme) GROUP BY id ORDER BY score DESC, id LIMIT %s
    )
    SELECT id, score, payload FROM best JOIN {table} USING (id) ORDER BY score DESC, id
"""


class PgvectorStore(Insert, mem0s.PGVector):  # type: ignore[misc]
    """See `protocol.VectorStore`. What goes wrong is raised as MemoryFault."""

    def __init__(self, collection_name: str, embedding_model_dims: int, connection_string: str) -> None:
        self.collection_name, self.embedding_model_dims = collection_name, embedding_model_dims
        self._address = connection_string
        with translated("store", connection_string):
            # Directly: the pool would try in vain for all of its time-out and not say why.
            psycopg.connect(connection_string, connect_timeout=TIMEOUT_S).close()
        pool = ConnectionPool(
            connection_string,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=TIMEOUT_S,
            reconnect_timeout=TIMEOUT_S,  # its pauses double: after an hour it would wait for minutes
            kwargs={"connect_timeout": TIMEOUT_S},
            check=ConnectionPool.check_connection,  # else each one that a restart broke fails once more
            open=False,
        )
        pool.open()
        super().__init__(
            *(None, collection_name, embedding_model_dims, None, None, None, None, False, False),
            connection_pool=pool,
        )
        try:
            self.create_col()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _get_cursor(self, commit: bool = False) -> Iterator[Any]:  # noqa: ARG002 - a transaction each
        """mem0's own would log an error's text, which may quote a memory."""
        with translated("store", self._address), self.connection_pool.connection() as connection:
            yield connection.cursor()

    # Collections

    def create_col(self) -> None:
        """Make the table, or bring one of mem0's up to date. TellAdmin if its vectors have another size."""
        with self._get_cursor() as cursor:
            dims = pgvector_schema.make(cursor, self.collection_name, self.embedding_model_dims)
        if dims != self.embedding_model_dims:
            raise wrong_size(self.collection_name, dims, self.embedding_model_dims)
        while self._index_some():
            pass
        self._collection_ensured = True

    def _index_some(self) -> bool:
        """Give words to some memories that plain mem0 wrote; whether there were any."""
        missing = "SELECT id, payload FROM {table} WHERE words IS NULL LIMIT 1000 FOR UPDATE SKIP LOCKED"
        with self._get_cursor() as cursor:
            rows = cursor.execute(self._sql(missing)).fetchall()
            cursor.executemany(
                self._sql("UPDATE {table} SET words = %s::tsvector WHERE id = %s"),
                [(stored(payload or {}), id_) for id_, payload in rows],
            )
        return bool(rows)

    # Writing

    def put(self, ids: Sequence[str], vectors: Sequence[Vector], payloads: Sequence[Payload]) -> None:
        rows = [
            (id_, self._fitting(vector), _json(payload), stored(payload))
            for id_, vector, payload in entries(ids, vectors, payloads)
        ]
        statement = self._sql(
            "INSERT INTO {table} (id, vector, payload, words) VALUES (%s, %s, %s, %s::tsvector) "
            "ON CONFLICT (id) DO UPDATE SET vector = excluded.vector, payload = excluded.payload, "
            "words = excluded.words"
        )
        with self._get_cursor() as cursor:
            # In one order for all, or two that put the same memories could wait for each other.
            cursor.executemany(statement, sorted(rows, key=lambda row: str(row[0])))

    def update(self, vector_id: str, vector: Vector | None = None, payload: Payload | None = None) -> None:
        changes: list[str] = []
        values: list[Any] = []
        if vector is not None:
            changes.append("vector = %s")
            values.append(self._fitting(vector))
        if payload is not None:
            changes.append("payload = %s, words = %s::tsvector")
            values += [_json(payload), stored(payload)]
        changed = ", ".join(changes or ["id = id"])
        with self._get_cursor() as cursor:
            cursor.execute(self._sql(f"UPDATE {{table}} SET {changed} WHERE id = %s"), (*values, vector_id))
            if not cursor.rowcount:
                raise Drop("The memory to update no longer exists.")

    def delete_all(self, ids: Sequence[str]) -> None:
        with self._get_cursor() as cursor:
            cursor.execute(self._sql("DELETE FROM {table} WHERE id = ANY(%s::uuid[])"), (_ids(ids),))

    # Reading

    def get_all(self, vector_ids: Sequence[str]) -> builtins.list[Any]:
        return self._rows("WHERE id = ANY(%s::uuid[])", _ids(vector_ids))

    def of_kind(self, user_id: str, kind: str, top_k: int) -> Rows:
        return self.list({"user_id": user_id, "kind": kind}, top_k)[0]

    def list(self, filters: Filters | None = None, top_k: int | None = None) -> builtins.list[Rows]:
        condition, bound = _where(filters)
        most = None if top_k is None else max(top_k, 0)  # LIMIT NULL is none
        newest = f"WHERE {condition} ORDER BY payload->>'created_at' DESC NULLS LAST, id LIMIT %s"
        return [self._rows(newest, *bound, most)]

    def scan(self, after: Any | None, limit: int) -> tuple[Rows, Any | None]:
        limit = max(limit, 1)
        beyond, bound = ("TRUE", []) if after is None else ("id > %s::uuid", [after])
        rows = self._rows(f"WHERE {beyond} ORDER BY id LIMIT %s", *bound, limit + 1)
        return rows[:limit], rows[limit - 1].id if rows[limit:] else None

    def count_rows(self) -> int:
        (counted,) = self._ask("SELECT count(*) FROM {table}")
        return int(counted[0])

    def search(
        self,
        query: str,  # noqa: ARG002  (mem0 gives the text to every store)
        vectors: Vector,
        top_k: int | None = 5,
        filters: Filters | None = None,
    ) -> builtins.list[Any]:
        most = None if top_k is None else max(top_k, 0)
        statement, bound = _by_meaning(self._fitting(vectors), most, filters)
        return [_row(*row) for row in self._ask(statement, *bound)]

    def keyword_search(
        self, query: str, top_k: int = 5, filters: Filters | None = None
    ) -> builtins.list[Any]:
        stems = asked(query)
        if not stems or top_k < 1:
            return []
        statement, bound = _by_words(stems, top_k, filters)
        return [_row(*row) for row in self._ask(statement, *bound)]

    def search_owners(
        self,
        query: str,
        vector: Vector,
        top_k: int,
        owners: Sequence[str],
        scopes: Collection[str] | None = None,
    ) -> builtins.list[tuple[Rows, Rows | None]]:
        stems, fitting_vector = asked(query), self._fitting(vector)
        if top_k < 1 or not owners:
            return [([], []) for _ in owners]
        arms: list[str] = []
        values: list[Any] = []
        for number, owner in enumerate(owners):
            wanted = {"user_id": owner, **({_SCOPES: list(scopes)} if scopes is not None else {})}
            searches = [_by_meaning(fitting_vector, top_k, wanted)]
            searches += [_by_words(stems, top_k, wanted)] if stems else []
            for kind, (statement, bound) in enumerate(searches):
                arms.append(f"SELECT {2 * number + kind} AS arm, found.* FROM ({statement}) AS found")
                values += bound
        found: list[list[Any]] = [[] for _ in range(2 * len(owners))]
        for arm, *row in self._ask(" UNION ALL ".join(arms), *values):
            found[arm].append(_row(*row))
        for rows in found:  # a union promises no order
            rows.sort(key=lambda row: (-row.score, row.id))
        return list(zip(found[::2], found[1::2], strict=True))

    # Housekeeping

    def purge(self) -> str:
        """Free what was erased; what keeps it all the same."""
        with translated("store", self._address), self.connection_pool.connection() as connection:
            connection.autocommit = True
            try:
                connection.execute(self._sql("VACUUM {table}"))
            finally:
                connection.autocommit = False
        return _KEEPS

    def reset(self) -> None:
        with self._get_cursor() as cursor:
            cursor.execute(self._sql("TRUNCATE {table}"))

    def close(self) -> None:
        self.connection_pool.close()

    # Inside

    def _sql(self, statement: str) -> Any:
        return sql.SQL(statement).format(table=self._col())

    def _ask(self, statement: str, *bound: Any) -> builtins.list[Any]:
        with self._get_cursor() as cursor:
            rows: list[Any] = cursor.execute(self._sql(statement), bound).fetchall()
        return rows

    def _rows(self, rest: str, *bound: Any) -> builtins.list[Any]:
        found = self._ask("SELECT id, payload FROM {table} " + rest, *bound)
        return [_row(id_, None, payload) for id_, payload in found]

    def _fitting(self, vector: Vector) -> builtins.list[float]:
        plain: builtins.list[float] = fitting(
            vector, self.collection_name, self.embedding_model_dims
        ).tolist()
        return plain


def _where(filters: Filters | None) -> tuple[str, list[Any]]:
    """SQL and what is bound in it. Indexed fields are named in it, or no index would be used."""
    conditions, bound = ["TRUE"], []
    for field, value in (filters or {}).items():
        if field == _SCOPES:
            conditions.append("coalesce(payload->>'scope', '') = ANY(%s)")
            bound.append(value)
        elif field in INDEXED and isinstance(value, str) and value != "*":
            conditions.append(f"payload->>'{field}' = %s")
            bound.append(value)
        else:
            more, values = mem0s._build_filter_conditions({field: value})
            conditions += more
            bound += values
    return " AND ".join(conditions), bound


def _by_meaning(vector: Sequence[float], most: int | None, filters: Filters | None) -> tuple[str, list[Any]]:
    """SQL for the nearest, and what is bound in it; score is the cosine similarity, 0 to 1."""
    condition, bound = _where(filters)
    # No angle, no similarity: the distance from a vector of zeros is not a number.
    statement = (
        "SELECT id, CASE WHEN distance = 'NaN' THEN 0.0 ELSE greatest(1.0 - distance, 0.0) END AS score, "
        "payload FROM (SELECT id, vector <=> %s::vector AS distance, payload FROM {table} "
        f"WHERE {condition} ORDER BY distance LIMIT %s) AS nearest"
    )
    return statement, [vector, *bound, most]


def _by_words(stems: Sequence[str], most: int, filters: Filters | None) -> tuple[str, list[Any]]:
    """SQL for those that have some of these words, and what is bound in it."""
    condition, bound = _where(filters)
    return _BY_WORDS.replace("CONDITION", condition), [any_of(stems), stems, *bound, *bound, most]


def _row(id_: Any, score: float | None, payload: Any) -> Any:
    return mem0s.OutputData(id=str(id_), score=score, payload=payload)


def _ids(ids: Sequence[str]) -> list[str]:
    return [str(id_) for id_ in ids]


def _json(payload: Payload) -> str:
    text = to_json(payload)
    if "\\u0000" in text:  # PostgreSQL's JSON has no such character
        text = json.dumps(_without_nul(json.loads(text)), ensure_ascii=False)
    return text


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(inner) for name, inner in value.items()}
    return [_without_nul(inner) for inner in value] if isinstance(value, list) else value
