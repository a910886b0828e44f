"""mem0's self-hosted REST server.

Written from `server/main.py`, `auth.py` and `errors.py` of mem0 as of August 2026 (mem0ai 2.0.18; the server
calls itself 1.0.0), the first line of servers that take `filters` in /search; older ones want `user_id`
beside the query.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

import httpx

from ..core.errors import Drop, MemoryFault, Retry, TellAdmin
from ..core.memory import Check, Memory, owner
from .answers import Answer, memory_of, results_of
from .api import Auth, key_header
from .remote import RemoteBackend

_LISTED = 1000  # the server lists no more, in no order, and has no second page
_FOUND = 20_000  # that a search brings when a list is full, and ten times as many when that is full too
_MOST_FOUND = 2_000_000
_NO_SCOPE = "everywhere"  # the run of what is of no scope
_API_KEY = "m0sk_"  # how a key of mem0's begins that it checks by bcrypt
_SLOW_MS = 100  # an answer that takes longer is told, with such a key
_NOBODY = "owui-memory-self-check"
_NO_MEMORY = "00000000-0000-0000-0000-000000000000"
_TRY_EVERY_S, _TRY_AGAIN_S = 24 * 3600, 600.0  # whether mem0's LLM works: a call of 9,000 tokens
_LASTS_S = 20 * 60  # of a sign-in; mem0's access token lasts 30 minutes

# What the server says of what went wrong behind it: it answers 502 whatever it was.
_BEHIND: dict[str, tuple[type[MemoryFault], str, str]] = {
    "provider_auth_failed": (
        TellAdmin,
        "The mem0 server's own LLM or embedder refuses its key.",
        "Mend that key on the mem0 server's Configuration page.",
    ),
    "provider_bad_request": (
        Drop,
        "The mem0 server's LLM or embedder cannot take this input.",
        "Check the models on the mem0 server's Configuration page.",
    ),
    "provider_rate_limited": (
        Retry,
        "The mem0 server's LLM or embedder is asked too often.",
        "It is tried again automatically. If this goes on, raise the limit at the provider.",
    ),
    "provider_timeout": (
        Retry,
        "The mem0 server's LLM or embedder takes too long.",
        "It is tried again automatically. If this goes on, choose a faster model on the mem0 server.",
    ),
    "provider_unavailable": (
        Retry,
        "The mem0 server cannot reach its LLM or embedder.",
        "Start it, or mend its address on the mem0 server's Configuration page.",
    ),
    "datastore_unavailable": (
        Retry,
        "The mem0 server cannot reach its database.",
        "Start the mem0 server's PostgreSQL.",
    ),
    "vector_store_unavailable": (
        Retry,
        "The mem0 server cannot reach its vector store.",
        "Start the mem0 server's vector store.",
    ),
    "unknown": (
        Retry,
        "Something is wrong behind the mem0 server.",
        "Look at the mem0 server's log if this goes on.",
    ),
}


class ServerBackend(RemoteBackend):
    """mem0's REST server: `backend_url` is its API (port 8888 on its host, 8000 inside its compose network).

    The key is its ADMIN_API_KEY, an API key of it, or `email:password` of one of its users, by which this
    signs in: each request with an API key costs the server a quarter of a second of bcrypt, and nobody is
    answered meanwhile.

    With `explain` it tells the similarity in meaning and of words apart, as the library does; a server
    that does not know the option gives mem0's fused score instead. Its own history keeps the texts of what is
    erased, and its table `messages` the last ten that its own extraction has read.
    """

    name = "mem0 server"
    add_route = "/memories"
    search_route = "/search"
    one_route = "/memories/{}"
    search_options: ClassVar = {"explain": True}
    rules_field = "prompt"

    def __init__(self, *args: Any, **options: Any) -> None:
        self._checks_slowly = False
        super().__init__(*args, **options)
        self._trial = _Trial(self._try_to_add, f"kept by the {self.name}")

    def added_by(self, user_id: str, batch: str) -> list[Memory]:
        return [memory for memory in self._all_of(owner(user_id)) if memory.batch == batch]

    def _some_of(self, user_id: str) -> list[Memory]:
        return self._listed(user_id)

    def _remove_ids(self, memory_ids: Sequence[str]) -> None:
        # One by one: to erase all at once the server wants an admin's key.
        for memory_id in memory_ids:
            self.remove(memory_id)

    def _of_kind(self, user_id: str, kind: str) -> list[Memory]:  # noqa: ARG002 - it lists by user alone
        if (noted := self._seen.all_of(user_id)) is not None:
            return noted
        memories = self._all_of(user_id)
        self._seen.note(memories, listed_of=user_id)
        return memories

    def _all_of(self, user_id: str) -> list[Memory]:
        """As in `RemoteBackend`: searches, which have no limit, bring those past the first 1,000.

        Raises:
            TellAdmin: the user has more than the server can tell.
        """
        listed = self._listed(user_id)
        if len(listed) < _LISTED:
            return listed
        memories = {memory.id: memory for memory in listed}
        most = _FOUND
        while True:
            # Of what points away from the query none is found, so it is searched for in another way, too.
            for query in (listed[0].text, listed[-1].text):
                found = self._search(user_id, query, most, show_expired=True)
                memories |= {item.memory.id: item.memory for item in found}
            if len(found) < most:
                return list(memories.values())
            if most >= _MOST_FOUND:
                hint = "Move to `backend` library: export there, import here (docs/operations.md)."
                raise TellAdmin("A user has more memories than the mem0 server can tell.", hint=hint)
            most *= 10

    def _listed(self, user_id: str) -> list[Memory]:
        """A user's memories, expired ones too, as many as the server lists."""
        params: dict[str, str | int] = {"user_id": user_id, "top_k": _LISTED, "show_expired": "true"}
        answer = self._call("GET", "/memories", self._timeouts.search, params=params)
        return [memory_of(row, user_id) for row in self._rows(answer, user_id)]

    def _apart(self, scope: str) -> dict[str, str]:
        # mem0 compares what it has read with what it knows of the same run.
        return {"run_id": quote(scope, safe="") or _NO_SCOPE}

    def _auth(self, key: str) -> Auth:
        email, colon, password = key.partition(":")
        if colon and "@" in email:
            return _SignIn(self._url, email, password)
        if key.count(".") == 2 and key.startswith("ey"):
            return key_header("Authorization", f"Bearer {key}")
        self._checks_slowly = key.startswith(_API_KEY)
        return key_header("X-API-Key", key)

    def _ask_whether_it_works(self) -> None:
        # Needs the key, the embedder and the store. Nobody has memories, so there is nothing to compare.
        self._search(_NOBODY, "self-check", 1)

    def _more_parts(self, *, works: bool) -> list[Check]:
        llm = self._own.part() or self._trial.part(due=works)
        return [llm, *([self._key_part()] if works and self._checks_slowly else [])]

    def _key_part(self) -> Check:
        """What checking the key costs: with each request, all others wait for it."""
        began = time.monotonic()
        try:
            self.get(_NO_MEMORY)
        except MemoryFault as fault:
            return Check("mem0's key", False, str(fault), fault.hint)
        took_ms = (time.monotonic() - began) * 1000
        if took_ms < _SLOW_MS:
            return Check("mem0's key", True, f"checked within {took_ms:.0f} ms")
        hint = "Set backend_api_key to its ADMIN_API_KEY, or to email:password of one of its users."
        detail = f"an API key (m0sk_...) costs the {self.name} {took_ms:.0f} ms with each request"
        return Check("mem0's key", False, f"{detail}, and several chats at once miss their memories", hint)

    def _try_to_add(self) -> None:
        """Let mem0's LLM read a sentence, of nobody's; nothing of it stays."""
        self.extract(_NOBODY, [{"role": "user", "content": "I like tea."}], batch="self-check")
        self.erase(_NOBODY)

    def _added(self, answer: Answer) -> list[Answer]:
        return [row for row in results_of(answer) if row.get("event", "ADD") == "ADD"]

    def _fault_in(self, response: httpx.Response) -> MemoryFault | None:
        if response.status_code != 502:
            return None
        try:
            code = response.json().get("code")
        except (ValueError, AttributeError):
            return None
        if code not in _BEHIND:
            return None
        kind, text, hint = _BEHIND[code]
        return kind(text, hint=hint)


class _Trial:
    """Tries now and then, in the background, whether something works that is too dear to be tried often."""

    def __init__(self, attempt: Callable[[], None], detail: str) -> None:
        self._attempt, self._detail = attempt, detail
        self._lock = threading.Lock()
        self._due = 0.0
        self._fault: MemoryFault | None = None

    def part(self, *, due: bool) -> Check:
        """The LLM's line in the status, as the last attempt left it. due: it may be tried now."""
        if due and time.monotonic() >= self._due and self._lock.acquire(blocking=False):
            threading.Thread(target=self._try, name="memory-trial", daemon=True).start()
        if (fault := self._fault) is not None:
            return Check("LLM", False, str(fault), fault.hint)
        return Check("LLM", True, self._detail)

    def _try(self) -> None:
        try:
            self._attempt()
            self._fault, self._due = None, time.monotonic() + _TRY_EVERY_S
        except MemoryFault as fault:
            self._fault, self._due = fault, time.monotonic() + _TRY_AGAIN_S
        finally:
            self._lock.release()


class _SignIn(httpx.Auth):
    """Signs in with e-mail address and password, and again when that has lapsed."""

    requires_response_body = True

    def __init__(self, url: str, email: str, password: str) -> None:
        self._url, self._form = url, {"email": email, "password": password}
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = self._token if time.monotonic() < self._until else ""
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
            response = yield request
            if response.status_code != 401:
                return
        with self._lock:  # the server lets nobody sign in more than ten times a minute
            if self._token == token or time.monotonic() >= self._until:
                answer = yield httpx.Request("POST", f"{self._url}/auth/login", json=self._form)
                answer.read()
                if answer.is_error:
                    self._token = ""
                    answer.raise_for_status()
                self._token, self._until = _token_in(answer), time.monotonic() + _LASTS_S
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _token_in(answer: httpx.Response) -> str:
    try:
        token = answer.json().get("access_token")
    except (ValueError, AttributeError):
        token = None
    if not isinstance(token, str) or not token:
        hint = "backend_url is the address of its API, not of its dashboard."
        raise TellAdmin("What answers at backend_url is no mem0 server.", hint=hint)
    return token
