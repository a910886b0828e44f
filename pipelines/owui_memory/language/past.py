"""Questions about what was said before, and the times that they name, in the languages with a table.

What a message asks for is found by phrases, looked for in its words; a message without any of them costs no
more than that. Times are those of the past, as whole days.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

from ..core.text import capped
from .scripts import sets_no_spaces, words_of
from .tables import tables

_LOOKED_CHARS = 1000  # half from a message's beginning, half from its end
_MOST_YEARS = 100

_UNITS, _DAYS = ("days", "weeks", "months", "years"), (1, 7, 30, 365)
_SPANS = "yesterday day_before_yesterday last_week last_month last_year this_week this_month".split()  # noqa: SIM905
_ALSO_WORDS, _BEFORE_MONTHS = ("may", "mars", "mart"), ("in", "of", "on", "since", "last", "en")
_DAY = re.compile(
    r"\b(\d{4})-(\d{1,2})(?:-(\d{1,2}))?\b|(?<!\d)(\d{4})年(?:(\d{1,2})月)?(?:(\d{1,2})[日号])?"
)
_DENSE_COUNT = re.compile(
    r"(\d{1,3})\s?(天|日|周|星期|週間|个月|か月|ヶ月|年|일|주|개월|달|년)(?:前|以前|之前|\s?전)"
)


@dataclass(frozen=True, slots=True)
class Window:
    """Days of the past, both included."""

    first: date
    last: date

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class PastQuestion:
    """What a message asks of the past. asks: for what was said, and not only for a time."""

    asks: bool = False
    window: Window | None = None

    def __bool__(self) -> bool:
        return self.asks or self.window is not None


NOT_ASKED = PastQuestion()


def past_question(text: str, today: date) -> PastQuestion:
    """What a message asks of the past. today: in the user's time zone."""
    folded = capped(text, _LOOKED_CHARS, between=" ").casefold()
    said = _said(folded)
    return PastQuestion(bool(_found(said, _phrases().signs)), _window(folded, said, today))


def _said(text: str) -> str:
    """The words of a text between blanks."""
    return f" {' '.join(words_of(text))} "


class _Phrases:
    """What the tables have for the past. units: words for days, weeks, months and years, by number.

    back: says that a number of units is counted back from today.
    """

    def __init__(self) -> None:
        self.signs = tuple(map(_phrase, _of_all("past_questions")))
        self.spans = {span: tuple(map(_phrase, _of_all(span))) for span in _SPANS}
        self.units = {word: number for number, unit in enumerate(_UNITS) for word in _of_all(unit)}
        self.months, self.counts = dict(_numbered("month_names")), dict(_numbered("counts"))
        self.back = frozenset(_of_all("ago"))


_phrases = cache(_Phrases)


def _of_all(section: str) -> Iterator[str]:
    return (phrase for table in tables() for phrase in table[section])


def _numbered(section: str) -> Iterator[tuple[str, int]]:
    for entry in _of_all(section):
        word, _, number = entry.partition("/")
        yield word, int(number)


def _phrase(text: str) -> str:
    """As it stands in `_said`; of a script without spaces anywhere."""
    text = text.strip().casefold()
    if sets_no_spaces(text[0]) or "\uac00" <= text[0] <= "\ud7a3":
        return text
    return _said(text)


def _found(said: str, phrases: tuple[str, ...]) -> str:
    return next((phrase for phrase in phrases if phrase in said), "")


def _window(text: str, said: str, today: date) -> Window | None:
    """The time that a text names, the narrowest first; None where it names none, or one to come."""
    found = (_named(text, today), _counted(text, said, today), _month(said, today), _relative(said, today))
    return next((one for one in found if one is not None and one.first <= today), None)


def _named(text: str, today: date) -> Window | None:
    """2026-05-08, 2026-05, and as Chinese and Japanese write them."""
    match = _DAY.search(text)
    if match is None:
        return None
    year, month, day = (
        int(one) if one else 0 for one in (match.groups()[:3] if match[1] else match.groups()[3:])
    )
    return _of(year, month, day, today)


def _of(year: int, month: int, day: int, today: date) -> Window | None:
    if not today.year - _MOST_YEARS <= year <= today.year:
        return None
    try:
        first = date(year, month or 1, day or 1)
    except ValueError:
        return None
    if day:
        return Window(first, first)
    following = date(year + (month in (0, 12)), month % 12 + 1 if month else 1, 1)
    return Window(first, following - timedelta(days=1))


def _counted(text: str, said: str, today: date) -> Window | None:
    """ "three weeks ago", "vor 3 Wochen", "3周前": half a unit about it."""
    if match := _DENSE_COUNT.search(text):
        return _about(int(match[1]), _phrases().units[match[2]], today)
    known = _phrases()
    if not any(f" {phrase} " in said for phrase in known.back):
        return None
    for number, unit in pairwise(said.split()):
        count = known.counts.get(number) or (int(number) if number.isdecimal() and len(number) < 4 else 0)
        if count and unit in known.units:
            return _about(count, known.units[unit], today)
    return None


def _about(count: int, unit: int, today: date) -> Window | None:
    days = count * _DAYS[unit]
    if days > _MOST_YEARS * 365:
        return None
    around = timedelta(days=_DAYS[unit] // 2)
    return Window(today - timedelta(days=days) - around, min(today - timedelta(days=days) + around, today))


def _month(said: str, today: date) -> Window | None:
    """A month with or without a year and a day, or "in 2023"."""
    months, words = _phrases().months, said.split()
    years = [int(word) for word in words if len(word) == 4 and word.isdecimal()]
    year = next((one for one in years if today.year - _MOST_YEARS <= one <= today.year), 0)
    for before, word, after in _triples(words):
        # "May I ask ..." names no month.
        if word in months and (word not in _ALSO_WORDS or year or before in _BEFORE_MONTHS):
            month = months[word]
            numbers = (one for one in (before, after) if one.isdecimal() and len(one) < 3)
            day = next((int(one) for one in numbers if 0 < int(one) < 32), 0)
            return _of(year or today.year - (month > today.month), month, day, today)
    return _of(year, 0, 0, today) if year else None


def _triples(words: list[str]) -> Iterator[tuple[str, str, str]]:
    return zip(["", *words], words, [*words[1:], ""], strict=False)


def _relative(said: str, today: date) -> Window | None:
    spans = _phrases().spans
    span = next((one for one in reversed(_SPANS) if _found(said, spans[one])), "")
    day, week, month = timedelta(days=1), today - timedelta(days=today.weekday()), today.replace(day=1)
    return {
        "yesterday": Window(today - day, today - day),
        "day_before_yesterday": Window(today - 2 * day, today - 2 * day),
        "last_week": Window(week - 7 * day, week - day),
        "last_month": Window((month - day).replace(day=1), month - day),
        "last_year": Window(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
        "this_week": Window(week, today),
        "this_month": Window(month, today),
    }.get(span)
