"""Which models the servers of the chats list, asked for when it matters and kept for a while.

Nothing of it costs money or wakes a model. What a server sends is bounded in time and length.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from ..config.addresses import is_url
from ..config.hosts import is_local
from ..config.model_patterns import is_ollama_cloud
from ..core.chat_servers import ChatServer
from ..core.errors import MemoryFault, Retry, RetryFew, TellAdmin
from .faults import host_of, status_of, translated
from .limits import bounded, limited
from .model_text import unbroken

_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_WHOLE_S = 10.0  # a server that sends a byte now and then is not waited for longer
_MOST_BYTES = 8_000_000  # OpenRouter's list, the longest known, has an eighth of that
_MOST_NAMES, _NAME_CHARS = 50_000, 200
_FRESH_S = 300.0  # that a list is taken at its word
_ANEW_S = 20.0  # after which it is asked for again where a model is missing: it may be new
_PAUSE_FIRST_S, _PAUSE_MOST_S = 5.0, 300.0  # after a failure; twice as long after each


@dataclass(frozen=True, slots=True)
class Listed:
    """A model and the server that lists it under this name. `is_local`: on one's own machine or network."""

    server: ChatServer
    name: str
    is_local: bool


class Catalogue:
    """Of all servers. Threads may share it; methods block for `_WHOLE_S` a server at most, but `known`."""

    def __init__(self, servers: Sequence[ChatServer], clock: Callable[[], float] = time.monotonic) -> None:
        self.listings = tuple(Listing(server, clock) for server in servers)

    def find(self, model: str, *, owner: str = "", local: bool = False) -> Listed | None:
        """The model of this id in Open WebUI; None where no server lists it.

        Open WebUI puts a connection's prefix and a dot before the name. owner: whose API is to be preferred.
        local: only on one's own machine or network.

        Raises:
            Retry: a server that may have it has never answered yet.
        """
        ordered = sorted(self.listings, key=lambda one: bool(owner) and one.server.kind != owner)
        for name in _names_of(model):
            for listing in ordered:
                if found := listing.find(name, local=local):
                    return found
        for listing in ordered:
            may_have_it = listing.names is None and owner in ("", listing.server.kind)
            if may_have_it and (listing.is_local or not local) and isinstance(fault := listing.fault, Retry):
                raise fault.again()
        return None

    def refresh(self, *, local: bool = False) -> None:
        """Ask those servers that are to be asked (again). local: only on one's own machine or network."""
        for listing in self.listings:
            if listing.is_local or not local:
                listing.refresh()


class Listing:
    """Of one server. `names`: what it has, and whether it is not run there; None before it has told.

    fault: why it could not be told last, if it could not. took_s: how long the last answer took.
    is_pipelines: it is a Pipelines server, whose models are programs.
    """

    def __init__(self, server: ChatServer, clock: Callable[[], float] = time.monotonic) -> None:
        self.server, self._clock = server, clock
        self.is_local = is_local(server.url)
        self.names: Mapping[str, _Model] | None = None
        self.fault: MemoryFault | None = None
        self.is_pipelines = False
        self.took_s = 0.0
        self._asked_at, self._failures = -_PAUSE_MOST_S, 0
        self._lock = threading.Lock()

    @property
    def host(self) -> str:
        """Its host and port."""
        return host_of(self.server.url)

    def find(self, name: str, *, local: bool) -> Listed | None:
        """The model, if it is listed. Asks the server where that was long ago."""
        if local and not self.is_local:
            return None
        self.refresh()
        found = self._known(name)
        if found is None and self.names is not None and self.fault is None:
            self.refresh(_ANEW_S)
            found = self._known(name)
        if found is None or (local and found.is_elsewhere):
            return None
        return Listed(self.server, found.name, self.is_local and not found.is_elsewhere)

    def refresh(self, age_s: float = _FRESH_S) -> None:
        """Ask the server, unless it has told less than so long ago, or has just failed."""
        with self._lock:
            pause = (
                min(_PAUSE_FIRST_S * 2 ** (self._failures - 1), _PAUSE_MOST_S) if self._failures else age_s
            )
            if self._asked_at + pause > self._clock() and (self.names is not None or self.fault):
                return
            began = self._clock()
            try:
                answer = _asked(self.server)
                self.is_pipelines = isinstance(answer, dict) and answer.get("pipelines") is True
                self.names = {} if self.is_pipelines else _read(self.server, answer)
            except MemoryFault as fault:
                self.fault, self._failures = fault, min(self._failures + 1, 16)
            else:
                self.fault, self._failures = None, 0
            self._asked_at = self._clock()
            self.took_s = self._asked_at - began

    def has(self, model: str) -> bool:
        """Whether the model of this id in Open WebUI was listed when it was asked last."""
        return any(self._known(name) for name in _names_of(model))

    def _known(self, name: str) -> _Model | None:
        return self.names.get(tagged(name)) if self.names else None


@dataclass(frozen=True, slots=True)
class _Model:
    name: str
    is_elsewhere: bool = field(default=False)


def _names_of(model: str) -> Iterator[str]:
    """What a server may call it: the id, or what comes after a dot in it, the longest first."""
    while model:
        yield model
        model = model.partition(".")[2]


def names_at(server: ChatServer) -> list[str] | None:
    """The names of the models that a server has, asked for now; None where it gives no list of them."""
    try:
        return sorted({model.name for model in _listed(server, _asked(server))})
    except MemoryFault:
        return None


def tagged(name: str) -> str:
    """As Ollama understands a name."""
    name = name.lower()
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _asked(server: ChatServer) -> Any:
    """The server's answer to the question for its models, read from JSON.

    Raises:
        MemoryFault: it cannot be asked, or what it answers is no JSON.
    """
    if not is_url(server.url):
        raise _unfit(server, "has no address like http://host:port")
    where = f"{server.url}/api/tags" if server.kind == "ollama" else f"{server.url}/models"
    headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
    try:
        # As in `remote`: the key goes to the configured host only.
        with (
            translated("server of the chats", server.url),
            httpx.Client(timeout=_TIMEOUT, follow_redirects=False, trust_env=False) as client,
        ):
            limited(client)
            with bounded(_WHOLE_S, _MOST_BYTES):
                response = client.get(where, headers=headers)
            response.raise_for_status()
        return json.loads(response.content)
    except RetryFew:
        raise _unfit(server, "sends a list of models that is too long") from None
    except (ValueError, RecursionError):
        raise _unfit(server, "answers with no list of models") from None
    except MemoryFault as fault:
        status = status_of(fault)
        if status and status < 500 and status not in (408, 425, 429):
            raise _unfit(server, f"tells no models (HTTP {status})") from None
        hint = f"Is it running, and is {_setting(server)} of the Pipelines server right?"
        raise type(fault)(str(fault), hint=hint) from None


def _read(server: ChatServer, answer: Any) -> dict[str, _Model]:
    """The models in an answer, by `tagged` names; the first of several. Raises as `_listed`."""
    models: dict[str, _Model] = {}
    for model in _listed(server, answer):
        models.setdefault(tagged(model.name), model)
    return models


def _listed(server: ChatServer, answer: Any) -> list[_Model]:
    """The models in an answer, each as it is listed.

    Raises:
        TellAdmin: it holds no list.
    """
    rows, name_of = ("models", "name") if server.kind == "ollama" else ("data", "id")
    listed = answer.get(rows) if isinstance(answer, dict) else answer  # Together's is a bare list
    if not isinstance(listed, list):
        raise _unfit(server, "answers with no list of models")
    models: list[_Model] = []
    for row in listed[:_MOST_NAMES]:
        name = row.get(name_of) if isinstance(row, dict) else None
        if isinstance(name, str) and 0 < len(name) <= _NAME_CHARS and name == unbroken(name):
            elsewhere = bool(row.get("remote_host")) or is_ollama_cloud(name)
            models.append(_Model(name, elsewhere))
    if listed and not models:
        raise _unfit(server, "answers with no list of models")
    return models


def _unfit(server: ChatServer, what: str) -> TellAdmin:
    key = "" if server.kind == "ollama" else " and OPENAI_API_KEY"
    return TellAdmin(
        f"The server of the chats at {host_of(server.url) or 'no host'} {what}.",
        hint=f"Check {_setting(server)}{key} of the Pipelines server, or choose an llm_provider.",
    )


def _setting(server: ChatServer) -> str:
    return "OLLAMA_BASE_URL" if server.kind == "ollama" else "OPENAI_API_BASE_URL"
