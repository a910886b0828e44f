"""Saved pages and files that programs send into their user's folder of documents.

PUT /memory/documents/<name> with the file as body (WebDAV's way), or POST /memory/documents as a form with
the file (SingleFile's "REST form API"). The user is that of the key.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..config.environment import PUBLIC_DEFAULT_KEY, Environment
from ..config.settings import Valves
from ..core.memory import is_person
from ..documents.extraction import format_of
from ..documents.folders import MOST_BYTES, SAVED
from .chats import Chats
from .identity import UnidentifiedError, identified
from .web.forms import RefusedError, with_file

_AT_ONCE, _AT_ONCE_EACH = 8, 2  # files, of all and of one user
_MOST_FILES, _MOST_KEPT = 5_000, 2 << 30  # of a user, and bytes
_LEAST_FREE = 1 << 30  # bytes of the disk that others need
_NAME_BYTES = 200
_WAIT_S, _WHOLE_S = 20.0, 600.0  # for the next piece, and for all of them
_CHUNK = 1 << 20
_NO_USER = "The request names no user: send a user's key, or X-Memory-User-Id with the server's."

_Take = Callable[[Request, Path], Awaitable[str]]


class _RefusedError(Exception):
    """An HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Uploads:
    """Keeps what is sent, under `saved` in the folder of its user, where the watcher finds it."""

    def __init__(self, chats: Chats, settings: Callable[[], Valves], environment: Environment) -> None:
        self._chats, self._settings, self._environment = chats, settings, environment
        self._at_once = Counter[str]()  # by user

    def routes(self) -> list[Route]:
        return [
            Route("/documents", self._answered(self._form), methods=["POST"]),
            Route("/documents/{name:path}", self._answered(self._file), methods=["PUT"]),
        ]

    def _answered(self, take: _Take) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                user_id, folder = await self._folder(request)
                async with self._place(user_id), asyncio.timeout(_WHOLE_S):
                    return JSONResponse({"kept": await take(request, folder)}, 201)
            except (_RefusedError, UnidentifiedError) as error:
                return JSONResponse({"detail": str(error)}, error.status)
            except RefusedError as error:
                return JSONResponse({"detail": f"The form cannot be read ({error.sentence})."}, error.status)
            except (TimeoutError, ClientDisconnect):
                return JSONResponse({"detail": "The rest of the file did not come."}, 408)
            except OSError as error:
                return JSONResponse({"detail": f"The file cannot be kept ({error.strerror})."}, 507)

        return answer

    @asynccontextmanager
    async def _place(self, user_id: str) -> AsyncIterator[None]:
        if self._at_once.total() >= _AT_ONCE or self._at_once[user_id] >= _AT_ONCE_EACH:
            raise _RefusedError(503, "Too many files at once. Try again in some seconds.")
        self._at_once[user_id] += 1
        try:
            yield
        finally:
            self._at_once -= Counter([user_id])

    async def _folder(self, request: Request) -> tuple[str, Path]:
        """Whose it is, and where it goes."""
        key, secret = self._environment.server_key, self._environment.user_jwt_secret
        if "origin" in request.headers and key in ("", PUBLIC_DEFAULT_KEY):
            raise _RefusedError(403, "Pages may not send files while the server's key is the public default.")
        user_id = (await identified(request.headers, key, secret, self._chats.owner_of)).id
        if not is_person(user_id) or not user_id.isprintable() or "/" in user_id or user_id.startswith("."):
            raise _RefusedError(400, _NO_USER)
        root = self._settings().documents_folder(self._environment.data_dir)
        if root is None:
            raise _RefusedError(404, "No documents are read on this server (documents_dir).")
        return user_id, root / user_id / SAVED

    async def _file(self, request: Request, folder: Path) -> str:
        return await _kept(folder, str(request.path_params["name"]), _in_time(request.stream()))

    async def _form(self, request: Request, folder: Path) -> str:
        _, sent = await with_file(request.headers, request.receive)
        if sent is None:
            raise _RefusedError(400, "The form has no file.")
        with sent.content as content:
            return await _kept(folder, sent.name, _read(content))


async def _in_time(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same; TimeoutError where the next one does not come."""
    while True:
        async with asyncio.timeout(_WAIT_S):
            piece = await anext(pieces, None)
        if piece is None:
            return
        yield piece


async def _read(content: IO[bytes]) -> AsyncIterator[bytes]:
    while some := await asyncio.to_thread(content.read, _CHUNK):
        yield some


async def _kept(folder: Path, name: str, pieces: AsyncIterator[bytes]) -> str:
    """Write a file, whole or not at all; the name that it has there."""
    name = _safe(name)
    await asyncio.to_thread(_make_room, folder, name)
    part = folder / f".{secrets.token_hex(8)}"
    size = 0
    try:
        with part.open("xb") as file:
            async for some in pieces:
                size += len(some)
                if size > MOST_BYTES:
                    raise _RefusedError(413, f"A file has {MOST_BYTES >> 20} MiB at most.")
                await asyncio.to_thread(file.write, some)
        await asyncio.to_thread(os.replace, part, folder / name)
    finally:
        part.unlink(missing_ok=True)
    return name


def _make_room(folder: Path, name: str) -> None:
    """The folder, where its user may send one more file. Parts that a crash has left behind go."""
    folder.mkdir(parents=True, exist_ok=True)
    count = size = 0
    with os.scandir(folder) as found:
        for one in found:
            about = one.stat(follow_symlinks=False)
            if one.name.startswith(".") and about.st_mtime < time.time() - 2 * _WHOLE_S:
                Path(one.path).unlink(missing_ok=True)
            elif one.name != name:
                count, size = count + 1, size + about.st_size
    if count >= _MOST_FILES or size + MOST_BYTES > _MOST_KEPT:
        most = f"{_MOST_FILES:,} files and {_MOST_KEPT >> 30} GiB"
        raise _RefusedError(507, f"A user's programs may keep {most} here. Forget some documents first.")
    if shutil.disk_usage(folder).free < _LEAST_FREE:
        raise _RefusedError(507, "The disk of the documents is nearly full.")


def _safe(name: str) -> str:
    """The last part of a path, as a file may be called."""
    last = "".join(char for char in name.replace("\\", "/").rpartition("/")[2] if char.isprintable()).lstrip(
        ". "
    )
    if not format_of(last):
        raise _RefusedError(415, "Files of this kind are not read: the name's ending tells the kind.")
    stem, _, ending = last.rpartition(".")
    stem = stem.encode()[: _NAME_BYTES - len(ending)].decode("utf-8", "ignore")
    return f"{stem or 'page'}.{ending}"
