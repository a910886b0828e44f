"""What is said in channels, until it is read, and for as long as the setting `channel_days` says.

A message is in one of these states. UNREAD waits, READ was read, ASIDE could not be read, DELETED was taken
back: a row without text stays, so that a copy that comes late is not kept. Those that are being read bear
the name of their batch, until all that was made of it is written down; one that is changed meanwhile is
EDITED, one that is deleted DROPPED, and what was made of it is looked at again: see `erasing`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, and_, delete, func, or_, select, update

from ..core.batched import batched
from ..core.errors import Retry
from ..state import (
    channel_authors,
    channel_days,
    channel_memories,
    channel_messages,
    channels,
    insert_new,
    reading,
)
from .message import ChannelMessage

UNREAD, READ, ASIDE, DELETED = "unread", "read", "aside", "deleted"
EDITED, DROPPED = "edited", "dropped"
IN_HAND = (UNREAD, EDITED, DROPPED)  # states of messages of a batch

MOST_OF_A_CHANNEL, MOST_OF_ALL = 20_000, 200_000  # unread
AT_ONCE = 400

_M = channel_messages.c


class Full(Retry):
    """Too many messages of a channel, or of all, wait to be read."""


class Put(NamedTuple):
    """How many messages were new or changed, and how many known. full: indices of those not taken."""

    accepted: int
    known: int
    full: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a channel stands. tokens: of today (UTC). detail: why it is not read now, "" where it is."""

    owner: str
    source: str
    channel: str
    name: str
    unread: int
    aside: int
    paused: bool
    detail: str
    tokens: int


class ChannelQueue:
    """In the state database. Threads and servers may share it."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self._reading = engine, reading(engine)

    def put(self, messages: Sequence[ChannelMessage]) -> Put:
        """Keep messages on disk: each once, another text in place of the one before, nothing of deleted ones.

        Of authors who are not to be read, and in channels that are paused, nothing is kept.
        """
        latest: dict[tuple[str, str], tuple[int, ChannelMessage]] = {}
        for index, message in enumerate(messages):
            key = (message.owner, message.id)
            if not (key in latest and latest[key][1].deleted):
                latest[key] = (index, message)
        now, result = time.time(), Counter[str]()
        full: list[int] = []
        with self.engine.begin() as connection:
            by_owner: dict[str, list[tuple[int, ChannelMessage]]] = {}
            for (owner, _), found in latest.items():
                by_owner.setdefault(owner, []).append(found)
            total: int | None = None
            for owner, listed in sorted(by_owner.items()):
                if total is None:
                    total = _unread(connection)
                left = min(MOST_OF_A_CHANNEL - _unread(connection, owner), MOST_OF_ALL - total)
                total += self._put(connection, owner, listed, now, left, result, full)
        return Put(result["accepted"], result["known"] + len(messages) - len(latest), tuple(full))

    def _put(
        self,
        connection: Connection,
        owner: str,
        listed: list[tuple[int, ChannelMessage]],
        now: float,
        left: int,
        result: Counter[str],
        full: list[int],
    ) -> int:
        """Those of one channel; how many more wait then."""
        new, paused = _opened(connection, owner, listed[-1][1], now), False
        paused = bool(connection.scalar(select(channels.c.paused).where(channels.c.user_id == owner)))
        silent = _silent(connection, listed[0][1].source, {one.author for _, one in listed})
        there = _rows(connection, owner, [one.id for _, one in listed])
        rows, added = [], 0
        for index, one in listed:
            row = there.get(one.id)
            is_over = row is not None and row.state in (DELETED, DROPPED)
            if is_over or (row is not None and not one.deleted and row.text == one.text):
                result["known"] += 1
                continue
            unread = not (one.deleted or paused or one.author in silent)
            if unread and (row is None or row.state not in IN_HAND):
                if added >= left:
                    full.append(index)
                    continue
                added += 1
            result["accepted"] += 1
            if row is not None:
                _change(connection, owner, row, one.text if unread else "", now, gone=not unread)
            elif unread or one.deleted:
                rows.append(_row(owner, one, now))
        for some in batched(rows, AT_ONCE):
            insert_new(connection, channel_messages, some)
        if new or rows or added:
            today = {"messages": len(rows) - sum(row["state"] == DELETED for row in rows)}
            count_day(connection, owner, now, **today)
        return added

    def known(self, owner: str, since: float, most: int) -> list[tuple[str, float]]:
        """The newest messages of a channel since a Unix time that were not deleted: ids, and when said."""
        mine = and_(_M.user_id == owner, _M.at > since, _M.state.not_in((DELETED, DROPPED)))
        wanted = select(_M.message_id, _M.at).where(mine).order_by(_M.at.desc()).limit(most)
        with self._reading.connect() as connection:
            return [(row.message_id, row.at) for row in connection.execute(wanted)]

    def members(self, source: str, authors: Collection[str]) -> dict[str, str]:
        """The user ids of those of some authors who are users and agreed to be remembered, by author."""
        a, found = channel_authors.c, dict[str, str]()
        for some in batched(sorted(authors), AT_ONCE):
            agreed = and_(a.source == source, a.author.in_(some), a.user_id != "", a.agreed_at > 0, ~a.silent)
            with self._reading.connect() as connection:
                for author, user_id in connection.execute(select(a.author, a.user_id).where(agreed)):
                    found[author] = user_id
        return found

    def is_known(self, owner: str) -> bool:
        """Whether there is such a channel; there is none once it was erased."""
        with self._reading.connect() as connection:
            return (
                connection.scalar(select(channels.c.user_id).where(channels.c.user_id == owner)) is not None
            )

    def used_today(self, owner: str) -> int:
        """The tokens that reading a channel has taken today (UTC)."""
        mine = and_(channel_days.c.user_id == owner, channel_days.c.day == day_of(time.time()))
        wanted = select(channel_days.c.input_tokens + channel_days.c.output_tokens).where(mine)
        with self._reading.connect() as connection:
            return connection.scalar(wanted) or 0

    def count(self, owner: str, **numbers: int) -> None:
        """Count something of today: messages, calls, input_tokens, output_tokens, learned."""
        with self.engine.begin() as connection:
            count_day(connection, owner, time.time(), **numbers)

    def standing(self, most: int = 1_000) -> list[Standing]:
        """The channels that there are, the busiest of today first."""
        states = select(_M.user_id, _M.state, func.count()).where(_M.state.in_((*IN_HAND, ASIDE)))
        today = select(channel_days).where(channel_days.c.day == day_of(time.time()))
        with self._reading.connect() as connection:
            counts = Counter[tuple[str, str]]()
            for owner, state, count in connection.execute(states.group_by(_M.user_id, _M.state)):
                counts[owner, ASIDE if state == ASIDE else UNREAD] += count
            days = {row.user_id: row for row in connection.execute(today)}
            rows = connection.execute(select(channels)).all()
        rows = sorted(rows, key=lambda row: -days[row.user_id].messages if row.user_id in days else 0)[:most]
        return [
            Standing(
                row.user_id,
                row.source,
                row.channel,
                row.name,
                counts[row.user_id, UNREAD],
                counts[row.user_id, ASIDE],
                row.paused,
                row.detail,
                days[row.user_id].input_tokens + days[row.user_id].output_tokens
                if row.user_id in days
                else 0,
            )
            for row in rows
        ]

    def prune(self, days: int) -> int:
        """Delete messages that are older than so many days, once read, or than twice that; how many."""
        now, day_s = time.time(), 24 * 3600.0
        old = or_(
            and_(_M.state.in_((READ, DELETED, ASIDE)), _M.put_at < now - days * day_s),
            _M.put_at < now - 2 * days * day_s,
        )
        with self.engine.begin() as connection:
            return connection.execute(delete(channel_messages).where(old)).rowcount


def day_of(at: float) -> str:
    """A day (UTC) as `channel_days` has it."""
    return time.strftime("%Y-%m-%d", time.gmtime(at))


def count_day(connection: Connection, owner: str, at: float, **numbers: int) -> None:
    """Add to what is counted of a channel's day."""
    names = ("messages", "calls", "input_tokens", "output_tokens", "learned")
    row = {"user_id": owner, "day": day_of(at), **dict.fromkeys(names, 0)}
    insert_new(connection, channel_days, [row])
    mine = and_(channel_days.c.user_id == owner, channel_days.c.day == row["day"])
    added = {name: channel_days.c[name] + by for name, by in numbers.items() if by}
    if added:
        connection.execute(update(channel_days).where(mine).values(**added))


def drop_texts(connection: Connection, which: Any, now: float) -> None:
    """Messages are not to be kept any more: only that they were there, and what they said is looked at."""
    rows = connection.execute(
        select(channel_messages).where(which, _M.state.not_in((DELETED, DROPPED)))
    ).all()
    for row in rows:
        _change(connection, row.user_id, row, "", now, gone=True)


def _change(connection: Connection, owner: str, row: Any, text: str, now: float, *, gone: bool) -> None:
    """A message that is known says something else now, or nothing."""
    state = (DROPPED if row.batch else DELETED) if gone else (EDITED if row.batch else UNREAD)
    values = {"text": text, "state": state, "put_at": now}
    mine = and_(_M.user_id == owner, _M.message_id == row.message_id)
    connection.execute(update(channel_messages).where(mine).values(**values))
    cites = and_(channel_memories.c.channel_id == owner, channel_memories.c.message_id == row.message_id)
    connection.execute(update(channel_memories).where(cites).values(gone=True))


def _opened(connection: Connection, owner: str, latest: ChannelMessage, now: float) -> bool:
    """Whether a channel is seen for the first time; it is written down, and what it is called."""
    row = connection.execute(select(channels.c.name).where(channels.c.user_id == owner)).first()
    name = latest.channel_name
    if row is None:
        new = {"user_id": owner, "source": latest.source, "channel": latest.channel, "name": name}
        rest = {"first_at": now, "read_at": 0.0, "announced_at": 0.0, "held_until": 0.0, "detail": ""}
        insert_new(connection, channels, [{**new, **rest, "paused": False}])
    elif name and row.name != name:
        connection.execute(update(channels).where(channels.c.user_id == owner).values(name=name))
    return row is None


def _silent(connection: Connection, source: str, authors: Collection[str]) -> set[str]:
    """Those of some authors who are not to be read."""
    found: set[str] = set()
    for some in batched(sorted(authors), AT_ONCE):
        quiet = and_(
            channel_authors.c.source == source, channel_authors.c.author.in_(some), channel_authors.c.silent
        )
        found.update(connection.scalars(select(channel_authors.c.author).where(quiet)))
    return found


def _rows(connection: Connection, owner: str, ids: Sequence[str]) -> dict[str, Any]:
    return {
        row.message_id: row
        for some in batched(ids, AT_ONCE)
        for row in connection.execute(
            select(channel_messages).where(_M.user_id == owner, _M.message_id.in_(some))
        )
    }


def _row(owner: str, one: ChannelMessage, now: float) -> dict[str, Any]:
    return {
        "user_id": owner,
        "message_id": one.id,
        "source": one.source,
        "author": one.author,
        "author_name": one.author_name,
        "text": one.text,
        "at": one.at,
        "reply_to": one.reply_to,
        "put_at": now,
        "state": DELETED if one.deleted else UNREAD,
        "batch": "",
        "attempts": 0,
    }


def _unread(connection: Connection, owner: str = "") -> int:
    whose = (_M.user_id == owner,) if owner else ()
    waiting = select(func.count()).select_from(channel_messages).where(_M.state.in_(IN_HAND), *whose)
    return connection.scalar(waiting) or 0
