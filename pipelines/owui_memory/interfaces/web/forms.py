"""Forms as browsers send them, within bounds, and one file with them where a view takes one."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import IO, Any, NamedTuple
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Receive

from ..requests import RequestError, pieces_of

FIELDS = 200
_FORM_BYTES = 64_000
_WAIT_S = 20.0  # for the next piece of a file
_FORM_S, _FILE_S = 20.0, 600.0  # for all of it
_KIND, _BOUNDARY_CHARS = "multipart/form-data", 70


class File(NamedTuple):
    """One that was sent with a form. name: as the browser says."""

    name: str
    content: IO[bytes]


class RefusedError(Exception):
    """A request that gets nothing but a sentence, as the catalogue calls it."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


async def fields_of(headers: Headers, receive: Receive) -> Mapping[str, str]:
    """The fields of a form without files; none of any other body.

    Raises:
        RefusedError: it is too much, or does not come.
    """
    raw = b"".join([piece async for piece in _pieces(receive, _FORM_BYTES, _FORM_S)])
    if headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return {}
    try:
        return dict(parse_qsl(raw.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=FIELDS))
    except ValueError:
        return {}


async def with_file(headers: Headers, receive: Receive, most: int) -> tuple[Mapping[str, str], File | None]:
    """The fields of a form, and the file in it of `most` bytes, which is the caller's to close.

    Raises:
        RefusedError: it is too much or several files, does not come, or is no such form.
    """
    told = headers.get("content-type", "")
    boundary = _parameters(told).get("boundary", "") if told.lower().startswith(_KIND) else ""
    if not 0 < len(boundary) <= _BOUNDARY_CHARS:
        return await fields_of(headers, receive), None
    read = _Multipart(boundary)
    try:
        async for piece in _pieces(receive, most + _FORM_BYTES, _FILE_S):
            await asyncio.to_thread(read.write, piece)
    except BaseException:
        read.file.close()
        raise
    return read.fields, read.sent()


def _parameters(header: str) -> dict[str, str]:
    """What stands behind the semicolons of a header, as browsers and curl write it."""
    found = {}
    for part in _parts(header):
        name, _, value = part.partition("=")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1].replace("\\\\", "\\").replace('\\"', '"')
        found[name.strip().lower()] = value
    return found


def _parts(header: str) -> Iterator[str]:
    """Split at its semicolons, but for those within quotes."""
    begin, in_quotes, before = 0, False, ""
    for at, char in enumerate(header):
        if char == '"' and not (in_quotes and before == "\\"):
            in_quotes = not in_quotes
        elif char == ";" and not in_quotes:
            yield header[begin:at]
            begin = at + 1
        before = "" if char == before == "\\" else char
    yield header[begin:]


async def _pieces(receive: Receive, most: int, seconds: float) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    try:
        async for piece in pieces_of(receive, most, min(_WAIT_S, seconds)):
            if clock() > end:
                raise RefusedError(408, "too slow")
            yield piece
    except RequestError as error:
        raise RefusedError(error.status, "too much" if error.status == 413 else "too slow") from None


class _Multipart:
    """Takes a form apart as it comes: the file into one without a name, the rest into memory."""

    def __init__(self, boundary: str) -> None:
        try:
            from python_multipart.multipart import MultipartParser
        except ImportError:  # as older releases call it
            from multipart.multipart import MultipartParser  # type: ignore[no-redef, import-untyped, unused-ignore]

        self.fields: dict[str, str] = {}
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever gets it
        self._filename, self._left = "", _FORM_BYTES
        self._field, self._value, self._named = b"", b"", dict[str, str]()
        self._part, self._file_part = 0, 0
        callbacks: Any = {
            "on_part_begin": self._begin,
            "on_header_field": self._named_so,
            "on_header_value": self._valued_so,
            "on_header_end": self._headed,
            "on_part_data": self._data,
        }
        self._parser = MultipartParser(boundary.encode("latin-1", "replace"), callbacks)

    def write(self, piece: bytes) -> None:
        """In a thread."""
        try:
            self._parser.write(piece)
        except ValueError as error:  # python-multipart's own are
            raise RefusedError(400, "form is old") from error

    def sent(self) -> File | None:
        if not self._filename:
            self.file.close()
            return None
        self.file.seek(0)
        return File(self._filename, self.file)

    def _begin(self) -> None:
        self._part += 1
        self._named = {}

    def _named_so(self, data: bytes, start: int, end: int) -> None:
        self._spend(end - start)
        self._field += data[start:end]

    def _valued_so(self, data: bytes, start: int, end: int) -> None:
        self._spend(end - start)
        self._value += data[start:end]

    def _headed(self) -> None:
        if self._field.strip().lower() == b"content-disposition":
            self._named = _parameters(self._value.decode(errors="replace"))
        self._field = self._value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        name = self._named.get("name", "")
        if "filename" in self._named:
            if not self._named["filename"]:  # none was chosen
                return
            if self._file_part not in (0, self._part):
                raise RefusedError(413, "too much")
            self._file_part, self._filename = self._part, self._named["filename"]
            self.file.write(data[start:end])
        elif len(self.fields) < FIELDS or name in self.fields:
            self._spend(end - start)
            self.fields[name] = self.fields.get(name, "") + data[start:end].decode(errors="replace")

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise RefusedError(413, "too much")
