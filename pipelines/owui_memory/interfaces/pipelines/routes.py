"""The filter's own routes on the Pipelines server: GET /memory/status and more, behind the server's key."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from ...core.memory import Check
from ...observe.status import report
from ..server_key import has_key

log = logging.getLogger(__name__)

_PATH = "/memory"


def mount(app: Any, key: str, status: Callable[[], dict[str, Any]], *others: Route) -> None:
    """Serve the status, and other routes, on the Pipelines server's application, in place of earlier ones."""

    async def answer(request: Request) -> JSONResponse:
        if not has_key(request.headers, key):
            return JSONResponse({"detail": "Send the server's key."}, status_code=401)
        return JSONResponse(await run_in_threadpool(_told, status))

    unmount(app)
    app.mount(_PATH, Starlette(routes=[Route("/status", answer), *others]))


def _told(status: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The status, or that it cannot be told: whoever asks gets JSON."""
    try:
        return status()
    except Exception as error:  # noqa: BLE001 - it is what the answer says
        log.warning("The status failed (%s).", type(error).__name__)
        hint = "Look at the server's log."
        return report([Check("status", False, f"it cannot be told ({type(error).__name__})", hint)], 0, 0)


def unmount(app: Any) -> None:
    """Take it away again."""
    routes = app.router.routes
    routes[:] = [route for route in routes if not (isinstance(route, Mount) and route.path == _PATH)]
