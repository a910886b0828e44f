"""mem0's embedder for Ollama, which asks the server while it is made: here no longer than it may."""

from __future__ import annotations

from typing import Any

from mem0.configs.embeddings.base import BaseEmbedderConfig
from mem0.embeddings.ollama import OllamaEmbedding

from . import providers
from .limits import bounded

_PULL_S = 600.0  # a download of some hundred megabytes


class _OllamaEmbedder(OllamaEmbedding):  # type: ignore[misc]
    def _ensure_model_exists(self) -> None:
        """Left for later: there is no time-out yet."""


def ollama_embedder(config: dict[str, Any]) -> Any:
    """mem0's embedder. Its model is pulled where the server lacks it, as mem0 does."""
    model = _OllamaEmbedder(BaseEmbedderConfig(**config))
    providers.bound_client(model, providers.EMBED_TIMEOUT_S, config)
    with bounded(providers.EMBED_TIMEOUT_S):
        listed = model.client.list()["models"]
    wanted = model._normalize_model_name(model.config.model)
    names = {str(found.get(name) or "") for found in listed for name in ("name", "model")}
    if wanted not in map(model._normalize_model_name, names):
        http = providers.http_client(model)
        before, http.timeout = http.timeout, _PULL_S
        with bounded(_PULL_S):
            model.client.pull(model.config.model)
        http.timeout = before
    return model
