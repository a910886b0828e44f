"""Shows a memory what members write in some channels of Discord: docs/channels.md.

Needs `pip install discord.py==2.7.1`, outbox.py beside it, and in the environment
    DISCORD_TOKEN        of a bot that has the Message Content intent, and may read and write in the channels
    DISCORD_CHANNELS     ids of the channels to observe, with commas between them, and with their threads
    MEMORY_URL           of the server that has the memory, such as http://127.0.0.1:9099
    MEMORY_OBSERVER_KEY  from `owui-memory keys add --observer discord`
    OBSERVER_FILE        where messages wait that could not be sent yet (default: discord_observer.db)
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import discord
from outbox import Outbox, listed, setting

MOST_MISSED = 10_000  # messages of a channel that are read again after a pause
WRITTEN_BY_MEMBERS = (discord.MessageType.default, discord.MessageType.reply)
log = logging.getLogger("observer")


class Observer(discord.Client):
    """Keeps what is written, changed and deleted in its channels in the outbox, and posts answers there."""

    def __init__(self, outbox: Outbox, channels: frozenset[str]) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, message_content=True)
        nobody = discord.AllowedMentions.none()
        super().__init__(intents=intents, allowed_mentions=nobody, max_messages=None)
        self._outbox, self._channels = outbox, channels
        self._current = set[str]()  # channels of which nothing was missed

    async def setup_hook(self) -> None:
        self._sending = self.loop.create_task(self._send())

    async def _send(self) -> None:
        try:
            await self._outbox.run(self.say)
        finally:  # without its file an observer is of no use
            await self.close()

    async def on_ready(self) -> None:
        """Read what was written since the last message that the outbox knows of."""
        for channel_id in self._channels:
            try:
                await self._catch_up(channel_id)
            except (discord.DiscordException, ValueError) as error:
                log.error("Channel %s cannot be read: %s", channel_id, error)

    async def on_resumed(self) -> None:
        await self.on_ready()

    async def on_disconnect(self) -> None:
        self._current.clear()

    async def _catch_up(self, channel_id: str) -> None:
        channel: Any = await self._get(int(channel_id))
        last, newest = self._outbox.mark(channel_id), channel.last_message_id or channel.id
        if last:  # else: nothing that was written before the observer came
            for place in (channel, *getattr(channel, "threads", ())):
                async for message in place.history(limit=MOST_MISSED, after=discord.Object(int(last))):
                    self._keep(message)
                    newest = max(newest, message.id)
        self._outbox.put([], **{channel_id: str(newest)})
        self._current.add(channel_id)

    async def on_message(self, message: discord.Message) -> None:
        self._keep(message)

    async def on_raw_message_edit(self, change: discord.RawMessageUpdateEvent) -> None:
        if change.message.edited_at:  # and it is not only that a link is shown with a picture now
            self._keep(change.message)

    async def on_raw_message_delete(self, deleted: discord.RawMessageDeleteEvent) -> None:
        await self._delete(deleted.channel_id, [deleted.message_id])

    async def on_raw_bulk_message_delete(self, deleted: discord.RawBulkMessageDeleteEvent) -> None:
        await self._delete(deleted.channel_id, sorted(deleted.message_ids))

    async def on_error(self, event: str, *args: Any, **kwargs: Any) -> None:
        log.exception("%s could not be kept", event)

    def _keep(self, message: discord.Message) -> None:
        channel = self._observed(message.channel)
        is_member = not message.author.bot and not message.webhook_id and message.type in WRITTEN_BY_MEMBERS
        if not channel or not is_member:
            return
        answered = message.reference.message_id if message.reference else None
        if answered is None and isinstance(message.channel, discord.Thread):
            answered = message.channel.id  # which is the message that the thread began with
        kept = {
            "channel": channel,
            "channel_name": str(getattr(message.channel, "parent", None) or message.channel),
            "id": str(message.id),
            "author": str(message.author.id),
            "author_name": message.author.display_name,
            "time": message.created_at.isoformat(),
            "text": message.clean_content,
            **({"reply_to": str(answered)} if answered else {}),
        }
        last = int(self._outbox.mark(channel) or 0)
        newer = not last or (channel in self._current and message.id > last)
        self._outbox.put([kept], **({channel: str(message.id)} if newer else {}))

    async def _delete(self, channel_id: int, message_ids: Iterable[int]) -> None:
        if channel := self._observed(await self._get(channel_id)):
            self._outbox.put([{"channel": channel, "id": str(id_), "deleted": True} for id_ in message_ids])

    def _observed(self, place: Any) -> str:
        """The observed channel that this is, or is a thread of; "" for any other."""
        id_ = str(getattr(place, "parent_id", None) if isinstance(place, discord.Thread) else place.id)
        return id_ if id_ in self._channels else ""

    async def _get(self, channel_id: int) -> Any:
        return self.get_channel(channel_id) or await self.fetch_channel(channel_id)

    async def say(self, channel_id: str, message_id: str, text: str) -> None:
        """Post in an observed channel, as an answer to the message where there is one."""
        if channel_id not in self._channels:
            return
        await self.wait_until_ready()
        channel = await self._get(int(channel_id))
        about: Any = None
        if message_id.isdecimal():
            ids = {"message_id": int(message_id), "channel_id": channel.id}
            about = discord.MessageReference(**ids, fail_if_not_exists=False)
        await channel.send(text[:2_000], reference=about)


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    observer = Observer(Outbox.of_settings("discord_observer.db"), frozenset(listed("DISCORD_CHANNELS")))
    observer.run(setting("DISCORD_TOKEN"), log_handler=None)


if __name__ == "__main__":
    main()
