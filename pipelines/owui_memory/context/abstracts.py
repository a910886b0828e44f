"""Makes abstracts in the background, as chats come near their limit, so that no message waits for one.

What is asked for and not made yet is gone with the process: the chat's next message asks for it again. Each
part that was read is kept, so that the next try goes on there.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..backends.backend_holder import BackendHolder
from ..backends.base import Backend
from ..config.settings import Valves
from ..core.chat_servers import AnsweredBy
from ..core.errors import MemoryFault, RetryFew
from ..core.events import Emit, Event, EventKind, Job, failed, succeeded
from ..language.secrets import masked
from ..models.tokens import estimated_tokens
from ..state.cuts_table import CutsTable, Place
from .abstract import Abstract
from .asking import prompt_of, taken
from .extract import extracted
from .turns import Past

_AT_ONCE = 2
_MOST_WAITING = 200  # chats
_PART_SHARE, _PART_CHARS = 2.4, 24_000  # characters read at once: by token of the limit, and at most
_MOST_PARTS = 6  # that an LLM reads of a chat at once; of what is older, sentences are taken
_TRIES = 2  # of an answer that cannot be used


@dataclass(frozen=True, slots=True)
class Wanted:
    """An abstract to be made. past: the turns that it adds to `before`, oldest first. room: tokens.

    chat_id: the chat's own, "" where it has none. answered_by: who answers the chat, and may read it.
    at: Unix time when these were read.
    """

    place: Place
    chat_id: str
    before: Abstract
    past: Sequence[Past]
    room: int
    answered_by: AnsweredBy
    at: float


class Abstracts:
    """For all users. Threads may share it; `want` never blocks."""

    def __init__(
        self,
        table: CutsTable,
        live: BackendHolder,
        settings: Callable[[], Valves],
        emit: Emit,
    ) -> None:
        self._table, self._live, self._settings, self._emit = table, live, settings, emit
        self._lock = threading.Lock()
        self._waiting: OrderedDict[Place, Wanted] = OrderedDict()
        self._making: set[Place] = set()
        self._is_closed = False

    def want(self, wanted: Wanted) -> bool:
        """An abstract is to be made; False where another one of the same chat is being made."""
        with self._lock:
            if self._is_closed or wanted.place in self._making or not wanted.past:
                return False
            self._waiting[wanted.place] = wanted
            while len(self._waiting) > _MOST_WAITING:
                self._waiting.popitem(last=False)
            first = self._next()
        if first is not None:
            threading.Thread(target=self._run, args=(first,), name="memory-abstract", daemon=True).start()
        return True

    def drop(self, user_id: str) -> None:
        """Make nothing of a user's that is not under way; what is, the table refuses."""
        with self._lock:
            for place in [one for one in self._waiting if one.user_id == user_id]:
                del self._waiting[place]

    def close(self) -> None:
        """Begin no more; what is under way goes on where it ended."""
        with self._lock:
            self._is_closed = True
            self._waiting.clear()

    def _run(self, wanted: Wanted | None) -> None:
        while wanted is not None:
            try:
                self._make(wanted)
                self._emit(succeeded(Job.ABSTRACT))
            except Exception as error:  # noqa: BLE001 - the next message of the chat asks for it again
                self._emit(failed(Job.ABSTRACT, error))
            with self._lock:
                self._making.discard(wanted.place)
                wanted = self._next()

    def _next(self) -> Wanted | None:
        """What is to be made from now on, if anything is. Under the lock."""
        if not self._waiting or len(self._making) >= _AT_ONCE:
            return None
        place, wanted = self._waiting.popitem(last=False)
        self._making.add(place)
        return wanted

    def _make(self, wanted: Wanted) -> None:
        names = {one.name for one in wanted.past}
        kept = self._table.remembered(wanted.place.user_id, wanted.chat_id, names)
        parts = list(_parts(wanted.past, wanted.place.limit))
        abstract = wanted.before
        for number, part in enumerate(parts, 1):
            past = [
                replace(one, user=masked(one.user)[0], answer=masked(one.answer)[0])
                for one in part
                if one.name in kept
            ]
            by_llm = number > len(parts) - _MOST_PARTS
            if past:
                abstract = self._updated(wanted, abstract, past, by_llm=by_llm)
            if self._is_closed or not self._table.put(
                wanted.place, part[-1].after, abstract.written() if abstract else "", wanted.at
            ):
                return

    def _updated(self, wanted: Wanted, before: Abstract, past: Sequence[Past], *, by_llm: bool) -> Abstract:
        """By the LLM that may read the chat, else of the user's own sentences."""
        settings, backend = self._settings(), self._live.get()
        may_ask = by_llm and settings.has_llm and settings.uses_llm
        if may_ask:
            local_only = settings.local_only
            with backend.reading(wanted.answered_by, local_only=local_only, patient=False) as reader:
                if reader and (after := self._asked(backend, wanted.room, before, past)):
                    return after
        self._emit(Event(EventKind.ABSTRACT_MADE, reason="of the user's own sentences"))
        return extracted(before, past, wanted.room, estimated_tokens)

    def _asked(self, backend: Backend, room: int, before: Abstract, past: Sequence[Past]) -> Abstract | None:
        for _ in range(_TRIES):
            try:
                told = taken(before, past, backend.ask(prompt_of(before, past)))
            except MemoryFault as fault:
                self._emit(failed(Job.ABSTRACT, fault))
                if not isinstance(fault, RetryFew):
                    return None
                continue
            if after := told.within(room, estimated_tokens):
                self._emit(Event(EventKind.ABSTRACT_MADE, reason="by an LLM"))
                return after
        return None


def _parts(past: Sequence[Past], limit: int) -> Iterator[list[Past]]:
    """As much as an LLM reads at once."""
    most = min(_PART_SHARE * limit, _PART_CHARS)
    part: list[Past] = []
    chars = 0
    for one in past:
        size = len(one.user) + len(one.answer)
        if part and chars + size > most:
            yield part
            part, chars = [], 0
        part.append(one)
        chars += size
    if part:
        yield part
