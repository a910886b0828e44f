"""What the stand-ins for mem0's REST server and for its hosted platform share: see those.

Neither can run here: the real server needs its own PostgreSQL and accounts, the platform is a service. What
they do with HTTP is written from the real ones' source; what is stored, found and extracted is mem0's own
work on any `Memory` given.

    with RestServer(memory, key="k") as server, server.fail(500):
        ...
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from tests.harness.web import WebServer

Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]


class StandIn(WebServer):
    """What both have: a key, a record of requests, and faults on request."""

    def __init__(self, memory: Any, key: str) -> None:
        self.memory, self.key = memory, key
        self.requests: list[Asked] = []
        self._fault: tuple[str, Response] | None = None
        self._gate: threading.Event | None = None
        # mem0 raises if a row goes between its look and what it does then.
        self._changing = threading.Lock()
        app = FastAPI(dependencies=[Depends(self._enter)])
        self._add_routes(app)
        app.add_exception_handler(AnswerError, lambda _, answer: answer.response)
        super().__init__(app)

    @contextlib.contextmanager
    def fail(
        self, status: int, body: Any = None, headers: dict[str, str] | None = None, *, method: str = ""
    ) -> Iterator[None]:
        """Answer every request (or those with this method) with this status until the block ends.

        `body`: bytes as they are, anything else as JSON.
        """
        if isinstance(body, bytes):
            response = Response(body, status, headers, "text/html")
        else:
            response = JSONResponse({"detail": "scripted"} if body is None else body, status, headers)
        self._fault = method, response
        try:
            yield
        finally:
            self._fault = None

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Let every request hang until the block ends."""
        self._gate = threading.Event()
        try:
            yield
        finally:
            self._gate.set()
            self._gate = None

    def stop(self) -> None:
        if self._gate:
            self._gate.set()
        super().stop()

    def _enter(self, request: Request) -> None:
        self.requests.append(Asked(request.method, request.url.path, dict(request.headers)))
        if gate := self._gate:
            gate.wait(60)
        if self._fault is not None and self._fault[0] in ("", request.method):
            raise AnswerError(self._fault[1])
        self._authenticate(request)

    def _add_routes(self, app: FastAPI) -> None:
        raise NotImplementedError

    def _authenticate(self, request: Request) -> None:
        raise NotImplementedError


class AnswerError(Exception):
    """Ends a request with this answer."""

    def __init__(self, response: Response) -> None:
        self.response = response


def answer(status: int, body: Any) -> AnswerError:
    """To be raised."""
    return AnswerError(JSONResponse(body, status))
