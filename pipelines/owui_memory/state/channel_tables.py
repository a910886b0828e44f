"""The tables of channels: what was said there, what was made of it, and who said it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String, Table

from .column_types import Id, PlainText
from .schema import metadata

# See channels/queue.py. `user_id` is the id that a channel's memories lie under: `channel_owner`.
channels = Table(
    "channels",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("source", Id, nullable=False),
    Column("channel", Id, nullable=False),
    Column("name", Id, nullable=False),
    Column("first_at", Float, nullable=False),
    Column("read_at", Float, nullable=False, default=0.0),
    Column("paused", Boolean, nullable=False, default=False),
    Column("announced_at", Float, nullable=False, default=0.0),  # that its members were told
    Column("held_until", Float, nullable=False, default=0.0),  # by who reads it, or until the next try
    Column("detail", PlainText, nullable=False, default=""),  # why it is not read now
)
channel_messages = Table(
    "channel_messages",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("message_id", Id, primary_key=True),
    Column("source", Id, nullable=False),
    Column("author", Id, nullable=False),
    Column("author_name", Id, nullable=False),
    Column("text", PlainText, nullable=False),
    Column("at", Float, nullable=False),  # when it was said
    Column("reply_to", Id, nullable=False, default=""),
    Column("put_at", Float, nullable=False),
    Column("state", Id, nullable=False),  # see channels/queue.py
    Column("batch", Id, nullable=False, default=""),  # that it is read in
    Column("attempts", Integer, nullable=False, default=0),
    Index("channel_messages_state", "state", "user_id", "put_at"),
    Index("channel_messages_author", "source", "author"),
    Index("channel_messages_age", "put_at"),
)
# Which messages of which channel (`channel_id`: its owner) each memory is made of. `user_id`: the memory's
# owner, the channel or a user. gone: it is to be erased, and told no more.
channel_memories = Table(
    "channel_memories",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("memory_id", Id, primary_key=True),
    Column("channel_id", Id, primary_key=True),
    Column("message_id", Id, primary_key=True),
    Column("source", Id, nullable=False),
    Column("author", Id, nullable=False),
    Column("at", Float, nullable=False),
    Column("gone", Boolean, nullable=False, default=False),
    Index("channel_memories_message", "channel_id", "message_id"),
    Index("channel_memories_author", "source", "author"),
    Index("channel_memories_gone", "gone"),
)
channel_days = Table(
    "channel_days",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("day", String(10), primary_key=True),  # YYYY-MM-DD, UTC
    Column("messages", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("learned", Integer, nullable=False),
)
channel_authors = Table(
    "channel_authors",
    metadata,
    Column("source", Id, primary_key=True),
    Column("author", Id, primary_key=True),
    Column("name", Id, nullable=False),
    Column("user_id", Id, nullable=False, default=""),  # the user of Open WebUI who this is
    Column("agreed_at", Float, nullable=False, default=0.0),  # to be remembered; 0.0 for no
    Column("silent", Boolean, nullable=False, default=False),  # is never read
    Index("channel_authors_user", "user_id"),
)
