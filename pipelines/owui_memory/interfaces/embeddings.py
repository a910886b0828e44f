"""POST /memory/v1/embeddings: the filter's embedder for other programs, in the form of OpenAI's API.

`make up` gives it to Open WebUI, whose own memory page needs an embedding model.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..core.errors import MemoryFault

if TYPE_CHECKING:
    from ..models.embedder import Embedder

OWN_MODEL = "memory-filter"  # by which the proxy knows that its own embedder is meant
MOST_TEXTS, MOST_CHARS = 64, 200_000  # of one request
_MOST_BYTES = 2_000_000


async def embedded(raw: bytes, embedder: Callable[[], Embedder]) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer to a request. `embedder` raises MemoryFault where there is none."""
    try:
        if len(raw) > _MOST_BYTES:
            raise ValueError(f"A request has {_MOST_BYTES} bytes at most.")
        texts = _texts(json.loads(raw))
    except (ValueError, RecursionError) as flaw:
        return 400, _refusal(str(flaw))
    try:
        return 200, await asyncio.to_thread(_embedded, embedder, texts)
    except MemoryFault as fault:
        return 503, _refusal(f"{fault} {fault.hint}".strip())


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


def _embedded(embedder: Callable[[], Embedder], texts: list[str]) -> dict[str, Any]:
    using = embedder()
    vectors = using.embed_batch(texts)
    rows = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    usage = {"prompt_tokens": 0, "total_tokens": 0}
    return {"object": "list", "model": using.name, "data": rows, "usage": usage}


def _refusal(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error"}}
