"""A stand-in for a Qdrant server: the REST calls that qdrant-client makes for mem0, on its own local mode.

No Qdrant binary can be had here. Routes and shapes are those of qdrant-client 1.20's `http.api`; what is
stored, filtered and ranked is the work of `QdrantClient(":memory:")`.
"""

import threading
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from qdrant_client import QdrantClient, models

from tests.harness.web import WebServer

Json = dict[str, Any]


class QdrantServer(WebServer):
    """`with QdrantServer(key="k") as server: QdrantClient(url=server.url, api_key="k")`; no key, no check."""

    def __init__(self, key: str = "") -> None:
        self._key = key
        self._client = QdrantClient(":memory:")
        self._lock = threading.Lock()
        self.indexes: list[tuple[str, str]] = []  # collection, field; as asked for
        self.schemas: dict[tuple[str, str], Any] = {}  # as they are now
        self.may_index = True  # or the key has no right to
        self.requests: list[str] = []  # paths
        app = FastAPI(dependencies=[Depends(self._authenticate), Depends(self._record)])
        app.get("/")(self._version)
        app.get("/collections")(self._collections)
        app.get("/collections/{name}")(self._collection)
        app.get("/collections/{name}/exists")(self._exists)
        app.put("/collections/{name}")(self._create)
        app.delete("/collections/{name}")(self._drop)
        app.put("/collections/{name}/index")(self._index)
        app.put("/collections/{name}/points")(self._upsert)
        app.post("/collections/{name}/points")(self._retrieve)
        app.post("/collections/{name}/points/query")(self._query)
        app.post("/collections/{name}/points/query/batch")(self._query_batch)
        app.post("/collections/{name}/points/scroll")(self._scroll)
        app.post("/collections/{name}/points/delete")(self._delete)
        app.post("/collections/{name}/points/payload")(self._set_payload)
        app.post("/collections/{name}/points/batch")(self._batch)
        app.post("/collections/{name}/points/count")(self._count)
        app.add_exception_handler(ValueError, _refusal)
        super().__init__(app)

    def stop(self) -> None:
        super().stop()
        self._client.close()

    def _record(self, request: Request) -> None:
        self.requests.append(request.url.path)

    def _authenticate(self, request: Request) -> None:
        if self._key and request.headers.get("api-key") != self._key:
            raise HTTPException(401, "Must provide an API key or an Authorization bearer token")

    def _version(self) -> Json:
        return {"title": "qdrant - vector search engine", "version": "1.20.0", "commit": "stand-in"}

    def _collections(self) -> JSONResponse:
        return self._ok(self._client.get_collections())

    def _collection(self, name: str) -> JSONResponse:
        about = _plain(self._client.get_collection(self._known(name)))
        about["payload_schema"] = {
            field: {"data_type": _plain(schema)["type"], "params": schema, "points": 0}
            for (collection, field), schema in list(self.schemas.items())
            if collection == name
        }
        return self._ok(about)

    def _exists(self, name: str) -> JSONResponse:
        return self._ok({"exists": self._client.collection_exists(name)})

    def _create(self, name: str, body: models.CreateCollection) -> JSONResponse:
        with self._lock:
            if self._client.collection_exists(name):
                raise HTTPException(409, f"Collection `{name}` already exists!")
            self._client.create_collection(
                name, vectors_config=body.vectors, sparse_vectors_config=body.sparse_vectors
            )
        return self._ok(True)

    def _drop(self, name: str) -> JSONResponse:
        with self._lock:
            self.schemas = {key: schema for key, schema in self.schemas.items() if key[0] != name}
            return self._ok(self._client.delete_collection(name))

    def _index(self, name: str, body: models.CreateFieldIndex) -> JSONResponse:
        if not self.may_index:
            raise HTTPException(403, "Forbidden: Global manage access is required")
        field = (self._known(name), body.field_name)  # local mode has no indexes
        schema = body.field_schema
        with self._lock:
            self.indexes.append(field)
            self.schemas[field] = schema if hasattr(schema, "type") else {"type": schema}
        return self._done()

    def _upsert(self, name: str, body: models.PointsList) -> JSONResponse:
        size = self._client.get_collection(self._known(name)).config.params.vectors.size
        for point in body.points:
            dense = point.vector.get("") if isinstance(point.vector, dict) else point.vector
            if len(dense) != size:
                raise ValueError(f"Wrong input: Vector dimension error: expected {size}, got {len(dense)}")
        with self._lock:
            self._client.upsert(name, points=body.points)
        return self._done()

    def _retrieve(self, name: str, body: models.PointRequest) -> JSONResponse:
        with self._lock:
            return self._ok(self._client.retrieve(self._known(name), ids=body.ids, with_payload=True))

    def _query(self, name: str, body: models.QueryRequest) -> JSONResponse:
        return self._ok(self._found(name, body))

    def _query_batch(self, name: str, body: models.QueryRequestBatch) -> JSONResponse:
        return self._ok([self._found(name, search) for search in body.searches])

    def _scroll(self, name: str, body: models.ScrollRequest) -> JSONResponse:
        if body.order_by is not None:
            self._orderable(name, body.order_by)
        with self._lock:
            points, following = self._client.scroll(
                self._known(name),
                scroll_filter=body.filter,
                limit=_limit(body.limit),
                order_by=body.order_by,
                offset=body.offset,
                with_payload=True if body.with_payload is None else body.with_payload,
                with_vectors=body.with_vector or False,
            )
        return self._ok({"points": points, "next_page_offset": following})

    def _delete(self, name: str, body: models.PointIdsList) -> JSONResponse:
        with self._lock:
            self._client.delete(self._known(name), points_selector=body)
        return self._done()

    def _set_payload(self, name: str, body: models.SetPayload) -> JSONResponse:
        with self._lock:
            self._client.set_payload(self._known(name), payload=body.payload, points=body.points)
        return self._done()

    def _batch(self, name: str, body: models.UpdateOperations) -> JSONResponse:
        with self._lock:
            done = self._client.batch_update_points(self._known(name), update_operations=body.operations)
        return self._ok(done)

    def _count(self, name: str, body: models.CountRequest) -> JSONResponse:
        with self._lock:
            return self._ok(self._client.count(self._known(name), count_filter=body.filter))

    def _orderable(self, name: str, order: Any) -> None:
        """A server orders by what has an index for it, and by nothing else."""
        key = order if isinstance(order, str) else order.key
        if _plain(self.schemas.get((name, key), {"type": ""}))["type"] not in (
            "datetime",
            "integer",
            "float",
        ):
            raise ValueError(f"Bad request: No range index for `order_by` key: `{key}`.")

    def _found(self, name: str, body: models.QueryRequest) -> models.QueryResponse:
        with self._lock:
            return self._client.query_points(
                self._known(name),
                query=body.query,
                using=body.using,
                query_filter=body.filter,
                limit=_limit(body.limit),
                with_payload=body.with_payload if body.with_payload is not None else False,
            )

    def _known(self, name: str) -> str:
        if not self._client.collection_exists(name):
            raise HTTPException(404, f"Not found: Collection `{name}` doesn't exist!")
        return name

    def _done(self) -> JSONResponse:
        return self._ok({"operation_id": 0, "status": "completed"})

    def _ok(self, result: Any) -> JSONResponse:
        return JSONResponse({"result": _plain(result), "status": "ok", "time": 0.0})


def _limit(given: int | None) -> int:
    if given == 0:
        raise HTTPException(
            422, "Validation error in JSON body: [limit: value 0 invalid, must be 1 or larger]"
        )
    return given or 10


def _refusal(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"status": {"error": str(error)}, "time": 0.0}, 400)


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
