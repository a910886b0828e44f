"""What documents say, read by `extract.py` in a process of its own."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import PurePath
from typing import Any

from ..core.errors import Drop
from ..core.text import plain

_SECONDS = 60  # of the processor's time, for a document
_WAIT = 2.5  # times as long; the child ends itself before
_MOST_BYTES = 32 << 20  # of its answer
_FORMATS = {
    **dict.fromkeys((".md", ".markdown", ".txt", ".text", ".rst", ".org", ".csv", ".tsv"), "text"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    **{f".{name}": name for name in ("pdf", "docx", "pptx", "xlsx", "epub", "eml")},
}


@dataclass(frozen=True, slots=True)
class Part:
    """Some text of a document below a heading ("Trip > Trains") or on a page; "" and 0 where it has none."""

    heading: str
    page: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says; what is not known is "". address: where it was saved from; day: YYYY-MM-DD."""

    title: str
    address: str
    author: str
    day: str
    parts: tuple[Part, ...]


def format_of(name: str) -> str:
    """How a file of this name is read; "" if it is not."""
    return _FORMATS.get(PurePath(name).suffix.lower(), "")


class Extraction:
    """A process that reads documents one after the other; it is started with the first. For one thread."""

    def __init__(self, seconds: int = _SECONDS) -> None:
        """seconds: of the processor's time, for a document."""
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def read(self, name: str, file: int) -> Document:
        """What an open file says, by its descriptor.

        Raises:
            Drop: it cannot be read; why, in a sentence.
        """
        answer = self._ask(name, file)
        if error := answer.get("error"):
            raise Drop(str(error))
        parts = (Part(plain(one["heading"]), one["page"], plain(one["text"])) for one in answer["parts"])
        title, address, author, day = (plain(answer[one]) for one in ("title", "address", "author", "day"))
        return Document(title, address, author, day, tuple(parts))

    def close(self) -> None:
        """Ends the process."""
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._socket = self._process = None

    def _ask(self, name: str, file: int) -> dict[str, Any]:
        request = json.dumps({"format": format_of(name), "seconds": self._seconds}).encode()
        reading, writing = map(os.fdopen, os.pipe(), ("rb", "wb"))
        with reading:
            with writing:
                descriptors = [file, writing.fileno()]
                try:
                    socket.send_fds(self._connected(), [request], descriptors)
                except OSError:  # it has been killed
                    self.close()
                    socket.send_fds(self._connected(), [request], descriptors)
            data = _all_of(reading.fileno(), _WAIT * self._seconds)
        if not data:
            raise Drop("it takes longer, or more memory, than may be used")
        try:
            answer: dict[str, Any] = json.loads(data)
        except ValueError:  # it was killed while it wrote
            raise Drop("its reading broke off") from None
        return answer

    def _connected(self) -> socket.socket:
        if self._socket is not None and self._process is not None and self._process.poll() is None:
            return self._socket
        self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            program = source_of(f"{__package__}.extract")
            self._process = isolated(program, stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
        self._socket = ours
        return ours


def isolated(
    program: str, *arguments: str, stdin: int, stdout: int, temp: str = ""
) -> subprocess.Popen[bytes]:
    """A process of this interpreter that runs a program's text, and sees nothing of the server's environment.

    temp: its folder for temporary files.
    """
    about = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(  # noqa: S603 - this interpreter with our own source
        [sys.executable, "-I", "-c", program, *arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        env={**about, **({"TMPDIR": temp} if temp else {})},
        cwd="/",
    )


def source_of(module: str) -> str:
    """The text of a module of ours, which may be no file: in single_file/ it is a text."""
    spec = find_spec(module)
    return str(spec.loader.get_source(spec.name))  # type: ignore[union-attr]


def comes(pipe: int, seconds: float) -> bool:
    """Whether something comes through a pipe, or its end, within so many seconds."""
    waiting = select.poll()  # `select` takes no descriptor above 1,023
    waiting.register(pipe, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


def _all_of(pipe: int, seconds: float) -> bytes:
    """All that comes through a pipe, b"" if that is too much or takes too long."""
    found: list[bytes] = []
    size = 0
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if not comes(pipe, left):
            break
        some = os.read(pipe, 1 << 16)
        if not some:
            return b"".join(found)
        found.append(some)
        size += len(some)
        if size > _MOST_BYTES:
            break
    return b""
