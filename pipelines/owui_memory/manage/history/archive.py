"""The JSON values of an archive, one at a time: a file, a folder, or what is packed into a .zip.

An archive is anybody's. Nothing is unpacked to the disk, no more than some megabytes are held at once, and
what grows without measure or is broken ends with a Flaw, behind what could be read.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from ...core.errors import Drop
from .entries import Flaw

_KINDS = (".json", ".jsonl", ".ndjson", ".af", ".db", ".html")
_CHUNK = 1 << 20  # characters
_MOST_OF_VALUE = 64 << 20  # characters of one value, a chat for example
_MOST_OF_FILE = 4 << 30  # bytes, unpacked
_PACKED_FREELY, _MOST_RATIO = (
    64 << 20,
    100,
)  # unpacked bytes from which a file may not be so many times smaller
_MOST_FILES, _MOST_VALUES = 20_000, 2_000_000
_DIGITS = 30  # of a number
_NEXT = re.compile(r"\}[\s,]+(?=\{)")
_BLANK = re.compile(r"[\s,]*")

BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


class Part(NamedTuple):
    """A file of an archive."""

    name: str
    stream: IO[bytes]


def _number(digits: str) -> int | float:
    """Python refuses numbers with thousands of digits."""
    return int(digits) if len(digits) <= _DIGITS else 0


_DECODER = json.JSONDecoder(parse_int=_number, strict=False)


def parts(path: Path) -> Iterator[Part | Flaw]:
    """The files of an archive that may hold something, each open until the next one is asked for.

    Raises:
        Drop: there is no such file, or it is encrypted.
    """
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in _KINDS][:_MOST_FILES]
        for file in files:
            if file.is_file() and not file.is_symlink():
                with file.open("rb") as stream:
                    yield Part(str(file.relative_to(path)), stream)
        return
    if not path.is_file():
        raise Drop(f"There is no file {path.name}.", hint="Give the archive's path.")
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            yield Part(path.name, stream)
        return
    yield from _packed(path)


def _packed(path: Path) -> Iterator[Part | Flaw]:
    try:
        archive = zipfile.ZipFile(path)
    except BROKEN as error:
        raise Drop("This .zip cannot be opened: it is broken.", hint="Download it once more.") from error
    with archive:
        for at, info in enumerate(archive.infolist()):
            name = info.filename
            if at >= _MOST_FILES:
                yield Flaw(path.name, "there are too many files in it")
                return
            if info.is_dir() or not name.lower().endswith(_KINDS):
                continue
            if info.flag_bits & 1:
                raise Drop("This .zip is encrypted.", hint="Unpack it, and import the folder.")
            try:
                with archive.open(info) as stream:
                    yield Part(name, _Bounded(stream, info.compress_size))  # type: ignore[arg-type]
            except BROKEN:
                yield Flaw(name, "it is packed in a way that cannot be read")


class _Bounded(io.RawIOBase):
    """A packed file that does not grow without measure."""

    def __init__(self, stream: IO[bytes], packed: int) -> None:
        self._stream, self._left = stream, min(_MOST_OF_FILE, max(_PACKED_FREELY, packed * _MOST_RATIO))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise OSError("it is far larger than its archive")
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
        for count, value in enumerate(_values(part.name, text)):
            if count >= _MOST_VALUES:
                yield Flaw(part.name, "there is too much in it")
                return
            yield value


def damage(part: Part, error: Exception) -> Flaw:
    """Why a file cannot be read to its end."""
    told = isinstance(error, OSError) and not error.errno and str(error)
    return Flaw(part.name, told or "it is damaged")


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
                if may_go_on and not is_over and len(buffer) - at < _MOST_OF_VALUE:
                    read = text.read(more)
                    buffer, at, more, is_over = buffer[at:] + read, 0, more * 2, not read
                    continue
                cut = "its end is missing" if is_over else "a part of it is too large"
                yield Flaw(name, cut if may_go_on else "a part of it is no JSON")
                buffer, at = _after(buffer, max(wrong_at, at + 1), text), 0
            else:
                yield value
                if at > _CHUNK:
                    buffer, at = buffer[at:], 0
            more = _CHUNK


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
