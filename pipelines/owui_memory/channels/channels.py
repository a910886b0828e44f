"""What is observed in channels, for whoever hears of it: bots by HTTP, and the reader of Open WebUI's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from ..config.settings import Valves
from .message import ChannelMessage
from .notice import Notices, notice
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
        self.queue, self.people, self._notices = ChannelQueue(engine), People(engine), Notices(engine)

    def observe(self, messages: Sequence[ChannelMessage]) -> Observed:
        """Keep messages of one source, which are on disk afterwards, and do what their authors ask."""
        kept, replies = self.people.take(messages)
        put, indices = self.queue.put(list(kept.values())), list(kept)
        replies += self._told(messages)
        full = tuple(indices[at] for at in put.full)
        return Observed(put.accepted, put.known + len(messages) - len(kept), full, tuple(replies))

    def _told(self, messages: Sequence[ChannelMessage]) -> list[ChannelReply]:
        """What is to be said in channels whose members were not told yet that they are read."""
        by_owner: dict[str, list[ChannelMessage]] = {}
        for one in messages:
            by_owner.setdefault(one.owner, []).append(one)
        replies = []
        for owner in sorted(self._notices.untold(by_owner)):
            one = by_owner[owner][-1]
            name = next((said.channel_name for said in by_owner[owner][::-1] if said.channel_name), "")
            self._notices.told(one.source, one.channel, name, time.time())
            replies.append(ChannelReply(one.channel, notice([said.text for said in by_owner[owner]])))
        return replies
