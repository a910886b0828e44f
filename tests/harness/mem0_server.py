"""A stand-in for mem0's REST server, written from the real one's source: see `mem0_http`.

Source: `server/main.py`, `server/auth.py` and `server/errors.py` of mem0 as of August 2026 (mem0ai 2.0.18).
"""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI, HTTPException, Query, Request
from pydantic import BaseModel

from tests.harness.mem0_http import Json, StandIn, answer


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


class LoginRequest(BaseModel):
    email: str
    password: str


class MemoryUpdate(BaseModel):
    text: str | None = None
    metadata: Json | None = None
    expiration_date: str | None = None


class SearchRequest(BaseModel):
    query: str
    filters: Json | None = None
    top_k: int | None = None
    threshold: float | None = None
    explain: bool | None = None
    show_expired: bool | None = None


class RestServer(StandIn):
    """FastAPI checks the shapes (422). What mem0 refuses is 400, or 404 where a memory is "not found".

    But only where something is written: of a list or a single memory, whatever mem0 raises is 502, like all
    that fails behind the server. `is_admin`: whether the key is one of an admin.

    key_costs_s: what checking a key that begins with m0sk_ costs its event loop, as bcrypt does there.
    add_takes_s: how long its LLM reads; like the real one it reads on when the client has gone.
    users: e-mail address and password of those who may sign in; `tokens`: those that are valid.
    """

    def __init__(self, memory: Any, key: str, *, is_admin: bool = False) -> None:
        self.is_admin = is_admin
        self.key_costs_s = self.add_takes_s = 0.0
        self.users: dict[str, str] = {}
        self.tokens: set[str] = set()
        super().__init__(memory, key)

    def _authenticate(self, request: Request) -> None:
        if request.url.path == "/auth/login":
            return
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer":
            if token not in self.tokens:
                raise HTTPException(401, "Invalid or expired token.")
            return
        given = request.headers.get("x-api-key")
        if given is None:
            raise HTTPException(401, "Authentication required. Provide a Bearer token or X-API-Key header.")
        if given != self.key:
            raise HTTPException(401, "Invalid API key.")

    def _add_routes(self, app: FastAPI) -> None:
        app.add_middleware(SlowKeys, server=self)
        app.post("/auth/login")(self._sign_in)
        app.post("/memories")(self._add)
        app.get("/memories")(self._list)
        app.delete("/memories")(self._delete_all)
        app.get("/memories/{memory_id}")(self._get)
        app.put("/memories/{memory_id}")(self._update)
        app.delete("/memories/{memory_id}")(self._delete)
        app.post("/search")(self._search)

    def _sign_in(self, body: LoginRequest) -> Json:
        if self.users.get(body.email) != body.password:
            raise HTTPException(401, "Invalid email or password.")
        self.tokens.add(token := f"ey.{len(self.tokens)}.token")
        return {"access_token": token, "refresh_token": "refresh", "token_type": "bearer"}

    def _add(self, body: MemoryCreate) -> Json:
        if not (body.user_id or body.agent_id or body.run_id):
            detail = "At least one identifier (user_id, agent_id, run_id) is required."
            raise HTTPException(400, detail)
        params = {k: v for k, v in body.model_dump().items() if v is not None and k != "messages"}
        if body.infer is not False:
            time.sleep(self.add_takes_s)
        with _behind(refusals=True):
            return self.memory.add(messages=[m.model_dump() for m in body.messages], **params)

    def _list(
        self,
        user_id: str | None = None,
        top_k: int | None = Query(None, ge=0, le=1000),
        show_expired: bool = Query(False),
    ) -> Json:
        if not user_id:
            self._admin_only("Admin role required to list all memories.")
            rows = self.memory.vector_store.list(top_k=1000 if top_k is None else top_k)[0]
            return {"results": [_raw(row) for row in rows]}
        params = {} if top_k is None else {"top_k": top_k}
        with _behind(refusals=False):
            return self.memory.get_all(filters={"user_id": user_id}, show_expired=show_expired, **params)

    def _get(self, memory_id: str) -> Json | None:
        with _behind(refusals=False):
            return self.memory.get(memory_id)

    def _search(self, body: SearchRequest) -> Json:
        params = {k: v for k, v in body.model_dump().items() if v is not None}
        with _behind(refusals=True):
            return self.memory.search(params.pop("query"), filters=params.pop("filters", {}), **params)

    def _update(self, memory_id: str, body: MemoryUpdate) -> Json:
        params = body.model_dump(include=body.model_fields_set)
        if "text" in params:  # the real one still uses the name that mem0 is about to drop
            params["data"] = params.pop("text")
        with _behind(refusals=True), self._changing:
            return self.memory.update(memory_id, **params)

    def _delete(self, memory_id: str) -> Json:
        with _behind(refusals=True), self._changing:
            self.memory.delete(memory_id)
        return {"message": "Memory deleted successfully"}

    def _delete_all(self, user_id: str | None = None) -> Json:
        self._admin_only("Admin role required.")
        if not user_id:
            raise HTTPException(400, "At least one identifier is required.")
        with _behind(refusals=False), self._changing:
            self.memory.delete_all(user_id=user_id)
        return {"message": "All relevant memories deleted"}

    def _admin_only(self, detail: str) -> None:
        if not self.is_admin:
            raise HTTPException(403, detail)


class SlowKeys:
    """Checks API keys on the event loop, where everybody waits for it."""

    def __init__(self, app: Any, server: RestServer) -> None:
        self._app, self._server = app, server

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if dict(scope.get("headers", ())).get(b"x-api-key", b"").startswith(b"m0sk_"):
            time.sleep(self._server.key_costs_s)
        await self._app(scope, receive, send)


def _raw(row: Any) -> Json:
    apart = ("data", "user_id", "hash", "created_at", "updated_at", "expiration_date")
    shown = {name: row.payload.get(name) for name in apart[1:]}
    beside = {name: value for name, value in row.payload.items() if name not in apart}
    return {"id": row.id, "memory": row.payload.get("data"), **shown, "metadata": beside}


@contextlib.contextmanager
def _behind(*, refusals: bool) -> Iterator[None]:
    """Whether what mem0 refuses is told from what fails."""
    try:
        yield
    except Exception as failed:
        if refusals and isinstance(failed, ValueError):
            status = 404 if "not found" in str(failed).lower() else 400
            raise HTTPException(status, str(failed)) from failed
        detail = {"detail": "Upstream provider error.", "code": "unknown", "request_id": "1"}
        raise answer(502, detail) from failed
