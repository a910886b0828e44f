"""Messages of channels for tests."""

import time
from dataclasses import replace

from owui_memory.channels.message import ChannelMessage

_BEGAN = time.time() - 3600


def said(text: str, id_: str, author: str = "u1", channel: str = "general", **more: object) -> ChannelMessage:
    """One whose id is m and a number, said in the order of these numbers."""
    number = int(id_.removeprefix("m"))
    message = ChannelMessage(
        "discord",
        channel,
        id_,
        author,
        text,
        _BEGAN + number,
        author_name=author.title(),
        channel_name="General",
    )
    return replace(message, **more)


def gone(id_: str, channel: str = "general") -> ChannelMessage:
    return said("", id_, channel=channel, deleted=True)
