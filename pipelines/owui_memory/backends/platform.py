"""mem0's hosted platform, by its HTTP API v3 as mem0ai 2.2.1's own client uses it, without its telemetry."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from itertools import count, islice
from typing import Any
from urllib.parse import quote

from ..config.settings import Valves
from ..core.errors import Retry
from ..core.memory import Memory, owner
from ..models.own_models import OwnModels
from .answers import Answer, memory_of, results_of
from .api import Auth, Timeouts, key_header
from .remote import RemoteBackend

HOST = "https://api.mem0.ai"

_PAGE, _PAGES = 200, 10  # memories a page, the API's most; pages of one kind
_ERASED = 1000  # memories at once, the API's most
_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # about a minute in all, as for the server's answer


class PlatformBackend(RemoteBackend):
    """mem0's hosted service; `backend_url` only where it is not the usual address.

    The platform puts what its LLM has to read into a queue and answers PENDING. `add` then asks for the
    outcome for about a minute, so that a failure is tried again by the outbox. What is still pending after
    that counts as remembered (0 added): the platform has it, and sending it again would store it twice.
    """

    name = "mem0 platform"
    add_route = "/v3/memories/add/"
    search_route = "/v3/memories/search/"
    one_route = "/v1/memories/{}/"
    rules_field = "custom_instructions"

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        rules: str = "",
        timeouts: Timeouts | None = None,
        own: OwnModels | None = None,
        pauses_s: Sequence[float] = _PAUSES_S,
    ) -> None:
        """`pauses_s`: seconds between questions for the outcome of an `add`; then no more is asked."""
        super().__init__(url, key, rules=rules, timeouts=timeouts, own=own)
        self._pauses_s = pauses_s
        self._closing = threading.Event()

    def added_by(self, user_id: str, batch: str) -> list[Memory]:
        """As in `Backend`; what the platform has not read yet is not seen."""
        return [one for one in self._all_of(owner(user_id), {"batch": batch}) if one.batch == batch]

    def _some_of(self, user_id: str) -> list[Memory]:
        return self._all_of(user_id)

    def _remove_ids(self, memory_ids: Sequence[str]) -> None:
        # By their ids: to erase all of a user's would only be queued.
        for first in range(0, len(memory_ids), _ERASED):
            wanted = [{"memory_id": memory_id} for memory_id in memory_ids[first : first + _ERASED]]
            self._call("DELETE", "/v1/batch/", self._timeouts.add, json={"memories": wanted})

    def _of_kind(self, user_id: str, kind: str) -> list[Memory]:
        pages = islice(self._pages(user_id, {"kind": kind}), _PAGES)
        return [memory for page in pages for memory in page]

    def _all_of(self, user_id: str, metadata: dict[str, str] | None = None) -> list[Memory]:
        pages = self._pages(user_id, metadata or {}, show_expired=True)
        memories: dict[str, Memory] = {}  # by id: what is added meanwhile moves others on to the next page
        for page in pages:
            new = {memory.id: memory for memory in page if memory.id not in memories}
            if page and not new:
                raise Retry("The mem0 platform lists the same memories again and again.")
            memories |= new
        return list(memories.values())

    def _pages(
        self, user_id: str, metadata: dict[str, str], *, show_expired: bool = False
    ) -> Iterator[list[Memory]]:
        """A user's memories with this metadata, a page at a time."""
        alike = [{"metadata": metadata}] if metadata else []
        wanted = {"filters": {"AND": [{"user_id": user_id}, *alike]}, "show_expired": show_expired}
        for page in count(1):
            params: dict[str, str | int] = {"page": page, "page_size": _PAGE}
            answer = self._call("POST", "/v3/memories/", self._timeouts.search, json=wanted, params=params)
            yield [memory_of(row, user_id) for row in self._rows(answer, user_id)]
            if not answer.get("next") or not answer.get("results"):
                break

    def close(self) -> None:
        self._closing.set()
        super().close()

    @classmethod
    def _address(cls, settings: Valves) -> str:
        return settings.backend_url or HOST

    def _auth(self, key: str) -> Auth:
        return key_header("Authorization", f"Token {key}")

    def _ask_whether_it_works(self) -> None:
        self._call("GET", "/v1/ping/", self._timeouts.search)

    def _added(self, answer: Answer) -> list[Answer]:
        if "results" not in answer and "event_id" in answer:
            answer = self._outcome(str(answer["event_id"]))
        return results_of(answer)

    def _outcome(self, event_id: str) -> dict[str, Any]:
        """What became of an accepted `add`; empty while it is still pending.

        Raises:
            Retry: the platform accepted the messages and then failed.
        """
        for pause in self._pauses_s:
            if self._closing.wait(pause):
                break
            event = self._call("GET", f"/v1/event/{quote(event_id, safe='')}/", self._timeouts.search)
            if event.get("status") == "FAILED":
                raise Retry("The mem0 platform took the messages but failed to read them.")
            if event.get("status") == "SUCCEEDED":
                return event
        return {}
