"""Shows a memory what members write in some rooms of Matrix: docs/channels.md.

Needs `pip install matrix-nio==0.26.0`, outbox.py beside it, and in the environment
    MATRIX_HOMESERVER    such as https://matrix.example.org
    MATRIX_TOKEN         the access token of an account of its own for the observer
    MATRIX_ROOMS         ids or aliases of the rooms to observe, none encrypted, with commas between them
    MEMORY_URL           of the server that has the memory, such as http://127.0.0.1:9099
    MEMORY_OBSERVER_KEY  from `owui-memory keys add --observer matrix`
    OBSERVER_FILE        where messages wait that could not be sent yet (default: matrix_observer.db)
"""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import suppress
from typing import Any

import nio
from outbox import Outbox, listed, setting

SYNC_MS, PAUSE_SECONDS, MOST_PAGES, PAGE = 30_000, 5.0, 100, 100
log = logging.getLogger("observer")


class Observer:
    """Keeps what is written, changed and deleted in its rooms in the outbox, and posts answers there."""

    def __init__(self, client: nio.AsyncClient, outbox: Outbox) -> None:
        self._client, self._outbox, self._rooms = client, outbox, set[str]()

    async def join(self, rooms: list[str]) -> None:
        """Join the rooms. Ends the program where that is not possible for any."""
        who = await self._client.whoami()
        if not isinstance(who, nio.WhoamiResponse):
            raise SystemExit(f"The homeserver does not take the token: {who}")
        self._client.user_id = who.user_id
        for room in rooms:
            joined = await self._client.join(room)
            if isinstance(joined, nio.JoinError):
                log.error("Room %s cannot be joined: %s", room, joined.message)
            else:
                self._rooms.add(joined.room_id)
        if not self._rooms:
            raise SystemExit("None of the rooms can be joined.")

    async def run(self) -> None:
        """Listen for ever."""
        since, full = self._outbox.mark("since"), True
        only = {"room": {"rooms": sorted(self._rooms), "timeline": {"limit": PAGE}}}
        while True:
            synced = await self._client.sync(SYNC_MS, only, since or None, full_state=full)
            if isinstance(synced, nio.SyncError):
                log.warning("The homeserver cannot be asked: %s", synced)
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            await self._keep(synced.rooms.join, since)
            self._outbox.put([], since=synced.next_batch)
            since, full = synced.next_batch, False

    async def _keep(self, rooms: dict[str, Any], since: str) -> None:
        for room_id in self._rooms & rooms.keys():
            if self._client.rooms[room_id].encrypted:
                log.error("Room %s is encrypted, which this observer cannot read.", room_id)
            timeline, messages = rooms[room_id].timeline, []
            if self._outbox.mark(room_id):  # nothing that was written before the observer came
                events = [event.source for event in timeline.events]
                if timeline.limited and timeline.prev_batch and since:
                    events = await self._missed(room_id, timeline.prev_batch, since) + events
                for event in events:
                    with suppress(LookupError, TypeError, AttributeError):  # members send events of any shape
                        messages += await self._read(room_id, event)
            self._outbox.put(messages, **{room_id: "observed"})

    async def _missed(self, room_id: str, start: str, end: str) -> list[dict[str, Any]]:
        """The events between two syncs that the later one leaves out, oldest first."""
        events: list[dict[str, Any]] = []
        for _ in range(MOST_PAGES):
            page = await self._client.room_messages(room_id, start, end, nio.MessageDirection.back, PAGE)
            if not isinstance(page, nio.RoomMessagesResponse):
                log.error("What was missed in room %s cannot be read: %s", room_id, page)
                break
            events += [event.source for event in page.chunk]
            start = page.end
            if not page.chunk or start in (None, end):
                break
        return events[::-1]

    async def _read(self, room_id: str, event: dict[str, Any]) -> list[dict[str, Any]]:
        """An event as the memory takes it, or nothing where no member wrote it."""
        content = event.get("content", {})
        if event["type"] == "m.room.redaction":
            redacted = event.get("redacts") or content.get("redacts")
            return [{"channel": room_id, "id": str(redacted), "deleted": True}] if redacted else []
        is_text = event["type"] == "m.room.message" and content.get("msgtype") == "m.text"
        if not is_text or event["sender"] == self._client.user_id:  # bots say m.notice
            return []
        relation = content.get("m.relates_to") or {}
        if relation.get("rel_type") != "m.replace":
            return [self._message(room_id, event, content)]
        found = await self._client.room_get_event(room_id, relation["event_id"])
        if not isinstance(found, nio.RoomGetEventResponse) or found.event.sender != event["sender"]:
            return []  # nobody changes what another wrote
        return [self._message(room_id, found.event.source, content["m.new_content"])]

    def _message(self, room_id: str, event: Any, content: Any) -> dict[str, Any]:
        room, text = self._client.rooms[room_id], str(content["body"])
        relation = event["content"].get("m.relates_to") or {}
        answered = relation.get("m.in_reply_to", {}).get("event_id") or relation.get("event_id")
        if answered:  # older clients repeat what is answered
            text = re.sub(r"\A(>[^\n]*\n)+\n?", "", text)
        return {
            "channel": room_id,
            "channel_name": room.display_name,
            "id": event["event_id"],
            "author": event["sender"],
            "author_name": room.user_name(event["sender"]) or event["sender"],
            "time": event["origin_server_ts"] / 1000,
            "text": text,
            **({"reply_to": answered} if answered else {}),
        }

    async def say(self, room_id: str, event_id: str, text: str) -> None:
        """Post in an observed room, as an answer to the event where there is one."""
        if room_id not in self._rooms:
            return
        about = {"m.relates_to": {"m.in_reply_to": {"event_id": event_id}}} if event_id else {}
        content = {"msgtype": "m.notice", "body": text, **about}
        sent = await self._client.room_send(room_id, "m.room.message", content)
        if isinstance(sent, nio.RoomSendError):
            raise ConnectionError(sent.message)


async def main() -> None:
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("nio").setLevel(logging.ERROR)  # it warns with what is said
    client = nio.AsyncClient(setting("MATRIX_HOMESERVER"))
    client.access_token = setting("MATRIX_TOKEN")
    observer = Observer(client, outbox := Outbox.of_settings("matrix_observer.db"))
    try:
        await observer.join(listed("MATRIX_ROOMS"))
        await asyncio.gather(observer.run(), outbox.run(observer.say))
    finally:
        await client.close()


if __name__ == "__main__":
    asyncio.run(main())
