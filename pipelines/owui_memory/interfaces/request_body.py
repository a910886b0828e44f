"""The body of a request, as far as it is not too long."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import Receive


class TooLongError(Exception):
    """More bytes come than may."""


async def body_of(receive: Receive, most_bytes: int, wait_s: float | None = None) -> bytes:
    """All of it. wait_s: for the next piece; None waits as long as the server does.

    Raises:
        TooLongError: it is longer.
        TimeoutError: the next piece does not come.
        ClientDisconnect: nor will it.
    """
    pieces, size, more = [], 0, True
    while more:
        async with asyncio.timeout(wait_s):
            message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > most_bytes:
            raise TooLongError
        more = message.get("more_body", False)
    return b"".join(pieces)
