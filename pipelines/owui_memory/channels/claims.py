"""Batches of a channel's messages, each read by one server at a time, whatever ends it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, select, update

from ..core.batched import batched
from ..core.errors import ClaimLost
from ..state import channel_memories, channel_messages, channels, insert_new, reading
from ..state.clock import is_over
from .queue import AT_ONCE, DELETED, DROPPED, EDITED, IN_HAND, READ, UNREAD, count_day

DUE_MESSAGES, DUE_S = 100, 3600.0  # when a batch is read: so many wait, or the first for so long
BATCH_CHARS, SHOWN_CHARS = 24_000, 1_500  # of a batch, and of one message as it counts there
LEASE_S = 20.0  # that a channel is held by who reads it; renewed meanwhile
_LONGEST_PAUSE_S = 24 * 3600.0

_M = channel_messages.c


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a batch as it was when it was claimed. at: Unix time in seconds."""

    id: str
    author: str
    author_name: str
    text: str
    at: float
    reply_to: str


class Claim:
    """A channel's oldest unread messages, this reader's alone for now. Threads may share it.

    title: what the channel is called. name: the batch's. attempts counts this try. A renewal raises ClaimLost
    where the channel is another's, or erased.
    """

    def __init__(
        self, engine: Engine, channel: Any, name: str, attempts: int, until: float, messages: tuple[Said, ...]
    ) -> None:
        self.owner, self.source, self.title = channel.user_id, channel.source, channel.name
        self.name, self.attempts, self.messages = name, attempts, messages
        self._engine, self._until, self._lock = engine, until, threading.Lock()

    def renew(self) -> None:
        with self.holding(time.time() + LEASE_S):
            pass

    @contextmanager
    def holding(self, until: float, detail: str = "") -> Iterator[Connection]:
        """A transaction; the channel is held until a Unix time then. detail: why it is not read till then."""
        with self._lock:
            with self._engine.begin() as connection:
                mine = and_(channels.c.user_id == self.owner, channels.c.held_until == self._until)
                held = update(channels).where(mine).values(held_until=until, detail=detail)
                if not connection.execute(held).rowcount:
                    raise ClaimLost("Another server reads this channel now.", hint="Nothing is lost by that.")
                yield connection
            self._until = until  # once that is written


class Claims:
    """In the state database. Threads and servers may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = engine, reading(engine)

    def due(self, now: float) -> list[str]:
        """The owners of channels that have something to read: what was begun, then who waits longest."""
        is_free = is_over(channels.c.held_until, now, _LONGEST_PAUSE_S)
        waiting = (
            select(_M.user_id, func.count(), func.min(_M.put_at), func.max(_M.batch))
            .where(_M.state.in_(IN_HAND))
            .group_by(_M.user_id)
        )
        with self._reading.connect() as connection:
            rows = connection.execute(waiting).all()
            found = []
            for owner, count, first, batch in rows:
                if batch or count >= DUE_MESSAGES or not now - DUE_S < first <= now + DUE_S:
                    found.append((not batch, first, owner))
            free = set(connection.scalars(select(channels.c.user_id).where(is_free, ~channels.c.paused)))
        return [owner for _, _, owner in sorted(found) if owner in free]

    def claim(self, owner: str) -> Claim | None:
        """A batch of a channel: the one that was begun, or its oldest messages. None where another has it."""
        now = time.time()
        with self._engine.begin() as connection:
            row = connection.execute(select(channels).where(channels.c.user_id == owner)).first()
            if row is None:
                return None
            until = now + LEASE_S
            mine = and_(
                channels.c.user_id == owner,
                channels.c.held_until == row.held_until,
                is_over(channels.c.held_until, now, _LONGEST_PAUSE_S),
            )
            if not connection.execute(update(channels).where(mine).values(held_until=until)).rowcount:
                return None
            batch = _next(connection, owner)
            name = next((one.batch for one in batch), "") or f"channel-{uuid.uuid4().hex}"
            attempts = max((one.attempts for one in batch), default=0) + 1
            for some in batched([one.message_id for one in batch], AT_ONCE):
                mine = and_(_M.user_id == owner, _M.message_id.in_(some))
                values = {"batch": name, "attempts": attempts}
                connection.execute(update(channel_messages).where(mine).values(**values))
        if not batch:
            return None
        messages = tuple(
            Said(one.message_id, one.author, one.author_name, one.text, one.at, one.reply_to) for one in batch
        )
        return Claim(self._engine, row, name, attempts, until, messages)

    def confirm(self, claim: Claim) -> None:
        """Raises ClaimLost where one of the batch was edited or deleted since it was claimed; renews it."""
        with claim.holding(time.time() + LEASE_S) as connection:
            of_batch = and_(_M.user_id == claim.owner, _M.batch == claim.name, _M.state == UNREAD)
            if connection.scalar(select(func.count()).where(of_batch)) != len(claim.messages):
                raise ClaimLost("A message was changed while it was read.", hint="It is read again.")

    def done(self, claim: Claim, made: Mapping[tuple[str, str], Collection[str]]) -> None:
        """The batch is read. made: ids of messages by owner and id of each memory."""
        now = time.time()
        with claim.holding(now) as connection:
            rows = connection.execute(
                select(channel_messages).where(_M.user_id == claim.owner, _M.batch == claim.name)
            ).all()
            there = {row.message_id: row for row in rows}
            cited = [
                {
                    "user_id": owner,
                    "memory_id": memory_id,
                    "channel_id": claim.owner,
                    "message_id": one,
                    "source": claim.source,
                    "author": there[one].author,
                    "at": there[one].at,
                    "gone": there[one].state != UNREAD,
                }
                for (owner, memory_id), ids in made.items()
                for one in ids
                if one in there
            ]
            for some in batched(cited, AT_ONCE):
                insert_new(connection, channel_memories, some)
            self._leave(connection, claim, READ)
            connection.execute(update(channels).where(channels.c.user_id == claim.owner).values(read_at=now))
            count_day(connection, now, {claim.owner: {"learned": len(made)}})

    def leave(self, claim: Claim, pause_s: float, detail: str, state: str = UNREAD) -> None:
        """Give a batch back, to be read after so many seconds; or (ASIDE) set it aside."""
        with claim.holding(time.time() + pause_s, detail) as connection:
            if state != UNREAD:
                self._leave(connection, claim, state)

    def disband(self, claim: Claim, parts: int) -> None:
        """Read the messages of a batch anew, in so many parts; for one that nothing was made of."""
        with claim.holding(time.time()) as connection:
            if parts == 1:
                self._leave(connection, claim, UNREAD)
                return
            ids = [one.id for one in claim.messages]
            size = -(-len(ids) // parts)
            for number, some in enumerate(batched(ids, size)):
                mine = and_(_M.user_id == claim.owner, _M.message_id.in_(some), _M.batch == claim.name)
                named = {"batch": f"{claim.name[:60]}-{number}{uuid.uuid4().hex[:8]}", "attempts": 0}
                connection.execute(update(channel_messages).where(mine).values(**named))

    @staticmethod
    def _leave(connection: Connection, claim: Claim, state: str) -> None:
        """The batch is over: what was not changed meanwhile is in this state now."""
        mine = and_(_M.user_id == claim.owner, _M.batch == claim.name)
        for before, after in ((UNREAD, state), (EDITED, UNREAD), (DROPPED, DELETED)):
            values = {"state": after, "batch": "", "attempts": 0}
            connection.execute(update(channel_messages).where(mine, _M.state == before).values(**values))


def _next(connection: Connection, owner: str) -> list[Any]:
    """The messages of a batch that was begun, or of a new one: the oldest, as many as are read at once."""
    whose = and_(_M.user_id == owner, _M.state.in_(IN_HAND))
    mine = select(channel_messages).where(whose)
    name = connection.scalar(select(func.min(_M.batch)).where(whose, _M.batch != ""))
    in_order = mine.order_by(_M.at, _M.message_id).limit(DUE_MESSAGES)
    if name:
        return list(connection.execute(mine.where(_M.batch == name).order_by(_M.at, _M.message_id)))
    batch: list[Any] = []
    chars = 0
    for row in connection.execute(in_order):
        chars += min(len(row.text), SHOWN_CHARS)
        if batch and chars > BATCH_CHARS:
            break
        batch.append(row)
    return batch
