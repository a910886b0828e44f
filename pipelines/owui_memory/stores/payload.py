"""What goes into a store beside the vector: as JSON that every store can hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..core.errors import Drop, TellAdmin


def to_json(payload: Mapping[str, Any]) -> str:
    """Its JSON. Half a surrogate pair, which is no text, becomes a question mark.

    Raises:
        Drop: it holds something that JSON cannot hold.
    """
    try:
        text = json.dumps(payload, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        raise Drop("The payload holds a value that JSON cannot hold.") from None
    return text.encode("utf-8", "replace").decode()


def entries(
    ids: Sequence[str], vectors: Sequence[Sequence[float]], payloads: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Sequence[float], Mapping[str, Any]]]:
    """What is to be stored, one by one.

    Raises:
        Drop: these are not as many of each.
    """
    if not len(vectors) == len(payloads) == len(ids):
        raise Drop("An insert needs as many payloads and ids as vectors.")
    return zip(ids, vectors, payloads, strict=True)


def wrong_size(collection: str, stored: int, made: int) -> TellAdmin:
    """The error for vectors that do not fit; both sizes in dimensions."""
    return TellAdmin(
        f"Collection {collection!r} holds vectors of {stored} dimensions, but the embedder makes {made}.",
        hint="Choose another `collection`, or go back to the earlier embedder.",
    )
