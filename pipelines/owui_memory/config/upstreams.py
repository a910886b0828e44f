"""The model servers behind the proxy, as the setting `upstreams` names them: a line of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ..core.chat_servers import ChatServer
from .addresses import is_url
from .hosts import is_local
from .marks import MASK
from .model_patterns import named, read_names

EXAMPLE = '[{"name": "main", "base_url": "http://host:8000/v1", "api_key": "..."}]'
_NAMES = ("name", "base_url", "api_key", "models")
_MOST, _NAME_CHARS = 20, 40


@dataclass(frozen=True, slots=True)
class Upstream:
    """An OpenAI-compatible server. base_url: with /v1. models: patterns of those it is for, "" for all."""

    name: str
    base_url: str
    api_key: str = field(default="", repr=False)
    models: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine or in a private network, as far as its address tells."""
        return is_local(self.base_url)

    def is_for(self, model: str) -> bool:
        """Whether its patterns name a model."""
        return bool(self.models) and named(self.models, model)


@lru_cache(maxsize=16)
def read_upstreams(text: str) -> tuple[Upstream, ...]:
    """The servers of the setting, in its order.

    Raises:
        ValueError: it cannot be meant; the text says why, and quotes no key.
    """
    found = [_read(entry) for entry in _entries(text)]
    if len({one.name.lower() for one in found}) < len(found):
        raise ValueError("two of them have the same name")
    return tuple(found)


def of_chat_servers(servers: Sequence[ChatServer]) -> tuple[Upstream, ...]:
    """The servers that answer the chats of Open WebUI, where the setting names none."""
    found: list[Upstream] = []
    for server in servers:
        same = sum(one.name.partition("-")[0] == server.kind for one in found)
        name = f"{server.kind}-{same + 1}" if same else server.kind
        url = f"{server.url}/v1" if server.kind == "ollama" else server.url
        found.append(Upstream(name, url, server.key))
    return tuple(found)


def masked(text: str) -> str:
    """The setting as it is shown: with no key. Of what is none, nothing."""
    try:
        entries = _entries(text)
    except ValueError:
        return MASK
    shown = [{**one, "api_key": MASK} if one.get("api_key") else one for one in entries]
    return json.dumps(shown, ensure_ascii=False) if shown else ""


def unmasked(text: str, in_force: str) -> str:
    """The setting with the keys that stand behind masks: of the same server, by name and address.

    Raises:
        ValueError: a server's address is another one, or it is new; its key is to be given.
    """
    try:
        before, entries = _entries(in_force), _entries(text)
    except ValueError:
        return text  # `read_upstreams` says why
    keys = {(str(one.get("name")), str(one.get("base_url"))): one.get("api_key") for one in before}
    for entry in entries:
        if entry.get("api_key") == MASK:
            name = str(entry.get("name"))
            if not (key := keys.get((name, str(entry.get("base_url"))))):
                raise ValueError(f"give the key of {name[:40]!r} again, for its address is new")
            entry["api_key"] = key
    if entries == before:
        return in_force  # a preset stays one
    return json.dumps(entries, ensure_ascii=False) if MASK in text else text


def _entries(text: str) -> list[dict[str, Any]]:
    if not text.strip():
        return []
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    entries = [read] if isinstance(read, dict) else read
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise ValueError("it is no list of objects")
    if len(entries) > _MOST:
        raise ValueError(f"there are more than {_MOST}")
    return entries


def _read(entry: Mapping[str, Any]) -> Upstream:
    name, url, key, models = (entry.get(name) or "" for name in _NAMES)
    if isinstance(models, list) and all(isinstance(one, str) for one in models):
        models = ",".join(models)
    if unknown := [name for name in entry if name not in _NAMES]:
        raise ValueError(f"there is no {str(unknown[0])[:40]!r} in it, only {', '.join(_NAMES)}")
    if not all(isinstance(one, str) for one in (name, url, key, models)):
        raise ValueError("name, base_url, api_key and models are texts")
    if not name or len(name) > _NAME_CHARS or not name.isprintable() or "/" in name or name == "memory":
        raise ValueError(f"a name has up to {_NAME_CHARS} characters, no slash, and is not 'memory'")
    if not is_url(url) or not key.isascii() or not key.isprintable():
        raise ValueError(f"{name!r} needs a base_url like http://host:port/v1, and a key of ASCII only")
    try:
        read_names(models)
    except ValueError as wrong:
        raise ValueError(f"the models of {name!r} are patterns like gpt-*, not {wrong}") from None
    return Upstream(name, url.rstrip("/"), key, models)
