"""What becomes of a batch that could not be remembered: tried again, read in parts, or set aside."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from ..backends.base import Backend
from ..config.settings import Valves
from ..core.errors import Drop, MemoryFault, TooSlow, is_of_the_text
from ..core.events import Emit, Event, EventKind, Job, failed
from ..core.exchange import Batch
from .journal import Journal
from .outbox import Outbox, is_overdue

log = logging.getLogger(__name__)

_FEW_TRIES = 4  # within a minute, of what nobody foresaw, or what fails while others are remembered
_DOUBTFUL_TRIES = 10  # within half an hour, where nothing else tells whether it is the text
_NOTED = 1000  # batches that fail


@dataclass
class _Failure:
    """Of one batch. `remembered`: how many others were, when it failed for the first time.

    times: that the reason may have been in what it says.
    """

    remembered: int
    times: int = 0


class Failing:
    """The batches that have failed so far, in this process."""

    def __init__(self, outbox: Outbox, journal: Journal, settings: Callable[[], Valves], emit: Emit) -> None:
        self._outbox, self._journal, self._settings, self._emit = outbox, journal, settings, emit
        self._remembered = 0  # batches so far, by which a failing one knows whether others fare better
        self._failures: OrderedDict[str, _Failure] = OrderedDict()  # by the batch's name

    def remembered(self, batch: Batch, *, counts: bool) -> None:
        """A batch fares well. counts: there was something in it to be remembered."""
        self._failures.pop(batch.name, None)
        self._remembered += counts

    def failed(self, backend: Backend, batch: Batch, error: BaseException) -> None:
        """Try it again, or set it aside: it must not hold up what others say, nor what its user says next."""
        self._emit(failed(Job.REMEMBERING, error))
        reason = str(error) if isinstance(error, MemoryFault) else type(error).__name__
        failure = self._noted(batch, error)
        # Whether the reason hits everybody is seen by those who fare better.
        others_do = self._remembered > failure.remembered
        is_unforeseen, of_the_text = not isinstance(error, MemoryFault), is_of_the_text(error)
        tries = _FEW_TRIES if is_unforeseen or others_do else _DOUBTFUL_TRIES
        is_hopeless = isinstance(error, Drop) or (of_the_text and failure.times >= tries)
        most_hours = self._settings().advanced_numbers.retry_max_hours
        if self._may_be_split(backend, batch, error, others_do):
            self._outbox.split(batch, reason)
        elif is_hopeless or is_overdue(batch, most_hours):
            log.error("%d exchange(s) set aside as dead: %s", len(batch.exchanges), reason)
            self._outbox.dead(batch, reason)
            self._emit(Event(EventKind.EXCHANGES_DEAD, len(batch.exchanges)))
            self._failures.pop(batch.name, None)
        elif of_the_text or others_do:
            self._outbox.postpone(batch, reason, failure.times)
        else:
            self._outbox.retry(batch, reason)

    def _noted(self, batch: Batch, error: BaseException) -> _Failure:
        failure = self._failures.setdefault(batch.name, _Failure(self._remembered))
        failure.times += is_of_the_text(error)
        while len(self._failures) > _NOTED:
            self._failures.popitem(last=False)
        return failure

    def _may_be_split(self, backend: Backend, batch: Batch, error: BaseException, others_do: bool) -> bool:
        """Whether to look for the exchange at fault, or read less at once: not once changes are decided."""
        if len(batch.exchanges) < 2 or not (is_of_the_text(error) or others_do or isinstance(error, TooSlow)):
            return False
        if self._journal.of_batch(batch.name):
            return False
        settings = self._settings()
        may_be_mem0s = "mem0" in (settings.mode, settings.mode_without_llm)
        return not may_be_mem0s or not backend.added_by(batch.user_id, batch.name)
