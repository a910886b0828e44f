"""What mem0's REST server and its hosted platform share as backends.

mem0 keeps the store and the vectors there. An LLM and an embedder of ours are optional: see `own_models.py`.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, ClassVar, Self

import httpx

from ..config.settings import Valves
from ..core.chat_servers import AnsweredBy
from ..core.errors import MemoryFault, Retry
from ..core.memory import (
    Candidate,
    Check,
    Memory,
    Message,
    Reply,
    is_over,
    is_seen,
    metadata_of,
    newest_first,
    oldest_first,
    owner,
)
from ..core.scope import View, past_owner, team_owner
from ..core.text import plain
from ..models.faults import host_of, translated
from ..models.own_models import OwnModels
from .answers import Answer, added_of, found_of, memory_of, results_of
from .api import Api, Auth, Timeouts
from .base import Models
from .seen import Seen

_BESIDE = 8  # memories asked for at once; neither can be asked for several
_AT_LEAST = 200  # memories that a search brings: what else a message needs of them costs no other request
_TRIES_LAST = 3  # times its time-out: an add that was given up may go on behind mem0 for so long


class RemoteBackend(Api):
    """mem0 behind HTTP. A subclass names its routes and reads what the two say differently."""

    add_route: ClassVar[str]
    search_route: ClassVar[str]
    search_options: ClassVar[Mapping[str, Any]] = {}
    rules_field: ClassVar[str]  # where `add` takes the admin's rules for extraction

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        rules: str = "",
        timeouts: Timeouts | None = None,
        own: OwnModels | None = None,
    ) -> None:
        """`url`: the API's address; `rules`: the setting `extraction_rules`; `own`: models of ours."""
        self._url, self._rules, self._own = url.rstrip("/"), rules, own or OwnModels()
        super().__init__(self._url, self._auth(key) if key else None, timeouts or Timeouts())
        self._beside = ThreadPoolExecutor(_BESIDE, thread_name_prefix="memory-asking")
        self._seen = Seen()
        self._under_way: dict[str, float] = {}  # batches that mem0 may still read, until a monotonic time

    @classmethod
    def open(cls, settings: Valves, own: OwnModels | None = None) -> Self:
        """Connect as the settings say, and ask once whether it works.

        Raises:
            TellAdmin: the key or the address is wrong.
            Retry: it cannot be reached now.
        """
        backend = cls(
            cls._address(settings),
            settings.backend_api_key,
            rules=settings.extraction_rules,
            timeouts=Timeouts(add=settings.llm_timeout_s),
            own=own,
        )
        try:
            backend._ask_whether_it_works()
        except MemoryFault:
            backend.close()
            raise
        return backend

    def search(
        self,
        user_id: str,
        query: str,
        limit: int,
        view: View | None = None,
        *,
        asked: bool = False,  # noqa: ARG002
    ) -> list[Candidate]:
        """As in `Backend`; mem0 there looks for both alike."""
        owners = [owner(user_id), *map(team_owner, view.teams if view else ())]
        owners += [past_owner(user_id)] if view and view.past else []
        if limit < 1 or not query.strip():
            return []
        return [found for one in owners for found in self._found(one, plain(query), limit, view)]

    def _found(self, owner_id: str, query: str, limit: int, view: View | None) -> list[Candidate]:
        pool = max(limit, _AT_LEAST)
        while True:
            found = self._search(owner_id, query, pool)
            self._seen.note(item.memory for item in found)
            seen = [item for item in found if is_seen(item.memory, view)]
            if len(found) < pool or len(seen) >= limit:
                return _best(seen, limit)
            pool *= 4

    def _search(self, owner_id: str, query: str, most: int, **options: Any) -> list[Candidate]:
        wanted = {
            "query": query,
            "filters": {"user_id": owner_id},
            "top_k": most,
            "threshold": 0.0,  # what is relevant is decided here, not there
            **self.search_options,
            **options,
        }
        answer = self._call("POST", self.search_route, self._timeouts.search, json=wanted)
        return [found_of(row, owner_id) for row in self._rows(answer, owner_id)]

    def similarities(self, text: str, others: Sequence[str]) -> list[float]:
        return self._own.similarities(text, others)

    def of_self(self, query: str) -> tuple[float, float]:  # noqa: ARG002
        """Nothing: it would cost a request."""
        return 0.0, 0.0

    def ask(self, messages: Sequence[Message], *, for_exchanges: bool = False) -> Reply:
        """As in `Backend`."""
        return self._own.ask(messages, for_exchanges=for_exchanges)

    def reading(
        self, answered: AnsweredBy, *, local_only: bool, patient: bool
    ) -> AbstractContextManager[str]:
        """As in `Backend`; nobody where there is no LLM of ours."""
        return self._own.reading(answered, local_only=local_only, patient=patient)

    @property
    def models(self) -> Models:
        """As in `Backend`; what mem0 there stores, it embeds itself."""
        own = self._own.llms()
        return Models(None, own.llms, own.readers) if own else Models(None, ())

    def extract(
        self, user_id: str, messages: Sequence[Message], *, batch: str, scope: str = ""
    ) -> list[Memory]:
        self._wait_for(batch)
        rules = {self.rules_field: self._rules} if self._rules else {}
        metadata = {"batch": batch, **({"scope": scope} if scope else {})}
        try:
            rows = self._add(user_id, messages, metadata, infer=True, **rules, **self._apart(scope))
        except Retry as fault:
            if isinstance(fault.__cause__, httpx.ReadTimeout):
                self._under_way[batch] = time.monotonic() + _TRIES_LAST * self._timeouts.add
            raise
        return [added_of(row, batch, scope) for row in rows]

    def prepare(self, texts: Sequence[str]) -> None:
        """As in `Backend`; mem0 there embeds by itself."""
        _ = texts

    def _wait_for(self, batch: str) -> None:
        """Nothing is sent again while mem0 may still read what was sent before.

        Raises:
            Retry: it may.
        """
        now = time.monotonic()
        for name in [name for name, until in self._under_way.items() if until <= now]:
            del self._under_way[name]
        if batch in self._under_way:
            hint = "Its LLM is slow: allow it more time (llm_timeout_s), or choose a faster one there."
            raise Retry(f"The {self.name} may still be reading these messages.", hint=hint)

    @abstractmethod
    def added_by(self, user_id: str, batch: str) -> list[Memory]: ...

    def store(self, user_id: str, new: Memory) -> str:
        metadata = metadata_of(new)
        if new.origin:  # the server gives an id and times of its own
            metadata |= {"origin": new.origin, "made": new.created_at.isoformat() if new.created_at else ""}
        last_day = {"expiration_date": new.expires} if new.expires else {}
        said = [{"role": "user", "content": new.text}]
        added = self._add(user_id, said, metadata, infer=False, **last_day)
        return str(added[0].get("id") or "") if added else ""

    def store_all(self, user_id: str, new: Sequence[Memory]) -> None:
        batches = dict.fromkeys(memory.batch for memory in new)
        there = {one.origin: one for batch in batches for one in self.added_by(user_id, batch)}
        for memory in new:
            if (earlier := there.get(memory.id)) is None:
                self.store(user_id, replace(memory, origin=memory.id))
            elif earlier.text != memory.text:
                self.replace(earlier.id, memory.text, expires=memory.expires)

    def remove_all(self, user_id: str, memory_ids: Collection[str]) -> int:
        wanted, listed = set(memory_ids), self.list_all(user_id)
        there = [one.id for one in listed if not wanted.isdisjoint((one.id, one.origin))]
        self._remove_ids(there)
        return len(there)

    def mark(self, memory_id: str, kind: str) -> bool:
        """Give a memory, which keeps its text, a kind; False if it is gone."""
        body = {"metadata": {"kind": kind}}
        return self._change("PUT", memory_id, self._timeouts.add, json=body)

    def get(self, memory_id: str) -> Memory | None:
        row = self._call_one("GET", memory_id, self._timeouts.search)
        if row is not None and "memory" not in row:
            raise self._stranger()  # taken for a memory that is gone, a change of it would count as made
        return memory_of(row) if row else None

    def get_all(self, memory_ids: Sequence[str]) -> list[Memory]:
        noted = self._seen.memories()
        wanted = dict.fromkeys(memory_ids)
        known = [noted[memory_id] for memory_id in wanted if memory_id in noted]
        with translated(self.name, self._url):
            found = list(self._beside.map(self.get, (one for one in wanted if one not in noted)))
        return [*known, *(memory for memory in found if memory is not None)]

    def of_kind(self, user_id: str, kind: str, most: int) -> list[Memory]:
        alike = self._of_kind(owner(user_id), kind)
        current = [memory for memory in alike if memory.kind == kind and not is_over(memory)]
        return newest_first(current)[: max(most, 0)]

    def list_all(self, user_id: str) -> list[Memory]:
        return oldest_first(self._all_of(owner(user_id)))

    def replace(self, memory_id: str, text: str, *, expires: str) -> bool:
        body = {"text": plain(text), "expiration_date": expires or None}
        return self._change("PUT", memory_id, self._timeouts.add, json=body)

    def remove(self, memory_id: str) -> bool:
        return self._change("DELETE", memory_id, self._timeouts.search)

    def erase(self, user_id: str) -> int:
        erased: set[str] = set()
        while left := [memory.id for memory in self._some_of(owner(user_id))]:
            if not erased.isdisjoint(left):
                hint = "Look at its log if this keeps happening."
                raise Retry(f"The {self.name} still lists memories that it has erased.", hint=hint)
            self._remove_ids(left)
            erased.update(left)
        return len(erased)

    def check(self) -> list[Check]:
        try:
            self._ask_whether_it_works()
        except MemoryFault as fault:
            backend = Check("backend", False, str(fault), fault.hint)
        else:
            backend = Check("backend", True, f"{self.name} at {host_of(self._url)}")
        kept = (Check(part, True, f"kept by the {self.name}") for part in ("store", "embedder"))
        return [backend, *kept, *self._more_parts(works=backend.ok)]

    def _more_parts(self, *, works: bool) -> list[Check]:  # noqa: ARG002 - for subclasses
        """What else is to be told; `works`: it has just answered."""
        return [self._own.part() or Check("LLM", True, f"kept by the {self.name}")]

    def close(self) -> None:
        self._beside.shutdown(wait=False, cancel_futures=True)
        super().close()

    # What differs

    @classmethod
    def _address(cls, settings: Valves) -> str:
        return settings.backend_url

    @abstractmethod
    def _auth(self, key: str) -> Auth:
        """What goes with each request."""

    @abstractmethod
    def _ask_whether_it_works(self) -> None:
        """One cheap request that needs the key; raises what is wrong."""

    def _apart(self, scope: str) -> dict[str, str]:  # noqa: ARG002 - for subclasses
        """What keeps mem0 from taking a fact of another scope for known."""
        return {}

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
        """As many of a user's memories as are listed at once; none if there is none."""

    @abstractmethod
    def _remove_ids(self, memory_ids: Sequence[str]) -> None: ...

    # Shared

    def _add(
        self, user_id: str, messages: Sequence[Message], metadata: Answer, *, infer: bool, **more: str
    ) -> list[Answer]:
        """Send messages to be remembered; the memories made of them, as far as the answer tells."""
        self._seen.forget()
        body = {
            "messages": [{**message, "content": plain(message["content"])} for message in messages],
            "user_id": owner(user_id),
            "metadata": metadata,
            "infer": infer,
            **more,
        }
        return self._added(self._call("POST", self.add_route, self._timeouts.add, json=body))

    def _change(self, method: str, memory_id: str, timeout_s: float, **sent: Any) -> bool:
        """As `_call_one`; False if there is no such memory."""
        self._seen.forget()
        return self._call_one(method, memory_id, timeout_s, **sent) is not None


def _best(found: Sequence[Candidate], most: int) -> list[Candidate]:
    """At most so many by meaning, and so many by words."""
    by_meaning = sorted(found, key=lambda item: -item.meaning)[:most]
    by_words = sorted((item for item in found if item.keyword), key=lambda item: -(item.keyword or 0.0))[
        :most
    ]
    return list({item.memory.id: item for item in (*by_meaning, *by_words)}.values())
