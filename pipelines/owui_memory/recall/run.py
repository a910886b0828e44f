"""Recalls within a deadline: so many at once, and paused while they keep failing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..config.settings import Valves
from ..core.breaker import Breaker
from ..core.errors import Drop, MemoryFault
from ..core.events import Emit, Event, EventKind, Job, failed, succeeded
from ..core.turn import Turn

if TYPE_CHECKING:  # they need SQLAlchemy, which the smallest image of the server lacks
    from ..backends.backend_holder import BackendHolder
    from .recall import Recalled

INSIDE = "something is wrong inside the filter"
_MANY = 4  # at once: the writer's embeddings must not slow them down
# Threads for recalls that wait for nothing outside: more of them share one interpreter, and all end late.
_HERE = 2
_OF_ONE_USER = 16  # at once: nobody takes the others' turns


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was recalled; or None, and in words why."""

    recalled: Recalled | None
    missed: str = ""


class Run:
    """Recalls of all users. Threads may share it, and none of its methods blocks but `wait` and `close`.

    recall: what a thread does for a turn; blocks.
    """

    def __init__(
        self,
        live: BackendHolder,
        recall: Callable[[Turn, Valves], Recalled],
        emit: Emit,
        at_once: int,
    ) -> None:
        self._live, self._recall, self._emit, self._at_once = live, recall, emit, at_once
        self.breaker = Breaker()
        self._here = ThreadPoolExecutor(min(_HERE, at_once), thread_name_prefix="memory-recall")
        self._elsewhere = ThreadPoolExecutor(at_once, thread_name_prefix="memory-recall-waits")
        self._under_way: dict[Future[Recalled], str] = {}  # whose each is
        self._none = threading.Event()  # under way
        self._none.set()

    def begin(self, turn: Turn, settings: Valves) -> Recalling:
        """Begin to recall for a turn. `Recalling.outcome` says what stands in the way."""
        if not self.breaker.allows():
            return self._not_begun("recall is paused, it keeps failing", "paused")
        users = list(self._under_way.values())
        if len(users) >= self._at_once or users.count(turn.user_id) >= _OF_ONE_USER:
            return self._not_begun("too many requests wait for the backend", "busy")
        try:
            self._live.get()
        except MemoryFault as fault:
            return self._not_begun(str(fault), "not_ready")
        began = self.breaker.clock()
        pool = self._here if settings.recalls_by_itself else self._elsewhere
        future = pool.submit(self._recall, turn, settings)
        self._under_way[future] = turn.user_id
        self._none.clear()
        future.add_done_callback(self._over)
        return Recalling(future, lambda: self._ended(future, began, settings))

    @property
    def is_used(self) -> bool:
        """Whether a message waits for its memories."""
        return bool(self._under_way)

    @property
    def is_busy(self) -> bool:
        """Whether many messages wait for their memories."""
        return len(self._under_way) >= _MANY

    def wait(self, seconds: float) -> None:
        """Block until no message waits for its memories, so long at most."""
        self._none.wait(seconds)

    def close(self) -> None:
        """Begin no more; what is under way ends by itself."""
        for pool in (self._here, self._elsewhere):
            pool.shutdown(wait=False)

    def _over(self, future: Future[Recalled]) -> None:
        self._under_way.pop(future, None)
        if not self._under_way:
            self._none.set()
            if self._under_way:  # begun meanwhile
                self._none.clear()

    def _not_begun(self, reason: str, code: str) -> Recalling:
        return Recalling(None, lambda: self._missed(reason, code))

    def _missed(self, reason: str, code: str, seconds: float | None = None) -> Outcome:
        self._emit(Event(EventKind.RECALL_MISSED, reason=reason, code=code, seconds=seconds))
        return Outcome(None, reason)

    def _ended(self, future: Future[Recalled], began: float, settings: Valves) -> Outcome:
        if future.cancel() or not future.done():
            self.breaker.failed(began)
            passed = f"the deadline of {settings.inlet_deadline_ms} ms passed"
            return self._missed(passed, "deadline", self.breaker.clock() - began)
        try:
            recalled = future.result()
        except Exception as error:  # noqa: BLE001 - whatever the backend raises, the chat goes on
            if not isinstance(error, Drop):
                self.breaker.failed(began)
            self._emit(failed(Job.RECALL, error))
            return Outcome(None, str(error) if isinstance(error, MemoryFault) else INSIDE)
        self.breaker.succeeded()
        self._emit(succeeded(Job.RECALL))
        self._tell(recalled, self.breaker.clock() - began)
        return Outcome(recalled)

    def _tell(self, recalled: Recalled, seconds: float) -> None:
        if recalled.on:
            kind = EventKind.RECALLED if recalled.blocks else EventKind.NOTHING_RELEVANT
            self._emit(Event(kind, seconds=seconds, tokens=recalled.tokens, records=len(recalled.new)))
        if recalled.secrets:
            self._emit(Event(EventKind.SECRETS_MASKED, recalled.secrets))
        if recalled.markup:
            self._emit(Event(EventKind.MARKUP_REMOVED, recalled.markup))


@dataclass(frozen=True, slots=True)
class Recalling:
    """One that may be under way. future: None where it was not begun."""

    future: Future[Recalled] | None
    outcome: Callable[[], Outcome]  # to be called once, when nobody waits any longer
