"""Bounds what one call of a server may take: seconds in all, and bytes of its answer, whatever it sends.

An HTTP client's own time-outs are for each wait alone, and what it reads has no end: a server that sends a
byte now and then, or never stops, holds a thread for ever or fills the memory. Here deadline and bytes are
those of the whole call, and count where bytes come out of the socket: headers, bodies, redirects and
handshakes alike. Whoever goes beyond them has the connection closed, in the thread that called.
"""

from __future__ import annotations

import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from weakref import WeakSet

T = TypeVar("T")

ANSWER_BYTES = 1_000_000  # the longest that an LLM may answer, as it comes over the wire, and decompressed

_CONNECT_S = 10.0
_PIECE_BYTES = 16_384  # sent at once: whoever takes in a few bytes at a time is noticed between two of them
_REDIRECTS = 3


class OverlongAnswerError(Exception):
    """The answer goes on beyond what a call may bring."""


class TotalTimeoutError(Exception):
    """The whole call has taken longer than it may."""


class _Call:
    """What is left of a call."""

    def __init__(self, until: float, most_bytes: int) -> None:
        self.until, self.most_bytes, self.bytes_left = until, most_bytes, most_bytes

    def wait_s(self, timeout: float | None) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TotalTimeoutError
        return left if timeout is None else min(left, timeout)

    def took(self, count: int) -> None:
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise OverlongAnswerError


_under_way = threading.local()


def _call() -> _Call | None:
    """The call that this thread is in."""
    return getattr(_under_way, "call", None)


@contextmanager
def bounded(seconds: float, most_bytes: int = ANSWER_BYTES) -> Iterator[None]:
    """Around a call in this thread, by a client that is `limited`.

    Raises, from inside the client and mostly wrapped by it:
        TotalTimeoutError: it takes longer; or the client's own time-out, whose wait it shortens.
        OverlongAnswerError: its answer is longer.
    """
    before = _call()
    until = time.monotonic() + seconds
    _under_way.call = _Call(min(until, before.until) if before else until, most_bytes)
    try:
        yield
    finally:
        _under_way.call = before


def limited(client: Any) -> bool:
    """Make an httpx client, or one of httpx2, keep to `bounded`; False for a client of another kind."""
    pools = _pools(client)
    if not pools or not all(hasattr(pool, "_network_backend") for pool in pools):
        return False
    for pool in pools:
        if not isinstance(pool._network_backend, _Network):
            pool._network_backend = _Network(pool._network_backend)
    client.max_redirects = _REDIRECTS
    client.headers["Accept-Encoding"] = "identity"
    client.event_hooks["response"].insert(0, _decompressed)
    return True


def hang_up(client: Any) -> None:
    """End the calls that threads are in, by a client that is `limited`: they raise as if the server had."""
    for pool in _pools(client):
        if isinstance(network := getattr(pool, "_network_backend", None), _Network):
            network.hang_up()


def _pools(client: Any) -> list[Any]:
    """What holds an httpx client's connections, also those through proxies."""
    transports = [getattr(client, "_transport", None), *getattr(client, "_mounts", {}).values()]
    return [getattr(transport, "_pool", None) for transport in transports if transport is not None]


def left_behind(seconds: float, call: Callable[[], T]) -> T:
    """What `call` returns, by a client that cannot be `limited`: its thread goes on when it takes longer.

    Raises:
        TimeoutError: it took longer.
    """
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            result.set_exception(error)

    threading.Thread(target=run, name="memory-model", daemon=True).start()
    return result.result(seconds)


def _decompressed(response: Any) -> None:
    """Read a compressed answer, of which a few bytes may stand for gigabytes, no further than it may go."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    call = _call()
    if call is None or encoding in ("", "identity"):
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise OverlongAnswerError  # nobody asked for it, and what it holds cannot be bounded
    inflate, packed, content = zlib.decompressobj(zlib.MAX_WBITS | 32), bytearray(), b""
    for chunk in response.iter_raw():
        packed += chunk
    content = inflate.decompress(bytes(packed), call.most_bytes)
    if inflate.unconsumed_tail:
        raise OverlongAnswerError
    response._content = content


class _Network:
    """What opens a client's connections."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self._streams: WeakSet[_Stream] = WeakSet()

    def hang_up(self) -> None:
        for stream in list(self._streams):
            sock = stream.get_extra_info("socket")
            if isinstance(sock, socket.socket):
                with suppress(OSError):  # TLS's own way would wait for its lock
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def opened(self, stream: Any) -> _Stream:
        kept = _Stream(stream, self)
        self._streams.add(kept)
        return kept

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> _Stream:
        call = _call()
        if call:
            timeout = min(call.wait_s(timeout), _CONNECT_S)
        return self.opened(self._network.connect_tcp(host, port, timeout=timeout, **options))

    def connect_unix_socket(self, path: str, timeout: float | None = None, **options: Any) -> _Stream:
        return self.opened(self._network.connect_unix_socket(path, timeout=timeout, **options))

    def sleep(self, seconds: float) -> None:
        self._network.sleep(seconds)


class _Stream:
    """One of them."""

    def __init__(self, stream: Any, network: _Network) -> None:
        self._stream, self._network = stream, network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        call = _call()
        got: bytes = self._stream.read(max_bytes, call.wait_s(timeout) if call else timeout)
        if call:
            call.took(len(got))
        return got

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        call = _call()
        for at in range(0, len(buffer), _PIECE_BYTES):
            piece = buffer[at : at + _PIECE_BYTES]
            self._stream.write(piece, call.wait_s(timeout) if call else timeout)

    def start_tls(
        self, ssl_context: Any, server_hostname: Any = None, timeout: float | None = None
    ) -> _Stream:
        call = _call()
        left = call.wait_s(timeout) if call else timeout
        secured = self._stream.start_tls(ssl_context, server_hostname=server_hostname, timeout=left)
        return self._network.opened(secured)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
