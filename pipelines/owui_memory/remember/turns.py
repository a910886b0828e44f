"""Whose exchanges are claimed next: one batch of a user at a time, whichever server asks."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select

from ..state import hold, outbox

_PENDING = outbox.c.state == "pending"


def _next(*whose: ColumnElement[bool]) -> Select[Any]:
    """The first row of what is to be claimed next, of these users."""
    expired = and_(outbox.c.state == "claimed", outbox.c.claim_expires <= bindparam("now"))
    waits_for_retry = and_(_PENDING, outbox.c.batch != "", outbox.c.ready_at > bindparam("now"))
    busy = select(outbox.c.user_id).where(*whose, or_(outbox.c.state == "claimed", waits_for_retry))
    firsts = select(func.min(outbox.c.id)).where(*whose, _PENDING).group_by(outbox.c.user_id)
    ready = and_(
        or_(and_(_PENDING, outbox.c.id.in_(firsts)), outbox.c.state == "postponed"),
        outbox.c.ready_at <= bindparam("now"),
        outbox.c.user_id.not_in(busy),
    )
    # What a dead process has left comes first ("claimed" before "pending"), then who waits longest, and what
    # may never work ("postponed") last.
    ordered = select(outbox).where(*whose, or_(expired, ready)).order_by(outbox.c.state, outbox.c.id)
    return ordered.limit(1)


_NEXT = _next()
_NEXT_OF_USER = _next(outbox.c.user_id == bindparam("of_user"))


def next_user(connection: Connection, now: float) -> str | None:
    """Whose turn it is; that user's exchanges are ours alone until the transaction ends."""
    with_others: list[str] = []
    while True:
        free = _NEXT.where(outbox.c.user_id.not_in(with_others))
        row = connection.execute(free, {"now": now}).first()
        if row is None:
            return None
        user_id: str = row.user_id
        if hold(connection, user_id, wait=False):
            return user_id
        with_others.append(user_id)


def rows_of(connection: Connection, user_id: str, now: float, batch_max: int) -> list[Any]:
    """What to claim of a user: a batch whose claim has expired, one to be tried again, or a new one."""
    first = connection.execute(_NEXT_OF_USER, {"of_user": user_id, "now": now}).first()
    if first is None:
        return []
    if first.batch:
        return rows_where(connection, and_(outbox.c.batch == first.batch, outbox.c.state == first.state))
    fresh = rows_where(connection, and_(outbox.c.user_id == user_id, _PENDING, outbox.c.batch == ""))
    same = (first.chat_id, first.scope)
    return list(takewhile(lambda row: (row.chat_id, row.scope) == same, fresh))[:batch_max]


def rows_where(connection: Connection, which: Any) -> list[Any]:
    """Rows of the queue, in the order in which they came."""
    return list(connection.execute(select(outbox).where(which).order_by(outbox.c.id)))
