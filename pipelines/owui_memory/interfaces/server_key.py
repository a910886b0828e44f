"""The key of the server, which every request carries."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from ..config.environment import PUBLIC_DEFAULT_KEY
from .requests import RequestError

# Of reverse proxies, and of pages in browsers, which any page could have sent here.
_BY_ANYBODY = ("x-forwarded-for", "forwarded", "origin")
_TOO_PUBLIC = (
    "The server's key is the public default one, which is not taken through a reverse proxy, nor from a page "
    "in a browser. Set PIPELINES_API_KEY to a secret of your own, here and where it is sent."
)


def bearer(headers: Mapping[str, str]) -> str:
    """The key that a request carries as `Authorization: Bearer ...`; "" where it carries none."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def has_key(headers: Mapping[str, str], key: str, given: str | None = None) -> bool:
    """Whether the request carries the server's key; given: where it is not in the usual header.

    The public default one is none where a reverse proxy passes the request on, or a page in a browser sends
    it: it may come from anywhere.
    """
    if not key or _is_public(headers, key):
        return False
    return hmac.compare_digest((bearer(headers) if given is None else given).encode(), key.encode())


def ask_for_key(headers: Mapping[str, str], key: str) -> None:
    """Raises RequestError where the request does not carry the server's key."""
    if not has_key(headers, key):
        raise RequestError(401, "invalid_api_key", key_wanted(headers, key, "Send the server's key."))


def key_wanted(headers: Mapping[str, str], key: str, else_: str) -> str:
    """What to tell whoever sent a request without the key that is wanted; else_: if it is not that one."""
    return _TOO_PUBLIC if _is_public(headers, key) else else_


def _is_public(headers: Mapping[str, str], key: str) -> bool:
    return key == PUBLIC_DEFAULT_KEY and any(name in headers for name in _BY_ANYBODY)


def open_to_browsers(app: ASGIApp, server_key: str) -> ASGIApp:
    """The same for pages of any origin, too: what lets them in is a key, which no browser sends by itself.

    Not with a server's key that any page knows.
    """
    if server_key in ("", PUBLIC_DEFAULT_KEY):
        return app
    return CORSMiddleware(app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
