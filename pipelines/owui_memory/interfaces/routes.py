"""The routes that every server of ours has under /memory."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from ..core.errors import MemoryFault
from ..core.memory import Check
from ..observe.status import report
from .chats import Chats
from .function import function_routes
from .observe import observe_routes
from .requests import RequestError, refusing
from .server_key import ask_for_key
from .tools import tool_server
from .turns import Turns
from .uploads import upload_routes
from .webhooks import hook_routes

log = logging.getLogger(__name__)

_METRICS = "text/plain; version=1.0.0; charset=utf-8"  # as Prometheus 2 and 3 ask for


def under_memory(chats: Chats, turns: Turns, page: ASGIApp | None) -> list[BaseRoute]:
    """All of them; page: for what is left, None where there is none."""
    own: list[BaseRoute] = [*watching(chats.environment.server_key, chats), *function_routes(chats, turns)]
    own += [*tool_server.served(chats), *hook_routes(chats), *upload_routes(chats), *observe_routes(chats)]
    return [*own, Mount("", page)] if page is not None else own


def watching(key: str, watched: Chats) -> list[Route]:
    """GET /status and /metrics, behind the server's key, and /health."""

    async def tell(request: Request) -> Response:
        ask_for_key(request.headers, key)
        return JSONResponse(await run_in_threadpool(_told, watched.status))

    async def count(request: Request) -> Response:
        ask_for_key(request.headers, key)
        try:
            return Response(await run_in_threadpool(watched.numbers), media_type=_METRICS)
        except MemoryFault as fault:
            raise RequestError(503, "not_ready", f"{fault} {fault.hint}".strip()) from fault

    async def answers(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return [Route("/status", refusing(tell)), Route("/metrics", refusing(count)), Route("/health", answers)]


def _told(status: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The status, or that it cannot be told: whoever asks gets JSON."""
    try:
        return status()
    except Exception as error:  # noqa: BLE001 - it is what the answer says
        log.warning("The status failed (%s).", type(error).__name__)
        hint = "Look at the server's log."
        return report([Check("status", False, f"it cannot be told ({type(error).__name__})", hint)], 0, 0)
