"""A homeserver of Matrix for tests: the few answers that a client needs to read rooms."""

import asyncio
import itertools
import json
from typing import Any

from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse

from tests.harness.web import WebServer

TOKEN = "matrix-token"
ADA, BOB, BOT = "@ada:example.org", "@bob:example.org", "@memory:example.org"
NAMES = {ADA: "Ada", BOB: "Bob", BOT: "Memory"}
ROOM, ALIAS, OTHER = "!team:example.org", "#team:example.org", "!other:example.org"
_API = "/_matrix/client/v3"
_FIRST_MS = 1_795_856_400_000
_PAGE = 5  # events of a room in one answer


class Matrix(WebServer):
    """Has two rooms. A sync's token is the number of events before it. `sent`: by the client."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.joined: list[str] = []
        self.pages = 0  # of missed events that were asked for
        self.waiting = False  # a client waits for what comes next
        self.away = False  # every sync fails
        self._events: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)
        app = FastAPI()
        app.add_api_route(f"{_API}/account/whoami", lambda: {"user_id": BOT})
        app.add_api_route(f"{_API}/join/{{room}}", self._join, methods=["POST"])
        app.add_api_route(f"{_API}/sync", self._sync)
        app.add_api_route(f"{_API}/rooms/{{room}}/messages", self._messages)
        app.add_api_route(f"{_API}/rooms/{{room}}/event/{{event}}", self._event)
        app.add_api_route(f"{_API}/rooms/{{room}}/send/{{kind}}/{{number}}", self._send, methods=["PUT"])
        super().__init__(app)

    # What members do

    def say(self, room: str, sender: str, content: Any, kind: str = "m.room.message", **more: Any) -> str:
        """Send text, or content of any shape; returns the event's id."""
        number = next(self._numbers)
        if isinstance(content, str):
            content = {"msgtype": "m.text", "body": content}
        event = {"event_id": f"$event{number}", "type": kind, "sender": sender, "content": content, **more}
        at = {"origin_server_ts": _FIRST_MS + 1000 * number, "room_id": room}
        self._events.append(at | event)
        return str(event["event_id"])

    def edit(self, room: str, sender: str, id_: str, text: str) -> None:
        relation = {"rel_type": "m.replace", "event_id": id_}
        new = {"msgtype": "m.text", "body": text}
        content = {"msgtype": "m.text", "body": f"* {text}", "m.new_content": new, "m.relates_to": relation}
        self.say(room, sender, content)

    def redact(self, room: str, sender: str, id_: str) -> None:
        self.say(room, sender, {}, "m.room.redaction", redacts=id_)

    # The API

    async def _join(self, room: str) -> Any:
        if room not in (ROOM, ALIAS, OTHER):
            return JSONResponse({"errcode": "M_FORBIDDEN", "error": "You are not invited."}, 403)
        self.joined.append(room)
        return {"room_id": ROOM if room == ALIAS else room}

    async def _sync(
        self, request: Request, since: int = -1, timeout: int = 0, authorization: str = Header("")
    ) -> Any:
        if authorization != f"Bearer {TOKEN}":
            return JSONResponse({"errcode": "M_UNKNOWN_TOKEN", "error": "Unknown token."}, 401)
        for _ in range(timeout // 20):
            if self.away:
                return JSONResponse({}, 502)
            if len(self._events) > since or request.query_params.get("full_state") == "true":
                break
            self.waiting = True
            await asyncio.sleep(0.02)
        only = json.loads(request.query_params["filter"])["room"]["rooms"]
        rooms = {room: self._room(room, max(since, 0)) for room in only}
        return {"next_batch": str(len(self._events)), "rooms": {"join": rooms}}

    def _room(self, room: str, since: int) -> dict[str, Any]:
        events = [event for event in self._events[since:] if event["room_id"] == room]
        before = self._events.index(events[-_PAGE]) if len(events) > _PAGE else since
        timeline = {"events": events[-_PAGE:], "limited": len(events) > _PAGE, "prev_batch": str(before)}
        state = [
            self._state("m.room.name", BOT, {"name": "team"}, ""),
            *(
                self._state("m.room.member", who, {"membership": "join", "displayname": NAMES[who]}, who)
                for who in NAMES
            ),
        ]
        return {"timeline": timeline, "state": {"events": state}, "ephemeral": {"events": []}}

    @staticmethod
    def _state(kind: str, sender: str, content: dict[str, Any], key: str) -> dict[str, Any]:
        event = {"type": kind, "sender": sender, "content": content, "state_key": key}
        return {**event, "event_id": f"${kind}{key}", "origin_server_ts": _FIRST_MS}

    async def _messages(self, request: Request, room: str) -> Any:
        """Backwards, from a token to an earlier one."""
        self.pages += 1
        start, end = int(request.query_params["from"]), int(request.query_params["to"])
        numbered = [
            (n, one) for n, one in enumerate(self._events[:start]) if one["room_id"] == room and n >= end
        ]
        page = numbered[-_PAGE:]
        chunk = [event for _, event in reversed(page)]
        more = {"end": str(page[0][0])} if len(numbered) > _PAGE else {}
        return {"chunk": chunk, "start": str(start), **more}

    async def _event(self, room: str, event: str) -> Any:
        for one in self._events:
            if one["event_id"] == event and one["room_id"] == room:
                return one
        return JSONResponse({"errcode": "M_NOT_FOUND", "error": "There is no such event."}, 404)

    async def _send(self, room: str, request: Request) -> Any:
        content = await request.json()
        self.sent.append((room, content))
        return {"event_id": self.say(room, BOT, content)}
