"""Asks for the server's key on every route, and answers those under /memory.

The Pipelines server checks it on some only: anyone who reaches the port could read settings and
act as any user. Open WebUI sends the key with every request.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ...config.environment import PUBLIC_DEFAULT_KEY
from ...core.trace import PARENT, TRACE, Trace
from ..server_key import has_key, key_wanted

log = logging.getLogger(__name__)

_REFUSAL = "The key is missing or wrong. Send 'Authorization: Bearer <the server's PIPELINES_API_KEY>'."


_OWN = "/memory/"  # what we serve there asks for keys or sessions itself


class Guard:
    """ASGI middleware around the whole server. It stays when the plugin is reloaded: never a gap."""

    own: ASGIApp | None = None  # serves /memory, past the server's middleware, which would buffer streams
    guards = "owui_memory"  # by which another version of this class, of a file uploaded before, is known

    def __init__(self, app: ASGIApp, key: str, *, active: bool) -> None:
        self.app, self.key, self.active = app, key, active

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not self.active or self._passes(scope):
            if scope["type"] == "http" and (trace := Trace.read(Headers(scope=scope).get(PARENT, ""))):
                TRACE.set(trace)  # the proxy has spans of its own below it
            await (self._own(scope) or self.app)(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            told = {"detail": key_wanted(Headers(scope=scope), self.key, _REFUSAL)}
            await JSONResponse(told, status_code=401)(scope, receive, send)

    def _passes(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        # A browser's preflight carries no key; CORS middleware answers it before any route.
        preflight = scope.get("method") == "OPTIONS" and "access-control-request-method" in headers
        return preflight or self._own(scope) is not None or has_key(headers, self.key)

    def _own(self, scope: Scope) -> ASGIApp | None:
        """Ours, where this is asked of it."""
        return self.own if scope["type"] == "http" and scope["path"].startswith(_OWN) else None


def server_app() -> Any:
    """The Pipelines server's application; None outside of it."""
    for name in ("main", "__main__"):
        app = getattr(sys.modules.get(name), "app", None)
        if hasattr(app, "middleware_stack"):
            return app
    return None


def serve(app: Any, own: ASGIApp | None) -> None:
    """Answer what is asked under /memory with this application; None: no longer."""
    if isinstance(app.middleware_stack, Guard):
        app.middleware_stack.own = own


def install(app: Any, key: str, *, active: bool) -> None:
    """Put the guard around the application, or set the one that is there."""
    stack = app.middleware_stack or app.build_middleware_stack()
    if isinstance(stack, Guard):
        stack.key, stack.active = key, active
    else:
        inner = stack.app if getattr(stack, "guards", None) == Guard.guards else stack
        app.middleware_stack = Guard(inner, key, active=active)
    if not key:
        log.error("PIPELINES_API_KEY is empty, so every request is refused. Set it to a secret of your own.")
    if key == PUBLIC_DEFAULT_KEY:
        banner = "*" * 78
        log.warning(
            "\n%s\nThe Pipelines server runs with its PUBLIC DEFAULT KEY: anyone who reaches this port\n"
            "can read and change every user's memories. Set PIPELINES_API_KEY to a secret of your\n"
            "own, here and in Open WebUI (Admin > Settings > Connections).\n%s",
            *(banner, banner),
        )
    if not active:
        log.warning("require_key is off: whoever reaches this port can act as any user.")
