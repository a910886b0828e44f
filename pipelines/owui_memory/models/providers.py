"""Settings -> mem0's configuration of LLM, embedder and vector store."""

from __future__ import annotations

import weakref
from importlib import util
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from ..config.addresses import folder_of
from ..config.cross_checks import of_provider
from ..config.settings import Valves
from ..core.errors import TellAdmin
from .limits import limited

EMBED_TIMEOUT_S = 10.0  # of one text; mem0's own default is 600 s with two retries inside
FIRST, FALLBACK = "llm", "fallback_llm"
SQLITE_FILE = "memories.db"  # in the data folder
NO_KEY = "none"  # OpenAI's client insists on a key, and would else take one from the environment

_BASE_URL = {
    "openai": "openai_base_url",
    "ollama": "ollama_base_url",
    "lmstudio": "lmstudio_base_url",
    "vllm": "vllm_base_url",
    "anthropic": "anthropic_base_url",
    "deepseek": "deepseek_base_url",
    "xai": "xai_base_url",
    "huggingface": "openai_base_url",  # see `embedder`
}
# Said even if it is the default: mem0 would else take one from the environment, and send the key there.
DEFAULT_URL = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "deepseek": "https://api.deepseek.com",
    "xai": "https://api.x.ai/v1",
    "vllm": "http://localhost:8000/v1",
    "lmstudio": "http://localhost:1234/v1",
}
_UNNAMED = "tei"  # text-embeddings-inference serves one model and takes any name for it
_PACKAGE = {
    "ollama": "ollama",
    "anthropic": "anthropic",
    "gemini": "google.genai",
    "groq": "groq",
    "together": "together",
}


def llm(settings: Valves, prefix: str = FIRST) -> tuple[str, dict[str, Any]]:
    """mem0's provider name and configuration of an LLM; `prefix` is that of its settings' names.

    Raises:
        TellAdmin: a package is missing, or the settings cannot work together (`cross_checks.of_provider`).
    """
    return _provider(prefix, *settings.model_of(prefix))


def embedder(settings: Valves) -> tuple[str, dict[str, Any]]:
    """mem0's provider name and configuration of an embedder that is not bundled. Raises as `llm`."""
    if settings.embeds_by_itself:
        return _sentence_transformer(settings.embedder_model)
    name, config = _provider("embedder", *settings.model_of("embedder"))
    if name == "huggingface":  # mem0's own class for it wants PyTorch even where it only asks a server
        return "openai", {"model": _UNNAMED, **config}
    return name, config


def _sentence_transformer(model: str) -> tuple[str, dict[str, Any]]:
    if wrong := of_provider("embedder", "huggingface", "", model, ""):
        raise TellAdmin(str(wrong), hint="Change it in the settings.")
    if not installed("sentence_transformers"):
        raise TellAdmin(
            "embedder_provider huggingface without an address needs sentence-transformers.",
            hint=(
                "Install it next to mem0ai (it brings PyTorch), then restart the Pipelines server; "
                "or set embedder_base_url to a text-embeddings-inference server."
            ),
        )
    return "huggingface", {"model": model, "model_kwargs": {"device": "cpu", "local_files_only": True}}


def vector_store(settings: Valves, data_dir: Path, dims: int, collection: str) -> tuple[str, dict[str, Any]]:
    """mem0's provider name and configuration of the store for embeddings of `dims` numbers."""
    shared = {"collection_name": collection, "embedding_model_dims": dims}
    url, key = settings.vector_store_url, settings.vector_store_api_key
    if settings.vector_store == "qdrant" and (folder := folder_of(url)):
        return "qdrant", {**shared, "path": folder}
    if settings.vector_store == "qdrant":
        return "qdrant", {**shared, "url": url, **({"api_key": key} if key else {})}
    if settings.vector_store == "pgvector":
        return "pgvector", {**shared, "connection_string": with_password(url, key)}
    return "sqlite", {**shared, "path": str(data_dir / SQLITE_FILE)}


def _provider(role: str, name: str, url: str, model: str, key: str) -> tuple[str, dict[str, Any]]:
    if wrong := of_provider(role, name, url, model, key):
        raise TellAdmin(str(wrong), hint="Change it in the settings.")
    package = _PACKAGE.get(name)
    if package and not installed(package):
        raise TellAdmin(
            f"{role}_provider {name} needs the Python package {package}.",
            hint=f"Install {package} next to mem0ai, then restart the Pipelines server.",
        )
    config: dict[str, Any] = {"api_key": key or NO_KEY}
    if model:
        config["model"] = model
    if url := url or DEFAULT_URL.get(name, ""):
        config[_BASE_URL[name]] = url
    return name, config


def installed(module: str) -> bool:
    """Whether a Python module can be imported."""
    try:
        return util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def with_password(url: str, password: str) -> str:
    """PostgreSQL's address with the password in it, unless it has one."""
    parts = urlsplit(url)
    if not password or parts.password:
        return url
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username or 'postgres'}:{quote(password, safe='')}@{host}").geturl()


def bound_client(model: Any, timeout_s: float, config: dict[str, Any]) -> bool:
    """Give a mem0 model's HTTP client our time-out, no retries under the outbox's own, and the model's end.

    mem0 lets OPENROUTER_API_KEY in the environment replace the configured address; put it back.
    False for a client that cannot be `limited`.
    """
    client: Any = getattr(model, "client", None)
    http = http_client(model)
    if isinstance(http, httpx.Client):
        http.timeout = httpx.Timeout(timeout_s)  # ollama's and Gemini's have none
    if hasattr(http, "close"):
        weakref.finalize(model, http.close)  # mem0 never does, and ollama's not even by itself
    if hasattr(client, "with_options"):
        options: dict[str, Any] = {"timeout": timeout_s, "max_retries": 0}
        if "openai_base_url" in config:
            options |= {"base_url": config["openai_base_url"], "api_key": config["api_key"]}
        model.client = client.with_options(**options)
    return limited(http)


def http_client(model: Any) -> Any:
    """The httpx or httpx2 client under the SDK of a mem0 model; None where there is none."""
    client: Any = getattr(model, "client", None)
    client = getattr(client, "_api_client", client)  # Gemini's
    return getattr(client, "_client", None) or getattr(client, "_httpx_client", None)
