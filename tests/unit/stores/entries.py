"""Entries of stores, and ways to put them in and read them."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

EAST, NORTH, WEST = (1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (-1.0, 0.0, 0.0, 0.0)


def number(n: int) -> str:
    """The id of a test's n-th memory; they sort as their numbers do."""
    return str(uuid.UUID(int=n, version=4))


def about(text: str, user: str = "ada", **more: Any) -> dict[str, Any]:
    return {"data": text, "user_id": user, "created_at": "2026-01-01T00:00:00+00:00", **more}


def put(store: Any, n: int, text: str, user: str = "ada", vector: Sequence[float] = EAST, **more: Any) -> str:
    store.put([number(n)], [vector], [about(text, user, **more)])
    return number(n)


def put_many(store: Any, numbers: Sequence[int], user: str = "ada") -> None:
    store.put(
        [number(n) for n in numbers], [EAST for _ in numbers], [about(f"memory {n}", user) for n in numbers]
    )


def texts(rows: Sequence[Any]) -> list[str]:
    return [row.payload["data"] for row in rows]


def ids(rows: Sequence[Any]) -> list[str]:
    return [str(row.id) for row in rows]


def scanned(store: Any, limit: int) -> Iterator[list[Any]]:
    """Page after page."""
    after = None
    while True:
        rows, after = store.scan(after, limit)
        yield list(rows)
        if after is None:
            return
