"""Who looks at the page: by Open WebUI's session, by a link that the chat gave, or by the server's key."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from ...config.environment import PUBLIC_DEFAULT_KEY
from ...core.memory import is_person
from ...state.page_sessions_table import SESSION_S, Person

SESSION, FORM, OUT, WEBUI = "memory_session", "memory_form", "memory_signed_out", "token"
_COOKIES_CHARS = 16_000
_ASK_S, _ANSWER_BYTES, _ASK_AT_ONCE = 5.0, 8 << 20, 8  # an answer holds a picture
_ROLES = ("user", "admin")
RECHECK_S, UNCHECKED_S = 300.0, 3600.0  # when Open WebUI is asked again, and for how long it may be silent


class SilentError(Exception):
    """Open WebUI does not answer."""


class OpenWebUISessions:
    """Asks Open WebUI whose a session is. For one event loop."""

    def __init__(self) -> None:
        self._client: aiohttp.ClientSession | None = None
        self._at_once = asyncio.Semaphore(_ASK_AT_ONCE)

    async def person(self, webui_url: str, token: str) -> Person | None:
        """Whose session this token is; None if it is nobody's, or one of an account that may not chat yet.

        Raises:
            SilentError: Open WebUI does not answer, or not as it does.
        """
        if self._client is None:
            timeout = aiohttp.ClientTimeout(total=_ASK_S)
            self._client = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        url, headers = f"{webui_url}/api/v1/auths/", {"Authorization": f"Bearer {token}"}
        try:
            async with (
                self._at_once,
                self._client.get(url, headers=headers, allow_redirects=False) as answer,
            ):
                if answer.status in (401, 403):
                    return None
                if answer.status != 200:
                    raise SilentError
                raw = bytearray()
                async for piece in answer.content.iter_chunked(1 << 16):
                    raw += piece
                    if len(raw) > _ANSWER_BYTES:
                        raise SilentError
                told = json.loads(raw)
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
            raise SilentError from error
        return _person(told, hash_of(token))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None


def _person(told: Any, webui: str) -> Person | None:
    names = ("id", "name", "email", "role")
    values = [told.get(name) for name in names] if isinstance(told, dict) else []
    user_id, name, email, role = [one if isinstance(one, str) else "" for one in values] or [""] * 4
    if not is_person(user_id) or role not in _ROLES:
        return None
    return Person(user_id, name[:200], email[:200], role, webui, time.time())


def cookies_of(header: str) -> dict[str, str]:
    """The cookies of a request."""
    parts = (part.partition("=") for part in header[:_COOKIES_CHARS].split(";"))
    return {name.strip(): value.strip().strip('"') for name, _, value in parts}


def webui_token(cookies: Mapping[str, str]) -> str:
    """The session of Open WebUI that a browser has; "" for none. Its API keys are no session."""
    token = cookies.get(WEBUI, "")
    return "" if token.startswith("sk-") or not token.isascii() or not token.isprintable() else token


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_of(session: str) -> str:
    """What every form of a session carries: another site can neither read nor guess it."""
    return hmac.new(session.encode(errors="replace"), b"csrf", hashlib.sha256).hexdigest()


def is_same(given: str, wanted: str) -> bool:
    return bool(wanted) and hmac.compare_digest(
        given.encode(errors="replace"), wanted.encode(errors="replace")
    )


def key_fits(given: str, server_key: str) -> bool:
    """Whether this is the server's key; never that which everybody knows."""
    return server_key != PUBLIC_DEFAULT_KEY and is_same(given, server_key)


def new_form() -> str:
    """What a form of somebody who is not signed in carries, and the cookie that goes with it."""
    return secrets.token_urlsafe(24)


def cookie(name: str, value: str, *, page_url: str, secure: bool, seconds: int | None = None) -> str:
    """A `set-cookie` header that no script and no other site's form gets at; 0 seconds takes it away."""
    path = f"{urlsplit(page_url).path}/" if page_url else "/memory/"
    age = "" if seconds is None else f"; Max-Age={seconds}"
    return f"{name}={value}; Path={path}; HttpOnly; SameSite=Lax{age}{'; Secure' if secure else ''}"


def session_cookie(token: str, *, page_url: str, secure: bool) -> str:
    return cookie(SESSION, token, page_url=page_url, secure=secure, seconds=int(SESSION_S) if token else 0)
