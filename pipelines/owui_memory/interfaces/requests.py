"""The body of a request, as far as it is not too long; and what is answered to one that is refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive

Endpoint = Callable[[Request], Awaitable[Response]]


class RequestError(Exception):
    """An HTTP status, a code for programs, and a sentence that says what to do."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code = status, code


def refusing(work: Endpoint) -> Endpoint:
    """The same endpoint, which answers what it refuses with {"detail": ...}."""

    async def answer(request: Request) -> Response:
        try:
            return await work(request)
        except RequestError as refusal:
            return JSONResponse({"detail": str(refusal)}, refusal.status)

    return answer


def too_large(most_bytes: int) -> RequestError:
    """What is raised for a request that has more bytes."""
    most = f"{most_bytes // 1_000_000} MB" if most_bytes >= 1_000_000 else f"{most_bytes} bytes"
    return RequestError(413, "request_too_large", f"A request has {most} at most.")


class Places:
    """So many requests at once, of all and of one user. For one event loop."""

    def __init__(self, most: int, most_each: int) -> None:
        self._most, self._most_each = most, most_each
        self._taken = Counter[str]()  # by user, "" for those of nobody

    @property
    def are_taken(self) -> bool:
        """Whether any is."""
        return bool(self._taken)

    @contextmanager
    def one(self, user_id: str) -> Iterator[None]:
        """Inside, one of them is taken. Raises RequestError where none is left."""
        if self._taken.total() >= self._most or (user_id and self._taken[user_id] >= self._most_each):
            raise RequestError(503, "overloaded", "Too many requests at once. Try again in some seconds.")
        self._taken[user_id] += 1
        try:
            yield
        finally:
            self._taken -= Counter([user_id])  # without those at none


async def body_of(receive: Receive, most_bytes: int, wait_s: float | None = None) -> bytes:
    """All of a body; raises as `pieces_of`."""
    return b"".join([piece async for piece in pieces_of(receive, most_bytes, wait_s)])


async def pieces_of(receive: Receive, most_bytes: int, wait_s: float | None = None) -> AsyncIterator[bytes]:
    """A body as it comes. wait_s: for the next piece; None waits as long as the server does.

    Raises:
        RequestError: it is longer, or the next piece does not come.
    """
    size, more = 0, True
    while more:
        try:
            async with asyncio.timeout(wait_s):
                message = await receive()
        except TimeoutError:
            raise RequestError(408, "timeout", "The rest of the request did not come.") from None
        if message["type"] == "http.disconnect":
            raise RequestError(400, "left", "The client has left.")
        piece = message.get("body", b"")
        size += len(piece)
        if size > most_bytes:
            raise too_large(most_bytes)
        yield piece
        more = message.get("more_body", False)
