"""Settings of models that cannot work are refused, with what to do."""

from __future__ import annotations

from typing import get_args

import pytest

from owui_memory.config.settings import Valves
from owui_memory.config.valves_codec import SettingsError

HOSTED = ("openai", "anthropic", "gemini", "groq", "together", "deepseek", "xai")
OWN = "http://127.0.0.1:8080"


REFUSED = [
    *((name, "", "{role}_api_key must be set when {role}_provider is " + f"{name}.") for name in HOSTED),
    *(
        (
            name,
            OWN,
            f"{{role}}_base_url must be unset when {{role}}_provider is {name}; for others choose openai.",
        )
        for name in ("gemini", "groq", "together")
    ),
    (
        "ollama",
        "https://api.openai.com/v1",
        "{role}_base_url is openai's address: set {role}_provider to openai.",
    ),
    (
        "ollama",
        "https://API.DeepSeek.com",
        "{role}_base_url is deepseek's address: set {role}_provider to deepseek.",
    ),
    (
        "anthropic",
        "https://api.openai.com",
        "{role}_base_url is openai's address: set {role}_provider to openai.",
    ),
    (
        "ollama",
        "http://ollama:11434/v1/",
        "{role}_base_url must not end in /v1 when {role}_provider is ollama, or choose openai.",
    ),
    ("openai", "ftp://host", "{role}_base_url must be an address like http://host:port."),
    (
        "huggingface",
        "",
        "{role}_base_url must be set when {role}_provider is huggingface: to a text-embeddings-inference "
        "server; or {role}_model to a model of sentence-transformers on this machine.",
    ),
]


def providers_of(role: str) -> tuple[str, ...]:
    return get_args(Valves.model_fields[f"{role}_provider"].annotation)


@pytest.mark.parametrize(
    ("role", "provider", "url", "objection"),
    [
        (role, *case)
        for role in ("llm", "fallback_llm", "embedder")
        for case in REFUSED
        if case[0] in providers_of(role)
    ],
)
def test_a_provider_that_cannot_work_is_refused(role: str, provider: str, url: str, objection: str) -> None:
    with pytest.raises(SettingsError) as refused:
        of_role(role, provider, url)
    assert str(refused.value) == objection.format(role=role)


@pytest.mark.parametrize("role", ["llm", "fallback_llm"])
@pytest.mark.parametrize("provider", ["ollama", "vllm"])
def test_a_server_of_named_models_needs_a_name(role: str, provider: str) -> None:
    with pytest.raises(SettingsError, match=f"^{role}_model must be set when {role}_provider is {provider}"):
        of_role(role, provider, OWN)
    assert of_role(role, provider, OWN, model="small")


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("openai", OWN),
        ("openai", "https://api.groq.com/openai/v1"),
        ("openai", "https://api.anthropic.com/v1"),
        ("anthropic", "https://api.deepseek.com/anthropic"),
        ("lmstudio", ""),
        ("deepseek", "https://proxy.example/v1"),
    ],
)
def test_a_provider_that_may_work_is_not_refused(provider: str, url: str) -> None:
    assert of_role("llm", provider, url)


def test_settings_that_are_not_used_are_not_judged() -> None:
    assert Valves(backend="server", backend_url="http://m:8000", vector_store="qdrant")
    assert Valves(fallback_llm_provider="openai")


def of_role(role: str, provider: str, url: str, model: str = "") -> Valves:
    given = {f"{role}_provider": provider, f"{role}_base_url": url, f"{role}_model": model}
    first = {"llm_provider": "openai", "llm_base_url": OWN} if role == "fallback_llm" else {}
    return Valves(**first, **given)
