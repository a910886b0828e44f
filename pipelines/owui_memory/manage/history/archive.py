"""The JSON values of an archive, one at a time: a file, a folder, or what is packed into a .zip.

An archive is anybody's. Nothing is unpacked to the disk, no more than some megabytes are held at once, and
what grows without measure or is broken ends with a Flaw, behind what could be read: a value, a file, or
the whole archive, where its Budget is spent.
"""

from __future__ import annotations

import codecs
import io
import json
import math
import re
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

from .entries import Flaw, Unread

_KINDS = (".json", ".jsonl", ".ndjson", ".af", ".db", ".html")
_CHUNK = 1 << 20  # characters
_MOST_OF_VALUE = 8 << 20  # characters of one value, a chat for example
_MOST_NODES = 1_000_000  # lists, objects and what is in them, of one value: an empty object takes 72 bytes
_MOST_BYTES, _MOST_ENTRIES, _SECONDS = 2 << 30, 500_000, 600.0  # of an archive
_MOST_OF_INDEX = 4 << 20  # bytes of a .zip's list of its files
_MOST_OF_FILE = 4 << 30  # bytes, unpacked
_PACKED_FREELY, _MOST_RATIO = (
    64 << 20,
    100,
)  # unpacked bytes from which a file may not be so many times smaller
_MOST_FILES = 20_000
_DIGITS = 30  # of a number
_NEXT = re.compile(r"\}[\s,]+(?=\{)")
_BLANK = re.compile(r"[\s,]*")

BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


_Item = TypeVar("_Item")


class UnopenableError(Exception):
    """Nothing of an archive can be read; why, as `reading` knows it."""


class SpentError(Exception):
    """An archive costs more than any may."""

    def __init__(self, why: Unread) -> None:
        super().__init__(why)
        self.why = why


class _GrowsError(OSError):
    """A file is far larger than its archive."""


class Budget:
    """What the reading of one archive may cost: bytes, unpacked; entries; and seconds of work."""

    def __init__(self) -> None:
        self._bytes, self._entries, self._seconds = _MOST_BYTES, _MOST_ENTRIES, _SECONDS
        self._until = math.inf

    def take(self, size: int) -> None:
        """So many bytes are read. Raises SpentError where that is too much, or the time is over."""
        self._bytes -= size
        if self._bytes < 0:
            raise SpentError("there is more in it than may be read")
        if time.monotonic() > self._until:
            raise SpentError("it takes longer, or more memory, than may be used")

    def each(self, entries: Iterator[_Item]) -> Iterator[_Item]:
        """The same; no time passes while one is worked on. Raises SpentError behind the last that may be."""
        while True:
            self._until = time.monotonic() + self._seconds
            try:
                one = next(entries)
            except StopIteration:
                return
            self._seconds = self._until - time.monotonic()
            if self._entries == 0:
                raise SpentError("there is more in it than may be read")
            self._entries -= 1
            yield one


class Part(NamedTuple):
    """A file of an archive."""

    name: str
    stream: IO[bytes]


def _number(digits: str) -> int | float:
    """Python refuses numbers with thousands of digits."""
    return int(digits) if len(digits) <= _DIGITS else 0


_DECODER = json.JSONDecoder(parse_int=_number, strict=False)


def parts(path: Path, budget: Budget, name: str = "") -> Iterator[Part | Flaw]:
    """The files of an archive that may hold something, each open until the next one is asked for.

    name: what it is called where it comes from.

    Raises:
        UnopenableError: there is no such file, or it is encrypted.
        SpentError: here, or where a file is read.
    """
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in _KINDS][:_MOST_FILES]
        for file in files:
            if file.is_file() and not file.is_symlink():
                with file.open("rb") as stream:
                    yield Part(str(file.relative_to(path)), _bounded(stream, budget))
        return
    if not path.is_file():
        raise UnopenableError("no such archive")
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            yield Part(name or path.name, _bounded(stream, budget))
        return
    with _Indexed(path.open("rb", buffering=0)) as indexed:
        yield from _packed(name or path.name, indexed, budget)


class _Indexed(io.BufferedReader):
    """A .zip, of which nothing large is read at once: only the list of its files would be."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(_MOST_OF_INDEX + 1 if size is None or size < 0 else min(size, _MOST_OF_INDEX + 1))
        if len(data) > _MOST_OF_INDEX:
            raise UnopenableError("zip too many")
        return data


def _packed(called: str, file: IO[bytes], budget: Budget) -> Iterator[Part | Flaw]:
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN as error:
        raise UnopenableError("zip broken") from error
    with archive:
        for at, info in enumerate(archive.infolist()):
            name = info.filename
            if at >= _MOST_FILES:
                yield Flaw(called, "there are too many files in it")
                return
            if info.is_dir() or not name.lower().endswith(_KINDS):
                continue
            if info.flag_bits & 1:
                raise UnopenableError("zip encrypted")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others know no bounds
                yield Flaw(name, "it is packed in a way that cannot be read")
                continue
            try:
                with archive.open(info) as stream:
                    yield Part(name, _bounded(stream, budget, info.compress_size))
            except BROKEN:
                yield Flaw(name, "it is packed in a way that cannot be read")


def _bounded(stream: IO[bytes], budget: Budget, packed: int = _MOST_OF_FILE) -> IO[bytes]:
    most = min(_MOST_OF_FILE, max(_PACKED_FREELY, packed * _MOST_RATIO))
    return io.BufferedReader(_Bounded(stream, most, budget), 1 << 16)


class _Bounded(io.RawIOBase):
    """A file that does not grow without measure."""

    def __init__(self, stream: IO[bytes], most: int, budget: Budget) -> None:
        self._stream, self._left, self._budget = stream, most, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        self._budget.take(len(data))
        if self._left < 0:
            raise _GrowsError
        buffer[: len(data)] = data
        return len(data)


def first_bytes(part: Part) -> tuple[bytes, Part]:
    """What a file begins with, and the file from its beginning."""
    stream = part.stream if isinstance(part.stream, io.BufferedReader) else io.BufferedReader(part.stream)  # type: ignore[type-var]
    return stream.peek(16)[:16], Part(part.name, stream)


def values(part: Part) -> Iterator[Any]:
    """The JSON values in a file: those of a list, of each line, or the only one; a Flaw for what is none.

    Raises one of BROKEN where the file cannot be read to its end.
    """
    begin, part = first_bytes(part)
    with io.TextIOWrapper(part.stream, _encoding(begin), errors="replace") as text:
        yield from _values(part.name, text)


def damage(part: Part, error: Exception) -> Flaw:
    """Why a file cannot be read to its end."""
    grows = isinstance(error, _GrowsError)
    return Flaw(part.name, "it is far larger than its archive" if grows else "it is damaged")


def _encoding(begin: bytes) -> str:
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-16-le" if begin[1:2] == b"\0" else "utf-8-sig"


def _values(name: str, text: IO[str]) -> Iterator[Any]:
    buffer, at, more = "", 0, _CHUNK
    is_list, is_over = False, False
    while True:
        at = _end_of(_BLANK.match(buffer, at))
        if at == len(buffer):
            if is_over:
                return
            buffer, at = text.read(_CHUNK), 0
            is_over = not buffer
        elif buffer[at] == "[" and not is_list:
            is_list, at = True, at + 1
        elif buffer[at] == "]" and is_list:
            is_list, at = False, at + 1
        else:
            try:
                value, at = _DECODER.raw_decode(buffer, at)
            except (ValueError, RecursionError) as error:
                wrong_at, may_go_on = _wrong(error, len(buffer))
                larger = len(buffer) - at + more
                if (
                    may_go_on
                    and not is_over
                    and larger <= _MOST_OF_VALUE
                    and _nodes(buffer, at) < _MOST_NODES
                ):
                    read = text.read(more)
                    buffer, at, more, is_over = buffer[at:] + read, 0, more * 2, not read
                    continue
                cut: Unread = "its end is missing" if is_over else "a part of it is too large"
                yield Flaw(name, cut if may_go_on else "a part of it is no JSON")
                buffer, at = _after(buffer, max(wrong_at, at + 1), text), 0
            else:
                yield value
                if at > _CHUNK:
                    buffer, at = buffer[at:], 0
            more = _CHUNK


def _nodes(buffer: str, at: int) -> int:
    """How many values there are behind a place at most."""
    return sum(buffer.count(sign, at) for sign in "{[,")


def _wrong(error: Exception, end: int) -> tuple[int, bool]:
    """Where a text stops to be JSON, and whether that may be so only because it goes on."""
    if not isinstance(error, json.JSONDecodeError):
        return 0, False
    return error.pos, error.pos >= end - 8 or error.msg.startswith("Unterminated string")


def _after(buffer: str, at: int, text: IO[str]) -> str:
    """What follows the next end of an object that another one follows; "" if there is none."""
    while not (found := _NEXT.search(buffer, at)):
        read = text.read(_CHUNK)
        if not read:
            return ""
        buffer, at = buffer[-64:] + read, 0
    return buffer[found.end() :]


def _end_of(found: re.Match[str] | None) -> int:
    return found.end() if found else 0
