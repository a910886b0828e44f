"""What mem0's REST server and its hosted platform share: one HTTP client, one way to ask and to read answers.

The key goes to the configured host only: no redirect is followed, no proxy is taken from the environment.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import httpx

from ..errors import MemoryFault, TellAdmin
from ..settings import Valves
from .base import Found, Memory, Message, Part, aware_time
from .faults import host_of, translated

Answer = dict[str, Any]

_MOST_RESULTS = 1000  # the platform refuses more


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
        return [_found(row) for row in _rows(answer, user_id)]

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
        return self._added(self._call("POST", self.add_route, self._timeouts.add, json=body))

    @abstractmethod
    def added_by(self, user_id: str, batch: str) -> list[Memory]: ...

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

    @abstractmethod
    def _added(self, answer: Answer) -> int:
        """How many memories an `add` made, by its answer."""

    def _fault_in(self, response: httpx.Response) -> MemoryFault | None:  # noqa: ARG002 - for subclasses
        """What an error answer means where its HTTP status does not tell."""
        return None

    # Shared

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
            response.raise_for_status()
            answer = _object(response)
            if answer is None:
                hint = "backend_url is the address of its API, not of its dashboard."
                raise TellAdmin(f"What answers at backend_url is no {self.name}.", hint=hint)
        return answer


def memories_of(answer: Answer, user_id: str, batch: str) -> list[Memory]:
    """The memories in an answer that came from this batch."""
    memories = (_memory(row) for row in _rows(answer, user_id))
    return [memory for memory in memories if memory.batch == batch]


def _object(response: httpx.Response) -> Answer | None:
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _rows(answer: Answer, user_id: str) -> list[Answer]:
    """The memories of an answer that have a text. A server that overlooks filters shows nobody else's."""
    rows = answer.get("results")
    return [
        row
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and row.get("memory") and row.get("user_id") in (None, user_id)
    ]


def _found(row: Answer) -> Found:
    details = row.get("score_details") or {}
    keyword = details.get("bm25_score")
    return Found(
        _memory(row),
        meaning=min(max(_number(details.get("semantic_score", row.get("score"))), 0.0), 1.0),
        keyword=None if keyword is None else max(_number(keyword), 0.0),
    )


def _memory(row: Answer) -> Memory:
    return Memory(
        id=str(row.get("id") or ""),
        text=str(row["memory"]),
        created_at=aware_time(row.get("created_at")),
        updated_at=aware_time(row.get("updated_at")),
        batch=str((row.get("metadata") or {}).get("batch") or ""),
    )


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
