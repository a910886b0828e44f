"""The inlet's decisions, kept for the outlet: it gets no metadata and may reach another process.

Only permissions to remember are kept. Where none is found, nothing is remembered.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from ..core.permission import Permission
from ..core.turn import Turn, is_unnamed
from . import decisions, reading, was_erased
from .engine import Patience, is_shared, unsynced
from .prepared import Prepared
from .switches_table import IS_ON, bound

# An answer that takes longer than a day is not coming; two more, for a clock that is put right meanwhile.
KEPT_S = 3 * 24 * 3600
_COMING = 1000  # decisions

# Of a permission, in columns of the same names.
_KEPT = ("chat_id", "exchange_key", "follows", "timezone", "scope", "key", "answered_by")
# The names of columns are taken.
_VALUES = select(*(bindparam(f"new_{one.name}", type_=one.type) for one in decisions.columns)).where(IS_ON)
_KEYS = ("user_id", "key")
_OF_KEY = and_(decisions.c.user_id == bindparam("of_user"), decisions.c.key == bindparam("of_key"))
_IS_THERE = Prepared(select(decisions.c.key).where(_OF_KEY))
_TAKE_AWAY = delete(decisions).where(_OF_KEY)
_WANTED = Prepared(
    select(decisions).where(
        decisions.c.user_id == bindparam("of_user"),
        decisions.c.key.in_(bindparam("of_keys", expanding=True)),
        decisions.c.created_at > bindparam("oldest"),
    ),
    "of_keys",
)


def _insert(shared: bool) -> Prepared:
    """The newest inlet of a key decides."""
    insert = (postgresql if shared else sqlite).insert(decisions)
    insert = insert.from_select([one.name for one in decisions.columns], _VALUES)
    rest = {one.name: insert.excluded[one.name] for one in decisions.columns if one.name not in _KEYS}
    insert = insert.on_conflict_do_update(index_elements=_KEYS, set_=rest)
    return Prepared(insert)


_INSERT = {shared: _insert(shared) for shared in (False, True)}


class Permissions:
    """Kept by user and turn's key in the state database. The last inlet of a key decides."""

    def __init__(self, engine: Engine) -> None:
        self._writing, self._reading = Patience(engine), Patience(reading(engine))
        # A permission is for an answer that is coming; where the power fails, it does not come.
        self._giving = Patience(unsynced(engine))
        self._insert = _INSERT[is_shared(engine)]
        # On their way to the database, which may be slower than the answer. None: it is forbidden.
        self._coming: dict[tuple[str, str], Permission | None] = {}

    def announce_ban(self, turn: Turn) -> None:
        """Let this process know already what `forbid` is about to keep; never blocks."""
        self._announce((turn.user_id, turn.key), None)

    def remind(self, user_id: str, given: Permission) -> None:
        """Let this process know what `allow` is about to keep, or the database may lose; never blocks."""
        self._announce((user_id, given.key), given)

    def _announce(self, whose: tuple[str, str], decision: Permission | None) -> None:
        if len(self._coming) >= _COMING:  # the database has refused so many
            self._coming.pop(next(iter(self._coming)))
        self._coming[whose] = decision

    def _over(self, whose: tuple[str, str], decision: Permission | None) -> None:
        """The database has it, unless there was a later one."""
        if whose in self._coming and self._coming[whose] == decision:
            self._coming.pop(whose, None)

    def drop(self, user_id: str) -> None:
        """No permission of a user's is on its way any more."""
        for key in [key for key in list(self._coming) if key[0] == user_id]:
            self._coming.pop(key, None)

    def coming(self, user_id: str, keys: Iterable[str]) -> tuple[bool, Permission | None]:
        """Whether this process knows by itself, and what: never blocks."""
        for key in keys:
            if key and (user_id, key) in self._coming:
                return True, self._coming.get((user_id, key))
        return False, None

    def allow(self, user_id: str, given: Permission, since: float | None = None) -> bool:
        """Keep that a turn may be remembered; False where its user has switched memory off there.

        since: when it was given; it is not kept where the user was erased after that. Unix seconds.
        """
        whose = user_id, given.key
        decided = self._coming.get(whose, given)
        if decided is None:
            return True  # a later inlet has forbidden it meanwhile
        given = decided
        values: dict[str, Any] = {f"new_{name}": getattr(given, name) for name in _KEPT}
        values |= {"new_user_id": user_id, "new_created_at": given.asked_at}
        values |= bound(user_id, given.chat_id, given.model)

        def keep(connection: Connection) -> bool | None:
            if since is not None and was_erased(connection, user_id, since):
                return None
            return self._insert.change(connection, values) > 0

        allowed = (self._giving if since is None else self._writing).run(keep)
        if allowed is False:  # its user has switched memory off
            self._take_away(whose)
        self._over(whose, given)
        return bool(allowed)

    def forbid(self, turn: Turn) -> None:
        """This turn may not be remembered, whatever an earlier one with the same key was allowed."""
        self._take_away((turn.user_id, turn.key))
        self._over((turn.user_id, turn.key), None)

    def allowed(self, user_id: str, keys: Iterable[str]) -> Permission | None:
        """The permission under one of these keys, given to this user; None where there is none."""
        keys = [key for key in keys if key]
        known, permission = self.coming(user_id, keys)
        if known:
            return permission
        wanted = {"of_user": user_id, "of_keys": keys, "oldest": time.time() - KEPT_S}
        rows = self._reading.run(lambda connection: _WANTED.rows(connection, wanted))
        if not rows:
            return None
        kept = {name: getattr(rows[0], name) for name in _KEPT}
        return Permission(**kept, asked_at=rows[0].created_at)

    def used(self, user_id: str, permission: Permission) -> None:
        """The turn is over. A permission that was found by what was said is for one answer only."""
        self._over((user_id, permission.key), permission)
        if is_unnamed(permission.key):
            self._take_away((user_id, permission.key))

    def _take_away(self, whose: tuple[str, str]) -> None:
        """Read first: there is seldom anything, and those who write wait for each other."""
        if self._reading.run(lambda connection: _IS_THERE.rows(connection, _of(whose))):
            self._writing.run(lambda connection: connection.execute(_TAKE_AWAY, _of(whose)))


def _of(whose: tuple[str, str]) -> dict[str, str]:
    return dict(zip(("of_user", "of_key"), whose, strict=True))
