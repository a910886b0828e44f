"""What mem0's REST server and its hosted platform share: one HTTP client, one way to ask and to read answers.

The key goes to the configured host only: no redirect is followed, no proxy is taken from the environment.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Self
from urllib.parse import quote

import httpx

from ..errors import MemoryFault, TellAdmin
from ..settings import Valves
from .answers import Answer, found_of, memory_of, object_in, results_of, rows_of, says_missing
from .base import (
    Found,
    Memory,
    Message,
    MissingError,
    Part,
    is_over,
    newest_first,
    no_such_memory,
    page_of,
)
from .faults import host_of, translated

_MOST_RESULTS = 1000  # the platform refuses more
_BESIDE = 8  # memories asked for at once; neither can be asked for several


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, to wait for what was found, and to wait while mem0's LLM reads."""

    connect: float = 2.0
    search: float = 10.0
    add: float = 60.0


class RemoteBackend(ABC):
    """mem0 behind HTTP. A subclass names its routes and reads what the two say differently."""

    name: ClassVar[str]
    add_route: ClassVar[str]
    search_route: ClassVar[str]
    one_route: ClassVar[str]  # of one memory, with a place for its id
    search_options: ClassVar[Mapping[str, Any]] = {}
    rules_field: ClassVar[str]  # where `add` takes the admin's rules for extraction

    def __init__(self, url: str, key: str = "", *, rules: str = "", timeouts: Timeouts | None = None) -> None:
        """`url`: the API's address; `rules`: the setting `extraction_rules`."""
        self._url, self._rules = url.rstrip("/"), rules
        self._timeouts = timeouts or Timeouts()
        self._client = httpx.Client(
            base_url=self._url,
            headers=self._key_header(key) if key else {},
            follow_redirects=False,
            trust_env=False,
        )
        self._beside = ThreadPoolExecutor(_BESIDE, thread_name_prefix="memory-asking")

    @classmethod
    def open(cls, settings: Valves) -> Self:
        """Connect as the settings say, and ask once whether it works.

        Raises:
            TellAdmin: the key or the address is wrong.
            Retry: it cannot be reached now.
        """
        backend = cls(cls._address(settings), settings.backend_api_key, rules=settings.extraction_rules)
        try:
            backend._ask_whether_it_works()
        except MemoryFault:
            backend.close()
            raise
        return backend

    def search(self, user_id: str, query: str, limit: int) -> list[Found]:
        if limit < 1 or not query.strip():
            return []
        wanted = {
            "query": query,
            "filters": {"user_id": user_id},
            "top_k": min(limit, _MOST_RESULTS),
            "threshold": 0.0,  # what is relevant is decided here, not there
            **self.search_options,
        }
        answer = self._call("POST", self.search_route, self._timeouts.search, json=wanted)
        return [found_of(row) for row in rows_of(answer, user_id)]

    def similarities(self, text: str, others: Sequence[str]) -> list[float]:  # noqa: ARG002 - it keeps its vectors
        return [0.0] * len(others)

    def add(self, user_id: str, messages: Sequence[Message], *, infer: bool, batch: str) -> int:
        body = {
            "messages": [dict(message) for message in messages],
            "user_id": user_id,
            "metadata": {"batch": batch},
            "infer": infer,
        }
        if infer and self._rules:
            body[self.rules_field] = self._rules
        return len(self._added(self._call("POST", self.add_route, self._timeouts.add, json=body)))

    @abstractmethod
    def added_by(self, user_id: str, batch: str) -> list[Memory]: ...

    def store(self, user_id: str, new: Memory) -> str:
        body: dict[str, Any] = {
            "messages": [{"role": "user", "content": new.text}],
            "user_id": user_id,
            "metadata": {"batch": new.batch, "kind": new.kind, "chat": new.chat, "place": new.place},
            "infer": False,
        }
        if new.expires:
            body["expiration_date"] = new.expires
        added = self._added(self._call("POST", self.add_route, self._timeouts.add, json=body))
        return str(added[0].get("id") or "") if added else ""

    def get(self, memory_id: str) -> Memory | None:
        if not memory_id:  # see `store`
            return None
        try:
            row = self._call("GET", self._route_of(memory_id), self._timeouts.search)
        except MissingError:
            return None
        return memory_of(row) if row.get("memory") else None

    def get_all(self, memory_ids: Sequence[str]) -> list[Memory]:
        with translated(self.name, self._url):
            found = list(self._beside.map(self.get, dict.fromkeys(memory_ids)))
        return [memory for memory in found if memory is not None]

    def of_kind(self, user_id: str, kind: str, most: int) -> list[Memory]:
        current = [one for one in self._of_kind(user_id, kind) if one.kind == kind and not is_over(one)]
        return newest_first(current)[: max(most, 0)]

    def list_all(self, user_id: str, limit: int | None = None, offset: int = 0) -> list[Memory]:
        return page_of(newest_first(self._all_of(user_id)), limit, offset)

    def replace(self, memory_id: str, text: str, *, expires: str) -> None:
        body = {"text": text, "expiration_date": expires or None}
        self._call("PUT", self._route_of(memory_id), self._timeouts.add, json=body)

    def remove(self, memory_id: str) -> None:
        with suppress(MissingError):
            self._call("DELETE", self._route_of(memory_id), self._timeouts.search)

    @abstractmethod
    def erase(self, user_id: str) -> int: ...

    def check(self) -> list[Part]:
        try:
            self._ask_whether_it_works()
        except MemoryFault as fault:
            backend = Part("backend", False, str(fault), fault.hint)
        else:
            backend = Part("backend", True, f"{self.name} at {host_of(self._url)}")
        return [
            backend,
            *(Part(part, True, f"kept by the {self.name}") for part in ("store", "embedder", "LLM")),
        ]

    def close(self) -> None:
        self._beside.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    # What differs

    @classmethod
    def _address(cls, settings: Valves) -> str:
        return settings.backend_url

    @abstractmethod
    def _key_header(self, key: str) -> dict[str, str]: ...

    @abstractmethod
    def _ask_whether_it_works(self) -> None:
        """One cheap request that needs the key; raises what is wrong."""

    def _added(self, answer: Answer) -> list[Answer]:
        """The memories that an `add` made, by its answer."""
        return results_of(answer)

    @abstractmethod
    def _of_kind(self, user_id: str, kind: str) -> list[Memory]:
        """At least a user's memories of a kind, in no order."""

    @abstractmethod
    def _all_of(self, user_id: str) -> list[Memory]:
        """All of a user's memories, in no order, expired ones too."""

    def _fault_in(self, response: httpx.Response) -> MemoryFault | None:  # noqa: ARG002 - for subclasses
        """What an error answer means where its HTTP status does not tell."""
        return None

    # Shared

    def _route_of(self, memory_id: str) -> str:
        if not memory_id:
            raise no_such_memory()
        return self.one_route.format(quote(memory_id, safe=""))

    def _call(
        self,
        method: str,
        path: str,
        timeout_s: float,
        *,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Answer:
        """One request, and its answer as an object.

        Raises:
            MissingError: it is about one memory, which is not there.
            MemoryFault: see `faults`; what was sent is never repeated in it.
        """
        with translated(self.name, self._url):
            timeout = httpx.Timeout(timeout_s, connect=self._timeouts.connect)
            response = self._client.request(method, path, json=json, params=params, timeout=timeout)
            if response.is_redirect:
                hint = "Set backend_url to the address it redirects to, if that one is yours too."
                raise TellAdmin(f"The {self.name} redirects to another address.", hint=hint)
            if response.is_error and (fault := self._fault_in(response)):
                raise fault
            if says_missing(response):
                raise no_such_memory()
            response.raise_for_status()
            if (
                method == "GET" and response.content.strip() == b"null"
            ):  # the server's answer for a memory that it has not
                raise no_such_memory()
            answer = object_in(response)
            if answer is None:
                hint = "backend_url is the address of its API, not of its dashboard."
                raise TellAdmin(f"What answers at backend_url is no {self.name}.", hint=hint)
        return answer
