"""A server that answers every request as no model server should: without end, drop by drop, in circles.

with HostileServer("endless body") as server:
    ...
    assert server.wait_until_closed(5)   # the client has hung up
    assert server.sent < BUFFERS + 1_000_000
"""

from __future__ import annotations

import gzip
import itertools
import json
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_DROP_S = 0.05


def _buffers() -> int:
    most = [Path(f"/proc/sys/net/ipv4/tcp_{one}mem") for one in "rw"]
    return sum(int(file.read_text().split()[-1]) for file in most if file.exists()) or 64_000_000


BUFFERS = _buffers()  # bytes that both ends of a connection hold at most, whatever is read of it


def _chat(content: str) -> bytes:
    message = {"role": "assistant", "content": content}
    both = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "message": message}
    return json.dumps({"id": "x", "object": "chat.completion", "created": 1, "model": "m", **both}).encode()


def _whole(body: bytes, headers: bytes = b"") -> bytes:
    return _OK + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _drops(text: Iterable[bytes]) -> Iterator[bytes]:
    for drop in text:
        time.sleep(_DROP_S)
        yield drop


@cache
def _bomb() -> bytes:
    """500 MB of spaces, packed without ever being there: behind a full flush the same again is the same."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    megabyte = packing.compress(b" " * 1_000_000) + packing.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + megabyte * 500 + packing.flush()


def _answer(kind: str, port: int) -> Iterator[bytes]:
    if kind == "endless body":
        yield _OK + b'\r\n{"choices": [{"message": {"content": "'
        yield from itertools.repeat(b"a" * 65536)
    elif kind == "endless spaces":
        yield _OK + b"\r\n"
        yield from itertools.repeat(b" " * 65536)
    elif kind == "endless chunks":
        yield _OK + b"Transfer-Encoding: chunked\r\n\r\n"
        yield from itertools.repeat(b"1\r\na\r\n" * 10_000)
    elif kind == "drops":
        yield _OK + b"\r\n"
        yield from _drops(itertools.repeat(b" "))
    elif kind == "drops of headers":
        yield from _drops(itertools.chain([_OK, b"X-Filler: "], itertools.repeat(b"a")))
    elif kind == "endless headers":
        yield _OK
        yield from (b"X-Filler-%d: %s\r\n" % (number, b"a" * 60_000) for number in itertools.count())
    elif kind == "endless continue":
        yield from itertools.repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 500)
    elif kind == "redirects":
        place = b"Location: http://127.0.0.1:%d/again\r\n" % port
        yield b"HTTP/1.1 307 Temporary Redirect\r\n" + place + b"Content-Length: 0\r\n\r\n"
    elif kind == "endless redirect":
        yield b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /again\r\n\r\n"
        yield from itertools.repeat(b"a" * 65536)
    elif kind == "gzip bomb":
        yield _whole(_bomb(), b"Content-Encoding: gzip\r\n")
    elif kind == "bomb of another kind":
        yield _whole(b"(B/\xfd" * 100, b"Content-Encoding: zstd\r\n")
    elif kind == "deep nesting":
        yield _whole(b"[" * 400_000 + b"]" * 400_000)
    elif kind == "too long":
        yield _whole(_chat("a" * 1_200_000))
    elif kind == "silence":
        time.sleep(30)
    elif kind == "gzip":
        yield _whole(gzip.compress(_chat("from afar")), b"Content-Encoding: gzip\r\n")
    else:
        yield _whole(_chat(kind))


class HostileServer:
    """`sent` are the bytes that it got rid of. Of an unknown kind it answers a chat with that text."""

    def __init__(self, kind: str, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.kind, self.sent, self.asked = kind, 0, 0
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"

    def __enter__(self) -> HostileServer:
        if self.kind == "gzip bomb":
            _bomb()  # takes longer than a client waits
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        with self._changed:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def wait_until_closed(self, timeout_s: float) -> bool:
        """Whether no connection is open any more."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, timeout_s)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                with self._changed:
                    self._open.add(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            while self._reads_request(connection):
                self.asked += 1
                for piece in _answer(self.kind, self.port):
                    connection.sendall(piece)
                    self.sent += len(piece)
        with self._changed:
            self._open.discard(connection)
            self._changed.notify_all()
        connection.close()

    @staticmethod
    def _reads_request(connection: socket.socket) -> bool:
        asked = b""
        while b"\r\n\r\n" not in asked:
            got = connection.recv(65536)
            if not got:
                return False
            asked += got
        head, _, body = asked.partition(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line), 0
        )
        while len(body) < length:
            body += connection.recv(65536)
        return True
