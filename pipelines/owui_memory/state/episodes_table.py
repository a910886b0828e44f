"""Which passages of past chats are kept of whom: their numbers, without a text; and who wants none."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from sqlalchemy import Engine, and_, delete, func, select, update

from . import count_up, episode_switches, episodes, put_row, reading

_PASSAGES = episodes.c.said + episodes.c.answered + episodes.c.topics
_LEFT = _PASSAGES - episodes.c.gone


@dataclass(frozen=True, slots=True)
class Entry:
    """The passages of an exchange. `first`: the ordinal of the first in its chat; `said_at`: Unix time.

    said, answered, topics: how many there are of the user's message, of the answer, and of what it was about.
    gone: how many of these were forgotten one by one. digest: of what they say, "" until they are stored.
    """

    user_id: str
    exchange: str
    chat_id: str
    first: int
    said: int
    answered: int
    topics: int
    digest: str
    said_at: float
    gone: int = 0


class Kept(NamedTuple):
    """How many passages are kept, and of how many chats."""

    passages: int = 0
    chats: int = 0


class EpisodesTable:
    """For all users. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = engine, reading(engine)

    def get(self, user_id: str, exchange: str) -> Entry | None:
        """The passages of an exchange; None where there are none."""
        return next(iter(self._select(episodes.c.user_id == user_id, episodes.c.exchange == exchange)), None)

    def intend(self, wanted: Entry) -> Entry:
        """Write down what is about to be stored, in place of what there was of the same exchange.

        Its `first` is found here. What there was more of is counted until `settle`.
        """
        mine = and_(episodes.c.user_id == wanted.user_id, episodes.c.exchange == wanted.exchange)
        here = and_(episodes.c.user_id == wanted.user_id, episodes.c.chat_id == wanted.chat_id)
        row = {name: getattr(wanted, name) for name in episodes.c.keys()} | {"digest": ""}  # noqa: SIM118
        with self._engine.begin() as connection:
            before = connection.execute(select(episodes).where(mine)).first()
            if before is not None:
                row |= {
                    name: max(row[name], getattr(before, name)) for name in ("said", "answered", "topics")
                }
                row["first"] = before.first
            else:
                row["first"] = (
                    connection.scalar(select(func.max(episodes.c.first + _PASSAGES)).where(here)) or 0
                )
            put_row(connection, episodes, row)
        return Entry(**row)

    def put(self, entry: Entry) -> None:
        """Write down what is stored already."""
        with self._engine.begin() as connection:
            put_row(connection, episodes, asdict(entry))

    def settle(self, entry: Entry) -> None:
        """They are stored as this entry says, and no others of the exchange."""
        mine = and_(episodes.c.user_id == entry.user_id, episodes.c.exchange == entry.exchange)
        counts = {"said": entry.said, "answered": entry.answered, "topics": entry.topics, "gone": entry.gone}
        with self._engine.begin() as connection:
            if entry.said or entry.answered or entry.topics:
                connection.execute(update(episodes).where(mine).values(**counts, digest=entry.digest))
            else:
                connection.execute(delete(episodes).where(mine))

    def remove(self, user_id: str, exchanges: Collection[str] = ()) -> None:
        """Passages are gone, all of these exchanges': what recall knows of them no longer holds."""
        with self._engine.begin() as connection:
            for exchange in exchanges:
                mine = and_(episodes.c.user_id == user_id, episodes.c.exchange == exchange)
                connection.execute(delete(episodes).where(mine))
            count_up(connection, user_id)

    def count_gone(self, user_id: str, exchange: str, by: int) -> None:
        """So many more of an exchange's passages are forgotten, or fewer."""
        mine = and_(episodes.c.user_id == user_id, episodes.c.exchange == exchange)
        with self._engine.begin() as connection:
            connection.execute(update(episodes).where(mine).values(gone=episodes.c.gone + by))

    def kept(self, user_id: str | None = None) -> Kept:
        """How many there are of a user, or of all."""
        counted = select(func.sum(_LEFT), func.count(episodes.c.chat_id.distinct())).where(_LEFT > 0)
        if user_id is not None:
            counted = counted.where(episodes.c.user_id == user_id)
        with self._reading.connect() as connection:
            passages, chats = connection.execute(counted).one()
        return Kept(int(passages or 0), int(chats or 0))

    def of_chat(self, user_id: str, chat_id: str) -> list[Entry]:
        """Those of a chat, in order."""
        return self._select(episodes.c.user_id == user_id, episodes.c.chat_id == chat_id)

    def said_before(self, at: float) -> dict[str, list[str]]:
        """The exchanges from before a Unix time, by user."""
        old: dict[str, list[str]] = {}
        wanted = select(episodes.c.user_id, episodes.c.exchange).where(episodes.c.said_at < at)
        with self._reading.connect() as connection:
            for user_id, exchange in connection.execute(wanted):
                old.setdefault(user_id, []).append(exchange)
        return old

    def said_between(self, user_id: str, first: float, last: float, most: int) -> list[Entry]:
        """A user's from between two Unix times, the latest of them, oldest first."""
        when = and_(episodes.c.user_id == user_id, episodes.c.said_at >= first, episodes.c.said_at < last)
        latest = select(episodes).where(when).order_by(episodes.c.said_at.desc()).limit(most)
        with self._reading.connect() as connection:
            rows = [Entry(**row) for row in connection.execute(latest).mappings()]
        return sorted(rows, key=lambda entry: (entry.said_at, entry.first))

    def wants(self, user_id: str) -> bool:
        """Whether a user wants their past chats to be kept; True where they have not said."""
        mine = select(episode_switches.c.is_on).where(episode_switches.c.user_id == user_id)
        with self._reading.connect() as connection:
            return connection.scalar(mine) is not False

    def switch(self, user_id: str, on: bool) -> None:
        """A user's own switch."""
        with self._engine.begin() as connection:
            put_row(connection, episode_switches, {"user_id": user_id, "is_on": on, "at": time.time()})
            count_up(connection, user_id)

    def _select(self, *which: Any) -> list[Entry]:
        wanted = select(episodes).where(*which).order_by(episodes.c.said_at, episodes.c.first)
        with self._reading.connect() as connection:
            return [Entry(**row) for row in connection.execute(wanted).mappings()]
