"""Whose exchanges are claimed next: one batch of a user at a time, whichever server asks."""

from __future__ import annotations

import json
from collections.abc import Collection
from itertools import islice, takewhile
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Float,
    Select,
    and_,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
)

from ..state import hold, outbox
from ..state.clock import is_over

CLAIM_S = 15.0
PAUSE_MOST_S = 300.0  # before something is tried again
_IDLE_MOST_S = 3600.0  # that a chat may be waited for: see the setting batch_idle_seconds

_PENDING = outbox.c.state == "pending"
_IN_HAND: BindParameter[Any] = bindparam("in_hand", expanding=True)


def _is_due(now: Any) -> ColumnElement[bool]:
    most_s = case((outbox.c.batch == "", _IDLE_MOST_S), else_=PAUSE_MOST_S)
    return is_over(outbox.c.ready_at, now, most_s)


def _next(*whose: ColumnElement[bool]) -> Select[Any]:
    """The first row of what is to be claimed next, of these users."""
    now = bindparam("now", type_=Float)
    expired = and_(
        outbox.c.state == "claimed",
        is_over(outbox.c.claim_expires, now, CLAIM_S),
        outbox.c.batch.not_in(_IN_HAND),
    )
    waits_for_retry = and_(_PENDING, outbox.c.batch != "", not_(_is_due(now)))
    busy = select(outbox.c.user_id).where(*whose, or_(outbox.c.state == "claimed", waits_for_retry))
    firsts = select(func.min(outbox.c.id)).where(*whose, _PENDING).group_by(outbox.c.user_id)
    ready = and_(
        or_(and_(_PENDING, outbox.c.id.in_(firsts)), outbox.c.state == "postponed"),
        _is_due(now),
        outbox.c.user_id.not_in(busy),
    )
    # What a dead process has left comes first ("claimed" before "pending"), then who waits longest, and what
    # may never work ("postponed") last.
    ordered = select(outbox).where(*whose, or_(expired, ready)).order_by(outbox.c.state, outbox.c.id)
    return ordered.limit(1)


_NEXT = _next()
_NEXT_OF_USER = _next(outbox.c.user_id == bindparam("of_user"))


def next_user(connection: Connection, now: float, in_hand: Collection[str] = ()) -> str | None:
    """Whose turn it is; that user's exchanges are ours alone until the transaction ends.

    in_hand: names of batches that this process works on, whatever their claims say.
    """
    with_others: list[str] = []
    while True:
        free = _NEXT.where(outbox.c.user_id.not_in(with_others))
        row = connection.execute(free, {"now": now, "in_hand": list(in_hand)}).first()
        if row is None:
            return None
        user_id: str = row.user_id
        if hold(connection, user_id, wait=False):
            return user_id
        with_others.append(user_id)


def rows_of(
    connection: Connection,
    user_id: str,
    now: float,
    batch_max: int,
    in_hand: Collection[str] = (),
    *,
    by_model: bool = False,
) -> list[Any]:
    """What to claim of a user: a batch whose claim has expired, one to be tried again, or a new one.

    by_model: a new one holds what one model has answered.
    """
    first = connection.execute(
        _NEXT_OF_USER, {"of_user": user_id, "now": now, "in_hand": list(in_hand)}
    ).first()
    if first is None:
        return []
    if first.batch:
        return rows_where(connection, and_(outbox.c.batch == first.batch, outbox.c.state == first.state))
    fresh = rows_where(connection, and_(outbox.c.user_id == user_id, _PENDING, outbox.c.batch == ""))

    def told(row: Any) -> tuple[str, ...]:
        read = json.loads(row.exchange) if by_model or row.imported else {}
        answered_by = read.get("answered_by", "") if by_model else ""
        return row.chat_id, row.scope, answered_by, row.imported, str(bool(read.get("given")))

    same = told(first)
    return list(islice(takewhile(lambda row: told(row) == same, fresh), batch_max))


def rows_where(connection: Connection, which: Any) -> list[Any]:
    """Rows of the queue, in the order in which they came."""
    return list(connection.execute(select(outbox).where(which).order_by(outbox.c.id)))
