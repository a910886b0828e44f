"""Discord for tests: the few answers of its HTTP API and its gateway that a bot needs to read channels."""

import asyncio
import itertools
import json
import time
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Header, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, Response

from tests.harness.web import WebServer

TOKEN = "bot-token"
GUILD, GENERAL, RANDOM, THREAD, BOT, ADA, BOB = (str(10**17 + number) for number in range(7))
NAMES = {ADA: "Ada", BOB: "Bob", BOT: "Memory"}
_EPOCH_MS = 1_420_070_400_000


class Discord(WebServer):
    """A server with #general, which has a thread, and #random. What the bot posts is in `posted`."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.intents = 0
        self.histories = 0  # how often one was read
        self._messages: dict[str, dict[str, dict[str, Any]]] = {GENERAL: {}, RANDOM: {}, THREAD: {}}
        self._clients: list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[Any]]] = []
        self._numbers = itertools.count(1)
        app = FastAPI()
        app.add_api_route("/api/users/@me", lambda: user(BOT))
        app.add_api_route("/api/oauth2/applications/@me", lambda: APPLICATION)
        app.add_api_route("/api/channels/{channel}/messages", self._history)
        app.add_api_route("/api/channels/{channel}/messages", self._post, methods=["POST"])
        app.add_api_websocket_route("/gateway/", self._gateway)
        super().__init__(app, sockets=True)

    @property
    def api(self) -> str:
        return f"{self.url}/api"

    @property
    def gateway(self) -> str:
        return f"ws{self.url.removeprefix('http')}/gateway/"

    @property
    def listeners(self) -> int:
        return len(self._clients)

    # What members do

    def write(self, channel: str, author: str, text: str, **more: Any) -> str:
        id_ = str(((int(time.time() * 1000) - _EPOCH_MS) << 22) + next(self._numbers))
        message = {
            "id": id_,
            "channel_id": channel,
            "guild_id": GUILD,
            "author": user(author),
            "content": text,
            "timestamp": _now(),
            "edited_timestamp": None,
            "type": 0,
            "flags": 0,
            "components": [],
            "tts": False,
            "mention_everyone": False,
            "pinned": False,
            "mention_roles": [],
            "mentions": [],
            "attachments": [],
            "embeds": [],
            "member": MEMBER,
            **more,
        }
        self._messages[channel][id_] = message
        self._tell("MESSAGE_CREATE", message)
        return id_

    def edit(self, channel: str, id_: str, text: str) -> None:
        self._messages[channel][id_] |= {"content": text, "edited_timestamp": _now()}
        self._tell("MESSAGE_UPDATE", self._messages[channel][id_])

    def show_link(self, channel: str, id_: str) -> None:
        """Discord has fetched a picture for a link of a message, which nobody has changed."""
        self._tell("MESSAGE_UPDATE", self._messages[channel][id_])

    def delete(self, channel: str, *ids: str) -> None:
        where: dict[str, Any] = {"channel_id": channel, "guild_id": GUILD}
        for id_ in ids:
            del self._messages[channel][id_]
        if len(ids) == 1:
            self._tell("MESSAGE_DELETE", {**where, "id": ids[0]})
        else:
            self._tell("MESSAGE_DELETE_BULK", {**where, "ids": ids})

    # The gateway

    def _tell(self, event: str, data: Any) -> None:
        for loop, queue in self._clients:
            loop.call_soon_threadsafe(queue.put_nowait, {"op": 0, "t": event, "d": dict(data)})

    async def _gateway(self, socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(json.dumps({"op": 10, "d": {"heartbeat_interval": 45_000}}))
        while (said := json.loads(await socket.receive_text()))["op"] != 2:
            pass  # a heartbeat
        self.intents = said["d"]["intents"]
        queue: asyncio.Queue[Any] = asyncio.Queue()
        ready = {"v": 10, "user": user(BOT), "guilds": [{"id": GUILD, "unavailable": True}]}
        ready |= {"session_id": "session", "resume_gateway_url": self.gateway, "application": APPLICATION}
        queue.put_nowait({"op": 0, "t": "READY", "d": ready})
        queue.put_nowait({"op": 0, "t": "GUILD_CREATE", "d": self._guild()})
        self._clients.append(me := (asyncio.get_running_loop(), queue))
        sending = asyncio.create_task(self._send(socket, queue))
        try:
            while True:
                if json.loads(await socket.receive_text())["op"] == 1:
                    queue.put_nowait({"op": 11, "d": None})
        except WebSocketDisconnect:
            pass
        finally:
            self._clients.remove(me)
            sending.cancel()

    async def _send(self, socket: WebSocket, queue: asyncio.Queue[Any]) -> None:
        for number in itertools.count(1):
            await socket.send_text(json.dumps({**await queue.get(), "s": number}))

    def _guild(self) -> dict[str, Any]:
        def channel(id_: str, **more: Any) -> dict[str, Any]:
            last = max(self._messages[id_], key=int, default=None)
            return {"id": id_, "guild_id": GUILD, "last_message_id": last, "position": 0, **more}

        written = {"permission_overwrites": [], "parent_id": None, "type": 0}
        channels = [channel(GENERAL, name="general", **written), channel(RANDOM, name="random", **written)]
        times = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": _now(), "locked": False}
        thread = {"owner_id": ADA, "parent_id": GENERAL, "type": 11, "name": "lunch", "flags": 0}
        counts = {"message_count": 1, "member_count": 2, "thread_metadata": times}
        names = ("emojis", "stickers", "features", "voice_states", "presences", "stage_instances")
        lists: dict[str, Any] = {name: [] for name in names}
        lists |= {"guild_scheduled_events": [], "soundboard_sounds": []}
        everyone = {"id": GUILD, "name": "@everyone", "permissions": "1024", "position": 0, "color": 0}
        everyone |= {"hoist": False, "managed": False, "mentionable": False, "flags": 0}
        me = {**MEMBER, "user": user(BOT)}
        more = {"owner_id": ADA, "member_count": 3, "large": False, "roles": [everyone], "members": [me]}
        numbers = dict.fromkeys(
            ("verification_level", "default_message_notifications", "explicit_content_filter", "mfa_level"), 0
        )
        numbers |= {"nsfw_level": 0, "premium_tier": 0, "system_channel_flags": 0, "afk_timeout": 60}
        more |= {"threads": [channel(THREAD, **thread, **counts)], "channels": channels}
        return {"id": GUILD, "name": "Team", "preferred_locale": "en-US", **numbers, **lists, **more}

    # HTTP

    def _history(self, channel: str, after: int = 0, limit: int = 50, authorization: str = Header("")) -> Any:
        if authorization != f"Bot {TOKEN}":
            return JSONResponse({"code": 0, "message": "401: Unauthorized"}, 401)
        self.histories += 1
        newer = sorted((id_ for id_ in self._messages[channel] if int(id_) > after), key=int)[:limit]
        return [self._messages[channel][id_] for id_ in reversed(newer)]

    async def _post(self, channel: str, request: Request) -> Response:
        form = await request.json()
        self.posted.append((channel, form))
        id_ = self.write(channel, BOT, form["content"])
        return JSONResponse(self._messages[channel][id_])


APPLICATION: dict[str, Any] = {
    "id": BOT,
    "name": "Memory",
    "icon": None,
    "description": "",
    "bot_public": False,
    "flags": 0,
    "bot_require_code_grant": False,
    "verify_key": "",
    "team": None,
    "rpc_origins": [],
    "hook": False,
    "owner": {"id": ADA, "username": "Ada", "discriminator": "0", "avatar": None},
}
MEMBER = {"roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0}


def user(id_: str) -> dict[str, Any]:
    more = {"discriminator": "0", "avatar": None, "global_name": NAMES[id_], "bot": id_ == BOT}
    return {"id": id_, "username": NAMES[id_].lower(), **more}


def _now() -> str:
    return datetime.now(UTC).isoformat()
