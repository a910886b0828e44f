"""mem0's API over HTTP: one client, one way to ask and to read answers.

The key goes to the configured host only: no redirect is followed, no proxy is taken from the environment.
"""

from __future__ import annotations

import threading
from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

import httpx

from ..core.errors import MemoryFault, TellAdmin
from ..core.memory import is_id
from ..models.faults import translated
from ..models.limits import bounded, limited
from .answers import Answer, object_in, rows_of, says_missing

_ANSWER_BYTES = 64_000_000  # tens of thousands of memories
_WAITS = 3  # time-outs, each for one wait, that an answer may take as a whole

Auth = httpx.Auth | Callable[[httpx.Request], httpx.Request]


def key_header(name: str, value: str) -> Auth:
    """For a key that stands in a header of each request."""

    def add(request: httpx.Request) -> httpx.Request:
        request.headers[name] = value
        return request

    return add


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, to wait for what was found, and to wait while mem0's LLM reads."""

    connect: float = 2.0
    search: float = 10.0
    add: float = 120.0


class Api(ABC):
    """A subclass names it, and the route of one memory, with a place for its id."""

    name: ClassVar[str]
    one_route: ClassVar[str]

    def __init__(self, url: str, auth: Auth | None, timeouts: Timeouts) -> None:
        self._url, self._timeouts = url, timeouts
        self._client = httpx.Client(base_url=url, auth=auth, follow_redirects=False, trust_env=False)
        self._counting, self._requests, self._is_closed = threading.Lock(), 0, False
        limited(self._client)

    def close(self) -> None:
        """Release the connections once no request is under way: httpx would lose those being made."""
        with self._counting:
            self._is_closed = True
            if not self._requests:
                self._client.close()

    def _fault_in(self, response: httpx.Response) -> MemoryFault | None:  # noqa: ARG002 - for subclasses
        """What an error answer means where its HTTP status does not tell."""
        return None

    def _call(self, method: str, path: str, timeout_s: float, **sent: Any) -> Answer:
        """One request, and its answer as an object; `sent`: its `json` and its `params`.

        Raises:
            MemoryFault: see `faults`; what was sent is never repeated in it.
        """
        with translated(self.name, self._url):
            return self._read(self._send(method, path, timeout_s, **sent))

    def _call_one(self, method: str, memory_id: str, timeout_s: float, **sent: Any) -> Answer | None:
        """As `_call`, about one memory; None if there is none."""
        if not is_id(memory_id):
            return None
        with translated(self.name, self._url):
            path = self.one_route.format(quote(memory_id, safe=""))
            response = self._send(method, path, timeout_s, **sent)
            return None if says_missing(response) else self._read(response)

    def _send(self, method: str, path: str, timeout_s: float, **sent: Any) -> httpx.Response:
        timeout = httpx.Timeout(timeout_s, connect=self._timeouts.connect)
        with self._counting:
            self._requests += 1
        try:
            with bounded(_WAITS * timeout_s, _ANSWER_BYTES):
                return self._client.request(method, path, timeout=timeout, **sent)
        finally:
            with self._counting:
                self._requests -= 1
                if self._is_closed and not self._requests:
                    self._client.close()

    def _read(self, response: httpx.Response) -> Answer:
        if response.is_redirect:
            hint = "Set backend_url to the address it redirects to, if that one is yours too."
            raise TellAdmin(f"The {self.name} redirects to another address.", hint=hint)
        if response.is_error and (fault := self._fault_in(response)):
            raise fault
        response.raise_for_status()
        answer = object_in(response)
        if answer is None:
            raise self._stranger()
        return answer

    def _rows(self, answer: Answer, user_id: str) -> list[Answer]:
        """A user's memories in an answer that lists memories."""
        if not isinstance(answer.get("results"), list):
            raise self._stranger()
        return rows_of(answer, user_id)

    def _stranger(self) -> TellAdmin:
        hint = "backend_url is the address of its API, not of its dashboard."
        return TellAdmin(f"What answers at backend_url is no {self.name}.", hint=hint)
