"""POST /memory/observe: bots tell what is said in a team's channels, with an observer's key.

A body is one message or {"messages": [...]}; see `channels.message`. The answer says what was taken, and what
the bot is to say in a channel. POST /memory/observe/recall tells what is known of a channel of the bot's own
source: {"channel": ..., "text": ...}.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..channels.message import read_messages, read_question
from ..core.errors import Drop, MemoryFault
from ..core.scope import is_source
from .chats import Chats
from .requests import Endpoint, RequestError, body_of, refusing
from .server_key import bearer, has_key, key_wanted
from .service import Service

log = logging.getLogger(__name__)

_MOST_BYTES, _WAIT_S = 4 * 1024 * 1024, 20.0
_AT_ONCE = 4  # requests that are read; the others wait
_AGAIN = {"Retry-After": "60"}  # where too many messages wait
_WRONG_KEY = "Send 'Authorization: Bearer <an observer's key>'; `keys add --observer NAME` makes one."
_NO_SOURCE = "With the server's key, name the source in X-Memory-Source: 1 to 40 of a-z, 0-9 and -."
_OFF = "Channels are not observed here. An admin sets `channels` to on; it takes the backend library."
_NOT_NOW = "Not now. Send this again later: no message counts twice."
_FULL = "Too many messages wait to be read; what fitted was taken. Send this again later: none counts twice."


def observe_routes(chats: Chats) -> list[Route]:
    """The routes, below /memory."""
    places = asyncio.Semaphore(_AT_ONCE)

    def answered(work: Callable[[Service, bytes, str], Response]) -> Endpoint:
        async def answer(request: Request) -> Response:
            try:
                source = await run_in_threadpool(_source, chats, request)
                runtime = chats.opened()
                body = await body_of(request.receive, _MOST_BYTES, _WAIT_S)
                async with places:
                    return await run_in_threadpool(work, runtime, body, source)
            except RequestError:
                raise
            except MemoryFault as fault:
                status = 400 if isinstance(fault, Drop) else 503
                raise RequestError(status, "refused", f"{fault} {fault.hint}".strip()) from fault
            except Exception as error:  # noqa: BLE001 - the bot keeps its messages, and tries again
                log.warning("What was observed cannot be kept now (%s).", type(error).__name__)
                return JSONResponse({"detail": _NOT_NOW}, 503, headers=_AGAIN)

        return refusing(answer)

    asked = {"/observe": _observe, "/observe/recall": _recall}
    return [Route(path, answered(work), methods=["POST"]) for path, work in asked.items()]


def _source(chats: Chats, request: Request) -> str:
    """Where the messages come from, by who sends them."""
    key = chats.environment.server_key
    if has_key(request.headers, key):
        source = request.headers.get("x-memory-source", "")
        if not is_source(source):
            raise RequestError(400, "no_source", _NO_SOURCE)
    else:
        source = chats.opened().api_keys.source_of(bearer(request.headers))
        if not source:
            raise RequestError(401, "invalid_api_key", key_wanted(request.headers, key, _WRONG_KEY))
    if not chats.settings().observes_channels:
        raise RequestError(403, "off", _OFF)
    return source


def _observe(runtime: Service, body: bytes, source: str) -> Response:
    messages, refused = read_messages(parsed(body), source)
    observed = runtime.channels.observe(messages)
    told = {
        "accepted": observed.accepted,
        "known": observed.known,
        "refused": [{"index": one.index, "why": one.why} for one in refused],
        "reply": [{"channel": one.channel, "to": one.to, "text": one.text} for one in observed.replies],
    }
    if observed.full:
        return JSONResponse({**told, "detail": _FULL}, 429, headers=_AGAIN)
    return JSONResponse(told, 202)


def _recall(runtime: Service, body: bytes, source: str) -> Response:
    channel, text = read_question(parsed(body))
    notes = runtime.notes_of_channel(source, channel, text)
    told = [
        {"text": one.text, "at": one.at.isoformat(), "messages": one.messages, "authors": one.authors}
        for one in notes.chosen
    ]
    return JSONResponse({"block": notes.block, "memories": told})


def parsed(body: bytes) -> Any:
    """A body's JSON. Raises RequestError where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        told = "The body is not JSON; docs/channels.md shows its form."
        raise RequestError(400, "invalid_json", told) from error
