"""What mem0's REST server and its hosted platform share: one HTTP client, one way to ask and to read answers.

The key goes to the configured host only: no redirect is followed, no proxy is taken from the environment.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar, Self
from urllib.parse import quote

import httpx

from ..errors import MemoryFault, Retry, TellAdmin
from ..scopes import View, team_owner
from ..settings import Valves
from ..words import plain
from .answers import Answer, found_of, memory_of, object_in, results_of, rows_of, says_missing
from .base import (
    Found,
    Memory,
    Message,
    Part,
    beside_of,
    is_id,
    is_over,
    is_seen,
    newest_first,
    owner,
    page_of,
)
from .faults import host_of, translated
from .limits import bounded, limited

_ANSWER_BYTES = 64_000_000  # tens of thousands of memories
_WAITS = 3  # time-outs, each for one wait, that an answer may take as a whole
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
        limited(self._client)
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

    def search(self, user_id: str, query: str, limit: int, view: View | None = None) -> list[Found]:
        owners = [owner(user_id), *map(team_owner, view.teams if view else ())]
        if limit < 1 or not query.strip():
            return []
        return [found for one in owners for found in self._found(one, plain(query), limit, view)]

    def _found(self, owner_id: str, query: str, limit: int, view: View | None) -> list[Found]:
        pool = limit
        while True:
            wanted = {
                "query": query,
                "filters": {"user_id": owner_id},
                "top_k": min(pool, _MOST_RESULTS),
                "threshold": 0.0,  # what is relevant is decided here, not there
                **self.search_options,
            }
            answer = self._call("POST", self.search_route, self._timeouts.search, json=wanted)
            found = [found_of(row, owner_id) for row in self._rows(answer, owner_id)]
            seen = [item for item in found if is_seen(item.memory, view)]
            if len(found) < pool or len(seen) >= limit or len(seen) == len(found):
                return seen
            pool *= 4

    def similarities(self, text: str, others: Sequence[str]) -> list[float]:  # noqa: ARG002 - it keeps its vectors
        return [0.0] * len(others)

    def add(
        self, user_id: str, messages: Sequence[Message], *, infer: bool, batch: str, scope: str = ""
    ) -> int:
        rules = {self.rules_field: self._rules} if infer and self._rules else {}
        beside = {"batch": batch, **({"scope": scope} if scope else {})}
        return len(self._add(user_id, messages, beside, infer=infer, **rules))

    @abstractmethod
    def added_by(self, user_id: str, batch: str) -> list[Memory]: ...

    def store(self, user_id: str, new: Memory) -> str:
        beside = beside_of(new)
        if new.origin:  # what it cannot be told as its own
            beside |= {"origin": new.origin, "made": new.created_at.isoformat() if new.created_at else ""}
        last_day = {"expiration_date": new.expires} if new.expires else {}
        told = [{"role": "user", "content": new.text}]
        added = self._add(user_id, told, beside, infer=False, **last_day)
        return str(added[0].get("id") or "") if added else ""

    def get(self, memory_id: str) -> Memory | None:
        row = self._call_one("GET", memory_id, self._timeouts.search)
        if row is not None and "memory" not in row:
            raise self._stranger()  # taken for a memory that is gone, a change of it would count as made
        return memory_of(row) if row else None

    def get_all(self, memory_ids: Sequence[str]) -> list[Memory]:
        with translated(self.name, self._url):
            found = list(self._beside.map(self.get, dict.fromkeys(memory_ids)))
        return [memory for memory in found if memory is not None]

    def of_kind(self, user_id: str, kind: str, most: int) -> list[Memory]:
        alike = self._of_kind(owner(user_id), kind)
        current = [memory for memory in alike if memory.kind == kind and not is_over(memory)]
        return newest_first(current)[: max(most, 0)]

    def list_all(self, user_id: str, limit: int | None = None, offset: int = 0) -> list[Memory]:
        return page_of(self._all_of(owner(user_id)), limit, offset)

    def replace(self, memory_id: str, text: str, *, expires: str) -> bool:
        body = {"text": plain(text), "expiration_date": expires or None}
        return self._call_one("PUT", memory_id, self._timeouts.add, json=body) is not None

    def remove(self, memory_id: str) -> bool:
        return self._call_one("DELETE", memory_id, self._timeouts.search) is not None

    def erase(self, user_id: str) -> int:
        erased: set[str] = set()
        while left := [memory.id for memory in self._some_of(owner(user_id))]:
            if not erased.isdisjoint(left):
                hint = "Look at its log if this goes on."
                raise Retry(f"The {self.name} still lists memories that it has erased.", hint=hint)
            self._remove_all(left)
            erased.update(left)
        return len(erased)

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
        """A user's memories of a kind, in no order, as many as can be had; others too."""

    @abstractmethod
    def _all_of(self, user_id: str) -> list[Memory]:
        """All of a user's memories, in no order, expired ones too."""

    @abstractmethod
    def _some_of(self, user_id: str) -> list[Memory]:
        """As many of a user's memories as are listed at once; none where there is none."""

    @abstractmethod
    def _remove_all(self, memory_ids: Sequence[str]) -> None: ...

    def _fault_in(self, response: httpx.Response) -> MemoryFault | None:  # noqa: ARG002 - for subclasses
        """What an error answer means where its HTTP status does not tell."""
        return None

    # Shared

    def _add(
        self, user_id: str, messages: Sequence[Message], metadata: Answer, *, infer: bool, **more: str
    ) -> list[Answer]:
        """Send messages to be remembered; the memories made of them, as far as the answer tells."""
        body = {
            "messages": [{**message, "content": plain(message["content"])} for message in messages],
            "user_id": owner(user_id),
            "metadata": metadata,
            "infer": infer,
            **more,
        }
        return self._added(self._call("POST", self.add_route, self._timeouts.add, json=body))

    def _call(self, method: str, path: str, timeout_s: float, **sent: Any) -> Answer:
        """One request, and its answer as an object; `sent`: its `json` and its `params`.

        Raises:
            MemoryFault: see `faults`; what was sent is never repeated in it.
        """
        with translated(self.name, self._url):
            return self._read(self._send(method, path, timeout_s, **sent))

    def _call_one(self, method: str, memory_id: str, timeout_s: float, **sent: Any) -> Answer | None:
        """As `_call`, about one memory; None where there is none."""
        if not is_id(memory_id):
            return None
        with translated(self.name, self._url):
            path = self.one_route.format(quote(memory_id, safe=""))
            response = self._send(method, path, timeout_s, **sent)
            return None if says_missing(response) else self._read(response)

    def _send(self, method: str, path: str, timeout_s: float, **sent: Any) -> httpx.Response:
        timeout = httpx.Timeout(timeout_s, connect=self._timeouts.connect)
        with bounded(_WAITS * timeout_s, _ANSWER_BYTES):
            return self._client.request(method, path, timeout=timeout, **sent)

    def _read(self, response: httpx.Response) -> Answer:
        if response.is_redirect:
            hint = "Set backend_url to the address it redirects to, if that one is yours too."
            raise TellAdmin(f"The {self.name} redirects to another address.", hint=hint)
        if response.is_error and (fault := self._fault_in(response)):
            raise fault
        response.raise_for_status()
        answer = object_in(response)
        if answer is None:
            raise self._stranger()
        return answer

    def _rows(self, answer: Answer, user_id: str) -> list[Answer]:
        """A user's memories in an answer that lists memories."""
        if not isinstance(answer.get("results"), list):
            raise self._stranger()
        return rows_of(answer, user_id)

    def _stranger(self) -> TellAdmin:
        hint = "backend_url is the address of its API, not of its dashboard."
        return TellAdmin(f"What answers at backend_url is no {self.name}.", hint=hint)
