"""Brings permissions and exchanges into the state database; what it cannot take now, it brings later."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

from sqlalchemy import Engine

from ..config.settings import Valves
from ..core.errors import Retry, Waits, is_of_the_text
from ..core.events import Emit, Event, EventKind, Job, failed, succeeded
from ..core.exchange import Exchange
from ..core.permission import Permission
from ..core.reason import Reason
from ..core.turn import Answered, Turn
from ..language import secrets as redact
from ..state import try_writing
from ..state.engine import is_shared
from ..state.permissions import Permissions
from ..state.switches_table import Switches
from .outbox import Outbox
from .spill import Spill, Spilled

_BRINGS_S = 1.0  # before the writer goes on with what is in the queue already, and renews its claims
_FEW_TRIES = 4  # of a record that the database takes no offence at, and cannot be stored all the same


class Keeper:
    """For all users. Threads may share it; methods block unless they say otherwise.

    wake: called when something new is in the outbox.
    """

    def __init__(
        self,
        engine: Engine,
        outbox: Outbox,
        spill: Spill,
        settings: Callable[[], Valves],
        emit: Emit,
        wake: Callable[[], None],
        look: Callable[[], bool] = lambda: False,
    ) -> None:
        """look: whether the database's file is another one now; raises where it is none any more."""
        self._look = look
        self._engine, self._outbox, self._spill, self._wake = engine, outbox, spill, wake
        self._decisions, self._switches = Permissions(engine), Switches(engine)
        self._settings, self._emit = settings, emit
        self._tries: Counter[str] = Counter()  # of what could not be stored, by its name
        self._rest: Iterator[tuple[str, Spilled]] | None = None  # what a long spill has besides
        self._deciding = threading.Lock()  # a ban is not overtaken by a permission that was read before it
        self.is_ill = False  # the database was late or failed, and nothing has been brought there since
        self._done_at = 0.0

    def announce(self, user_id: str, given: Permission) -> None:
        """As `allow`, for this process and at once: never blocks."""
        self._decisions.remind(user_id, given)

    def allow(self, user_id: str, given: Permission) -> bool:
        """Keep for the outlet that a turn may be remembered; False where its user has switched it off."""
        self._look()  # an open file takes changes even where it was taken away
        allowed = self._decisions.allow(user_id, given)
        self._done_at = time.monotonic()
        return allowed

    def goes_on(self, within_s: float) -> bool:
        """Whether something was stored within the last so many seconds: what waits is in a queue then."""
        return time.monotonic() - self._done_at < within_s

    def announce_ban(self, turn: Turn) -> None:
        """As `forbid`, for this process and at once: never blocks."""
        self._decisions.announce_ban(turn)

    def forbid(self, turn: Turn) -> None:
        """This turn may not be remembered, whatever one with the same key was allowed."""
        with self._deciding:
            if self._spill.has(turn.user_id):
                self._spill.erase(turn.user_id, lambda spilled: spilled.permits(turn.key))
            self._decisions.forbid(turn)

    def exchange(self, answered: Answered) -> Spilled | None:
        """An exchange, to be spilled, with its permission where this process knows it. Never blocks.

        None where it knows that there is none.
        """
        known, permission = self._decisions.coming(answered.user_id, answered.keys)
        return None if known and permission is None else Spilled.exchange(answered, permission)

    def keep(self, answered: Answered) -> str:
        """Store a finished exchange durably, if its inlet allowed it; its chat, else "".

        Raises:
            Waits: what this user said before is still to be brought.
        """
        if self._spill.has(answered.user_id):
            raise Waits("Something that was said before is still to be stored.")
        permission = self._decisions.allowed(answered.user_id, answered.keys)
        try:
            self._look()
            return self._store(answered, permission)
        except Exception:
            if permission is not None:  # it may be lost with the file
                self._decisions.remind(answered.user_id, permission)
            raise

    def take_in(self) -> None:
        """Bring what was spilled, in the order in which it came; the next call goes on where this takes long.

        Raises:
            Retry: the disk is full; what room is left is the spill's.
            Exception: what the state database raises; the rest is brought with the next call.
        """
        try:
            self.is_ill |= self._look()
        except Exception:
            self.is_ill = True
            self._spill.write()
            raise
        if not self._spill.reserve() and not is_shared(self._engine):
            self.is_ill = True
            self._spill.write()
            raise Retry("The disk of the data folder is full.", hint="Make room: nothing can be stored.")
        until = time.monotonic() + _BRINGS_S
        rest, self._rest = self._rest or self._spill.pending(), None
        for name, record in rest:
            self._bring(name, record)
            if time.monotonic() > until:
                self._rest = rest
                self._wake()
                return
        if self.is_ill:
            try_writing(self._engine)
            self.is_ill = False

    def drop(self, user_id: str) -> None:
        self._decisions.drop(user_id)

    def _bring(self, name: str, record: Spilled) -> None:
        try:
            self._put(name, record)
        except Exception as error:
            if not is_of_the_text(error):
                self.is_ill = True
                self._spill.write()
                raise
            self._emit(failed(Job.OUTLET, error))
            self._tries[name] += 1
            if self._tries[name] < _FEW_TRIES or not self._spill.set_aside(name):
                return
        self._tries.pop(name, None)
        self._spill.remove(name)

    def _put(self, name: str, record: Spilled) -> None:
        if record.is_said:
            permission = record.permission or self._decisions.allowed(record.user_id, record.keys)
            self._store(record.answered, permission, since=record.at)
        elif record.permission is not None:
            with self._deciding:
                if self._spill.holds(name):
                    self._decisions.allow(record.user_id, record.permission, record.at)

    def _store(self, answered: Answered, permission: Permission | None, since: float | None = None) -> str:
        if permission is None:
            self._emit(Event(EventKind.EXCHANGE_REFUSED, reason=Reason.NOT_PERMITTED))
            return ""
        if not self._switches.is_on(answered.user_id, permission.chat_id):  # switched off since, or just now
            self._decisions.used(answered.user_id, permission)
            self._emit(Event(EventKind.EXCHANGE_REFUSED, reason=Reason.USER_SWITCHED_OFF))
            return ""
        settings = self._settings()
        # Before anything of it is kept: what is not in the queue needs not be got out of it again.
        user_text, secrets = redact.masked(answered.user_text)
        assistant_text, more = redact.masked(answered.assistant_text)
        added = self._outbox.put(
            Exchange(
                key=permission.exchange_key,
                user_id=answered.user_id,
                chat_id=permission.chat_id,
                user_text=user_text,
                assistant_text=assistant_text,
                said_at=permission.asked_at,
                timezone=permission.timezone,
                scope=permission.scope,
                follows=permission.follows,
                answered_by=permission.answered_by,
                trace=answered.trace,
            ),
            wait_s=settings.advanced_numbers.batch_idle_seconds if settings.uses_llm else 0.0,
            batch_max=settings.advanced_numbers.batch_max_exchanges,
            since=since,
            renews=settings.keeps_episodes,
        )
        self._decisions.used(answered.user_id, permission)
        self._emit(Event(EventKind.EXCHANGE_STORED if added else EventKind.EXCHANGE_REPEATED))
        if added and secrets + more:
            self._emit(Event(EventKind.SECRETS_WITHHELD, secrets + more))
        self._emit(succeeded(Job.OUTLET))
        self._done_at = time.monotonic()
        self._wake()
        return permission.chat_id
