"""Settings of models that cannot work are refused, with what to do."""

from typing import get_args

import pytest

from owui_memory.config.settings import Valves
from owui_memory.config.valves_codec import SettingsError

HOSTED = ("openai", "anthropic", "gemini", "groq", "together", "deepseek", "xai")
OWN = "http://127.0.0.1:8080"


_URL, _PROVIDER = "{role}_base_url", "{role}_provider"
HUGGINGFACE = (
    f"{_URL} must be set when {_PROVIDER} is huggingface: to a text-embeddings-inference server; "
    "or {role}_model to a model of sentence-transformers on this machine."
)
REFUSED = [
    *((name, "", f"{{role}}_api_key must be set when {_PROVIDER} is {name}.") for name in HOSTED),
    *(
        (name, OWN, f"{_URL} must be unset when {_PROVIDER} is {name}; for others choose openai.")
        for name in ("gemini", "groq", "together")
    ),
    ("ollama", "https://api.openai.com/v1", f"{_URL} is openai's address: set {_PROVIDER} to openai."),
    ("ollama", "https://API.DeepSeek.com", f"{_URL} is deepseek's address: set {_PROVIDER} to deepseek."),
    ("anthropic", "https://api.openai.com", f"{_URL} is openai's address: set {_PROVIDER} to openai."),
    (
        *("ollama", "http://ollama:11434/v1/"),
        f"{_URL} must not end in /v1 when {_PROVIDER} is ollama, or choose openai.",
    ),
    ("openai", "ftp://host", f"{_URL} must be an address like http://host:port."),
    ("huggingface", "", HUGGINGFACE),
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
