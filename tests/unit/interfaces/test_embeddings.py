"""The filter's embedder for other programs: POST /memory/v1/embeddings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from owui_memory.app import Application
from owui_memory.config.environment import Environment
from owui_memory.config.settings import Valves
from owui_memory.core.errors import Retry
from owui_memory.interfaces import embeddings
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until

KEY = {"Authorization": "Bearer key"}


def post(app: Starlette, path: str, headers: dict[str, str] = KEY, **content: Any) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post(path, headers=headers, **content)

    return asyncio.run(asked())


@pytest.fixture
def server(tmp_path: Path, scripted_llm: ScriptedLLM) -> Iterator[Starlette]:
    settings = Valves(
        embedder_provider="openai", embedder_base_url=scripted_llm.base_url, embedder_model="scripted-embed"
    )
    runtime = Application(Environment({}, tmp_path, "key"), lambda: settings, [])
    try:
        wait_until(lambda: runtime.live.current is not None, what="the backend is open")
        yield Starlette(routes=[Mount("/memory", routes=[embeddings.route("key", runtime.embedder)])])
    finally:
        runtime.close()


def ask(server: Starlette, body: Any, headers: dict[str, str] = KEY) -> httpx.Response:
    return post(server, "/memory/v1/embeddings", headers, json=body)


def test_vectors_in_the_order_of_the_texts(server: Starlette, scripted_llm: ScriptedLLM) -> None:
    answer = ask(server, {"model": "any", "input": ["a dog", "a cat"]}).json()

    assert [row["index"] for row in answer["data"]] == [0, 1]
    one = ask(server, {"input": "a cat"}).json()["data"][0]["embedding"]
    assert answer["data"][1]["embedding"] == one
    assert answer["data"][0]["embedding"] != one


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer other"}])
def test_not_without_the_key(server: Starlette, headers: dict[str, str]) -> None:
    assert ask(server, {"input": "a dog"}, headers).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"input": ""},
        {"input": []},
        {"input": [1]},
        {"input": ["a"] * (embeddings.MOST_TEXTS + 1)},
        {"input": "a" * (embeddings.MOST_CHARS + 1)},
        {"input": "a" * 3_000_000},
    ],
)
def test_what_cannot_be_embedded_is_refused_in_a_sentence(server: Starlette, body: Any) -> None:
    refused = ask(server, body)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"].endswith(".")


def test_what_is_no_json_is_refused(server: Starlette) -> None:
    assert post(server, "/memory/v1/embeddings", content=b"{").status_code == 400


def test_without_a_backend_it_says_why() -> None:
    def none() -> embeddings.Embeds:
        raise Retry("Memory is still starting.", hint="Wait some seconds.")

    app = Starlette(routes=[embeddings.route("key", none)])
    refused = post(app, "/v1/embeddings", json={"input": "a"})
    assert refused.status_code == 503
    assert refused.json()["error"]["message"] == "Memory is still starting. Wait some seconds."
