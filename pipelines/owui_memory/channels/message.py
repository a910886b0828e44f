"""A message of a channel, and how one that a bot sends is read."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..core.errors import Drop
from ..core.scope import channel_owner
from ..core.text import plain

MOST_AT_ONCE, LONGEST_CHARS = 1_000, 20_000
_ID_CHARS, _NAME_CHARS = 500, 200
_AHEAD_S = 24 * 3600.0  # that the clock of a source may be ahead
_FIRST = 946_684_800.0  # the year 2000: before it no message was sent, only a wrong clock


@dataclass(frozen=True, slots=True)
class ChannelMessage:
    """One message. source: where channels are observed, like `discord`; ids are the source's own.

    at: when it was said, Unix time in seconds. reply_to: the id of the message that it answers, or "".
    channel_name, author_name: as people see them, or "". deleted: it was taken back in the channel.
    """

    source: str
    channel: str
    id: str
    author: str
    text: str
    at: float
    author_name: str = ""
    channel_name: str = ""
    reply_to: str = ""
    deleted: bool = False

    @property
    def owner(self) -> str:
        """The id that the channel's memories lie under."""
        return channel_owner(self.source, self.channel)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which message of a batch was not taken, by its number from 0, and why, in a sentence."""

    index: int
    why: str


class _WrongMessageError(Exception):
    """A message cannot be taken; why, in a sentence that holds nothing of it."""


def read_messages(body: Any, source: str) -> tuple[list[ChannelMessage], list[Refusal]]:
    """The messages of a parsed body: one, or `{"messages": [...]}`. One that is wrong harms no other.

    Raises:
        Drop: it is neither.
    """
    items = body.get("messages", [body]) if isinstance(body, Mapping) else None
    if not isinstance(items, list):
        raise Drop("The body is neither a message nor a list of messages.", hint='Send {"messages": [...]}.')
    if len(items) > MOST_AT_ONCE:
        raise Drop(f"There are more than {MOST_AT_ONCE:,} messages.", hint="Send fewer at once.")
    messages, refused = [], []
    for index, item in enumerate(items):
        try:
            messages.append(_read(item, source))
        except _WrongMessageError as problem:
            refused.append(Refusal(index, str(problem)))
    return messages, refused


def read_question(body: Any) -> tuple[str, str]:
    """The channel of which something is asked, and the text that it is for.

    Raises:
        Drop: one of them is missing or wrong.
    """
    text = body.get("text") if isinstance(body, Mapping) else None
    try:
        if not isinstance(text, str) or len(text) > LONGEST_CHARS:
            raise _WrongMessageError(f"text must be a string of at most {LONGEST_CHARS:,} characters.")
        return _id(body, "channel"), plain(text)
    except _WrongMessageError as problem:
        raise Drop(str(problem), hint='Send {"channel": ..., "text": ...}.') from None


def _read(item: Any, source: str) -> ChannelMessage:
    """One message, or what is wrong with it."""
    if not isinstance(item, Mapping):
        raise _WrongMessageError("A message must be an object with channel, id, author and text.")
    deleted = item.get("deleted", False)
    if not isinstance(deleted, bool):
        raise _WrongMessageError("deleted must be true or false.")
    text = item.get("text", "" if deleted else None)
    if not isinstance(text, str):
        raise _WrongMessageError("text must be a string.")
    if len(text) > LONGEST_CHARS:
        raise _WrongMessageError(f"text has more than {LONGEST_CHARS:,} characters.")
    return ChannelMessage(
        source=source,
        channel=_id(item, "channel"),
        id=_id(item, "id"),
        author=_id(item, "author", needed=not deleted),
        text="" if deleted else plain(text),
        at=_time(item.get("time")),
        author_name=_name(item, "author_name"),
        channel_name=_name(item, "channel_name"),
        reply_to=_id(item, "reply_to", needed=False),
        deleted=deleted,
    )


def _id(item: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    value = item.get(name)
    if value is None and not needed:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 64:
        value = str(value)
    if not isinstance(value, str) or len(value) > _ID_CHARS or not (value or not needed):
        raise _WrongMessageError(f"{name} must be a string of 1 to {_ID_CHARS} characters.")
    return plain(value)


def _name(item: Mapping[str, Any], name: str) -> str:
    """As people see it, in one line: whatever is wrong with it is no reason to lose a message."""
    value = item.get(name)
    text = plain(value[: _NAME_CHARS * 2]) if isinstance(value, str) else ""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:_NAME_CHARS].strip()


def _time(value: Any) -> float:
    """Unix time in seconds; now, where the message says nothing."""
    now = time.time()
    try:
        if value is None:
            return now
        if isinstance(value, str):
            read = datetime.fromisoformat(value[:40])
            at = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
        elif isinstance(value, bool):
            raise TypeError
        else:
            at = float(value)
        if not (math.isfinite(at) and _FIRST <= at <= now + _AHEAD_S):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise _WrongMessageError(
            "time must be an ISO 8601 time or Unix seconds, since 2000 and not in the future."
        ) from None
    return at
