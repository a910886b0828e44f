"""Whether a model runs on one's own machine or network."""

from __future__ import annotations

from ..config.hosts import is_local
from ..config.model_patterns import is_ollama_cloud
from ..config.settings import Valves
from .probe import ollamas_own
from .providers import DEFAULT_URL

_HERE = "http://localhost"


def is_local_model(settings: Valves, role: str) -> bool:
    """Whether the model of the settings whose names begin with `role` is on one's own machine or network."""
    provider, url, model, _ = settings.model_of(role)
    if provider == "ollama":
        return is_local(url or ollamas_own() or _HERE) and not is_ollama_cloud(model)
    return is_local(url or DEFAULT_URL.get(provider, ""))
