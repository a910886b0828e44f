"""Which pages of browsers may ask the MCP server, as its protocol wants it.

By DNS rebinding a page's own name leads here, and its browser takes this server for the page's. What the
browser then says in `Origin` is the page's name, which is none of ours. `mcp` has such a check, too, but of a
list of whole origins: neither any address nor any port of this machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ...config.settings import Valves

_REFUSAL = (
    "Pages of this origin may not ask here, only those on this machine, at an IP address, and on the hosts "
    "of page_url and webui_url. Ask from a program, which sends no Origin, or set page_url."
)


class KnownOrigins:
    """An ASGI application for pages that are known, and for programs, which name no origin."""

    def __init__(self, app: ASGIApp, settings: Callable[[], Valves]) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        settings = self._settings()
        origins = filter(None, Headers(scope=scope).getlist("origin"))
        if all(is_known(one, (settings.page_url, settings.webui_url)) for one in origins):
            return await self._app(scope, receive, send)
        return await JSONResponse({"error": _REFUSAL}, 403)(scope, receive, send)


def is_known(origin: str, addresses: Iterable[str]) -> bool:
    """Whether no page can have this origin by DNS rebinding. addresses: those whose hosts are ours."""
    try:
        parts = urlsplit(origin)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return bool(parts.scheme)  # an application or a browser's extension; "null" may be any page
    if host == "localhost" or host.endswith(".localhost") or _is_address(host):
        return True
    return host in {urlsplit(one).hostname for one in addresses if one}


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
