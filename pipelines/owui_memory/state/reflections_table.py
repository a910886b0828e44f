"""When each user's memories were gone through last, by scope, and the profile that was written of them."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple

from sqlalchemy import Connection, Engine, and_, func, select, update

from ..core.chat_servers import NOBODY, AnsweredBy
from ..core.errors import ClaimLost
from ..core.memory import EPISODE, Memory, hash_of
from .clock import is_over
from .engine import reading
from .schema import erasures, journal, reflections
from .statements import count_up, hold, insert_new

DAY_S, AGAIN_S = 24 * 3600.0, 3600.0  # between two times; after one that was broken off
ENOUGH = 10  # memories that were added or replaced since
_CHANGED = and_(
    journal.c.user_id == reflections.c.user_id,
    journal.c.scope == reflections.c.scope,
    journal.c.id > reflections.c.seen,
    journal.c.op.in_(("add", "replace")),
    journal.c.made,
    journal.c.refused == "",
    journal.c.kind != EPISODE,
)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a user in one scope, most important first, written at a Unix time.

    parts: sentences, each with its memories, ids and hashes of their texts; it holds as long as these do. A
    sentence "" is a question: not all of these memories can be true.
    """

    scope: str = ""
    at: float = 0.0
    parts: tuple[tuple[str, Mapping[str, str]], ...] = ()

    @classmethod
    def read(cls, scope: str, text: str) -> Profile:
        """As it was written down."""
        at, parts = json.loads(text) if text else (0.0, ())
        return cls(scope, at, tuple((said, sources) for said, sources in parts))

    def written(self) -> str:
        return json.dumps([self.at, self.parts], ensure_ascii=False)

    def holding(self, there: Mapping[str, Memory]) -> list[tuple[str, tuple[Memory, ...]]]:
        """The parts of which all memories are there and say what they said."""
        return [
            (text, tuple(there[id_] for id_ in sources))
            for text, sources in self.parts
            if all(id_ in there and hash_of(there[id_].text) == hash_ for id_, hash_ in sources.items())
        ]


class Due(NamedTuple):
    """Whose memories are to be gone through, in which scope, and who may read them."""

    user_id: str
    scope: str
    answered: AnsweredBy


class Reflections:
    """Kept in the state database. Threads and servers may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = engine, reading(engine)

    def note(self, user_id: str, scope: str, answered: AnsweredBy) -> None:
        """Something was remembered in a scope, which this model has answered."""
        mine = and_(reflections.c.user_id == user_id, reflections.c.scope == scope)
        with self._reading.connect() as connection:
            before = connection.scalar(select(reflections.c.answered_by).where(mine))
        now = AnsweredBy.read(before).most_local(answered) if before is not None else answered
        if now.written() == before:
            return
        row = {"user_id": user_id, "scope": scope, "seen": 0, "due_at": 0.0, "profile": ""}
        with self._engine.begin() as connection:
            insert_new(connection, reflections, [{**row, "answered_by": now.written()}])
            connection.execute(update(reflections).where(mine).values(answered_by=now.written()))

    def claim(self) -> Due | None:
        """Who is due, for an hour this server's alone; None where nobody is. One scope of each."""
        now = time.time()
        columns = (reflections.c[name] for name in ("user_id", "scope", "answered_by", "due_at"))
        wanted = (
            select(*columns)
            .join(journal, _CHANGED)
            .where(is_over(reflections.c.due_at, now, DAY_S))
            .group_by(reflections.c.user_id, reflections.c.scope)
            .having(func.count() >= ENOUGH)
            .order_by(func.count().desc())
        )
        with self._reading.connect() as connection:
            row = connection.execute(wanted.limit(1)).first()
        if row is None:
            return None
        mine = reflections.c.user_id == row.user_id
        with self._engine.begin() as connection:
            unclaimed = and_(mine, reflections.c.scope == row.scope, reflections.c.due_at == row.due_at)
            taken = connection.execute(update(reflections).where(unclaimed).values(due_at=now + AGAIN_S))
            if not taken.rowcount:
                return None
            connection.execute(update(reflections).where(mine).values(due_at=now + AGAIN_S))
        return Due(row.user_id, row.scope, AnsweredBy.read(row.answered_by))

    def done(self, due: Due, seen: int, erasure: int, profile: Profile | None = None) -> None:
        """It was gone through up to this change of the journal. A profile takes the place of the one before.

        Raises:
            ClaimLost: something was erased since the erasure with this id; the profile is not kept.
        """
        mine = reflections.c.user_id == due.user_id
        here = and_(mine, reflections.c.scope == due.scope)
        with self._engine.begin() as connection:
            hold(connection, due.user_id)
            if _erased_since(connection, due.user_id, erasure):
                raise ClaimLost("Something was erased meanwhile.", hint="The memories are read anew later.")
            connection.execute(update(reflections).where(mine).values(due_at=time.time() + DAY_S))
            connection.execute(update(reflections).where(here).values(seen=seen))
            if profile is not None:
                connection.execute(update(reflections).where(here).values(profile=profile.written()))
                count_up(connection, due.user_id)  # recall tells first what it is made of

    def answered_by(self, user_id: str) -> AnsweredBy:
        """Who may read a user's memories of all scopes: the most local of those that have answered them."""
        mine = select(reflections.c.answered_by).where(reflections.c.user_id == user_id)
        with self._reading.connect() as connection:
            found = [AnsweredBy.read(one) for one in connection.scalars(mine)]
        return reduce(AnsweredBy.most_local, found) if found else NOBODY

    def last_erasure(self, user_id: str) -> int:
        """The id of the last erasure of anything of a user's, 0 for none."""
        newest = select(func.max(erasures.c.id)).where(erasures.c.user_id == user_id)
        with self._reading.connect() as connection:
            return connection.scalar(newest) or 0

    def erased_since(self, user_id: str, erasure: int) -> list[bool]:
        """The erasures of a user since the one with this id: whether each is of all that there was."""
        with self._reading.connect() as connection:
            return _erased_since(connection, user_id, erasure)

    def profiles(self, user_id: str) -> list[Profile]:
        """What was written of a user, by scope."""
        wanted = select(reflections.c.scope, reflections.c.profile).where(reflections.c.user_id == user_id)
        with self._reading.connect() as connection:
            rows = connection.execute(wanted.order_by(reflections.c.scope)).all()
        return [Profile.read(*row) for row in rows]


def forget_statements(connection: Connection, user_id: str, memory_ids: Collection[str]) -> int:
    """Take away what profiles say of these memories; how many sentences that were."""
    mine, count = reflections.c.user_id == user_id, 0
    for row in connection.execute(select(reflections).where(mine, reflections.c.profile != "")).all():
        profile = Profile.read(row.scope, row.profile)
        left = tuple(part for part in profile.parts if part[1].keys().isdisjoint(memory_ids))
        count += len(profile.parts) - len(left)
        changed = update(reflections).where(mine, reflections.c.scope == row.scope)
        connection.execute(changed.values(profile=replace(profile, parts=left).written()))
    return count


def _erased_since(connection: Connection, user_id: str, erasure: int) -> list[bool]:
    later = and_(erasures.c.user_id == user_id, erasures.c.id > erasure)
    return list(connection.scalars(select(erasures.c.whole).where(later)))
