"""mem0's self-hosted REST server.

Written from `server/main.py` of mem0 as of August 2026 (mem0ai 2.0.18; the server calls itself 1.0.0),
the first line of servers that take `filters` in /search; older ones want `user_id` beside the query.
"""

from __future__ import annotations

from typing import ClassVar

import httpx

from ..errors import Drop, MemoryFault, TellAdmin
from .base import Memory
from .remote import Answer, RemoteBackend, memories_of

_LISTED = 1000  # the server lists no more


class ServerBackend(RemoteBackend):
    """mem0's REST server: `backend_url` is its API (port 8888 in its compose file), the key an API key of it.

    With `explain` it tells the similarity in meaning and of words apart, as the library does; a server
    that does not know the option gives mem0's fused score instead.
    """

    name = "mem0 server"
    add_route = "/memories"
    search_route = "/search"
    search_options: ClassVar = {"explain": True}
    rules_field = "prompt"

    def added_by(self, user_id: str, batch: str) -> list[Memory]:
        """As in `Backend`; looked up among the user's first 1000 memories, which is all the server lists."""
        params: dict[str, str | int] = {"user_id": user_id, "top_k": _LISTED}
        return memories_of(
            self._call("GET", "/memories", self._timeouts.search, params=params), user_id, batch
        )

    def _key_header(self, key: str) -> dict[str, str]:
        return {"X-API-Key": key}

    def _ask_whether_it_works(self) -> None:
        # Needs the key and the store, and costs no embedding.
        params: dict[str, str | int] = {"user_id": "nobody", "top_k": 1}
        self._call("GET", "/memories", self._timeouts.search, params=params)

    def _added(self, answer: Answer) -> int:
        results = answer.get("results") or []
        return sum(1 for row in results if row.get("event", "ADD") == "ADD")

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
