"""
title: Memory
author: the owui-memory authors
version: 0.1.0
license: MIT
required_open_webui_version: 0.12.4
description: Remembers what users say and tells the model what it needs to know. Asks an owui-memory server.
"""

# Made by scripts/generate.py from scripts/memory_function.py. The server does the work: see docs/function.md.
import asyncio
import json
import logging
import unicodedata
from typing import Any, Literal

import aiohttp
from pydantic import BaseModel, Field

log = logging.getLogger(__name__)

Body = dict[str, Any]

_OUTLET_S, _COMMAND_S = 20.0, 125.0  # the server gives a command two minutes
_NAMES = (
    "memory",
    "memories",
    "gedachtnis",
    "gedaechtnis",
    "erinnerung",
    "erinnerungen",
    "memoria",
    "memorias",
    "recuerdos",
    "memoire",
    "memoires",
    "souvenirs",
    "память",
    "воспоминания",
    "воспоминание",
    "记忆",
    "メモリ",
    "メモリー",
    "記憶",
)  # of commands
_SLASHES = "/\\\u2044\u2215"
_LOOKED_CHARS = 100  # of a message, for a command

_ICON = (  # a note
    "data:image/svg+xml;base64,"
    "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCIgZmlsbD0ibm9uZSIg"
    "c3Ryb2tlPSJjdXJyZW50Q29sb3IiIHN0cm9rZS13aWR0aD0iMS41IiBzdHJva2UtbGluZWNhcD0icm91bmQiIHN0cm9rZS1s"
    "aW5lam9pbj0icm91bmQiPjxwYXRoIGQ9Ik01IDRoMTFsMyAzdjEzSDV6Ii8+PHBhdGggZD0iTTggMTJoOE04IDE2aDVNOCA4"
    "aDQiLz48L3N2Zz4="
)


class Filter:
    class Valves(BaseModel):
        url: str = Field(
            "http://pipelines:9099",
            title="Memory server",
            description="The Pipelines server with the filter, or the proxy, as Open WebUI reaches it.",
        )
        key: str = Field(
            "",
            title="Memory server's key",
            description="That server's PIPELINES_API_KEY.",
            json_schema_extra={"input": {"type": "password"}},
        )
        deadline_ms: int = Field(
            2000,
            ge=100,
            le=10000,
            title="Deadline (ms)",
            description="A message waits for memories this long at most; then it goes on without them.",
        )
        priority: int = Field(0, title="Priority", description="Functions with a lower number run first.")

    class UserValves(BaseModel):
        memory: Literal["on", "recall only", "off"] = Field(
            "on",
            title="Memory",
            description="recall only: what is known is used, and nothing is learned. off: neither.",
        )
        notes: bool = Field(
            True, title="Show what was used", description="A line above the answer, and sources below it."
        )

    def __init__(self) -> None:
        self.valves = self.Valves()
        self.toggle = True  # a chip in the chat's input
        self.icon = _ICON

    async def inlet(self, body: Body, __user__: Body | None = None, __event_emitter__: Any = None) -> Body:
        return await self._asked("inlet", body, __user__, __event_emitter__, self.valves.deadline_ms / 1000)

    async def outlet(self, body: Body, __user__: Body | None = None, __event_emitter__: Any = None) -> Body:
        return await self._asked("outlet", body, __user__, __event_emitter__, _OUTLET_S)

    async def _asked(self, way: str, body: Body, user: Body | None, emit: Any, within_s: float) -> Body:
        """The body as the server wants it to go on; as it is, where it does not answer in time."""
        user = user or {}
        own = user.get("valves") or self.UserValves()
        if own.memory == "off":
            return body
        known = {name: user.get(name) for name in ("id", "email", "name", "role")}
        # What is shown stays in the chat, which may be somebody else's who lets this user continue it.
        notes = own.notes and (way == "inlet" or await _is_own(body, user))
        wanted = {"only_recall": own.memory == "recall only", "notes": notes}
        form = {"body": body, "user": known, **wanted}
        url = f"{self.valves.url.rstrip('/')}/memory/function/{way}"
        headers = {"Authorization": f"Bearer {self.valves.key}", "Content-Type": "application/json"}
        try:
            if _is_command(body):
                within_s = _COMMAND_S
            timeout = aiohttp.ClientTimeout(total=within_s, sock_connect=min(within_s, 5))
            # Off the event loop, which all chats share: a body may hold pictures.
            sent = await asyncio.to_thread(_dumped, form)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, data=sent, headers=headers, allow_redirects=False) as answer,
            ):
                answer.raise_for_status()
                told = await asyncio.to_thread(json.loads, await answer.read())
            for event in told["events"] if emit and notes else ():
                await emit(event)
            return told["body"] or body
        except Exception as error:  # noqa: BLE001 - the chat must go on
            log.warning("Memory: the server at its valve url did not help (%s).", type(error).__name__)
            return body


def _dumped(form: Body) -> bytes:
    # Piece by piece: `dumps` keeps the interpreter to itself until the last picture is written.
    return b"".join(piece.encode() for piece in json.JSONEncoder(default=str).iterencode(form))


async def _is_own(body: Body, user: Body) -> bool:
    """Whether the chat is known to be the user's, and none that others let them continue and can read."""
    try:
        from open_webui.models.chats import Chats

        return await Chats.is_chat_owner(body["chat_id"], user["id"]) is True
    except Exception:  # noqa: BLE001 - another release of Open WebUI
        return False


def _is_command(body: Body) -> bool:
    """Whether the last thing that the user said begins like one."""
    said = [one for one in body["messages"] if one.get("role") == "user"]
    text = said[-1].get("content") if said else ""
    if isinstance(text, list):
        text = next((part.get("text") for part in text if part.get("type") == "text"), "")
    head = _plain(str(text)[:_LOOKED_CHARS])
    name = head.lstrip("".join(char for char in head if not char.isalnum()))
    has_slash = any(char in _SLASHES for char in head[: len(head) - len(name)])
    return has_slash and name.startswith(tuple(map(_plain, _NAMES)))


def _plain(text: str) -> str:
    """As names are compared: without case, width and accents."""
    parts = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in parts if not unicodedata.combining(char))
