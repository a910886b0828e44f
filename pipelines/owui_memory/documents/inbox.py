"""Takes files that programs and the page send into their user's folder, where the watcher finds them."""

from __future__ import annotations

import filecmp
import itertools
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

from ..core.locales import Message, message
from ..core.locales.refused import Refused
from .extraction import format_of
from .folders import MOST_BYTES, SAVED, may_have_folder

SLOWEST_S = 600.0  # that a file may take to come
_MOST_FILES, _MOST_KEPT = 5_000, 2 << 30  # of a user, and bytes
_LEAST_FREE = 1 << 30  # bytes of the disk that others need
_NAME_BYTES = 200


class RejectedError(Refused):
    """Why a file is not taken, in a sentence and as a status of HTTP."""

    def __init__(self, status: int, sentence: Message) -> None:
        super().__init__(sentence)
        self.status = status


class Incoming:
    """A file that is being sent. It is there once it is kept, whole; `close` removes what was not kept."""

    def __init__(self, folder: Path, name: str, *, replaces: bool) -> None:
        self._final, self._part = folder / name, folder / f".{secrets.token_hex(8)}"
        self._file, self._size, self._replaces = self._part.open("xb"), 0, replaces

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing more comes; twice is harmless."""
        self._file.close()
        self._part.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        """Raises RejectedError where it gets too big, OSError where the disk fails."""
        self._size += len(piece)
        if self._size > MOST_BYTES:
            raise RejectedError(413, message("page: document too big", most=MOST_BYTES >> 20))
        self._file.write(piece)

    def keep(self) -> str:
        """Put it in its place; the name that it has there."""
        self._file.close()
        if self._replaces:
            self._part.replace(self._final)
            return self._final.name
        for place in _numbered(self._final):
            if _is_same(self._part, place):
                return place.name
            with suppress(FileExistsError):
                place.touch(exist_ok=False)  # from now on it is nobody else's
                try:
                    self._part.replace(place)
                except OSError:
                    place.unlink(missing_ok=True)
                    raise
                return place.name
        raise AssertionError("there is always another number")


class Inbox:
    """What is sent to users, below `root`. Methods block."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def receive(self, user_id: str, name: str, *, replaces: bool) -> Incoming:
        """Begin a file of a user. name: as whoever sends it calls it.

        replaces: a file of that name; else, unless it says the same, the new one gets a number.

        Raises:
            RejectedError: the user has no folder, the file is of no kind that is read, or there is no room.
            OSError: the folder cannot be written.
        """
        name = _safe(name)
        if not may_have_folder(user_id):
            raise RejectedError(400, message("page: document of nobody"))
        folder = self._root / user_id / SAVED
        _make_room(folder, name if replaces else "")
        return Incoming(folder, name, replaces=replaces)


def _make_room(folder: Path, replaced: str) -> None:
    """The folder, where its user may send one more file. Parts that a crash has left behind go."""
    folder.mkdir(parents=True, exist_ok=True)
    count = size = 0
    with os.scandir(folder) as found:
        for one in found:
            with suppress(FileNotFoundError):  # it has just come to its place, or was forgotten
                about = one.stat(follow_symlinks=False)
                if one.name.startswith(".") and about.st_mtime < time.time() - 2 * SLOWEST_S:
                    Path(one.path).unlink(missing_ok=True)
                elif one.name != replaced:
                    count, size = count + 1, size + about.st_size
    if count >= _MOST_FILES or size + MOST_BYTES > _MOST_KEPT:
        raise RejectedError(
            507, message("page: too many documents", files=_MOST_FILES, most=_MOST_KEPT >> 30)
        )
    if shutil.disk_usage(folder).free < _LEAST_FREE:
        raise RejectedError(507, message("page: no room for documents"))


def _numbered(file: Path) -> Iterator[Path]:
    """notes.md, notes (2).md, notes (3).md, ..."""
    yield file
    for number in itertools.count(2):
        yield file.with_name(f"{file.stem} ({number}){file.suffix}")


def _is_same(new: Path, there: Path) -> bool:
    with suppress(FileNotFoundError):
        is_file = there.is_file() and not there.is_symlink()
        return is_file and filecmp.cmp(new, there, shallow=False)
    return False


def _safe(name: str) -> str:
    """The last part of a path, as a file may be called."""
    last = name.replace("\\", "/").rpartition("/")[2]
    last = "".join(char for char in last if char.isprintable()).lstrip(". ")
    if not format_of(last):
        raise RejectedError(415, message("page: document of an unknown kind"))
    stem, _, ending = last.rpartition(".")
    stem = stem.encode()[: _NAME_BYTES - len(ending)].decode("utf-8", "ignore")
    return f"{stem or 'page'}.{ending}"
