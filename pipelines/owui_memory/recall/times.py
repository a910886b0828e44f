"""How long ago something was said, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..locales import ENGLISH, Locale

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


def ago(then: datetime, now: datetime, locale: Locale = ENGLISH) -> str:
    """How long ago, in the largest unit that fits: "just now", "3 hours ago", "2 years ago".

    Within a day by the clock, so that what was said today can be put in order; beyond, by the days of `now`'s
    time zone. A time to come tells little: only a wrong clock can have written it.
    """
    age = now - then
    if is_to_come(then, now):
        return locale.say("recently")
    if age < _JUST_NOW:
        return locale.say("just now")
    if age < timedelta(hours=1):
        return locale.say("minutes ago", n=age // timedelta(minutes=1))
    if age < timedelta(days=1):
        hours = age // timedelta(hours=1)
        return locale.say("hours ago", n=hours) if hours > 1 else locale.say("an hour ago")
    return _days_ago((now.date() - then.astimezone(now.tzinfo).date()).days, locale)


def _days_ago(days: int, locale: Locale) -> str:
    if days <= 1:
        return locale.say("yesterday")
    for size, unit in ((365, "year"), (30, "month"), (7, "week")):
        if days >= 2 * size or (unit == "year" and days >= size):
            return locale.say(f"{unit}s ago", n=days // size)
    return locale.say("days ago", n=days)
