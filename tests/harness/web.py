"""A FastAPI app on a free loopback port, in a thread of this process."""

from __future__ import annotations

import threading

import uvicorn
from fastapi import FastAPI

from tests.harness.waiting import wait_until


class WebServer:
    """`with WebServer(app) as server: httpx.get(server.url)`. Also the base of servers that are an app."""

    def __init__(self, app: FastAPI) -> None:
        config = uvicorn.Config(
            app, host="127.0.0.1", port=0, log_level="critical", lifespan="off", ws="none", loop="asyncio"
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._uvicorn.run, name="stand-in", daemon=True)

    def __enter__(self) -> WebServer:
        self._thread.start()
        wait_until(lambda: self._uvicorn.started, what="the stand-in server's start")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and every connection."""
        self._uvicorn.should_exit = self._uvicorn.force_exit = True
        self._thread.join(timeout=10)

    @property
    def url(self) -> str:
        port = self._uvicorn.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"
