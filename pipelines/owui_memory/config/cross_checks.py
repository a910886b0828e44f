"""Settings that are valid one by one but cannot work together, each in one sentence for the admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .valves_codec import SettingsError

if TYPE_CHECKING:
    from .settings import Valves

LOCAL = frozenset({"ollama", "lmstudio", "vllm", "huggingface"})  # run by oneself: they need no key
ONE_ADDRESS = frozenset({"gemini", "groq", "together"})  # mem0 takes no other than their own
_NAMED_ONLY = frozenset(
    {"ollama", "vllm"}
)  # have no model but those named; mem0 would ask for one of 32 or 70 GB
_PLATFORM = "api.mem0.ai"
_HOSTED = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "xai",
    "api.groq.com": "groq",
    "api.together.xyz": "together",
    "generativelanguage.googleapis.com": "gemini",
}


def objections(settings: Valves) -> Iterator[SettingsError]:
    """What cannot work, the most telling first. Settings that the backend does not use are ignored."""
    if settings.backend == "library":
        yield from _of_library(settings)
    else:
        yield from _of_remote(settings)
    if settings.webui_api_key and not settings.webui_url:
        yield SettingsError("webui_api_key", "webui_api_key must come with webui_url, or be unset.")


def of_provider(role: str, provider: str, url: str, model: str, key: str) -> SettingsError | None:
    """Why a provider cannot work with these values, or None. `role`: how the names of its settings begin."""
    setting = f"{role}_base_url"
    host, path = _host(url), urlsplit(url).path.rstrip("/")
    if url and provider in ONE_ADDRESS:
        return SettingsError(
            setting, f"{setting} must be unset when {role}_provider is {provider}; for others choose openai."
        )
    if host in _HOSTED and (provider == "ollama" or (provider, host) == ("anthropic", "api.openai.com")):
        return SettingsError(
            setting, f"{setting} is {_HOSTED[host]}'s address: set {role}_provider to {_HOSTED[host]}."
        )
    if provider == "ollama" and path.endswith("/v1"):
        return SettingsError(
            setting, f"{setting} must not end in /v1 when {role}_provider is ollama, or choose openai."
        )
    if provider == "huggingface" and not url and not model:
        return SettingsError(
            setting,
            f"{setting} must be set when {role}_provider is huggingface: to a text-embeddings-inference "
            f"server; or {role}_model to a model of sentence-transformers on this machine.",
        )
    if not key and not url and provider not in LOCAL:
        setting = f"{role}_api_key"
        return SettingsError(setting, f"{setting} must be set when {role}_provider is {provider}.")
    if not model and provider in _NAMED_ONLY and role != "embedder":
        setting = f"{role}_model"
        return SettingsError(setting, f"{setting} must be set when {role}_provider is {provider}.")
    return None


def _of_library(settings: Valves) -> Iterator[SettingsError]:
    if settings.vector_store != "sqlite" and not settings.vector_store_url:
        yield SettingsError(
            "vector_store_url", f"vector_store_url must be set when vector_store is {settings.vector_store}."
        )
    if settings.extraction in ("mem0", "reconcile") and not settings.has_llm:
        yield SettingsError("extraction", f"extraction must be verbatim or auto {_without_llm(settings)}.")
    yield from _of_providers(settings)


def _of_providers(settings: Valves) -> Iterator[SettingsError]:
    roles = ["embedder"] if settings.embedder_provider != "bundled" else []
    if settings.has_llm:
        if settings.llm_provider != "auto":
            roles.append("llm")
        if settings.fallback_llm_provider != "none":
            roles.append("fallback_llm")
    for role in roles:
        if wrong := of_provider(role, *settings.model_of(role)):
            yield wrong


def _of_remote(settings: Valves) -> Iterator[SettingsError]:
    if settings.backend == "server" and not settings.backend_url:
        yield SettingsError("backend_url", "backend_url must be set when backend is server.")
    if settings.backend == "server" and _host(settings.backend_url) == _PLATFORM:
        yield SettingsError("backend", "backend must be platform when backend_url is mem0's hosted service.")
    if settings.backend == "platform" and not settings.backend_api_key:
        yield SettingsError("backend_api_key", "backend_api_key must be set when backend is platform.")
    if settings.extraction == "reconcile" and not settings.has_llm:
        yield SettingsError("extraction", f"extraction must not be reconcile {_without_llm(settings)}.")
    yield from _of_providers(settings)


def _without_llm(settings: Valves) -> str:
    if settings.llm_provider == "none":
        return "when llm_provider is none"
    return "when llm_provider is auto and no server of the chats is known here"


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
