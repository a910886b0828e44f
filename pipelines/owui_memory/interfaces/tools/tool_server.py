"""The verbs over HTTP: an OpenAPI tool server, and the door that MCP has with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ... import __version__
from ..chats import Chats
from ..identity import Caller, caller_of
from ..requests import Places, RequestError, body_of
from ..server_key import open_to_browsers
from .calls import Calls, in_lane, turn_of
from .mcp_server import answer_to
from .page_origins import KnownOrigins
from .verbs import VERBS, schema

_MOST_BYTES, _WAIT_S = 65_536, 30.0  # of a request, and for its next piece
_AT_ONCE, _AT_ONCE_EACH = 256, 32  # requests, of all and of one user
_NO_USER = "The request names no user: send a user's key, or X-Memory-User-Id with the server's."
_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_JSON = "application/json"
_Work = Callable[["Request"], Any]


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a known caller. raw: its body."""

    caller: Caller
    headers: Headers
    raw: bytes
    scope: Scope


class Door:
    """Lets in who has a key, and answers with what `work` makes of the whole request: an ASGI application."""

    def __init__(self, chats: Chats, method: str, work: _Work) -> None:
        self._chats, self._method, self._work = chats, method, work
        self._places = Places(_AT_ONCE, _AT_ONCE_EACH)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            caller = await caller_of(Headers(scope=scope), self._chats)
            with self._places.one(caller.id):
                answer = await self._answer(caller, scope, receive)
                await answer(scope, receive, send)
        except RequestError as error:
            await _refusal(error.status, str(error))(scope, receive, send)

    async def _answer(self, caller: Caller, scope: Scope, receive: Receive) -> ASGIApp:
        if scope["method"] != self._method:
            told = {"error": f"Only {self._method} is answered here."}
            return JSONResponse(told, 405, {"Allow": self._method})
        raw = await body_of(receive, _MOST_BYTES, _WAIT_S)
        answer: ASGIApp = await self._work(Request(caller, Headers(scope=scope), raw, scope))
        return answer


def served(chats: Chats) -> list[Route]:
    calls = Calls(chats.settings, partial(in_lane, chats), chats.emit, chats.changes)

    async def describe(_: Request) -> ASGIApp:
        return JSONResponse(description())

    async def call(request: Request) -> ASGIApp:
        if not request.caller.id:
            return _refusal(400, _NO_USER)
        name = request.scope["path_params"]["name"]
        try:
            given = json.loads(request.raw or b"{}")
        except (ValueError, RecursionError):
            return _refusal(422, "The request is no JSON.")
        outcome = await calls.carry_out(turn_of(request.caller, request.headers), name, given)
        return JSONResponse(outcome.plain(), outcome.status)

    async def speak(request: Request) -> ASGIApp:
        if not request.caller.id:
            return _refusal(400, _NO_USER)
        turn = turn_of(request.caller, request.headers)
        return await answer_to(request.raw, partial(calls.carry_out, turn))

    def door(method: str, work: _Work) -> ASGIApp:
        return open_to_browsers(Door(chats, method, work), chats.environment.server_key)

    spoken = KnownOrigins(door("POST", speak), chats.settings)
    return [
        Route("/tools/openapi.json", door("GET", describe)),
        Route("/tools/{name}", door("POST", call)),
        Route("/mcp", spoken),
        Route("/mcp/", spoken),
    ]


def description() -> dict[str, Any]:
    error = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
    refused = {"description": "Refused, and why.", "content": {_JSON: {"schema": error}}}
    answered = {"description": "What was found, or done.", "content": {_JSON: {"schema": {"type": "object"}}}}
    paths = {
        f"/{verb.name}": {
            "post": {
                "operationId": verb.name,
                "summary": verb.name.replace("_", " ").capitalize(),
                "description": verb.description,
                "requestBody": {"required": True, "content": {_JSON: {"schema": schema(verb.name)}}},
                "responses": {"200": answered, "4XX": refused, "5XX": refused},
            }
        }
        for verb in VERBS.values()
    }
    about = "What is remembered of the user who asks."
    return {
        "openapi": "3.1.0",
        "info": {"title": "Memory", "version": __version__, "description": about},
        "servers": [{"url": "."}],
        "security": [{"key": []}],
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "paths": paths,
    }


def _refusal(status: int, sentence: str) -> ASGIApp:
    return JSONResponse({"error": sentence}, status, _CHALLENGE if status == 401 else None)
