"""Posts events to Open WebUI, off every chat's path: few at once, each within a bound, dropped when late."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ...config.settings import Valves
from ...core.breaker import Breaker
from ...core.memory import Check
from ...core.unreached import unreached
from ...models.limits import bounded, hang_up, limited
from ...observe.inquiry import Inquiry

if TYPE_CHECKING:
    import httpx

Event = dict[str, Any]

_AT_ONCE = 2  # connections
_WAITING, _WAITING_EACH = 64, 8  # events, of all users and of one
_LATE_S = 5.0  # what waits longer is dropped
_TIMEOUT_S, _ANSWER_BYTES = 2.0, 1_000_000  # of a whole request
_LOOK_S, _LOOKED_S = 3.0, 30.0  # that a look at Open WebUI may take, and for which it holds
_NAME = "lines in chats"


class Poster:
    """For all users. Threads may share it; nothing but `check` and `close` blocks."""

    def __init__(self, settings: Callable[[], Valves]) -> None:
        self._settings = settings
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="memory-live")
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()  # by user
        self._breaker = Breaker()
        self._client: httpx.Client | None = None
        self._sent = self._dropped = 0
        self._looking = Inquiry("memory-webui", self._look)
        self._looked: tuple[float, tuple[str, str], Check] | None = None

    @property
    def is_on(self) -> bool:
        settings = self._settings()
        return bool(settings.webui_url and settings.webui_api_key)

    def post(self, user_id: str, chat_id: str, message_id: str, make: Callable[[], Event | None]) -> None:
        """Post what `make` gives, which may block, to a message; nothing where that is None."""
        if not self.is_on:
            return
        with self._lock:
            full = self._waiting.total() >= _WAITING or self._waiting[user_id] >= _WAITING_EACH
            self._dropped += full
            if full:
                return
            self._waiting[user_id] += 1
        try:
            path = f"/api/v1/chats/{chat_id}/messages/{message_id}/event"
            self._pool.submit(self._work, user_id, path, make, time.monotonic())
        except RuntimeError:  # closed
            self._left(user_id)

    def get(self, path: str) -> Any:
        """What Open WebUI answers, as JSON's values; None while it does not, or refuses.

        Blocks for some seconds at most.
        """
        began = self._breaker.clock()
        if not self._breaker.allows():
            return None
        try:
            status, answer = self._ask("GET", path)
        except Exception:  # noqa: BLE001 - the check tells why
            self._breaker.failed(began)
            return None
        self._breaker.succeeded()
        try:
            return json.loads(answer) if status == 200 else None
        except (ValueError, RecursionError):
            return None

    def check(self) -> Check | None:
        """Whether Open WebUI takes what is posted; None where it is not set. Takes some seconds at most."""
        settings = self._settings()
        if not self.is_on:
            return None
        of = settings.webui_url, settings.webui_api_key
        if self._looked is None or self._looked[1] != of or time.monotonic() - self._looked[0] > _LOOKED_S:
            try:
                check = self._looking.answer(_LOOK_S)
            except TimeoutError:
                check = _ill("Open WebUI does not answer in time", "Look at Open WebUI and at webui_url.")
            except Exception as error:  # noqa: BLE001 - it is what the check says
                check = _ill(f"Open WebUI cannot be reached: {unreached(error)}", "Check webui_url.")
            self._looked = time.monotonic(), of, check
        check = self._looked[2]
        counts = f"{self._sent:,} shown, {self._dropped:,} dropped"
        detail = f"running chats show what is used and learned: {counts}"
        return check if not check.ok else Check(_NAME, True, detail)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            hang_up(self._client)
            self._client.close()

    def _work(self, user_id: str, path: str, make: Callable[[], Event | None], since: float) -> None:
        try:
            if time.monotonic() - since > _LATE_S or not self._breaker.allows():
                self._count(dropped=1)
            elif (event := make()) is not None:
                self._send(path, event)
        except Exception:  # noqa: BLE001 - the check tells why; a chat without a status line is whole
            self._count(dropped=1)
        finally:
            self._left(user_id)

    def _count(self, *, sent: int = 0, dropped: int = 0) -> None:
        with self._lock:
            self._sent += sent
            self._dropped += dropped

    def _left(self, user_id: str) -> None:
        with self._lock:
            self._waiting[user_id] -= 1
            self._waiting += Counter()  # without those at none

    def _send(self, path: str, event: Event) -> None:
        began = self._breaker.clock()
        status = 0
        try:
            status, _ = self._ask("POST", path, event)
        finally:
            if 200 <= status < 300:
                self._count(sent=1)
                self._breaker.succeeded()
            else:
                self._count(dropped=int(status != 0))
                self._breaker.failed(began)

    def _ask(self, method: str, path: str, body: Event | None = None) -> tuple[int, bytes]:
        """Status and answer of one request."""
        import httpx

        settings = self._settings()
        with self._lock:
            if self._client is None:
                limits = httpx.Limits(max_connections=_AT_ONCE + 2, max_keepalive_connections=_AT_ONCE)
                self._client = httpx.Client(timeout=_TIMEOUT_S, limits=limits, trust_env=False)
                limited(self._client)
        headers = {"Authorization": f"Bearer {settings.webui_api_key}"}
        with bounded(_TIMEOUT_S, _ANSWER_BYTES):
            answer = self._client.request(method, settings.webui_url + path, json=body, headers=headers)
        return answer.status_code, answer.content

    def _look(self) -> Check:
        # Only people who have signed in are told who they are: an API key gets a 403 whosever it is.
        if self._ask("GET", "/api/v1/auths/")[0] == 401:
            return _ill(
                "Open WebUI refuses webui_api_key", "Make an API key in an admin's account there, and set it."
            )
        status, answer = self._ask("GET", "/api/v1/users/?page=1")
        if status == 403:
            hint = (
                "Switch API keys on there (Admin > Settings > General), and where their endpoints are "
                "restricted, allow /api/v1/users, /api/v1/chats, /api/v1/memories and /api/v1/channels."
            )
            return _ill("Open WebUI lets no API key ask", hint)
        if status == 401:
            return _ill("webui_api_key is not an admin's", "Only an admin's key reaches everybody's chats.")
        told = json.loads(answer) if status == 200 else None
        if not isinstance(told, dict) or "users" not in told:
            return _ill("something else answers at webui_url", "Set it to Open WebUI's own address.")
        _, answer = self._ask("GET", "/api/config")
        features = json.loads(answer).get("features", {})
        if features.get("enable_admin_chat_access") is False:
            return _ill("admins may not open users' chats there", "Set its ENABLE_ADMIN_CHAT_ACCESS to true.")
        return Check(_NAME, True, "")


def _ill(what: str, hint: str) -> Check:
    return Check(_NAME, False, f"running chats show nothing of memory: {what}", hint)
