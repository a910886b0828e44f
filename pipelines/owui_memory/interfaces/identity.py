"""Who asks, and in which chat: by a key, by Open WebUI's headers, or by its signature.

What a request says of its user counts only with the server's key or a valid signature; whoever has a key of
their own is the user whose key it is. Nothing in a body ever names the user.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ..core.errors import MemoryFault
from .body import mapping
from .requests import RequestError
from .server_key import bearer, has_key, key_wanted

if TYPE_CHECKING:
    from .chats import Chats

_ISSUER, _LEEWAY_S = "open-webui", 30
_USER = ("id", "name", "email", "role")
JWT = "x-openwebui-user-jwt"
_WRONG_KEY = "The key is missing or wrong. Send 'Authorization: Bearer <a key of yours, or the server's>'."


@dataclass(frozen=True, slots=True)
class Caller:
    """user: id, name, email, role, as Open WebUI tells them to a filter; {} for nobody.

    by_own_key: what else the request says is only this user's word.
    """

    user: Mapping[str, str] = field(default_factory=dict)
    by_own_key: bool = False

    @property
    def id(self) -> str:
        return self.user.get("id", "")


def given_key(headers: Mapping[str, str]) -> str:
    """The key that a request carries, "" for none."""
    return bearer(headers) or headers.get("x-api-key", "").strip()


def _caller_of(headers: Mapping[str, str], server_key: str, secret: str) -> Caller | None:
    """Who asks, as far as the server's key and a signature tell; None: neither is there."""
    signed = _signed(headers.get(JWT, ""), secret)
    key = given_key(headers)
    if not has_key(headers, server_key, key):
        return Caller(signed) if signed else None
    if signed:
        return Caller(signed)
    for prefix in ("x-memory-user-", "x-openwebui-user-"):
        told = {name: _first(headers, prefix + name) for name in _USER}
        if told["id"]:
            return Caller({name: value for name, value in told.items() if value})
    return Caller()


async def caller_of(headers: Mapping[str, str], chats: Chats) -> Caller:
    """Who asks a server: see `identified`."""
    given = chats.environment
    return await identified(headers, given.server_key, given.user_jwt_secret, chats.owner_of)


async def identified(
    headers: Mapping[str, str], server_key: str, secret: str, owner_of: Callable[[str], Awaitable[str]]
) -> Caller:
    """Who asks.

    secret: with which Open WebUI signs, "" for none. owner_of: looks up the owner of a user's key, and may
    raise a MemoryFault.

    Raises:
        RequestError: nobody is told, or the keys cannot be looked up.
    """
    if (caller := _caller_of(headers, server_key, secret)) is not None:
        return caller
    try:
        owner = await owner_of(given_key(headers)) if given_key(headers) else ""
    except MemoryFault as fault:
        raise RequestError(503, "not_ready", f"{fault} {fault.hint}".strip()) from fault
    if not owner:
        raise RequestError(401, "invalid_api_key", key_wanted(headers, server_key, _WRONG_KEY))
    return Caller({"id": owner}, by_own_key=True)


def metadata_of(headers: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
    """Chat, messages and task, as Open WebUI tells them to a filter."""
    in_body = mapping(body.get("metadata")).get("chat_id")
    conversation = body.get("conversation")  # of the responses API
    named = conversation.get("id") if isinstance(conversation, Mapping) else conversation
    chat_id = _first(headers, "x-memory-chat-id", "x-openwebui-chat-id") or in_body or named
    meta: dict[str, Any] = {
        "chat_id": chat_id,
        "message_id": _first(headers, "x-memory-message-id", "x-openwebui-message-id"),
        # What was said before a response is not told with the next one.
        "user_message_id": _first(headers, "x-memory-user-message-id") or body.get("previous_response_id"),
        "task": _first(headers, "x-memory-task"),
    }
    if "x-memory-user-message-parent-id" in headers:
        meta["user_message"] = {"parentId": _first(headers, "x-memory-user-message-parent-id") or None}
    return meta


def _first(headers: Mapping[str, str], *names: str) -> str:
    """Templates that Open WebUI did not fill in, as other programs do not, are nothing."""
    found = (unquote(headers.get(name, "")).strip() for name in names)
    return next((value for value in found if value and not value.startswith("{{")), "")


def _signed(token: str, secret: str) -> dict[str, str]:
    if not token or not secret:
        return {}
    import jwt  # the Pipelines server brings it

    options: Any = {"require": ["exp", "sub"], "verify_aud": False}
    try:
        claims = jwt.decode(token, secret, ["HS256"], options, issuer=_ISSUER, leeway=_LEEWAY_S)
    except (jwt.PyJWTError, ValueError):
        return {}
    told = {**claims, "id": claims.get("sub")}
    return {name: told[name] for name in _USER if isinstance(told.get(name), str)}
