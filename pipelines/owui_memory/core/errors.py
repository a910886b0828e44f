"""What can go wrong, sorted by what the caller does about it.

MemoryFault
├── Retry       passing: the same call may work later (server down, time-out, rate limit)
│   ├── RetryFew    or this input is the reason: worth a few tries only
│   ├── TooSlow     it did not end in time: less at once may
│   └── Waits       its turn comes after what waits already
├── Drop        final for this input: it can never work (refused text, malformed answer)
│   └── Refused     what a user asked for cannot be done: see locales/refused.py
├── ClaimLost   another server does it now: leave it to that one
└── TellAdmin   a setting or an installation is wrong: only the admin can mend it
    └── NotReady    nothing is wrong yet: the backend is still starting

Texts say what to do next and never hold what a user said.
"""

from __future__ import annotations

from typing import Self

# Packages whose errors say nothing of a text, but for two.
_DATABASES, _OF_VALUES = ("sqlite3", "pysqlite3", "sqlalchemy", "psycopg"), ("DataError", "IntegrityError")


class MemoryFault(Exception):
    """Base of all errors this package raises on purpose."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def again(self) -> Self:
        """A copy of this error, to be raised again."""
        return type(self)(str(self), hint=self.hint)


class Retry(MemoryFault):
    """The same call may succeed later."""


class RetryFew(Retry):
    """The same call may succeed later, or never for this input."""


class TooSlow(Retry):
    """The same call did not end in time; with less to read it may."""


class Waits(Retry):
    """Nothing is wrong, but something else has to come first."""


class Drop(MemoryFault):
    """This input can never succeed: set it aside and go on."""


class ClaimLost(MemoryFault):
    """Another server has taken this work over, and sees what has been done of it so far."""


class TellAdmin(MemoryFault):
    """A setting or an installation must be changed by the admin first."""


class NotReady(TellAdmin):
    """The backend has not finished starting."""


def is_of_the_text(error: BaseException) -> bool:
    """Whether the text that was to be remembered may be the cause of an error, so that another text may work.

    Errors that nobody foresaw count. A backend, file or database that is down fails whatever the text is.
    """
    if isinstance(error, MemoryFault):
        return isinstance(error, RetryFew | Drop)
    kind = type(error)
    of_a_database = kind.__module__.partition(".")[0] in _DATABASES and kind.__name__ not in _OF_VALUES
    return not isinstance(error, OSError) and not of_a_database
