"""How a key goes along with each request to mem0."""

from __future__ import annotations

from collections.abc import Generator

import httpx


class KeyHeader(httpx.Auth):
    """A key that stands in a header of each request."""

    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[self._name] = self._value
        yield request
