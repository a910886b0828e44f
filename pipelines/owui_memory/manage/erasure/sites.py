"""The locations where memories lie, to erase in: the home, a target, and what was left by a move."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Engine, select

from ...backends.assemble import open_store
from ...backends.base import Backend
from ...backends.locations import Location, settings_of
from ...config.settings import Valves
from ...core.batched import batched
from ...core.errors import MemoryFault
from ...core.memory import Memory, aware_time, is_id
from ...core.scope import documents_in, owners_of, past_in, past_owner
from ...state import locations, reading
from ...stores.protocol import VectorStore
from .erasures import Erasure

Open = Callable[[Valves, Path], Backend]

PASSAGES, DOCUMENTS = "passages of past chats", "passages of documents"  # how they are counted

_AT_ONCE = 2000  # memories of a transaction: others write in between


class Site(Protocol):
    """One location. Raises the errors of `core/errors.py`."""

    def known(self, user_id: str, memory_ids: Collection[str]) -> dict[str, str]:
        """Those of a user's memories with these ids that are there: their ids there, and what they say."""

    def ids_of(self, user_id: str) -> list[str]:
        """Of all of a user's memories there."""

    def added_by(self, user_id: str, batch: str) -> list[str]:
        """The ids of what a batch has added for a user, or a team."""

    def erase(self, erasure: Erasure, *, fresh: bool, on_progress: Callable[[int], None]) -> Counter[str]:
        """Take them away; how many memories, and PASSAGES of past chats, which are of the user as well.

        fresh: else what a whole user has said since it was begun stays.

        on_progress: called with each number of memories that are gone.
        """

    def passages_of(self, owner: str, chat_id: str) -> list[str]:
        """The ids of what lies under this id and was said in this chat."""

    def erase_said_before(self, owner: str, at: float) -> int:
        """Take away what lies under this id and is older than a Unix time; how many there were."""

    def purge(self) -> str:
        """As `VectorStore.purge`."""

    def close(self) -> None:
        """Release it."""


class StoreSite:
    """A collection in one of the library's stores, and mem0's collection of entities beside it."""

    def __init__(self, store: VectorStore, entities: Callable[[], VectorStore]) -> None:
        self._store, self._entities = store, entities

    def known(self, user_id: str, memory_ids: Collection[str]) -> dict[str, str]:
        rows = self._store.get_all(list(filter(is_id, memory_ids)))
        return {str(row.id): str(row.payload.get("data") or "") for row in rows if _is_of(row, user_id)}

    def ids_of(self, user_id: str) -> list[str]:
        return [str(row.id) for row in self._rows(user_id)]

    def added_by(self, user_id: str, batch: str) -> list[str]:
        return [str(row.id) for row in self._store.list({"user_id": user_id, "batch": batch})[0]]

    def erase(self, erasure: Erasure, *, fresh: bool, on_progress: Callable[[int], None]) -> Counter[str]:
        if not erasure.whole:
            # What batches had stored goes, too: their messages are read anew, without what is forgotten.
            ids = [*self.known(erasure.user_id, erasure.memory_ids)]
            ids += [id_ for batch in erasure.batches for id_ in self.added_by(erasure.user_id, batch)]
            rows = list(self._store.get_all(ids))
        else:
            rows = self._rows(erasure.user_id)
            rows = rows if fresh else [row for row in rows if _is_earlier(row.payload, erasure)]
        ids = [str(row.id) for row in rows]
        self._erase_entities(erasure, ids)
        for some in batched(ids, _AT_ONCE):
            self._store.delete_all(some)
            on_progress(len(some))
        return Counter(_counted_as(str(row.payload.get("user_id") or "")) for row in rows)

    def _rows(self, user_id: str) -> list[Any]:
        return [row for owner in owners_of(user_id) for row in self._store.list({"user_id": owner})[0]]

    def _erase_entities(self, erasure: Erasure, ids: Iterable[str]) -> None:
        """Names of people and things that mem0's own extraction has found in memories."""
        name = f"{self._store.collection_name}_entities"
        if name not in _names(self._store):
            return
        going = set(ids)
        with contextlib.closing(self._entities()) as entities:
            emptied = []
            for row in entities.list({"user_id": erasure.user_id})[0]:
                linked = [id_ for id_ in row.payload.get("linked_memory_ids") or () if id_ not in going]
                if not linked:
                    emptied.append(str(row.id))
                elif len(linked) < len(row.payload["linked_memory_ids"]):
                    entities.update(str(row.id), payload={**row.payload, "linked_memory_ids": linked})
            entities.delete_all(emptied)
            entities.purge()

    def passages_of(self, owner: str, chat_id: str) -> list[str]:
        return [str(row.id) for row in self._store.list({"user_id": owner, "chat": chat_id})[0]]

    def erase_said_before(self, owner: str, at: float) -> int:
        rows = self._store.list({"user_id": owner})[0]
        ids = [str(row.id) for row in rows if _is_before(aware_time(row.payload.get("created_at")), at)]
        for some in batched(ids, _AT_ONCE):
            self._store.delete_all(some)
        return len(ids)

    def purge(self) -> str:
        return self._store.purge()

    def close(self) -> None:
        self._store.close()


class RemoteSite:
    """mem0's server or platform. It gives ids of its own; the earlier one goes along as `origin`."""

    def __init__(self, backend: Backend, name: str) -> None:
        self._backend, self._name = backend, name

    def known(self, user_id: str, memory_ids: Collection[str]) -> dict[str, str]:
        wanted = set(memory_ids)
        there = [*self._backend.get_all(list(wanted)), *self._listed(user_id)]
        return {
            memory.id: memory.text for memory in there if not wanted.isdisjoint((memory.id, memory.origin))
        }

    def ids_of(self, user_id: str) -> list[str]:
        return [memory.id for memory in self._listed(user_id)]

    def added_by(self, user_id: str, batch: str) -> list[str]:
        return [memory.id for memory in self._backend.added_by(user_id, batch)]

    def erase(self, erasure: Erasure, *, fresh: bool, on_progress: Callable[[int], None]) -> Counter[str]:
        gone: Counter[str] = Counter()
        if erasure.whole and fresh:
            for owner in owners_of(erasure.user_id):
                gone[_counted_as(owner)] += self._backend.erase(owner)
            on_progress(gone.total())
            return gone
        if erasure.whole:
            there = self._listed(erasure.user_id)
            ids = [memory.id for memory in there if _is_older(memory.created_at, memory.batch, erasure)]
        else:
            ids = list(self.known(erasure.user_id, erasure.memory_ids))
            ids += [id_ for batch in erasure.batches for id_ in self.added_by(erasure.user_id, batch)]
        passages = {memory.id for memory in self._backend.list_all(past_owner(erasure.user_id))}
        for memory_id in ids:
            gone[PASSAGES if memory_id in passages else "memories"] += self._backend.remove(memory_id)
            on_progress(1)
        return gone

    def _listed(self, user_id: str) -> list[Memory]:
        return [memory for owner in owners_of(user_id) for memory in self._backend.list_all(owner)]

    def passages_of(self, owner: str, chat_id: str) -> list[str]:
        return [one.id for one in self._backend.list_all(owner) if one.chat == chat_id]

    def erase_said_before(self, owner: str, at: float) -> int:
        there = [one.id for one in self._backend.list_all(owner) if _is_before(one.created_at, at)]
        return sum(map(self._backend.remove, there))

    def purge(self) -> str:
        return f"{self._name} keeps a history of what it has deleted: erase it there"

    def close(self) -> None:
        self._backend.close()


@dataclass(frozen=True)
class Found:
    """A location with the id of its row: open, or why it is not."""

    id: int
    location: Location
    site: Site | MemoryFault

    def reached(self) -> Site:
        """The open location. Raises why it is not open."""
        if isinstance(self.site, MemoryFault):
            raise self.site
        return self.site


class Sites:
    """All locations of all collections, opened with the secrets of today's settings."""

    def __init__(self, engine: Engine, data_dir: Path, settings: Callable[[], Valves], opener: Open) -> None:
        self._reading, self._data_dir = reading(engine), data_dir
        self._settings, self._open = settings, opener

    @contextlib.contextmanager
    def opened(self, ids: Collection[int] | None = None) -> Iterator[list[Found]]:
        """The locations with these row ids, or all of them."""
        with contextlib.ExitStack() as closing:
            found = []
            for id_, location in self._locations(ids):
                try:
                    site = self._site(location)
                except MemoryFault as fault:
                    found.append(Found(id_, location, fault))
                else:
                    closing.callback(site.close)
                    found.append(Found(id_, location, site))
            yield found

    def _locations(self, ids: Collection[int] | None) -> list[tuple[int, Location]]:
        wanted = select(locations.c.id, locations.c.location).order_by(locations.c.id)
        if ids is not None:
            wanted = wanted.where(locations.c.id.in_(ids))
        with self._reading.connect() as connection:
            return [(row.id, Location(**json.loads(row.location))) for row in connection.execute(wanted)]

    def _site(self, location: Location) -> Site:
        settings = settings_of(location, self._settings())
        if location.is_library:

            def entities() -> VectorStore:
                return open_store(settings, self._data_dir, f"{location.name}_entities", location.dims)

            return StoreSite(open_store(settings, self._data_dir, location.name, location.dims), entities)
        return RemoteSite(self._open(settings, self._data_dir), str(location))


def _names(store: Any) -> Sequence[str]:
    """Of all collections in a store; Qdrant answers with an object."""
    listed = store.list_cols()
    return [one.name for one in listed.collections] if hasattr(listed, "collections") else listed


def _is_of(row: Any, user_id: str) -> bool:
    return bool(row.payload) and row.payload.get("user_id") in owners_of(user_id)


def _counted_as(owner: str) -> str:
    if documents_in(owner):
        return DOCUMENTS
    return PASSAGES if past_in(owner) else "memories"


def _is_before(said_at: datetime | None, at: float) -> bool:
    return said_at is not None and said_at.timestamp() < at


def _is_earlier(payload: Any, erasure: Erasure) -> bool:
    return _is_older(aware_time(payload.get("created_at")), str(payload.get("batch") or ""), erasure)


def _is_older(created_at: datetime | None, batch: str, erasure: Erasure) -> bool:
    if batch in erasure.batches and batch:
        return True
    return created_at is None or created_at <= datetime.fromtimestamp(erasure.asked_at, UTC)
