"""What is observed in channels, for whoever hears of it: bots by HTTP, and the reader of Open WebUI's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from ..config.settings import Valves
from .message import ChannelMessage
from .queue import ChannelQueue


@dataclass(frozen=True, slots=True)
class ChannelReply:
    """What is to be said in a channel. to: the id of the message that it answers, "" for none."""

    channel: str
    text: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """What became of some messages. full: indices of those not taken, because too many wait."""

    accepted: int = 0
    known: int = 0
    full: tuple[int, ...] = ()
    replies: tuple[ChannelReply, ...] = ()


class Channels:
    """Methods block for as long as the state database takes."""

    def __init__(self, engine: Engine, settings: Callable[[], Valves]) -> None:
        self.engine, self.settings = engine, settings
        self.queue = ChannelQueue(engine)

    def observe(self, messages: Sequence[ChannelMessage]) -> Observed:
        """Keep messages of one source; they are on disk afterwards."""
        put = self.queue.put(messages)
        return Observed(put.accepted, put.known, put.full)
