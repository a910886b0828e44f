"""mem0's Qdrant store, on a server or embedded, with what `stores.protocol` asks for besides.

Both searches are one request, all that is filtered by has an index, and an update leaves no old words behind.
"""

from __future__ import annotations

import builtins
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mem0.vector_stores.qdrant import Qdrant
from qdrant_client import models

from ...core.errors import Drop, TellAdmin
from ..payload import entries, to_json, wrong_size
from ..protocol import Filters, Insert, Payload, Rows, Vector
from ..vector import fitting
from . import words as qdrant_words
from .connection import at_address, in_folder

log = logging.getLogger(__name__)

_PAGE = 1000  # rows of an answer
_AT_ONCE = 100  # rows of a request: 6 MB at 3072 dimensions, of the 32 MB that Qdrant takes

_KEEPS = (
    "Qdrant no longer finds what was erased; its files hold it until its optimiser rewrites them, and its "
    "snapshots for as long as you keep those"
)

_KEYWORD = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD)
# With the user as tenant Qdrant keeps together what one user's searches read.
_INDEXES: Mapping[str, Any] = {
    "user_id": models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
    "batch": _KEYWORD,
    "kind": _KEYWORD,
    "chat": _KEYWORD,
    "scope": _KEYWORD,
    "created_at": models.DatetimeIndexParams(type=models.DatetimeIndexType.DATETIME),
}


class QdrantStore(Insert, Qdrant):  # type: ignore[misc]
    """See `protocol.VectorStore`. A server's at `url`, or embedded in the folder `path`."""

    def __init__(
        self,
        collection_name: str,
        embedding_model_dims: int,
        url: str = "",
        api_key: str = "",
        path: str = "",
    ) -> None:
        self._path = path
        client = in_folder(path) if path else at_address(url, api_key)
        try:
            super().__init__(collection_name, embedding_model_dims, client=client)
            stored = getattr(self.col_info().config.params.vectors, "size", embedding_model_dims)
            if stored != embedding_model_dims:
                raise wrong_size(collection_name, stored, embedding_model_dims)
        except BaseException:
            client.close()
            raise

    def _create_filter_indexes(self) -> None:
        """Called by mem0's `create_col`, also for a collection that was there."""
        self.is_local = bool(self._path)  # mem0 takes any client for a server's
        if self.is_local:
            return  # it has none and looks at every memory
        there = self.client.get_collection(self.collection_name).payload_schema or {}
        for field, schema in _INDEXES.items():
            if field in there and _is_tenant(there[field].params) >= _is_tenant(schema):
                continue
            try:
                self.client.create_payload_index(self.collection_name, field, field_schema=schema)
            except TellAdmin as refused:  # a key that may read and write need not be one that may do this
                log.warning("No index on %s in Qdrant: %s", field, refused)

    # Writing

    def put(self, ids: Sequence[str], vectors: Sequence[Vector], payloads: Sequence[Payload]) -> None:
        points = [self._point(*entry) for entry in entries(ids, vectors, payloads)]
        for start in range(0, len(points), _AT_ONCE):
            self.client.upsert(self.collection_name, points=points[start : start + _AT_ONCE])

    def update(self, vector_id: str, vector: Vector | None = None, payload: Payload | None = None) -> None:
        if self.get(vector_id) is None:  # Qdrant would make it, or say that a setting is wrong
            raise Drop("The memory to update no longer exists.")
        if vector is not None and payload is not None:
            self.put([vector_id], [vector], [payload])
            return
        operations: list[Any] = []
        vectors: dict[str, Any] = {}
        if vector is not None:
            vectors[""] = self._fitting(vector)
        if payload is not None:
            plain = json.loads(to_json(payload))
            vectors |= self._words_of(plain)
            given = models.SetPayload(payload=plain, points=[vector_id])
            operations.append(models.OverwritePayloadOperation(overwrite_payload=given))
        if vectors:
            points = models.UpdateVectors(points=[models.PointVectors(id=vector_id, vector=vectors)])
            operations.append(models.UpdateVectorsOperation(update_vectors=points))
        if operations:
            self.client.batch_update_points(self.collection_name, update_operations=operations)

    def delete_all(self, ids: Sequence[str]) -> None:
        if ids:
            self.client.delete(self.collection_name, points_selector=models.PointIdsList(points=list(ids)))

    # Reading

    def get_all(self, vector_ids: Sequence[str]) -> builtins.list[Any]:
        if not vector_ids:
            return []
        found: list[Any] = self.client.retrieve(self.collection_name, ids=list(vector_ids), with_payload=True)
        return found

    def of_kind(self, user_id: str, kind: str, top_k: int) -> Rows:
        if top_k < 1:
            return []
        newest = models.OrderBy(key="created_at", direction=models.Direction.DESC)
        wanted = {"user_id": user_id, "kind": kind}
        try:
            return self._scroll(self._create_filter(wanted), top_k, order_by=newest)[0]
        except Drop:  # no index to order by, see `_create_filter_indexes`
            rows = sorted(self.list(wanted)[0], key=lambda row: str(row.payload.get("created_at")))
            return rows[::-1][:top_k]

    def list(self, filters: Filters | None = None, top_k: int | None = None) -> builtins.list[Rows]:
        wanted = self._create_filter(dict(filters or {}))
        rows: list[Any] = []
        after = None
        while top_k is None or len(rows) < top_k:
            left = _PAGE if top_k is None else min(top_k - len(rows), _PAGE)
            page, after = self._scroll(wanted, left, offset=after)
            rows += page
            if after is None:
                break
        return [rows]

    def scan(self, after: Any | None, limit: int) -> tuple[Rows, Any | None]:
        return self._scroll(None, max(limit, 1), offset=after)

    def count_rows(self) -> int:
        return int(self.client.count(self.collection_name, exact=True).count)

    def search(
        self,
        query: str,  # noqa: ARG002  (mem0 gives the text to every store)
        vectors: Vector,
        top_k: int = 5,
        filters: Filters | None = None,
    ) -> builtins.list[Any]:
        if top_k < 1:
            return []
        return self._found([(filters, self._by_meaning(vectors))], top_k)[0]

    def keyword_search(
        self, query: str, top_k: int = 5, filters: Filters | None = None
    ) -> builtins.list[Any] | None:
        if not self._has_bm25_slot:
            return None
        words = self._by_words(query)
        return self._found([(filters, words[0])], top_k)[0] if words and top_k > 0 else []

    def search_owners(
        self,
        query: str,
        vector: Vector,
        top_k: int,
        owners: Sequence[str],
        scopes: Collection[str] | None = None,
    ) -> builtins.list[tuple[Rows, Rows | None]]:
        if top_k < 1:
            return [([], []) for _ in owners]
        words = self._by_words(query) if self._has_bm25_slot else []
        none: Rows | None = [] if self._has_bm25_slot else None
        queries = [self._by_meaning(vector), *words]
        wanted = [({"user_id": owner}, one) for owner in owners for one in queries]
        answers = self._found(wanted, top_k, scopes)
        each = len(queries)
        return [(answers[at], answers[at + 1] if words else none) for at in range(0, len(answers), each)]

    def purge(self) -> str:
        """Overwrite what was erased in an embedded one; what keeps it all the same, or ""."""
        if not self._path:
            return _KEEPS
        self.client.rewrite(self.collection_name)
        return ""

    def close(self) -> None:
        self.client.close()

    # Inside

    def _by_meaning(self, vector: Vector) -> dict[str, Any]:
        return {"query": self._fitting(vector)}

    def _by_words(self, query: str) -> builtins.list[dict[str, Any]]:
        """One query, or none for a text without words."""
        words = qdrant_words.asked(query)
        return [{"query": words, "using": "bm25"}] if words.indices else []

    def _found(
        self,
        queries: Sequence[tuple[Filters | None, Mapping[str, Any]]],
        top_k: int,
        scopes: Collection[str] | None = None,
    ) -> builtins.list[builtins.list[Any]]:
        """An answer to each query among what its filters let through, in one request."""
        among = [] if scopes is None else [_in_scopes(scopes)]
        requests = []
        for filters, query in queries:
            only = [one for one in (self._create_filter(dict(filters or {})), *among) if one]
            wanted = models.Filter(must=only) if len(only) > 1 else next(iter(only), None)
            requests.append(models.QueryRequest(**query, filter=wanted, limit=top_k, with_payload=True))
        answers = self.client.query_batch_points(self.collection_name, requests=requests)
        return [answer.points for answer in answers]

    def _scroll(self, wanted: Any, limit: int, **more: Any) -> tuple[Rows, Any | None]:
        page: tuple[Rows, Any | None] = self.client.scroll(
            self.collection_name,
            scroll_filter=wanted,
            limit=limit,
            with_payload=True,
            with_vectors=False,
            **more,
        )
        return page

    def _point(self, id_: str, vector: Vector, payload: Payload) -> models.PointStruct:
        plain = json.loads(to_json(payload))
        vectors = {"": self._fitting(vector), **self._words_of(plain)}
        return models.PointStruct(id=id_, vector=vectors, payload=plain)

    def _fitting(self, vector: Vector) -> builtins.list[float]:
        plain: builtins.list[float] = fitting(
            vector, self.collection_name, self.embedding_model_dims
        ).tolist()
        return plain

    def _words_of(self, payload: Payload) -> dict[str, models.SparseVector]:
        """The keyword vector by its name; nothing in a collection that was made without."""
        text = payload.get("text_lemmatized") or payload.get("data")
        if not self._has_bm25_slot or not isinstance(text, str):
            return {}
        return {"bm25": qdrant_words.stored(text)}


def _in_scopes(scopes: Collection[str]) -> models.Filter:
    named: builtins.list[Any] = [
        models.FieldCondition(key="scope", match=models.MatchAny(any=list(filter(None, scopes))))
    ]
    none = models.IsEmptyCondition(is_empty=models.PayloadField(key="scope"))
    return models.Filter(should=[*named, none] if "" in scopes else named)


def _is_tenant(params: Any) -> bool:
    return bool(getattr(params, "is_tenant", False))
