"""The inlet's decisions, kept for the outlet: it gets no metadata and may reach another process.

Only permissions to remember are kept. Where none is found, nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from sqlalchemy import Connection, Engine, bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from ..control.switches import IS_ON, bound
from ..engines import Patience
from ..state import decisions, reading, was_erased
from .body import Turn
from .permission import Permission

_KEPT_S = 2 * 24 * 3600  # an answer that takes longer than two days is not coming
_PRUNE_EVERY = 200  # rows
_COMING = 1000  # permissions

# Put together once: building a statement takes as long as running it. The names of columns are taken.
_COLUMNS = [column.name for column in decisions.columns]
_VALUES = select(*(bindparam(f"new_{one.name}", type_=one.type) for one in decisions.columns))
_INSERT = decisions.insert().from_select(_COLUMNS, _VALUES.where(IS_ON))
_INSERT = _INSERT.execution_options(preserve_rowcount=True)


class Decisions:
    """Kept by the turn's key in the state database."""

    def __init__(self, engine: Engine) -> None:
        self._writing, self._reading = Patience(engine), Patience(reading(engine))
        self._kept = 0
        # On their way to the database, which may be slower than the answer.
        self._coming: dict[tuple[str, str], Permission] = {}

    def announce(self, turn: Turn, scope: str = "") -> None:
        """Let this process know already what `allow` is about to keep; never blocks."""
        if len(self._coming) >= _COMING:  # the database has refused so many
            self._coming.pop(next(iter(self._coming)))
        self._coming[turn.user_id, turn.key] = Permission.of(turn, scope)

    def drop(self, user_id: str) -> None:
        """No permission of a user's is on its way any more."""
        for key in [key for key in list(self._coming) if key[0] == user_id]:
            self._coming.pop(key, None)

    def allow(self, turn: Turn, scope: str = "") -> bool:
        """Keep that this turn may be remembered; False where its user has switched memory off there."""
        given = self._coming.get((turn.user_id, turn.key)) or Permission.of(turn, scope)
        return self._keep(turn.user_id, turn.key, given)

    def bring(self, user_id: str, key: str, given: Permission, since: float) -> bool:
        """As `allow`, of a permission that was given then; not where the user was erased since."""
        return self._keep(user_id, key, given, since)

    def coming(self, user_id: str, keys: Iterable[str]) -> Permission | None:
        """As `allowed`, of what this process knows by itself: never blocks."""
        return next((given for key in keys if (given := self._coming.get((user_id, key)))), None)

    def _keep(self, user_id: str, key: str, given: Permission, since: float | None = None) -> bool:
        row = {
            "key": key,
            "user_id": user_id,
            "chat_id": given.chat_id,
            "exchange_key": given.exchange_key,
            "follows": given.follows,
            "timezone": given.timezone,
            "scope": given.scope,
            "created_at": given.asked_at,
        }
        values = {f"new_{name}": value for name, value in row.items()}
        values |= bound(user_id, given.chat_id)
        self._kept += 1
        too_old = given.asked_at - _KEPT_S if self._kept % _PRUNE_EVERY == 0 else None

        def keep(connection: Connection) -> bool:
            if since is not None and was_erased(connection, user_id, since):
                return False
            if too_old is not None:
                connection.execute(delete(decisions).where(decisions.c.created_at < too_old))
            return connection.execute(_INSERT, values).rowcount > 0

        allowed = True
        with suppress(IntegrityError):  # the same turn may come once more
            allowed = self._writing.run(keep)
        self._coming.pop((user_id, key), None)
        return allowed

    def allowed(self, user_id: str, keys: Iterable[str]) -> Permission | None:
        """The permission under one of these keys, given to this user; None where there is none."""
        keys = [key for key in keys if key]
        if coming := self.coming(user_id, keys):
            return coming
        wanted = select(decisions).where(decisions.c.key.in_(keys), decisions.c.user_id == user_id)
        row = self._reading.run(lambda connection: connection.execute(wanted).first())
        if row is None:
            return None
        return Permission(row.chat_id, row.exchange_key, row.follows, row.timezone, row.scope, row.created_at)
