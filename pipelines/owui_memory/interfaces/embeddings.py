"""POST /memory/v1/embeddings: the filter's embedder for other programs, in the form of OpenAI's API.

`make up` gives it to Open WebUI, whose own memory page needs an embedding model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..core.errors import MemoryFault
from .server_key import has_key

MOST_TEXTS, MOST_CHARS = 64, 200_000  # of one request
_MOST_BYTES = 2_000_000


class Embeds(Protocol):
    """What makes vectors: see `models.embedder`."""

    name: str

    def embed_batch(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector for each text."""


def route(key: str, embedder: Callable[[], Embeds]) -> Route:
    """The route, behind the server's key. `embedder` raises MemoryFault where there is none."""

    async def answer(request: Request) -> JSONResponse:
        if not has_key(request.headers, key):
            return _refusal("Send the server's key.", 401)
        try:
            texts = _texts(await _json(request))
        except ValueError as flaw:
            return _refusal(str(flaw), 400)
        try:
            return JSONResponse(await run_in_threadpool(_embedded, embedder, texts))
        except MemoryFault as fault:
            return _refusal(f"{fault} {fault.hint}".strip(), 503)

    return Route("/v1/embeddings", answer, methods=["POST"])


async def _json(request: Request) -> Any:
    read = b""
    async for chunk in request.stream():
        read += chunk
        if len(read) > _MOST_BYTES:
            raise ValueError(f"A request has {_MOST_BYTES} bytes at most.")
    return json.loads(read)


def _texts(asked: Any) -> list[str]:
    """What is to be embedded.

    Raises:
        ValueError: it is not of the right form, or too much.
    """
    given = asked.get("input") if isinstance(asked, dict) else None
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(one, str) and one for one in texts):
        raise ValueError('"input" is a text or a list of texts, none of them empty.')
    if len(texts) > MOST_TEXTS or sum(map(len, texts)) > MOST_CHARS:
        raise ValueError(f"A request has {MOST_TEXTS} texts and {MOST_CHARS} characters at most.")
    return texts


def _embedded(embedder: Callable[[], Embeds], texts: list[str]) -> dict[str, Any]:
    using = embedder()
    vectors = using.embed_batch(texts)
    rows = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    usage = {"prompt_tokens": 0, "total_tokens": 0}
    return {"object": "list", "model": using.name, "data": rows, "usage": usage}


def _refusal(message: str, status: int) -> JSONResponse:
    return JSONResponse({"error": {"message": message, "type": "invalid_request_error"}}, status_code=status)
