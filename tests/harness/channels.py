"""What was said in channels, and what is known of them, as if it had been observed and read."""

import itertools
import time
import uuid
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine

from owui_memory.backends.base import Backend
from owui_memory.channels.message import ChannelMessage
from owui_memory.core.memory import Memory
from owui_memory.core.scope import channel_owner
from owui_memory.state import channel_memories, channel_messages, channels, insert_new

_NUMBERS = itertools.count(1)


def said(text: str, author: str = "u1", name: str = "Ada", **more: Any) -> ChannelMessage:
    """A message in discord's channel "general"."""
    given = {"source": "discord", "channel": "general", "id": f"m{next(_NUMBERS)}", "at": time.time(), **more}
    return ChannelMessage(author=author, author_name=name, text=text, **given)


def keep(engine: Engine, *messages: ChannelMessage, state: str = "read") -> None:
    """Messages that are there, read already."""
    rows = [
        {
            "user_id": one.owner,
            "message_id": one.id,
            "source": one.source,
            "author": one.author,
            "author_name": one.author_name,
            "text": one.text,
            "at": one.at,
            "reply_to": "",
            "put_at": one.at,
            "state": state,
            "batch": "",
            "attempts": 0,
        }
        for one in messages
    ]
    seen = {
        one.owner: {
            "user_id": one.owner,
            "source": one.source,
            "channel": one.channel,
            "name": one.channel_name,
            "first_at": one.at,
            "read_at": 0.0,
            "paused": False,
            "announced_at": 0.0,
            "held_until": 0.0,
            "detail": "",
        }
        for one in messages
    }
    with engine.begin() as connection:
        insert_new(connection, channels, list(seen.values()))
        insert_new(connection, channel_messages, rows)


def learn(
    engine: Engine, backend: Backend, text: str, *of: ChannelMessage, owner: str = "", **more: Any
) -> str:
    """A memory that is made of these messages, which are kept; its id. owner: whose, the channel's if ""."""
    keep(engine, *of)
    owner = owner or of[0].owner
    memory_id = backend.store(owner, replace(Memory("", text, batch=uuid.uuid4().hex), **more))
    rows = [
        {
            "user_id": owner,
            "memory_id": memory_id,
            "channel_id": one.owner,
            "message_id": one.id,
            "source": one.source,
            "author": one.author,
            "at": one.at,
            "gone": False,
        }
        for one in of
    ]
    with engine.begin() as connection:
        insert_new(connection, channel_memories, rows)
    return memory_id


def owner_in(source: str = "discord", channel: str = "general") -> str:
    return channel_owner(source, channel)
