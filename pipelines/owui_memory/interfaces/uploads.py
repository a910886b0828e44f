"""Saved pages and files that programs send into their user's folder of documents.

PUT /memory/documents/<name> with the file as body (WebDAV's way), or POST /memory/documents as a form with
the file (SingleFile's "REST form API"). The user is that of the key.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import IO

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..core.locales import message
from ..documents.folders import MOST_BYTES
from ..documents.inbox import SLOWEST_S, Inbox, Incoming, RejectedError
from .chats import Chats
from .identity import caller_of
from .requests import Endpoint, Places, RequestError, pieces_of
from .web.forms import RefusedError, with_file

_AT_ONCE, _AT_ONCE_EACH = 8, 2  # files, of all and of one user
_WAIT_S = 20.0  # for the next piece
_CHUNK = 1 << 20

_Take = Callable[[Request, Inbox, str], Awaitable[str]]


def upload_routes(chats: Chats) -> list[Route]:
    """The routes, below /memory."""
    places = Places(_AT_ONCE, _AT_ONCE_EACH)

    def answered(take: _Take) -> Endpoint:
        async def answer(request: Request) -> Response:
            try:
                user_id, inbox = await _inbox(chats, request)
                with places.one(user_id):
                    async with asyncio.timeout(SLOWEST_S):
                        return JSONResponse({"kept": await take(request, inbox, user_id)}, 201)
            except (RejectedError, RequestError) as error:
                return JSONResponse({"detail": str(error)}, error.status)
            except RefusedError as error:
                return JSONResponse({"detail": f"The form cannot be read ({error.sentence})."}, error.status)
            except TimeoutError:
                return JSONResponse({"detail": "The rest of the file did not come."}, 408)
            except OSError as error:
                return JSONResponse({"detail": f"The file cannot be kept ({error.strerror})."}, 507)

        return answer

    return [
        Route("/documents", answered(_form), methods=["POST"]),
        Route("/documents/{name:path}", answered(_file), methods=["PUT"]),
    ]


async def _inbox(chats: Chats, request: Request) -> tuple[str, Inbox]:
    """Whose the file is, and where it goes."""
    caller = await caller_of(request.headers, chats)
    root = chats.settings().documents_folder(chats.environment.data_dir)
    if root is None:
        raise RejectedError(404, message("documents, not here"))
    return caller.id, Inbox(root)


async def _file(request: Request, inbox: Inbox, user_id: str) -> str:
    pieces = pieces_of(request.receive, MOST_BYTES, _WAIT_S)
    return await _kept(inbox, user_id, str(request.path_params["name"]), pieces, replaces=True)


async def _form(request: Request, inbox: Inbox, user_id: str) -> str:
    _, sent = await with_file(request.headers, request.receive, MOST_BYTES)
    if sent is None:
        raise RejectedError(400, message("page: no file"))
    with sent.content as content:
        return await _kept(inbox, user_id, sent.name, _read(content), replaces=False)


async def _read(content: IO[bytes]) -> AsyncIterator[bytes]:
    while some := await asyncio.to_thread(content.read, _CHUNK):
        yield some


async def _kept(
    inbox: Inbox, user_id: str, name: str, pieces: AsyncIterator[bytes], *, replaces: bool
) -> str:
    """Take a file, whole or not at all; the name that it has there."""
    begun = asyncio.ensure_future(asyncio.to_thread(inbox.receive, user_id, name, replaces=replaces))
    try:
        opened = await asyncio.shield(begun)
    except asyncio.CancelledError:
        begun.add_done_callback(_dropped)  # the thread goes on, and opens it all the same
        raise
    with opened as incoming:
        async for some in pieces:
            await asyncio.to_thread(incoming.write, some)
        return await asyncio.to_thread(incoming.keep)


def _dropped(begun: asyncio.Future[Incoming]) -> None:
    if not begun.cancelled() and begun.exception() is None:
        begun.result().close()
