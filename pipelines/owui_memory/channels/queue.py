"""What is said in channels, until it is read, and for as long as the setting `channel_days` says.

A message is in one of these states. UNREAD waits, READ was read, ASIDE could not be read, DELETED was taken
back: a row without text stays, so that a copy that comes late is not kept. Those that are being read bear
the name of their batch, until all that was made of it is written down; one that is changed meanwhile is
EDITED, one that is deleted DROPPED, and what was made of it is looked at again: see `erasing`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, and_, delete, func, or_, select, update

from ..core.batched import batched
from ..core.errors import Retry
from ..core.scope import channel_owner
from ..state import (
    add_up,
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
_COUNTED = ("messages", "calls", "input_tokens", "output_tokens", "learned")

Key = tuple[str, str]  # the owner of a channel, and a message's id


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
        latest: dict[Key, tuple[int, ChannelMessage]] = {}
        for index, message in enumerate(messages):
            key = (message.owner, message.id)
            if not (key in latest and latest[key][1].deleted):
                latest[key] = (index, message)
        repeated, now = len(messages) - len(latest), time.time()
        if not latest:
            return Put(0, repeated)
        with self.engine.begin() as connection:
            there = _There.of(connection, {key: one for key, (_, one) in latest.items()})
            new, changed, full, known = list[dict[str, Any]](), 0, list[int](), repeated
            for (owner, id_), (index, one) in latest.items():
                row = there.rows.get((owner, id_))
                is_over = row is not None and row.state in (DELETED, DROPPED)
                if is_over or (row is not None and not one.deleted and row.text == one.text):
                    known += 1
                    continue
                unread = not (one.deleted or there.refuses(owner, one))
                if unread and (row is None or row.state not in IN_HAND) and not there.has_room(owner):
                    full.append(index)
                    continue
                changed += 1
                if row is not None:
                    _change(connection, owner, row, one.text if unread else "", now, gone=not unread)
                elif unread or one.deleted:
                    new.append(_row(owner, one, now))
            _open(connection, [one for _, one in latest.values()], there.names, now)
            for some in batched(new, AT_ONCE):
                insert_new(connection, channel_messages, some)
            for row in new:
                if row["state"] == DELETED:  # one that may have been read, and is not kept any more
                    _cites_no_more(connection, row["user_id"], row["message_id"])
            said = Counter(row["user_id"] for row in new if row["state"] == UNREAD)
            count_day(connection, now, {owner: {"messages": count} for owner, count in said.items()})
        return Put(changed, known, tuple(full))

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
        wanted = select(channels.c.user_id).where(channels.c.user_id == owner)
        with self._reading.connect() as connection:
            return connection.scalar(wanted) is not None

    def used_today(self, owner: str) -> int:
        """The tokens that reading a channel has taken today (UTC)."""
        mine = and_(channel_days.c.user_id == owner, channel_days.c.day == day_of(time.time()))
        wanted = select(channel_days.c.input_tokens + channel_days.c.output_tokens).where(mine)
        with self._reading.connect() as connection:
            return connection.scalar(wanted) or 0

    def count(self, owner: str, **numbers: int) -> None:
        """Count something of today: messages, calls, input_tokens, output_tokens, learned."""
        with self.engine.begin() as connection:
            count_day(connection, time.time(), {owner: numbers})

    def standing(self, most: int = 1_000) -> list[Standing]:
        """The channels that there are, the busiest of today first."""
        states = select(_M.user_id, _M.state, func.count()).where(_M.state.in_((*IN_HAND, ASIDE)))
        today = select(channel_days).where(channel_days.c.day == day_of(time.time()))
        with self._reading.connect() as connection:
            counts = Counter[tuple[str, str]]()
            for owner, state, count in connection.execute(states.group_by(_M.user_id, _M.state)):
                counts[owner, ASIDE if state == ASIDE else UNREAD] += count
            days = connection.execute(today).all()
            rows = connection.execute(select(channels)).all()
        messages = Counter({row.user_id: row.messages for row in days})
        tokens = Counter({row.user_id: row.input_tokens + row.output_tokens for row in days})
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
                tokens[row.user_id],
            )
            for row in sorted(rows, key=lambda row: -messages[row.user_id])[:most]
        ]

    def read_aside(self, owner: str) -> int:
        """Have what was set aside of a channel read once more; how many messages."""
        aside = update(channel_messages).where(_M.user_id == owner, _M.state == ASIDE)
        with self.engine.begin() as connection:
            return connection.execute(aside.values(state=UNREAD, batch="", attempts=0)).rowcount

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


def count_day(connection: Connection, at: float, numbers: Mapping[str, Mapping[str, int]]) -> None:
    """Add to what is counted of the day, of channels by their owners."""
    day, none = day_of(at), dict.fromkeys(_COUNTED, 0)
    rows = [{"user_id": owner, "day": day, **none, **numbers[owner]} for owner in sorted(numbers)]
    add_up(connection, channel_days, rows)


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
    _cites_no_more(connection, owner, row.message_id)


def _cites_no_more(connection: Connection, owner: str, message_id: str) -> None:
    """What is made of a message is to be looked at again."""
    cites = and_(channel_memories.c.channel_id == owner, channel_memories.c.message_id == message_id)
    connection.execute(update(channel_memories).where(cites).values(gone=True))


@dataclass
class _There:
    """What is known where messages are put. waiting: how many, by owner. names: of channels, by owner."""

    rows: Mapping[Key, Any]
    names: Mapping[str, str]
    paused: Collection[str]
    silent: Collection[tuple[str, str]]
    waiting: Counter[str]

    @classmethod
    def of(cls, connection: Connection, messages: Mapping[Key, ChannelMessage]) -> _There:
        owners, ids = ({key[at] for key in messages} for at in (0, 1))
        c, a = channels.c, channel_authors.c
        opened = select(c.user_id, c.name, c.paused).where(c.user_id.in_(owners))
        known = connection.execute(opened).all()
        rows = {
            (row.user_id, row.message_id): row
            for some in batched(sorted(ids), AT_ONCE)
            for row in connection.execute(
                select(channel_messages).where(_M.user_id.in_(owners), _M.message_id.in_(some))
            )
        }
        sources, authors = (
            {getattr(one, name) for one in messages.values()} for name in ("source", "author")
        )
        quiet = select(a.source, a.author).where(a.source.in_(sources), a.author.in_(authors), a.silent)
        waiting = select(_M.user_id, func.count()).where(_M.state.in_(IN_HAND)).group_by(_M.user_id)
        return cls(
            rows,
            {row.user_id: row.name for row in known},
            {row.user_id for row in known if row.paused},
            {(row.source, row.author) for row in connection.execute(quiet)},
            Counter({row[0]: row[1] for row in connection.execute(waiting)}),
        )

    def refuses(self, owner: str, one: ChannelMessage) -> bool:
        """Whether nothing of a channel, or of an author, is to be kept."""
        return owner in self.paused or (one.source, one.author) in self.silent

    def has_room(self, owner: str) -> bool:
        """Whether one more may wait; then it does."""
        room = self.waiting[owner] < MOST_OF_A_CHANNEL and self.waiting.total() < MOST_OF_ALL
        self.waiting[owner] += room
        return room


def _open(
    connection: Connection, messages: Sequence[ChannelMessage], names: Mapping[str, str], now: float
) -> None:
    """Write down channels that are seen for the first time, and what they are called now."""
    latest = {one.owner: one for one in sorted(messages, key=lambda one: bool(one.channel_name))}
    new = [one for owner, one in latest.items() if owner not in names]
    insert_new(connection, channels, [row_of(one.source, one.channel, one.channel_name, now) for one in new])
    for owner, one in latest.items():
        if one.channel_name and names.get(owner, one.channel_name) != one.channel_name:
            renamed = update(channels).where(channels.c.user_id == owner)
            connection.execute(renamed.values(name=one.channel_name))


def row_of(source: str, channel: str, name: str, at: float) -> dict[str, object]:
    """A channel that is seen for the first time, as `channels` has it."""
    new = {"user_id": channel_owner(source, channel), "source": source, "channel": channel, "name": name}
    unread = {"read_at": 0.0, "announced_at": 0.0, "held_until": 0.0, "detail": "", "paused": False}
    return {**new, "first_at": at, **unread}


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
