"""Whose exchanges are claimed next: one batch of a user at a time, whichever server asks."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from ..state import hold, outbox

_PENDING = outbox.c.state == "pending"
_EXPIRED = and_(outbox.c.state == "claimed", outbox.c.claim_expires <= bindparam("now"))
_WAITS_FOR_RETRY = and_(_PENDING, outbox.c.batch != "", outbox.c.ready_at > bindparam("now"))
_BUSY = select(outbox.c.user_id).where(or_(outbox.c.state == "claimed", _WAITS_FOR_RETRY))
_FIRST_OF_USERS = select(func.min(outbox.c.id)).where(_PENDING).group_by(outbox.c.user_id)
_READY = and_(
    _PENDING,
    outbox.c.ready_at <= bindparam("now"),
    outbox.c.id.in_(_FIRST_OF_USERS),
    outbox.c.user_id.not_in(_BUSY),
)
# What a dead process has left comes first ("claimed" before "pending"), then who waits longest.
_NEXT = select(outbox).where(or_(_EXPIRED, _READY)).order_by(outbox.c.state, outbox.c.id).limit(1)


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
    mine = outbox.c.user_id == user_id
    first = connection.execute(_NEXT.where(mine), {"now": now}).first()
    if first is None:
        return []
    if first.batch:
        return rows_where(connection, and_(outbox.c.batch == first.batch, outbox.c.state == first.state))
    fresh = rows_where(connection, and_(mine, _PENDING, outbox.c.batch == ""))
    return list(takewhile(lambda row: row.chat_id == first.chat_id, fresh))[:batch_max]


def rows_where(connection: Connection, which: Any) -> list[Any]:
    """Rows of the queue, in the order in which they came."""
    return list(connection.execute(select(outbox).where(which).order_by(outbox.c.id)))
