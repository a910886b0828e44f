"""The filter's embedder for other programs: what the proxy answers at /v1/embeddings for it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from owui_memory.app import Application
from owui_memory.config.environment import Environment
from owui_memory.config.settings import Valves
from owui_memory.core.errors import Retry
from owui_memory.interfaces import embeddings
from owui_memory.models.embedder import Embedder
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until

Given = Callable[[], Embedder]


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory, _running_llm: ScriptedLLM) -> Iterator[Given]:
    settings = Valves(**_running_llm.embeds("scripted-embed"))
    environment = Environment({}, tmp_path_factory.mktemp("embedder"), "key")
    runtime = Application(environment, lambda: settings, [])
    try:
        wait_until(lambda: runtime.live.current is not None, what="the backend is open")
        yield runtime.embedder
    finally:
        runtime.close()


def ask(embedder: Given, body: Any) -> tuple[int, dict[str, Any]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return asyncio.run(embeddings.embedded(raw, embedder))


def test_vectors_in_the_order_of_the_texts(embedder: Given) -> None:
    _, answer = ask(embedder, {"model": "any", "input": ["a dog", "a cat"]})

    assert [row["index"] for row in answer["data"]] == [0, 1]
    one = ask(embedder, {"input": "a cat"})[1]["data"][0]["embedding"]
    assert answer["data"][1]["embedding"] == one
    assert answer["data"][0]["embedding"] != one


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
        b"{",
    ],
)
def test_what_cannot_be_embedded_is_refused_in_a_sentence(embedder: Given, body: Any) -> None:
    status, refused = ask(embedder, body)
    assert status == 400
    assert refused["error"]["message"]


def test_without_a_backend_it_says_why() -> None:
    def none() -> Embedder:
        raise Retry("Memory is still starting.", hint="Wait some seconds.")

    status, refused = ask(none, {"input": "a"})
    assert status == 503
    assert refused["error"]["message"] == "Memory is still starting. Wait some seconds."
