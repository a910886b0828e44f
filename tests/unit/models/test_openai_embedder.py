"""What servers that speak OpenAI's language answer is read as mem0 reads it, text by text."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI, Request

from owui_memory.models.openai_embedder import openai_embedder
from tests.harness.web import WebServer

TEXTS = [f"text {number}" for number in range(250)]


@contextmanager
def embedder(change: Any = lambda rows: rows, **config: Any) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    """One whose server gives each text its number as a vector, and what it was asked; `change`: its rows."""
    app, asked = FastAPI(), []

    @app.post("/v1/embeddings")
    async def embeddings(request: Request) -> Any:
        body = await request.json()
        asked.append(body)
        rows = [
            {"object": "embedding", "index": at, "embedding": [float(text.split()[-1]), 1.0]}
            for at, text in enumerate(body["input"])
        ]
        return {"object": "list", "data": change(rows), "model": "m"}

    with WebServer(app) as server:
        yield (
            openai_embedder({"model": "m", "api_key": "k", "openai_base_url": f"{server.url}/v1", **config}),
            asked,
        )


def test_each_text_gets_its_vector_in_any_order() -> None:
    with embedder(change=lambda rows: rows[::-1]) as (model, asked):
        assert [vector[0] for vector in model.embed_batch(TEXTS)] == list(range(250))
        assert model.embed("line\nbreak 7") == [7.0, 1.0]
    assert [len(body["input"]) for body in asked] == [100, 100, 50, 1]
    assert asked[-1] == {"input": ["line break 7"], "model": "m", "encoding_format": "float"}


def test_a_server_that_numbers_nothing_keeps_the_order() -> None:
    with embedder(change=lambda rows: [{"embedding": row["embedding"]} for row in rows]) as (model, _):
        assert [vector[0] for vector in model.embed_batch(TEXTS[:3])] == [0, 1, 2]


def test_the_size_is_asked_for_where_it_is_set() -> None:
    with embedder(embedding_dims=2) as (model, asked):
        model.embed("text 1")
    assert asked[0]["dimensions"] == 2


ODD: dict[str, Any] = {
    "one less": lambda rows: rows[1:],
    "one more": lambda rows: [*rows, rows[0]],
    "null": lambda _: None,
    "nulls": lambda _: [None],
    "no vectors": lambda _: [{}, {}],
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_an_answer_of_another_kind_is_an_error(change: Any) -> None:
    with embedder(change=change) as (model, _), pytest.raises(ValueError, match="The answer holds"):
        model.embed_batch(TEXTS[:2])
