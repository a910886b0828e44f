"""A request's body comes whole, or not at all; and so many requests are at work at once."""

import asyncio
from typing import Any

import pytest

from owui_memory.interfaces.requests import Places, RequestError, body_of


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


def test_so_many_at_once_of_all_and_of_one_user() -> None:
    places = Places(3, 2)
    with places.one("ada"), places.one("ada"):
        with pytest.raises(RequestError, match="Too many"), places.one("ada"):
            pass
        with places.one("bob"), pytest.raises(RequestError), places.one("cleo"):
            pass
        with places.one("cleo"):
            assert places.are_taken
    assert not places.are_taken
