"""One request to an upstream and its answer to the client: byte for byte, and each chunk at once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import aiohttp
from starlette.types import Receive, Send
from yarl import URL

from ...config.upstreams import Upstream
from ...core.events import Event, EventKind, UpstreamCall
from ...core.unreached import unreached
from .answer import Ear
from .catalogue import authorization

# Not the client's key, nor what concerns one connection only, nor who Open WebUI says is asking.
_OF_A_CONNECTION = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade"),
    }
)
_NOT_SENT = _OF_A_CONNECTION | {"host", "content-length", "expect", "authorization", "x-api-key", "cookie"}
_NOT_SENT_PREFIXES = ("x-openwebui-", "x-memory-")
_NOT_RETURNED = _OF_A_CONNECTION | {"date", "server"}  # our own server writes these two
_NOT_ADDED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_CORS = "access-control-"
_TRIES = 5  # connections of earlier requests that may have been closed
_INTERIM = 32  # answers before the one
RawHeaders = Iterable[tuple[bytes, bytes]]
Ears = Callable[[str], "Ear | None"]  # for a content type
Keep = Callable[[Ear], Awaitable[None]]


def passed_on(headers: RawHeaders, upstream: Upstream, *, readable: bool) -> list[tuple[str, str]]:
    """A request's headers for an upstream. readable: the answer is not to be compressed."""
    named = _of_connection(headers)
    sent = [
        (name.decode("latin-1"), _text(value))
        for name, value in headers
        if (text := name.decode("latin-1").lower()) not in _NOT_SENT | named
        and not text.startswith(_NOT_SENT_PREFIXES)
        and not (readable and text == "accept-encoding")
    ]
    sent += authorization(upstream).items()
    return [*sent, ("accept-encoding", "identity")] if readable else sent


def _text(value: bytes) -> str:
    """As it is written again: in UTF-8, or as much of it as can be."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _returned(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    named = _of_connection(headers)
    return [
        (name.lower(), value)
        for name, value in headers
        if (text := name.decode("latin-1").lower()) not in _NOT_RETURNED | named
        and not text.startswith(_CORS)
    ]


def _of_connection(headers: RawHeaders) -> frozenset[str]:
    """The headers that a header `Connection` names."""
    listed = [value.decode("latin-1") for name, value in headers if name.lower() == b"connection"]
    return frozenset(part.strip().lower() for value in listed for part in value.split(","))


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes
    operation: str = ""
    model: str = ""


def reuses() -> aiohttp.TraceConfig:
    """Tells of a request whether its connection is that of an earlier one."""

    async def reused(_session: Any, context: Any, _parameters: Any) -> None:
        if context.trace_request_ctx is not None:
            context.trace_request_ctx["reused"] = True

    config = aiohttp.TraceConfig()
    config.on_connection_reuseconn.append(reused)
    return config


class Answer(aiohttp.ClientResponse):
    """One before which few others come, such as "103 Early Hints".

    aiohttp reads them as fast as they come, however many those are, and nothing else goes on meanwhile.
    """

    async def start(self, connection: Any) -> Answer:
        protocol = connection.protocol
        read, left = protocol.read, iter(range(_INTERIM))

        async def counted() -> Any:
            if next(left, None) is None:
                raise aiohttp.ClientPayloadError("too many interim answers")
            return await read()

        protocol.read = counted
        try:
            await super().start(connection)
        finally:
            protocol.read = read
        return self


class Relay:
    """Sends one request on. `keep` is awaited before the end of an answer goes to the client."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        upstream: Upstream,
        emit: Callable[[Event], None],
        ears: Ears | None = None,
        keep: Keep | None = None,
    ) -> None:
        self._session, self._upstream, self._emit = session, upstream, emit
        self._ears, self._keep = ears, keep
        self._ear: Ear | None = None
        self._outcome = "failed"
        self._first_s: float | None = None

    async def run(self, request: Request, receive: Receive, send: Send) -> None:
        """Until the answer's end, or until one of both sides goes away."""
        began = time.monotonic()
        pumping = asyncio.create_task(self._pump(request, send, began))
        leaving = asyncio.create_task(_until_left(receive))
        try:
            await asyncio.wait({pumping, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not pumping.done():
                self._outcome = "left"
                pumping.cancel()
            await asyncio.wait({pumping})
            if not pumping.cancelled() and (error := pumping.exception()) is not None:
                raise error
        finally:
            leaving.cancel()
            pumping.cancel()
            took = time.monotonic() - began
            told = request.operation, request.model
            call = UpstreamCall(self._upstream.name, self._outcome, took, self._first_s, *told)
            self._emit(Event(EventKind.UPSTREAM_ANSWERED, upstream=call))
            await self._kept()

    async def _pump(self, request: Request, send: Send, began: float) -> None:
        try:
            answer = await self._asked(request)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self._outcome = "unreachable"
            text = f"The model server {self._upstream.name} cannot be reached: {unreached(error)}."
            await send_json(send, 502, refusal(text, "upstream_unreachable"))
            return
        try:
            await self._returning(answer, send, began)
        except (aiohttp.ClientError, TimeoutError, OSError):
            self._outcome = "broken"  # returning without an end breaks the client's connection, too
        finally:
            answer.close() if self._outcome in ("broken", "left") else answer.release()

    async def _asked(self, request: Request) -> aiohttp.ClientResponse:
        """The answer's head. What a connection of an earlier request has lost, as one that was closed
        meanwhile, is sent again.
        """
        for left in reversed(range(_TRIES)):
            how: dict[str, bool] = {}
            try:
                return await self._session.request(
                    request.method,
                    URL(request.url, encoded=True),
                    headers=request.headers,
                    data=request.body or None,
                    allow_redirects=False,
                    skip_auto_headers=_NOT_ADDED,
                    trace_request_ctx=how,
                )
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if not how.get("reused") or not left:
                    raise
        raise AssertionError("never reached")

    async def _returning(self, answer: aiohttp.ClientResponse, send: Send, began: float) -> None:
        if self._ears is not None and answer.status == 200 and "content-encoding" not in answer.headers:
            self._ear = self._ears(answer.headers.get("content-type", ""))
        headers = _returned(answer.raw_headers)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        held = b""  # the last chunk of an answer in one piece
        async for chunk in answer.content.iter_any():
            if self._first_s is None:
                self._first_s = time.monotonic() - began
            at = self._ear.hears(chunk) if self._ear is not None else None
            if self._ear is not None and self._ear.is_whole:
                chunk, held = held, chunk
            elif at is not None:
                await _send(send, chunk[:at])
                await self._kept()
                chunk = chunk[at:]
            await _send(send, chunk)
        self._outcome = f"{answer.status // 100}xx"
        await self._kept()
        await send({"type": "http.response.body", "body": held, "more_body": False})

    async def _kept(self) -> None:
        """What was said is kept once, however the answer ended."""
        ear, self._ear = self._ear, None
        if ear is not None and self._keep is not None:
            if ear.is_long:
                await asyncio.to_thread(ear.over)
            else:
                ear.over()
            await self._keep(ear)


async def _send(send: Send, chunk: bytes) -> None:
    if chunk:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def refusal(message: str, code: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    """An error in the form of OpenAI's API."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


async def send_json(send: Send, status: int, content: Any) -> None:
    """A whole answer of our own."""
    await send_bytes(send, status, json.dumps(content, ensure_ascii=False).encode(errors="replace"))


async def send_bytes(send: Send, status: int, body: bytes, kind: bytes = b"application/json") -> None:
    """The same of any content type."""
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
