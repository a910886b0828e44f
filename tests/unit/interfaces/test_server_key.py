"""Which requests have the server's key."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from owui_memory.config.environment import PUBLIC_DEFAULT_KEY
from owui_memory.interfaces.identity import identified
from owui_memory.interfaces.pipelines.guard import Guard
from owui_memory.interfaces.requests import RequestError
from owui_memory.interfaces.server_key import has_key


@pytest.mark.parametrize("passed_on", ["X-Forwarded-For", "Forwarded", "Origin", ""])
@pytest.mark.parametrize("key", [PUBLIC_DEFAULT_KEY, "a key of one's own"])
@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key"])
def test_the_public_key_is_none_through_a_reverse_proxy_or_from_a_page(
    passed_on: str, key: str, header: str
) -> None:
    sent = {header: f"Bearer {key}" if header == "Authorization" else key, "X-Memory-User-Id": "ada"}
    sent |= {passed_on: "for=192.0.2.1"} if passed_on else {}
    headers, refused = Headers(sent), bool(passed_on) and key == PUBLIC_DEFAULT_KEY

    async def nobody(_: str) -> str:
        return ""

    async def asked() -> httpx.Response:
        server: Any = Guard(PlainTextResponse("inside"), key, active=True)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(server)) as client:
            return await client.get("http://server/v1/models", headers=sent)

    if refused:
        with pytest.raises(RequestError, match="Set PIPELINES_API_KEY"):
            asyncio.run(identified(headers, key, "", nobody))
    else:
        assert asyncio.run(identified(headers, key, "", nobody)).id == "ada"
    if header == "Authorization":
        assert has_key(headers, key) is not refused
        answer = asyncio.run(asked())
        assert (answer.status_code, "Set PIPELINES_API_KEY" in answer.text) == (
            (401, True) if refused else (200, False)
        )
