"""Which models a server says it has, and what to do where the named one is not among them.

Nothing of it costs money or wakes a model. Where the list cannot be had, nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from ..config.settings import Valves
from ..core.chat_servers import ChatServer
from ..core.errors import Drop, MemoryFault, TellAdmin
from . import providers
from .catalogue import names_at, tagged
from .faults import host_of

_COMPARED = 2000  # names; OpenRouter has some hundreds
_SHOWN, _SHOWN_CHARS = 8, 80  # names in a sentence, and of each

# Of those with OpenAI's list. Anthropic's leaves out the names that it also takes.
_OPENAI_LIKE = frozenset({"openai", "lmstudio", "vllm", "deepseek", "xai"})


def lacking(settings: Valves, role: str) -> TellAdmin | None:
    """That the server has no model of the name in the settings; None where it has, or nobody can say.

    `role` begins the names of the settings: llm, fallback_llm or embedder.
    """
    provider, url, model, key = settings.model_of(role)
    if not model:
        return None
    if provider == "ollama":
        return _lacking_in_ollama(role, url or ollamas_own(), model)
    if provider in _OPENAI_LIKE:
        return _lacking_in_openai(role, url or providers.DEFAULT_URL[provider], model, key)
    return None


def is_ollama(settings: Valves, role: str) -> bool:
    """Whether it has no model but those listed; other servers may take any name."""
    return str(getattr(settings, f"{role}_provider")) == "ollama"


def explained(fault: MemoryFault, settings: Valves, role: str) -> MemoryFault:
    """The fault of a call, or that the server lacks the model, where that may be its reason."""
    # What is down or overloaded says nothing of its models, and a fault without a cause is our own finding.
    refused = isinstance(fault, Drop | TellAdmin) and fault.__cause__ is not None
    return (lacking(settings, role) if refused or is_ollama(settings, role) else None) or fault


def _lacking_in_ollama(role: str, url: str, model: str) -> TellAdmin | None:
    if not url or tagged(model).endswith("cloud"):  # served by Ollama's makers, listed or not
        return None
    names = names_at(ChatServer("ollama", url.rstrip("/")))
    if names is None or tagged(model) in map(tagged, names):
        return None
    return TellAdmin(
        f"Ollama at {host_of(url)} has no model '{model}'; {_which(names, model)}.",
        hint=f"Pull it: ollama pull {model} - or set {role}_model to one that is there.",
    )


def _lacking_in_openai(role: str, url: str, model: str, key: str) -> TellAdmin | None:
    url = url.rstrip("/")
    names = names_at(ChatServer("openai", url, key))
    if names is None and not url.endswith("/v1"):
        if names_at(ChatServer("openai", f"{url}/v1", key)) is None:
            return None
        return TellAdmin(
            f"The server at {host_of(url)} answers under /v1, which {role}_base_url does not end in.",
            hint=f"Set {role}_base_url to its address with /v1 at the end.",
        )
    if names is None or model in names or f"{model}:latest" in names:  # Ollama's under /v1
        return None
    return TellAdmin(
        f"The server at {host_of(url)} lists no model '{model}'; {_which(names, model)}.",
        hint=f"Set {role}_model to one that is there.",
    )


def _which(names: Sequence[str], model: str) -> str:
    """What there is; of a long list the names most like the wanted one."""
    if not names:
        return "it has none"
    if len(names) <= _SHOWN:
        return f"it has: {', '.join(name[:_SHOWN_CHARS] for name in names)}"
    short = [name for name in names if len(name) <= _SHOWN_CHARS]
    like = get_close_matches(model, short[:_COMPARED], n=_SHOWN, cutoff=0.0)
    return f"it has: {', '.join(like)} and {len(names) - len(like)} more"


def ollamas_own() -> str:
    """Where its client goes without an address: OLLAMA_HOST or this machine; "" without the client."""
    try:
        from ollama import Client
    except ImportError:
        return ""
    return str(Client()._client.base_url)
