"""Which digests users want every week, and when each is due."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, delete, select, update

from . import digests, put_row, reading, was_erased
from .clock import is_over

WEEK_S = 7 * 24 * 3600.0
_AGAIN_S = 3600.0  # after one that was broken off


@dataclass(frozen=True, slots=True)
class Scheduled:
    """language: a code of `locales.CODES`. due_at: Unix time. detail: why the last one failed, or ""."""

    user_id: str
    template: str
    about: str
    language: str
    due_at: float = 0.0
    detail: str = ""


class DigestsTable:
    """For all users. Threads and servers may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = engine, reading(engine)

    def of(self, user_id: str) -> dict[str, Scheduled]:
        """A user's, by template."""
        mine = select(digests).where(digests.c.user_id == user_id).order_by(digests.c.template)
        with self._reading.connect() as connection:
            return {row["template"]: Scheduled(**row) for row in connection.execute(mine).mappings()}

    def put(self, wanted: Scheduled) -> None:
        """A digest is wanted from now on, the first one as soon as those are made that others wait for."""
        row = {**asdict(wanted), "due_at": time.time()}
        with self._engine.begin() as connection:
            put_row(connection, digests, row)

    def remove(self, user_id: str, template: str) -> bool:
        """It is wanted no more; whether it was."""
        with self._engine.begin() as connection:
            return bool(connection.execute(delete(digests).where(_is(user_id, template))).rowcount)

    def claim(self) -> Scheduled | None:
        """One that is due, for an hour this server's alone."""
        now = time.time()
        due = select(digests).where(is_over(digests.c.due_at, now, WEEK_S)).order_by(digests.c.due_at)
        with self._reading.connect() as connection:
            row = connection.execute(due.limit(1)).mappings().first()
        if row is None:
            return None
        mine = and_(_is(row["user_id"], row["template"]), digests.c.due_at == row["due_at"])
        with self._engine.begin() as connection:
            taken = connection.execute(update(digests).where(mine).values(due_at=now + _AGAIN_S)).rowcount
        return Scheduled(**{**row, "due_at": now + _AGAIN_S}) if taken else None

    def holds(self, claimed: Scheduled) -> bool:
        """Whether it is still wanted as it was when it was claimed, and nothing of it was erased since."""
        since = claimed.due_at - _AGAIN_S
        with self._reading.connect() as connection:
            found = connection.scalar(select(digests.c.template).where(_as(claimed)))
            return found is not None and not was_erased(connection, claimed.user_id, since)

    def done(self, claimed: Scheduled, detail: str) -> None:
        """It was made, or could not be; the next one is due in a week."""
        values: dict[str, Any] = {"due_at": time.time() + WEEK_S, "detail": detail}
        with self._engine.begin() as connection:
            connection.execute(update(digests).where(_as(claimed)).values(values))


def _is(user_id: str, template: str) -> ColumnElement[bool]:
    return and_(digests.c.user_id == user_id, digests.c.template == template)


def _as(claimed: Scheduled) -> ColumnElement[bool]:
    return and_(_is(claimed.user_id, claimed.template), digests.c.due_at == claimed.due_at)
