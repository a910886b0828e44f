"""Wall clocks are put right now and then, by minutes or by days: no time in the database is believed blindly.

What runs in one process only is timed by `time.monotonic`. What processes share, or what outlives them, is
timed by the wall clock, and whoever reads such a time knows how far ahead it can be at most.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, and_, not_, or_

SKEW_S = 300.0  # that clocks of several servers may be apart
PUT_RIGHT_S = 3 * 24 * 3600.0  # by which a clock may have been wrong


def is_over(until: Column[float], now: Any, most_s: Any) -> ColumnElement[bool]:
    """Whether a time has come. `most_s`: by so many seconds it was ahead at most when it was written.

    One that is farther ahead was written by a clock that has been put right since.
    """
    return or_(until <= now, until > now + (most_s + SKEW_S))


def is_ahead(until: Column[float], now: Any, most_s: Any) -> ColumnElement[bool]:
    """Whether it has yet to come."""
    return not_(is_over(until, now, most_s))


def is_recent(at: Column[float], now: Any, seconds: float) -> ColumnElement[bool]:
    """Whether something was so few seconds ago."""
    return and_(at > now - seconds, at < now + max(seconds, SKEW_S))


def is_to_come(at: float, now: float) -> bool:
    """Whether a time at which something was said cannot be right."""
    return at > now + SKEW_S


def is_later(one: float, other: float, now: float) -> bool:
    """Whether the first was said after the second, as far as the clock can be believed."""
    return one > other and (is_to_come(other, now) or not is_to_come(one, now))
