"""Saved pages and files that programs send into their user's folder of documents.

PUT /memory/documents/<name> with the file as body (WebDAV's way), or POST /memory/documents as a form with
the file (SingleFile's "REST form API"). The user is that of the key.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..config.environment import PUBLIC_DEFAULT_KEY, Environment
from ..config.settings import Valves
from ..core.memory import is_person
from ..documents.extraction import format_of
from ..documents.folders import MOST_BYTES, SAVED
from .chats import Chats
from .identity import UnidentifiedError, identified

_AT_ONCE = 8
_NAME_BYTES = 200
_CHUNK = 1 << 20
_NO_USER = "The request names no user: send a user's key, or X-Memory-User-Id with the server's."


class _RefusedError(Exception):
    """An HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Uploads:
    """Keeps what is sent, under `saved` in the folder of its user, where the watcher finds it."""

    def __init__(self, chats: Chats, settings: Callable[[], Valves], environment: Environment) -> None:
        self._chats, self._settings, self._environment = chats, settings, environment
        self._at_once = 0

    def routes(self) -> list[Route]:
        return [
            Route("/documents", self._answered(self._form), methods=["POST"]),
            Route("/documents/{name:path}", self._answered(self._file), methods=["PUT"]),
        ]

    def _answered(self, take: Callable[[Request, Path], object]) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            self._at_once += 1
            try:
                if self._at_once > _AT_ONCE:
                    raise _RefusedError(503, "Too many files at once. Try again in some seconds.")
                name = await take(request, await self._folder(request))  # type: ignore[misc]
                return JSONResponse({"kept": name}, 201)
            except _RefusedError as error:
                return JSONResponse({"detail": str(error)}, error.status)
            except UnidentifiedError as error:
                return JSONResponse({"detail": str(error)}, error.status)
            except OSError as error:
                return JSONResponse({"detail": f"The file cannot be kept ({error.strerror})."}, 507)
            finally:
                self._at_once -= 1

        return answer

    async def _folder(self, request: Request) -> Path:
        key, secret = self._environment.server_key, self._environment.user_jwt_secret
        if "origin" in request.headers and key in ("", PUBLIC_DEFAULT_KEY):
            raise _RefusedError(403, "Pages may not send files while the server's key is the public default.")
        caller = await identified(request.headers, key, secret, self._chats.owner_of)
        if not is_person(caller.id) or "/" in caller.id or caller.id.startswith("."):
            raise _RefusedError(400, _NO_USER)
        root = self._settings().documents_folder(self._environment.data_dir)
        if root is None:
            raise _RefusedError(404, "No documents are read on this server (documents_dir).")
        if int(request.headers.get("content-length") or 0) > MOST_BYTES:
            raise _RefusedError(413, _too_big())
        return root / caller.id / SAVED

    async def _file(self, request: Request, folder: Path) -> str:
        return await _kept(folder, str(request.path_params["name"]), request.stream())

    async def _form(self, request: Request, folder: Path) -> str:
        async with request.form(max_files=1, max_fields=20) as form:
            sent = next((one for one in form.values() if hasattr(one, "read")), None)
            if sent is None:
                raise _RefusedError(400, "The form has no file.")

            async def pieces() -> AsyncIterator[bytes]:
                while some := await sent.read(_CHUNK):
                    yield some

            return await _kept(folder, sent.filename or "page.html", pieces())  # type: ignore[union-attr]


async def _kept(folder: Path, name: str, pieces: AsyncIterator[bytes]) -> str:
    """Write a file, whole or not at all; the name that it has there."""
    name = _safe(name)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    part = folder / f".{secrets.token_hex(8)}"
    size = 0
    try:
        with part.open("xb") as file:
            async for some in pieces:
                size += len(some)
                if size > MOST_BYTES:
                    raise _RefusedError(413, _too_big())
                await asyncio.to_thread(file.write, some)
        await asyncio.to_thread(os.replace, part, folder / name)
    finally:
        part.unlink(missing_ok=True)
    return name


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


def _too_big() -> str:
    return f"A file has {MOST_BYTES >> 20} MiB at most."
