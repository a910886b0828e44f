"""Why a server cannot be reached, in words for whoever is told."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

_CAUSES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((ssl.SSLError,), "its certificate is not accepted"),
    ((TimeoutError,), "it does not answer in time"),
    ((socket.gaierror,), "there is no such host"),
    ((ConnectionRefusedError,), "nothing listens there"),
    ((ConnectionError, EOFError), "it closed the connection"),
)


def unreached(error: BaseException) -> str:
    """Of the exceptions of any client, by what is behind them."""
    chain = list(_chain(error))
    for kinds, words in _CAUSES:
        if any(isinstance(link, kinds) for link in chain):
            return words
    names = " ".join(type(link).__name__ for link in chain)  # of clients that raise errors of their own
    if "Timeout" in names:
        return "it does not answer in time"
    closed = any(name in names for name in ("Disconnected", "RemoteProtocol", "ReadError", "WriteError"))
    return "it closed the connection" if closed else "it does not answer as it should"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those behind it, also where it only carries them."""
    while error is not None:
        yield error
        if isinstance(carried := getattr(error, "os_error", None), BaseException) and carried is not error:
            yield carried
        error = error.__cause__ or error.__context__
