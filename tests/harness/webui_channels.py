"""The channels of Open WebUI for tests, which answers as its routers/channels.py does."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse, Response

from tests.harness.web import WebServer

KEY = "an-admins-key"
ADMIN = "admin"
_API = "/api/v1/channels"
_NS = 10**9


class WebuiStandIn(WebServer):
    """Channels by id; each has messages by id. Times are given by `now`, Unix seconds.

    odd: answers by the end of a path, instead of what it would say. before: called with a path before each.
    """

    def __init__(self) -> None:
        self.channels: dict[str, dict[str, Any]] = {}
        self.hooks: dict[str, list[dict[str, Any]]] = {}
        self.closed: set[str] = set()  # channels that the key may not read
        self.now = time.time() - 3600.0
        self.asked: list[str] = []
        self.odd: dict[str, Callable[[], Response]] = {}
        self.before: Callable[[str], object] = lambda _: None
        self._messages: dict[str, dict[str, dict[str, Any]]] = {}
        self._numbers, self._lock = itertools.count(1), threading.RLock()
        app = FastAPI()
        app.add_api_route(_API + "/list", lambda: list(self.channels.values()))
        app.add_api_route(_API + "/{channel}", self._channel)
        app.add_api_route(_API + "/{channel}/messages", self._listed)
        app.add_api_route(_API + "/{channel}/messages/{message}", self._message)
        app.add_api_route(_API + "/{channel}/messages/{message}/thread", self._thread)
        app.add_api_route(_API + "/{channel}/webhooks", lambda channel: self.hooks[channel])
        app.add_api_route(_API + "/{channel}/webhooks/create", self._new_hook, methods=["POST"])
        app.add_api_route(_API + "/webhooks/{hook}/{token}", self._by_hook, methods=["POST"])
        app.middleware("http")(self._guarded)
        super().__init__(app)

    # What members do

    def add(self, name: str, kind: str | None = None) -> str:
        id_ = f"id-of-{name}"
        self.channels[id_] = {"id": id_, "name": name, "type": kind, "archived_at": None, "deleted_at": None}
        self._messages[id_], self.hooks[id_] = {}, []
        return id_

    def write(self, channel: str, author: str, text: str, parent: str | None = None, **more: Any) -> str:
        with self._lock:
            self.now += 1.0
            id_ = f"m{next(self._numbers)}"
            at = int(self.now * _NS)
            message = {"id": id_, "user_id": author, "channel_id": channel, "content": text, "data": False}
            message |= {"user": {"id": author, "name": author.title()}, "parent_id": parent, "meta": None}
            message |= {"reply_to_id": None, "app_id": None, "created_at": at, "updated_at": at}
            self._messages[channel][id_] = {**message, **more}
            return id_

    def edit(self, channel: str, id_: str, text: str) -> None:
        with self._lock:
            self.now += 1.0
            self._messages[channel][id_] |= {"content": text, "updated_at": int(self.now * _NS)}

    def delete(self, channel: str, id_: str) -> None:
        with self._lock:
            mine = self._messages[channel]
            for gone in [one["id"] for one in mine.values() if id_ in (one["id"], one["parent_id"])]:
                del mine[gone]

    def said_by_us(self, channel: str) -> list[str]:
        """What was posted by webhooks."""
        mine = self._messages[channel].values()
        return [one["content"] for one in mine if (one["meta"] or {}).get("webhook")]

    # The API

    async def _guarded(self, request: Request, call_next: Any) -> Response:
        path = request.url.path
        self.asked.append(path)
        self.before(path)
        for end, answer in self.odd.items():
            if path.endswith(end):
                return answer()
        if request.headers.get("authorization") != f"Bearer {KEY}" and "/webhooks/" not in path:
            return JSONResponse({"detail": "401 Unauthorized"}, 401)
        channel = path.removeprefix(_API).split("/")[1] if path.startswith(_API + "/id-of-") else ""
        if channel and channel not in self.channels:
            return JSONResponse({"detail": "We could not find what you're looking for :/"}, 404)
        if channel in self.closed and "webhooks" not in path:
            return JSONResponse({"detail": "[ERROR: Something went wrong :/]"}, 403)
        response: Response = await call_next(request)
        return response

    def _channel(self, channel: str) -> Any:
        return self.channels[channel]

    def _of(self, channel: str, parent: str | None) -> list[dict[str, Any]]:
        """The messages of a channel without threads, or of one thread, the newest first."""
        mine = [one for one in self._messages[channel].values() if one["parent_id"] == parent]
        mine.sort(key=lambda one: one["created_at"], reverse=True)
        replies = Counter(one["parent_id"] for one in self._messages[channel].values() if parent is None)
        latest = {one["parent_id"]: one["created_at"] for one in self._messages[channel].values()}
        return [
            {**one, "reply_count": replies[id_], "latest_reply_at": latest[id_] if replies[id_] else None}
            for one in mine
            for id_ in (one["id"],)
        ]

    def _listed(self, channel: str, skip: int = 0, limit: int = 50) -> Any:
        with self._lock:
            return self._of(channel, None)[skip : skip + limit]

    def _thread(self, channel: str, message: str, skip: int = 0, limit: int = 50) -> Any:
        with self._lock:
            if message not in self._messages[channel]:
                return []
            replies = self._of(channel, message)[skip : skip + limit]
            return replies + ([self._messages[channel][message]] if len(replies) < limit else [])

    def _message(self, channel: str, message: str) -> Any:
        if message not in self._messages[channel]:
            return JSONResponse({"detail": "We could not find what you're looking for :/"}, 404)
        return self._messages[channel][message]

    async def _new_hook(self, channel: str, request: Request) -> Any:
        hook = {"id": f"hook-{channel}", "token": "secret-token", "user_id": ADMIN, **await request.json()}
        self.hooks[channel].append(hook)
        return hook

    async def _by_hook(self, hook: str, token: str, request: Request, authorization: str = Header("")) -> Any:
        channel = hook.removeprefix("hook-")
        text = (await request.json())["content"]
        meta = {"webhook": {"id": hook}}
        return {"message_id": self.write(channel, ADMIN, text, meta=meta), "success": token == "secret-token"}
