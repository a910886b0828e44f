"""How long ago something was said, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_JUST_NOW = timedelta(minutes=2)
_SKEW = timedelta(minutes=5)  # that the clocks of several servers may be apart


def zone_of(name: str) -> tzinfo:
    """The time zone with this IANA name; UTC where there is none."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def is_to_come(then: datetime, now: datetime) -> bool:
    """Whether a time is so far ahead that it was written by a wrong clock."""
    return then - now > _SKEW


def ago(then: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits: "just now", "3 hours ago", "2 years ago".

    Within a day by the clock, so that what was said today can be put in order; beyond, by the days of `now`'s
    time zone. A time to come tells little: only a wrong clock can have written it.
    """
    age = now - then
    if is_to_come(then, now):
        return "recently"
    if age < _JUST_NOW:
        return "just now"
    if age < timedelta(hours=1):
        return f"{age // timedelta(minutes=1)} minutes ago"
    if age < timedelta(days=1):
        hours = age // timedelta(hours=1)
        return f"{hours} hours ago" if hours > 1 else "an hour ago"
    return _days_ago((now.date() - then.astimezone(now.tzinfo).date()).days)


def _days_ago(days: int) -> str:
    if days <= 1:
        return "yesterday"
    for size, unit in ((365, "year"), (30, "month"), (7, "week")):
        if days >= 2 * size or (unit == "year" and days >= size):
            count = days // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return f"{days} days ago"
