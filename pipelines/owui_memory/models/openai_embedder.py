"""mem0's embedder for servers that speak OpenAI's language, whose answers are read without OpenAI's models.

Those check each number of a vector by itself: 5 ms for one of 1,536, which is more than all else of a recall.
"""

from __future__ import annotations

from typing import Any

from mem0.configs.embeddings.base import BaseEmbedderConfig
from mem0.embeddings.openai import OpenAIEmbedding

_AT_ONCE = 100  # texts; more are refused by some servers


class _OpenAIEmbedder(OpenAIEmbedding):  # type: ignore[misc]
    def embed(self, text: str, memory_action: str | None = None) -> list[float]:
        return self.embed_batch([text], memory_action)[0]

    def embed_batch(self, texts: list[str], memory_action: str | None = "add") -> list[list[float]]:  # noqa: ARG002
        lines = [text.replace("\n", " ") for text in texts]
        parts = [lines[at : at + _AT_ONCE] for at in range(0, len(lines), _AT_ONCE)]
        return [vector for part in parts for vector in self._embedded(part)]

    def _embedded(self, texts: list[str]) -> list[list[float]]:
        asked: dict[str, Any] = {"input": texts, "model": self.config.model, "encoding_format": "float"}
        if self._pass_dimensions_to_api:
            asked["dimensions"] = self.config.embedding_dims
        answer = self.client.embeddings.with_raw_response.create(**asked).http_response.json()
        try:
            found = sorted(answer["data"], key=lambda one: int(one.get("index") or 0))
            vectors = [one["embedding"] for one in found]
        except (AttributeError, KeyError, TypeError):
            raise ValueError("The answer holds no embeddings.") from None
        if len(vectors) != len(texts):
            raise ValueError(f"The answer holds {len(vectors)} embeddings for {len(texts)} texts.")
        return vectors


def openai_embedder(config: dict[str, Any]) -> Any:
    """mem0's embedder."""
    return _OpenAIEmbedder(BaseEmbedderConfig(**config))
