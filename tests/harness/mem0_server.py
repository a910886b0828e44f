"""Stand-ins for mem0's REST server and for its hosted platform: their HTTP, over a real mem0 `Memory`.

Neither can run here: the real server needs its own PostgreSQL and accounts, the platform is a service. What
they do with HTTP is written from their sources: `server/main.py`, `server/auth.py` and `server/errors.py` of
mem0 (August 2026, mem0ai 2.0.18), and, for the platform, mem0's docs/openapi.json of the same day and the
client in mem0ai 2.2.1. What is stored, found and extracted is mem0's own work on any `Memory` given.

    with RestServer(memory, key="k") as server, server.fail(500):
        ...
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterator
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from tests.harness.web import WebServer

Json = dict[str, Any]

ENTITIES = {"user_id", "agent_id", "app_id", "run_id"}
FILTER_KEYS = ENTITIES | {"AND", "OR", "NOT", "created_at", "updated_at", "categories", "metadata"}


class StandIn(WebServer):
    """What both have: a key, a record of requests, and faults on request."""

    def __init__(self, memory: Any, key: str) -> None:
        self.memory, self.key = memory, key
        self.requests: list[tuple[str, str, dict[str, str]]] = []  # method, path, headers
        self._fault: HTTPException | JSONResponse | None = None
        self._gate: threading.Event | None = None
        app = FastAPI(dependencies=[Depends(self._enter)])
        self._add_routes(app)
        app.add_exception_handler(_AnswerError, lambda _, answer: answer.response)  # type: ignore[attr-defined]
        super().__init__(app)

    @contextlib.contextmanager
    def fail(self, status: int, body: Any = None, headers: dict[str, str] | None = None) -> Iterator[None]:
        """Answer every request with this status until the block ends."""
        self._fault = JSONResponse(body or {"detail": "scripted"}, status, headers)
        try:
            yield
        finally:
            self._fault = None

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Let every request hang until the block ends."""
        self._gate = threading.Event()
        try:
            yield
        finally:
            self._gate.set()
            self._gate = None

    def stop(self) -> None:
        if self._gate:
            self._gate.set()
        super().stop()

    def _enter(self, request: Request) -> None:
        self.requests.append((request.method, request.url.path, dict(request.headers)))
        if gate := self._gate:
            gate.wait(30)
        if self._fault is not None:
            raise _AnswerError(self._fault)
        self._authenticate(request)

    def _add_routes(self, app: FastAPI) -> None:
        raise NotImplementedError

    def _authenticate(self, request: Request) -> None:
        raise NotImplementedError


class _AnswerError(Exception):
    def __init__(self, response: Any) -> None:
        self.response = response


# The REST server ----------------------------------------------------------------------------------


class Message(BaseModel):
    role: str
    content: str


class MemoryCreate(BaseModel):
    messages: list[Message]
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    metadata: Json | None = None
    expiration_date: str | None = None
    infer: bool | None = None
    memory_type: str | None = None
    prompt: str | None = None


class SearchRequest(BaseModel):
    query: str
    filters: Json | None = None
    top_k: int | None = None
    threshold: float | None = None
    explain: bool | None = None
    show_expired: bool | None = None


class RestServer(StandIn):
    """`server/main.py`: FastAPI checks the shapes (422), mem0's own refusals are 400, the rest is 502."""

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("x-api-key")
        if given is None:
            raise HTTPException(401, "Authentication required. Provide a Bearer token or X-API-Key header.")
        if given != self.key:
            raise HTTPException(401, "Invalid API key.")

    def _add_routes(self, app: FastAPI) -> None:
        app.post("/memories")(self._add)
        app.get("/memories")(self._list)
        app.post("/search")(self._search)

    def _add(self, body: MemoryCreate) -> Json:
        if not (body.user_id or body.agent_id or body.run_id):
            detail = "At least one identifier (user_id, agent_id, run_id) is required."
            raise HTTPException(400, detail)
        params = {k: v for k, v in body.model_dump().items() if v is not None and k != "messages"}
        with _sorted():
            return self.memory.add(messages=[m.model_dump() for m in body.messages], **params)

    def _list(self, user_id: str | None = None, top_k: int | None = Query(None, ge=0, le=1000)) -> Json:
        if not user_id:
            raise HTTPException(403, "Admin role required to list all memories.")
        params = {} if top_k is None else {"top_k": top_k}
        with _sorted():
            return self.memory.get_all(filters={"user_id": user_id}, show_expired=False, **params)

    def _search(self, body: SearchRequest) -> Json:
        params = {k: v for k, v in body.model_dump().items() if v is not None}
        with _sorted():
            return self.memory.search(params.pop("query"), filters=params.pop("filters", {}), **params)


@contextlib.contextmanager
def _sorted() -> Iterator[None]:
    try:
        yield
    except ValueError as refused:
        raise HTTPException(400, str(refused)) from refused
    except Exception as failed:
        detail = {"detail": "Upstream provider error.", "code": "unknown", "request_id": "1"}
        raise _AnswerError(JSONResponse(detail, 502)) from failed


# The platform -------------------------------------------------------------------------------------


class Platform(StandIn):
    """The hosted API, v3. What an LLM has to read is queued, and done when asked for the second time."""

    def __init__(self, memory: Any, key: str) -> None:
        self.events: dict[str, Json] = {}
        self.fail_events = False
        super().__init__(memory, key)

    def _authenticate(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Token {self.key}":
            raise _AnswerError(JSONResponse({"detail": "Given token not valid for any token type"}, 401))

    def _add_routes(self, app: FastAPI) -> None:
        app.get("/v1/ping/")(self._ping)
        app.post("/v3/memories/add/")(self._add)
        app.post("/v3/memories/search/")(self._search)
        app.post("/v3/memories/")(self._list)
        app.get("/v1/event/{event_id}/")(self._event)

    def _ping(self) -> Json:
        return {"status": "ok", "org_id": "org", "project_id": "project", "user_email": "ada@example.com"}

    def _add(self, body: Json) -> Json:
        messages, user_id = body.get("messages"), body.get("user_id")
        if not user_id or not messages or not all(m.get("role") and m.get("content") for m in messages):
            raise _refused("Invalid input data.")
        wanted = {"messages": messages, "user_id": user_id, "metadata": body.get("metadata")}
        if body.get("infer", True):
            event_id = str(uuid.uuid4())
            prompt = body.get("custom_instructions")
            self.events[event_id] = {"status": "PENDING", "wanted": {**wanted, "prompt": prompt}}
            return {"event_id": event_id, "status": "PENDING", "message": "queued for background execution"}
        added = self.memory.add(**wanted, infer=False)["results"]
        results = [{"id": r["id"], "data": {"memory": r["memory"]}, "event": "ADD"} for r in added]
        return {"event_id": str(uuid.uuid4()), "status": "SUCCEEDED", "results": results}

    def _event(self, event_id: str) -> Json:
        event = self.events.get(event_id)
        if event is None:
            raise _AnswerError(JSONResponse({"error": "Event not found."}, 404))
        if event["status"] == "PENDING":
            event["status"] = "RUNNING"
        elif event["status"] == "RUNNING" and self.fail_events:
            event.update(status="FAILED", error="scripted")
        elif event["status"] == "RUNNING":
            event.update(status="SUCCEEDED", results=self.memory.add(**event.pop("wanted"))["results"])
        return {"id": event_id, "event_type": "ADD", **{k: v for k, v in event.items() if k != "wanted"}}

    def _search(self, body: Json) -> Json:
        query, top_k = body.get("query"), body.get("top_k", 10)
        if not query or not 1 <= top_k <= 1000:
            raise _refused("query must not be empty, top_k must be 1 to 1000.")
        filters = _flat(body.get("filters"))
        found = self.memory.search(query, filters=filters, top_k=top_k, threshold=body.get("threshold", 0.1))[
            "results"
        ]
        return {"results": [_public(row) for row in found]}

    def _list(self, body: Json, page: int = 1, page_size: int = Query(100, ge=1, le=200)) -> Json:
        rows = self.memory.get_all(filters=_flat(body.get("filters")), top_k=10_000)["results"]
        shown = rows[(page - 1) * page_size : page * page_size]
        more = page * page_size < len(rows)
        # The real one gives a full address of its own here.
        following = f"https://api.mem0.ai/v3/memories/?page={page + 1}" if more else None
        return {
            "count": len(rows),
            "next": following,
            "previous": None,
            "results": [_public(row) for row in shown],
        }


def _flat(filters: Json | None) -> Json:
    """The platform's filters as the library takes them: metadata beside the ids."""
    flat: Json = {}
    for part in (filters or {}).get("AND", [filters or {}]):
        if unknown := set(part) - FILTER_KEYS:
            raise _refused(f"Top-level key must be a logical operator or an allowed field: {unknown}")
        flat |= part.get("metadata", {}) | {k: v for k, v in part.items() if k in ENTITIES}
    if not ENTITIES & set(flat):
        raise _refused("filters must hold an entity id.")
    return flat


def _public(row: Json) -> Json:
    names = ("id", "memory", "user_id", "metadata", "score", "created_at", "updated_at")
    return {name: row[name] for name in names if name in row} | {"categories": [], "expiration_date": None}


def _refused(message: str) -> _AnswerError:
    return _AnswerError(JSONResponse({"error": "400 Bad Request", "details": {"message": message}}, 400))
