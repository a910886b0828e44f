"""A request's body comes whole, or not at all."""

import asyncio
from typing import Any

import pytest

from owui_memory.interfaces.requests import RequestError, body_of


def piece(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ([piece(b"d", more=False)], b"abcd"),
        ([piece(b"de")], 413),
        ([{"type": "http.disconnect"}], 400),
        ([], 408),
    ],
)
def test_whole_or_not_at_all(then: list[dict[str, Any]], expected: Any) -> None:
    coming = iter([piece(b"ab"), piece(b"c"), *then])

    async def receive() -> Any:
        return next(coming, None) or await asyncio.Event().wait()

    async def asked() -> bytes:
        return await body_of(receive, 4, 0.01)

    if isinstance(expected, bytes):
        assert asyncio.run(asked()) == expected
    else:
        with pytest.raises(RequestError) as refused:
            asyncio.run(asked())
        assert refused.value.status == expected
