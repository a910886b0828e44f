"""The key of the server, which every request carries."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from ..config.environment import PUBLIC_DEFAULT_KEY


def bearer(headers: Mapping[str, str]) -> str:
    """The key that a request carries as `Authorization: Bearer ...`; "" where it carries none."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def has_key(headers: Mapping[str, str], key: str) -> bool:
    """Whether the request carries the server's key."""
    return bool(key) and hmac.compare_digest(bearer(headers).encode(), key.encode())


def open_to_browsers(app: ASGIApp, server_key: str) -> ASGIApp:
    """The same for pages of any origin, too: what lets them in is a key, which no browser sends by itself.

    Not with a server's key that any page knows.
    """
    if server_key in ("", PUBLIC_DEFAULT_KEY):
        return app
    return CORSMiddleware(app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
