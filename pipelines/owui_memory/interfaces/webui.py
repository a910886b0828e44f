"""What Open WebUI's API tells: who there is, which chats they have, and what was said in them.

The key goes to the configured host only: no redirect is followed, no proxy is taken from the environment.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import quote

import httpx

from ..config.settings import Valves
from ..core.errors import Retry, TellAdmin
from ..core.unreached import unreached
from .body import mapping

OPEN_WEBUI = "open-webui"  # in the place of an archive's name

_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_MOST_BYTES, _SECONDS = 256 << 20, 240.0  # of an answer, and of all that a past is fetched by
_MOST_PAGES = 2_000  # of a user's chats
_HINT = "See that webui_url is Open WebUI's address, and webui_api_key an admin's key that it accepts."


class TooLargeError(Retry):
    """An answer has more bytes, or takes longer, than is read."""


class Bounds:
    """How much may be read, and for how long."""

    def __init__(self, most_bytes: int | None = None) -> None:
        self._left = _MOST_BYTES if most_bytes is None else most_bytes
        self._until = time.monotonic() + _SECONDS

    def take(self, size: int) -> None:
        """So many bytes have come. Raises Retry where that is too much, or too late."""
        self._left -= size
        hint = "Export the chats there, and send the file."
        if self._left < 0:
            raise TooLargeError("Open WebUI's answer is too large.", hint=hint)
        if time.monotonic() > self._until:
            raise TooLargeError("Open WebUI takes too long.", hint=hint)


def quoted(id_: str) -> str:
    """An id as it stands in a path."""
    return quote(id_, safe="")


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise Retry(f"Open WebUI cannot be reached: {unreached(error)}.", hint=_HINT) from error


class WebUi:
    """One Open WebUI. Methods block. Each answer that is not as expected is a fault, and never an absence.

    Raises:
        Retry: it cannot be reached, or answers nonsense.
        TellAdmin: the key is not accepted, or may not see this.
    """

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        options: dict[str, Any] = {"timeout": _TIMEOUT, "follow_redirects": False, "trust_env": False}
        self._client = httpx.Client(base_url=f"{url.rstrip('/')}/api/v1/", headers=headers, **options)

    @classmethod
    @contextmanager
    def of(cls, settings: Valves) -> Iterator[Self]:
        """The one that the settings name. Raises TellAdmin if they name none."""
        missing = [name for name in ("webui_url", "webui_api_key") if not getattr(settings, name)]
        if missing:
            told = f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not set."
            raise TellAdmin(told, hint="Set what is missing in the settings.")
        one = cls(settings.webui_url, settings.webui_api_key)
        with one._client:
            yield one

    def admin(self) -> str:
        """Whose the key is or, where that cannot be told, another admin's id."""
        return self._own_id() or min(self._id(one) for one in self._users() if one.get("role") == "admin")

    def users(self) -> frozenset[str]:
        return frozenset(map(self._id, self._users()))

    def _users(self) -> list[Any]:
        answer = self._read("users/all")
        users = mapping(answer).get("users")
        if not isinstance(users, list) or not users or answer.get("total", len(users)) != len(users):
            raise _nonsense("users")
        if not any(mapping(one).get("role") == "admin" for one in users):
            raise _nonsense("users")  # whoever is told is an admin
        return users

    def _own_id(self) -> str:
        """Whose the key is; "" where that cannot be told.

        Only people who have signed in are told who they are. With an API key, a chat of its user's says so.
        """
        status, answer = self._asked("auths/")
        if status == 200:
            return self._id(answer)
        for path in ("chats/", "memories/"):
            status, rows = self._asked(path)  # memories may be switched off there
            first = rows[0] if status == 200 and isinstance(rows, list) and rows else None
            if path == "chats/" and first is not None:
                first = self._read(f"chats/{quoted(self._id(first))}")
            if isinstance(owner := mapping(first).get("user_id"), str):
                return owner
        return ""

    def chats_of(self, user_id: str, bounds: Bounds | None = None) -> frozenset[str]:
        found: set[str] = set()
        for page in range(1, _MOST_PAGES):
            order = {"page": page, "order_by": "created_at", "direction": "asc"}
            chats = self._read(f"chats/list/user/{quoted(user_id)}", order, bounds)
            if not isinstance(chats, list):
                raise _nonsense("chats")
            if not chats:
                return frozenset(found)
            found.update(map(self._id, chats))
        raise Retry("Open WebUI lists chats without an end.", hint=_HINT)

    def has_user(self, user_id: str) -> bool:
        """Whether there is such a user. False only where Open WebUI says so itself."""
        return self._has(f"users/{quoted(user_id)}", user_id, (400, 404))

    def has_chat(self, chat_id: str) -> bool:
        """Whether there is such a chat. False without access to it, too: ask for one that there is."""
        return self._has(f"chats/{quoted(chat_id)}", chat_id, (401, 404))

    def fetch_past(self, user_id: str, file: Path) -> None:
        """Write a user's chats, and the native memories of the key's own user, into a file of JSON Lines.

        Chats that are deleted meanwhile are left out. More than 256 MB, or four minutes, is a Retry.
        """
        own, bounds = self._own_id() == user_id, Bounds()
        with file.open("wb") as lines:
            if own:
                self._copy("chats/all", lines, bounds)
                status, memories = self._asked("memories/", bounds=bounds)
                for memory in memories if status == 200 and isinstance(memories, list) else ():
                    lines.write(b"\n" + json.dumps(memory).encode())
                return
            chats, gone = self.chats_of(user_id, bounds), 0
            for chat_id in sorted(chats):
                status, chat = self._asked(f"chats/{quoted(chat_id)}", bounds=bounds)
                if status == 200:
                    lines.write(json.dumps(chat).encode() + b"\n")
                elif status in (401, 404) and (gone := gone + 1) < len(chats):
                    continue
                else:  # without access it has none of them
                    raise _nonsense("chats")

    def _copy(self, path: str, file: IO[bytes], bounds: Bounds) -> None:
        with _reached(), self._client.stream("GET", path) as answer:
            self._check(answer)
            for part in answer.iter_bytes():
                bounds.take(len(part))
                file.write(part)

    def _has(self, path: str, id_: str, absent: tuple[int, ...]) -> bool:
        status, answer = self._asked(path)
        if status == 200 and mapping(answer).get("id") == id_:
            return True
        if status in absent and isinstance(mapping(answer).get("detail"), str):
            return False
        raise _nonsense(path.partition("/")[0])

    def _read(self, path: str, query: dict[str, Any] | None = None, bounds: Bounds | None = None) -> Any:
        status, answer = self._asked(path, query, bounds)
        if status != 200:
            raise _nonsense(path.partition("/")[0])
        return answer

    def _asked(
        self, path: str, query: dict[str, Any] | None = None, bounds: Bounds | None = None, form: Any = None
    ) -> tuple[int, Any]:
        """The answer's status and JSON. form: what is posted; else it is a GET."""
        bounds, method = bounds or Bounds(), "GET" if form is None else "POST"
        try:
            with _reached(), self._client.stream(method, path, params=query, json=form) as answer:
                if answer.status_code >= 500 or answer.is_redirect:
                    self._check(answer)
                body = bytearray()
                for part in answer.iter_bytes():
                    bounds.take(len(part))
                    body += part
            refused = answer.status_code == 401 or (answer.status_code == 403 and path != "auths/")
            if refused and path.partition("/")[0] in ("auths", "users"):
                self._check(answer)
            if answer.status_code in (401, 403) and path.startswith("chats/list"):
                hint = "Set ENABLE_ADMIN_CHAT_ACCESS=true there, and give an admin's key."
                raise TellAdmin("Open WebUI does not show users' chats to this key.", hint=hint)
            return answer.status_code, json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Retry("Open WebUI's answer is no JSON.", hint=_HINT) from error

    @staticmethod
    def _check(answer: httpx.Response) -> None:
        if answer.status_code in (401, 403):
            raise TellAdmin("Open WebUI does not accept the key, or it is no admin's.", hint=_HINT)
        if answer.status_code != 200:
            raise Retry(f"Open WebUI answers {answer.status_code}.", hint=_HINT)

    @staticmethod
    def _id(value: Any) -> str:
        id_ = mapping(value).get("id")
        if not isinstance(id_, str) or not id_:
            raise _nonsense("ids")
        return id_


def _nonsense(what: str) -> Retry:
    return Retry(f"Open WebUI's answer about {what} is not what is expected of it.", hint=_HINT)
