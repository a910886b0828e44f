"""A stand-in for mem0's hosted platform (HTTP API v3), written from the real one's source: see `mem0_http`.

Source, as far as it is public: mem0's docs/openapi.json of August 2026, and the client in mem0ai 2.2.1
(`mem0/client/main.py`). What they leave open, the order of lists and what becomes of a batch with unknown
ids, is a guess.
"""

import threading
import uuid
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Query, Request

from tests.harness.mem0_http import AnswerError, Json, StandIn, answer

ENTITIES = {"user_id", "agent_id", "app_id", "run_id"}
FILTER_KEYS = ENTITIES | {"AND", "OR", "NOT", "created_at", "updated_at", "categories", "metadata"}
MOST_AT_ONCE = 1000


class Platform(StandIn):
    """What an LLM has to read is queued, and done when asked for the second time. So is erasing in bulk."""

    def __init__(self, memory: Any, key: str) -> None:
        self.events: dict[str, Json] = {}
        self.fail_events = False
        self._asked_for = threading.Lock()  # an event, once at a time
        super().__init__(memory, key)

    def _authenticate(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Token {self.key}":
            raise answer(401, {"detail": "Given token not valid for any token type"})

    def _add_routes(self, app: FastAPI) -> None:
        app.get("/v1/ping/")(self._ping)
        app.post("/v3/memories/add/")(self._add)
        app.post("/v3/memories/search/")(self._search)
        app.post("/v3/memories/")(self._list)
        app.get("/v1/event/{event_id}/")(self._event)
        app.delete("/v1/memories/")(self._delete_all)
        app.get("/v1/memories/{memory_id}/")(self._get)
        app.put("/v1/memories/{memory_id}/")(self._update)
        app.delete("/v1/memories/{memory_id}/")(self._delete)
        app.delete("/v1/batch/")(self._delete_batch)

    def _ping(self) -> Json:
        return {"status": "ok", "org_id": "org", "project_id": "project", "user_email": "ada@example.com"}

    def _add(self, body: Json) -> Json:
        messages, user_id = body.get("messages"), body.get("user_id")
        if not user_id or not messages or not all(m.get("role") and m.get("content") for m in messages):
            raise _refused("Invalid input data.")
        kept = ("messages", "user_id", "metadata", "expiration_date")
        wanted = {name: body[name] for name in kept if body.get(name) is not None}
        if body.get("infer", True):
            wanted["prompt"] = body.get("custom_instructions")
            event_id = self._queued("ADD", wanted)
            return {"event_id": event_id, "status": "PENDING", "message": "queued for background execution"}
        added = self.memory.add(**wanted, infer=False)["results"]
        results = [{"id": r["id"], "data": {"memory": r["memory"]}, "event": "ADD"} for r in added]
        return {"event_id": str(uuid.uuid4()), "status": "SUCCEEDED", "results": results}

    def _queued(self, kind: str, wanted: Json) -> str:
        event_id = str(uuid.uuid4())
        self.events[event_id] = {"event_type": kind, "status": "PENDING", "wanted": wanted}
        return event_id

    def _event(self, event_id: str) -> Json:
        event = self.events.get(event_id)
        if event is None:
            raise answer(404, {"error": "Event not found."})
        with self._asked_for:
            self._go_on(event)
            return {"id": event_id, **{k: v for k, v in event.items() if k != "wanted"}}

    def _go_on(self, event: Json) -> None:
        if event["status"] == "PENDING":
            event["status"] = "RUNNING"
        elif event["status"] == "RUNNING" and self.fail_events:
            event.update(status="FAILED", error="scripted")
        elif event["status"] == "RUNNING":
            event.update(status="SUCCEEDED", results=self._done(event["event_type"], event.pop("wanted")))

    def _done(self, kind: str, wanted: Json) -> list[Json]:
        if kind == "ADD":
            return self.memory.add(**wanted)["results"]
        with self._changing:
            for row in self.memory.vector_store.list(filters=wanted, top_k=1_000_000)[0]:
                self.memory.delete(row.id)
        return []

    def _get(self, memory_id: str) -> Json:
        return _shown(self._row(memory_id))

    def _update(self, memory_id: str, body: Json) -> Json:
        named = ("text", "metadata", "expiration_date")
        with self._changing:
            self._row(memory_id)
            self.memory.update(memory_id, **{name: body[name] for name in named if name in body})
        return _shown(self._row(memory_id))

    def _delete(self, memory_id: str) -> Json:
        with self._changing:
            self._row(memory_id)
            self.memory.delete(memory_id)
        return {"message": "Memory deleted successfully!"}

    def _delete_batch(self, body: Json) -> Json:
        ids = [named["memory_id"] for named in body["memories"]]
        if len(ids) > MOST_AT_ONCE:
            message = f"Maximum of {MOST_AT_ONCE} memories can be deleted in a single request"
            raise answer(400, {"error": message})
        for memory_id in ids:
            self._delete(memory_id)
        return {"message": f"Successfully deleted {len(ids)} memories"}

    def _delete_all(self, user_id: str = "") -> Json:
        """Of all users where the id is *."""
        if not user_id:
            raise _refused("At least one filter is required.")
        event_id = self._queued("DELETE", {"user_id": user_id})
        return {"message": "Delete in progress. This may take some time.", "event_id": event_id}

    def _row(self, memory_id: str) -> Any:
        try:
            uuid.UUID(memory_id)
        except ValueError:
            raise answer(400, {"error": "memory_id should be a valid UUID"}) from None
        row = self.memory.vector_store.get(vector_id=memory_id)
        if row is None:
            raise answer(404, {"error": "Memory not found!"})
        return row

    def _search(self, body: Json) -> Json:
        query, top_k = body.get("query"), body.get("top_k", 10)
        if not query or not 1 <= top_k <= 1000:
            raise _refused("query must not be empty, top_k must be 1 to 1000.")
        options = {"top_k": top_k, "threshold": body.get("threshold", 0.1)}
        found = self.memory.search(query, filters=_flat(body.get("filters")), **options)["results"]
        names = (
            "id",
            "memory",
            "user_id",
            "metadata",
            "score",
            "created_at",
            "updated_at",
            "expiration_date",
        )
        return {"results": [{name: row.get(name) for name in names} | {"categories": []} for row in found]}

    def _list(
        self, body: Json, page: int = Query(1, ge=1), page_size: int = Query(100, ge=1, le=200)
    ) -> Json:
        rows = self.memory.vector_store.list(filters=_flat(body.get("filters")), top_k=1_000_000)[0]
        if not body.get("show_expired"):
            today = datetime.now(UTC).date().isoformat()
            rows = [row for row in rows if (row.payload.get("expiration_date") or today) >= today]
        shown = rows[(page - 1) * page_size : page * page_size]
        more = page * page_size < len(rows)
        # The real one gives a full address of its own here.
        following = f"https://api.mem0.ai/v3/memories/?page={page + 1}" if more else None
        return {
            "count": len(rows),
            "next": following,
            "previous": None,
            "results": [_shown(row) for row in shown],
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


def _shown(row: Any) -> Json:
    """A memory as the platform shows it."""
    alone = ("user_id", "created_at", "updated_at", "expiration_date")
    inside = {"data", "hash", "role", "text_lemmatized", "attributed_to", *alone}
    metadata = {name: value for name, value in row.payload.items() if name not in inside}
    named = {name: row.payload.get(name) for name in alone}
    return {"id": row.id, "memory": row.payload["data"], "metadata": metadata, "categories": [], **named}


def _refused(message: str) -> AnswerError:
    return answer(400, {"error": "400 Bad Request", "details": {"message": message}})
