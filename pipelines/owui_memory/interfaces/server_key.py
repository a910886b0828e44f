"""The key of the server, which every request carries."""

from __future__ import annotations

import hmac
from collections.abc import Mapping


def bearer(headers: Mapping[str, str]) -> str:
    """The key that a request carries as `Authorization: Bearer ...`; "" where it carries none."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def has_key(headers: Mapping[str, str], key: str) -> bool:
    """Whether the request carries the server's key."""
    return bool(key) and hmac.compare_digest(bearer(headers).encode(), key.encode())
