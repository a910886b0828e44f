"""Why a server is not reached is told without the names of classes, whichever client has asked."""

import asyncio
import re
import socket
import threading
from collections.abc import Iterator

import aiohttp
import httpx
import pytest

from owui_memory.core.unreached import unreached


@pytest.fixture
def hung_up() -> Iterator[str]:
    """The address of a server that closes each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def silent() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


async def _asked(url: str) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as client, client.get(url):
        pass


def _no_such_host(*_: object, **__: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def by_httpx(url: str) -> str:
    try:
        httpx.get(url, timeout=1, trust_env=False)
    except httpx.HTTPError as error:
        return unreached(error)
    return ""


def by_aiohttp(url: str) -> str:
    try:
        asyncio.run(_asked(url))
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return unreached(error)
    return ""


@pytest.mark.parametrize("told", [by_httpx, by_aiohttp])
def test_in_words(told, hung_up: str, silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told("http://127.0.0.1:9") == "nothing listens there"
    with monkeypatch.context() as without_names:  # no name server is asked
        without_names.setattr(socket, "getaddrinfo", _no_such_host)
        assert told("http://nowhere.invalid") == "there is no such host"
    assert told(hung_up) == "it closed the connection"
    assert told(silent) == "it does not answer in time"


@pytest.mark.parametrize("error", [ValueError("x"), RuntimeError(), httpx.InvalidURL("x"), OSError()])
def test_what_nobody_foresaw_has_words(error: Exception) -> None:
    assert re.fullmatch("[a-z ]+", unreached(error))
