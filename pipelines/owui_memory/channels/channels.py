"""What is observed in channels, for whoever hears of it: bots by HTTP, and the reader of Open WebUI's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from ..config.settings import Valves
from .message import ChannelMessage
from .people import ChannelReply, People
from .queue import ChannelQueue


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
        self.queue, self.people = ChannelQueue(engine), People(engine)

    def observe(self, messages: Sequence[ChannelMessage]) -> Observed:
        """Keep messages of one source, which are on disk afterwards, and do what their authors ask."""
        kept, replies = self.people.take(messages)
        put, indices = self.queue.put(list(kept.values())), list(kept)
        full = tuple(indices[at] for at in put.full)
        return Observed(put.accepted, put.known + len(messages) - len(kept), full, tuple(replies))
