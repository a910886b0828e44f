"""Who has memories, and how many: numbers only."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine

from ..backends.backend_holder import BackendHolder
from ..backends.library import LibraryBackend
from ..backends.locations import Locations
from ..core.scope import channel_in, documents_in, past_in, past_owner
from .migrate.records import LibraryRecords

_KEPT_S = 300.0
_PAUSE_EVERY, _PAUSE_S = 1000, 0.005  # memories: chats go before


@dataclass(frozen=True, slots=True)
class UserCount:
    """owner: a user's id, or the id that a team's memories lie under."""

    owner: str
    memories: int
    passages: int


def counts_of(owners: Iterable[str]) -> list[UserCount]:
    """Those of the owners of memories, one for each memory; the most first."""
    counts = Counter(owners)
    owned = [owner for owner, _ in counts.most_common() if not (documents_in(owner) or channel_in(owner))]
    people = dict.fromkeys(past_in(owner) or owner for owner in owned)
    return [UserCount(owner, counts[owner], counts[past_owner(owner)]) for owner in people]


class UserCounts:
    """Counted where the memories are, at most every five minutes. Threads may share it."""

    def __init__(self, engine: Engine, live: BackendHolder, collection: str) -> None:
        self._live, self._locations = live, Locations(engine, collection)
        self._lock = threading.Lock()
        self._counted: tuple[float, list[UserCount]] | None = None

    def all(self) -> list[UserCount]:
        """Blocks for as long as it takes to read all memories once.

        Raises:
            MemoryFault: why there is no backend, or what it raises.
        """
        with self._lock:
            if self._counted is None or time.monotonic() - self._counted[0] > _KEPT_S:
                counts = counts_of(self._owners())
                self._counted = time.monotonic(), counts
            return self._counted[1]

    def _owners(self) -> Iterable[str]:
        backend = self._live.get()
        if isinstance(backend, LibraryBackend):
            for number, record in enumerate(LibraryRecords(backend.vector_store).all()):
                if number % _PAUSE_EVERY == 0:
                    time.sleep(_PAUSE_S)
                yield record.user_id
            return
        for owner in self._locations.users():
            yield from (owner for _ in backend.list_all(owner))
