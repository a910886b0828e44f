"""With `local_only`: whether what users say passes only through one's own machines and network."""

from __future__ import annotations

from collections.abc import Iterator

from ..config.addresses import folder_of
from ..config.hosts import is_local
from ..config.settings import Valves
from ..core.memory import Check
from ..models.data_residency import is_local_model


def data_residency(settings: Valves, state_url: str = "") -> list[Check]:
    """The status's line; none without `local_only`. `state_url`: the state's, "" for the data folder."""
    if not settings.local_only:
        return []
    away = list(_away(settings))
    if state_url and not is_local(state_url):
        away.append("the state (MEMORY_STATE_URL)")
    if settings.webui_url and not is_local(settings.webui_url):
        away.append("Open WebUI (webui_url)")
    if away:
        be = "is" if len(away) == 1 else "are"
        detail = f"{', '.join(away)} {be} external: what users say leaves your network"
        return [Check("local only", False, detail, "Choose local ones, or switch local_only off.")]
    detail = "everything that remembers is on your own machines or network"
    if settings.backend == "server":
        detail = "mem0's server is in your own network; which LLM and embedder it asks is not known here"
    return [Check("local only", True, detail)]


def _away(settings: Valves) -> Iterator[str]:
    """What is external of what the settings name, in words."""
    if settings.backend != "library":
        if not is_local(settings.backend_url):
            yield f"mem0's {settings.backend}"
        return
    # With auto none is asked that is external.
    if settings.llm_provider not in ("none", "auto") and settings.uses_llm:
        if not is_local_model(settings, "llm"):
            yield "the LLM"
        if settings.fallback_llm_provider != "none" and not is_local_model(settings, "fallback_llm"):
            yield "the second LLM"
    if not settings.embeds_by_itself and not is_local_model(settings, "embedder"):
        yield "the embedder"
    url = settings.vector_store_url
    if settings.vector_store != "sqlite" and not folder_of(url) and not is_local(url):
        yield "the store"
