"""The locations where memories lie, to erase in: the home, a target, and what was left by a move."""

from __future__ import annotations

import contextlib
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from ...backends.assemble import open_store
from ...backends.backend_holder import Open
from ...backends.base import Backend
from ...backends.locations import Location, settings_of
from ...config.settings import Valves
from ...core.batched import batched
from ...core.errors import MemoryFault
from ...core.memory import DOCUMENT, EPISODE, Memory, in_payload, is_id
from ...core.scope import channel_in, owners_of
from ...state import locations, reading
from ...stores.protocol import VectorStore
from .erasures import Erasure

PASSAGES, DOCUMENTS = "passages of past chats", "passages of documents"
_COUNTED_AS = {EPISODE: PASSAGES, DOCUMENT: DOCUMENTS}

_AT_ONCE = 2000  # memories of a transaction: others write in between


class Site(ABC):
    """One location. Raises the errors of `core/errors.py`."""

    @abstractmethod
    def memories(self, owner: str, **fields: str) -> list[Memory]:
        """What lies under an id. fields: only where `batch` or `chat` is this."""

    @abstractmethod
    def named(self, user_id: str, memory_ids: Collection[str]) -> list[Memory]:
        """A user's memories and passages that have these ids, or had them before they were moved here."""

    @abstractmethod
    def remove(self, user_id: str, memories: Collection[Memory]) -> None:
        """Take away some of a user's."""

    @abstractmethod
    def purge(self) -> str:
        """As `VectorStore.purge`."""

    @abstractmethod
    def close(self) -> None:
        """Release it."""

    def erase(self, erasure: Erasure, *, fresh: bool) -> Counter[str]:
        """Take away all of a user's, or some memories; how many, by what they are.

        fresh: else what a whole user has said since it was begun stays.
        """
        user_id = erasure.user_id
        if erasure.whole:
            there = [one for owner in owners_of(user_id) for one in self.memories(owner)]
            going = [one for one in there if fresh or _is_older(one, erasure)]
        else:
            # What batches had stored goes, too: their messages are read anew, without what is forgotten.
            stored = [one for batch in erasure.batches for one in self.memories(user_id, batch=batch)]
            named = self.named(user_id, erasure.memory_ids)
            going = list({one.id: one for one in (*named, *stored)}.values())
        self.remove(user_id, going)
        names = {} if channel_in(user_id) else _COUNTED_AS  # a channel has no past chats
        return Counter(names.get(one.kind, "memories") for one in going)


class StoreSite(Site):
    """A collection in one of the library's stores, and mem0's collection of entities beside it."""

    def __init__(self, store: VectorStore, entities: Callable[[], VectorStore]) -> None:
        self._store, self._entities = store, entities

    def memories(self, owner: str, **fields: str) -> list[Memory]:
        return list(map(_memory, self._store.list({"user_id": owner, **fields})[0]))

    def named(self, user_id: str, memory_ids: Collection[str]) -> list[Memory]:
        rows, owners = self._store.get_all(list(filter(is_id, memory_ids))), owners_of(user_id)
        return [_memory(row) for row in rows if (row.payload or {}).get("user_id") in owners]

    def remove(self, user_id: str, memories: Collection[Memory]) -> None:
        ids = [one.id for one in memories]
        self._erase_entities(user_id, set(ids))
        for some in batched(ids, _AT_ONCE):
            self._store.delete_all(some)

    def _erase_entities(self, user_id: str, going: Collection[str]) -> None:
        """Names of people and things that mem0's own extraction has found in memories."""
        name = f"{self._store.collection_name}_entities"
        if name not in _names(self._store):
            return
        with contextlib.closing(self._entities()) as entities:
            emptied = []
            for row in entities.list({"user_id": user_id})[0]:
                linked = [id_ for id_ in row.payload.get("linked_memory_ids") or () if id_ not in going]
                if not linked:
                    emptied.append(str(row.id))
                elif len(linked) < len(row.payload["linked_memory_ids"]):
                    entities.update(str(row.id), payload={**row.payload, "linked_memory_ids": linked})
            entities.delete_all(emptied)
            entities.purge()

    def purge(self) -> str:
        return self._store.purge()

    def close(self) -> None:
        self._store.close()


class RemoteSite(Site):
    """mem0's server or platform. It gives ids of its own; the earlier one goes along as `origin`."""

    def __init__(self, backend: Backend, name: str) -> None:
        self._backend, self._name = backend, name

    def memories(self, owner: str, **fields: str) -> list[Memory]:
        there = self._backend.list_all(owner)
        return [one for one in there if all(getattr(one, name) == fields[name] for name in fields)]

    def named(self, user_id: str, memory_ids: Collection[str]) -> list[Memory]:
        wanted = set(memory_ids)
        listed = [one for owner in owners_of(user_id) for one in self.memories(owner)]
        there = (*self._backend.get_all(list(wanted)), *listed)
        return [one for one in there if not wanted.isdisjoint((one.id, one.origin))]

    def remove(self, user_id: str, memories: Collection[Memory]) -> None:  # noqa: ARG002 - ids are enough
        for one in memories:
            self._backend.remove(one.id)

    def erase(self, erasure: Erasure, *, fresh: bool) -> Counter[str]:
        if not (erasure.whole and fresh):
            return super().erase(erasure, fresh=fresh)
        owners = zip(("memories", PASSAGES, DOCUMENTS), owners_of(erasure.user_id), strict=True)
        return Counter({what: self._backend.erase(owner) for what, owner in owners})

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


def _memory(row: Any) -> Memory:
    return in_payload(str(row.id), row.payload or {})


def _names(store: Any) -> Sequence[str]:
    """Of all collections in a store; Qdrant answers with an object."""
    listed = store.list_cols()
    return [one.name for one in listed.collections] if hasattr(listed, "collections") else listed


def _is_older(memory: Memory, erasure: Erasure) -> bool:
    if memory.batch and memory.batch in erasure.batches:
        return True
    return memory.created_at is None or memory.created_at <= datetime.fromtimestamp(erasure.asked_at, UTC)
