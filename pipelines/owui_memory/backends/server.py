"""mem0's self-hosted REST server.

Written from `server/main.py` of mem0 as of August 2026 (mem0ai 2.0.18; the server calls itself 1.0.0),
the first line of servers that take `filters` in /search; older ones want `user_id` beside the query.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import httpx

from ..errors import Drop, MemoryFault, TellAdmin
from .answers import Answer, memory_of, results_of
from .base import Memory, owner
from .remote import RemoteBackend

_LISTED = 1000  # the server lists no more, in no order, and has no second page


class ServerBackend(RemoteBackend):
    """mem0's REST server: `backend_url` is its API (port 8888 in its compose file), the key an API key of it.

    With `explain` it tells the similarity in meaning and of words apart, as the library does; a server
    that does not know the option gives mem0's fused score instead. Its own history keeps the texts of what is
    erased.
    """

    name = "mem0 server"
    add_route = "/memories"
    search_route = "/search"
    one_route = "/memories/{}"
    search_options: ClassVar = {"explain": True}
    rules_field = "prompt"

    def added_by(self, user_id: str, batch: str) -> list[Memory]:
        """As in `Backend`; looked up among the user's first 1000 memories, which is all the server lists."""
        return [memory for memory in self._listed(owner(user_id))[0] if memory.batch == batch]

    def _some_of(self, user_id: str) -> list[Memory]:
        return self._listed(user_id)[0]

    def _remove_all(self, memory_ids: Sequence[str]) -> None:
        # One by one: to erase all at once the server wants an admin's key.
        for memory_id in memory_ids:
            self.remove(memory_id)

    def _of_kind(self, user_id: str, kind: str) -> list[Memory]:  # noqa: ARG002 - it lists by user alone
        return self._listed(user_id)[0]

    def _all_of(self, user_id: str) -> list[Memory]:
        memories, full = self._listed(user_id)
        if full:
            hint = "Use the backend library on the same store, which lists all."
            raise TellAdmin(
                f"The mem0 server lists {_LISTED} memories of a user, and this one may have more.", hint=hint
            )
        return memories

    def _listed(self, user_id: str) -> tuple[list[Memory], bool]:
        """A user's memories, expired ones too, and whether there may be more than the server lists."""
        params: dict[str, str | int] = {"user_id": user_id, "top_k": _LISTED, "show_expired": "true"}
        answer = self._call("GET", "/memories", self._timeouts.search, params=params)
        memories = [memory_of(row, user_id) for row in self._rows(answer, user_id)]
        return memories, len(results_of(answer)) >= _LISTED

    def _key_header(self, key: str) -> dict[str, str]:
        return {"X-API-Key": key}

    def _ask_whether_it_works(self) -> None:
        # Needs the key and the store, and costs no embedding.
        params: dict[str, str | int] = {"user_id": "nobody", "top_k": 1}
        self._call("GET", "/memories", self._timeouts.search, params=params)

    def _added(self, answer: Answer) -> list[Answer]:
        return [row for row in results_of(answer) if row.get("event", "ADD") == "ADD"]

    def _fault_in(self, response: httpx.Response) -> MemoryFault | None:
        # Whatever goes wrong behind the server is a 502 to it; `code` says what it was.
        if response.status_code != 502:
            return None
        try:
            code = response.json().get("code")
        except (ValueError, AttributeError):
            return None
        if code == "provider_auth_failed":
            hint = "Mend its LLM's and embedder's key on the mem0 server's Configuration page."
            return TellAdmin("The mem0 server's own LLM or embedder refuses its key.", hint=hint)
        if code == "provider_bad_request":
            hint = "Check the models on the mem0 server's Configuration page."
            return Drop("The mem0 server's LLM or embedder cannot take this input.", hint=hint)
        return None
