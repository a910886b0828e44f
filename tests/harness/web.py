"""A FastAPI app on a free loopback port, in a thread of this process."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any

import uvicorn
from fastapi import FastAPI

from tests.harness.waiting import wait_until

_ANSWERS_S = 5.0  # that a stopped server gives to answers under way


class _Server(uvicorn.Server):
    """Ends when it is told to, where uvicorn looks ten times a second and gives its clients as long."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    def end(self) -> None:
        self.servers[0].get_loop().call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        # What is being answered works with what its test closes next.
        until = time.monotonic() + _ANSWERS_S
        while self.server_state.tasks and time.monotonic() < until:
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.005)


class WebServer:
    """`with WebServer(app) as server: httpx.get(server.url)`. Also the base of servers that are an app.

    sockets: whether the app has websockets.
    """

    def __init__(self, app: FastAPI, *, sockets: bool = False) -> None:
        options: dict[str, Any] = {"log_level": "critical", "lifespan": "off", "loop": "asyncio"}
        options["ws"] = "websockets-sansio" if sockets else "none"
        config = uvicorn.Config(app, host="127.0.0.1", port=0, **options)
        self._uvicorn = _Server(config)
        self._thread = threading.Thread(target=self._uvicorn.run, name="stand-in", daemon=True)

    def __enter__(self) -> WebServer:
        self._thread.start()
        wait_until(lambda: self._uvicorn.started, what="the stand-in server's start")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._thread.is_alive():
            self._uvicorn.end()
        self._thread.join(timeout=60)

    @property
    def url(self) -> str:
        port = self._uvicorn.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"
