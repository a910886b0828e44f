"""Where memories live, where they are moved to and where they were before: kept in the state database.

The setting `collection` names a set of memories. Each set has one home; a location that the settings name
instead becomes its target, and its home once everything is there.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, or_, select, update

from ..config.marks import Mark, belongings, marked
from ..config.settings import Valves
from ..core.scope import documents_owner, past_owner
from ..state import (
    channel_memories,
    channels,
    count_up,
    documents,
    episodes,
    erasures,
    injected,
    insert_new,
    journal,
    locations,
    reading,
    versions,
)
from ..state.clock import PUT_RIGHT_S, is_over
from ..stores.opening import size_of

HOME, TARGET, LEFT = "home", "target", "left"

MOST_BYTES = 43  # of a name: mem0 appends up to 20, and PostgreSQL cuts identifiers at 63
_FORMERLY_BUNDLED, _FORMERLY_DIMS = "all-MiniLM-L6-v2", 384  # of the releases before

HOLD_S = 60.0  # that whoever copies has a location to itself, unless it says so again
_LEFT_S = 7 * 24 * 3600  # in which another server may still have written to a location that was left


@dataclass(frozen=True)
class Location:
    """A collection of mem0's, or a mem0 server. `settings`: those that lead there, without secrets.

    name, model, dims: the collection's own name, the embedding model and its size; of a server "", "" and 0.
    """

    settings: Mapping[str, str] = field(hash=False)
    name: str = ""
    model: str = ""
    dims: int = 0

    @property
    def is_library(self) -> bool:
        return self.settings["backend"] == "library"

    @property
    def key(self) -> str:
        """Identifies the location, whatever its credentials are."""
        if not self.is_library:
            return " ".join([self.settings["backend"], self.settings["backend_url"].rstrip("/")])
        return f"{self.store} {self.name}"

    @property
    def store(self) -> str:
        """The store's kind and address; of a server ""."""
        if not self.is_library:
            return ""
        return " ".join([self.settings["vector_store"], self.settings["vector_store_url"].rstrip("/")])

    def __str__(self) -> str:
        if not self.is_library:
            return f"mem0's {self.key}".strip()
        where = host_and_path(self.settings["vector_store_url"])
        return f"{self.settings['vector_store']} {where}".strip() + f", collection {self.name}"


@dataclass(frozen=True)
class Known:
    """A location as the database has it; see `state.locations` for the columns."""

    location: Location
    role: str
    ours: bool
    pending: bool
    copied: int
    total: int
    left_at: float


def location_of(settings: Valves, name: str = "", model: str = "", dims: int = 0) -> Location:
    """The location that settings lead to; name, model and size are the opened backend's."""
    leading = {setting: str(getattr(settings, setting)) for setting in marked(Valves, Mark.LEADS)}
    for setting, value in leading.items():
        leading[setting] = without_credentials(value)
    return Location(leading, name, model, dims)


def settings_of(location: Location, now: Valves) -> Valves:
    """The settings that lead to a location again, with today's secrets where they belong to its addresses.

    What is missing then is found when it is opened.
    """
    given = {name: getattr(now, name) for name in Valves.model_fields} | dict(location.settings)
    for secret, belongs in belongings(Valves).items():
        today = (without_credentials(str(getattr(now, setting))) for setting in belongs)
        if tuple(today) != tuple(location.settings[setting] for setting in belongs):
            given[secret] = ""
    for setting in marked(Valves, Mark.LEADS):
        if without_credentials(str(getattr(now, setting))) == location.settings[setting]:
            given[setting] = getattr(now, setting)  # it may hold a password
    return Valves.model_construct(**given)


def without_credentials(url: str) -> str:
    """An address without password and query; other texts as they are."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    login, at, where = rest.partition("?")[0].rpartition("@")  # the last one: a password may hold others
    return f"{scheme}://{login.partition(':')[0]}{at}{where}"


def host_and_path(url: str) -> str:
    """An address as it is shown: without scheme and user."""
    return without_credentials(url).rpartition("://")[2].rpartition("@")[2]


def name_for(collection: str, model: str, dims: int) -> str:
    """A collection's own name: no other model or size has it."""
    slug = re.sub(r"[^a-z0-9]+", "_", model.lower()).strip("_")
    name = f"{collection}_{slug}_{dims}"
    if len(name) <= MOST_BYTES:
        return name
    digest = hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
    return f"{name[: MOST_BYTES - 9]}_{digest}"


class Locations:
    """Of one set of memories, that of the setting `collection`."""

    def __init__(self, engine: Engine, collection: str) -> None:
        self._engine, self._reading, self._collection = engine, reading(engine), collection

    def home(self) -> Location | None:
        """Where memories are served from; None before the first start."""
        return next((known.location for known in self.known() if known.role == HOME), None)

    def known(self) -> list[Known]:
        """All locations, in the order in which they were first used."""
        wanted = select(locations).where(locations.c.collection == self._collection).order_by(locations.c.id)
        with self._reading.connect() as connection:
            rows = connection.execute(wanted).mappings().all()
        return [
            Known(
                Location(**json.loads(row["location"])),
                *(row[name] for name in ("role", "ours", "pending", "copied", "total", "left_at")),
            )
            for row in rows
        ]

    def settle(self, location: Location) -> None:
        """Makes this location the home, unless there is a home already."""
        with self._engine.begin() as connection:
            if (
                connection.scalar(select(locations.c.id).where(self._mine(), locations.c.role == HOME))
                is None
            ):
                self._insert(connection, location, role=HOME, ours=False)
                connection.execute(self._at(location).values(role=HOME))

    def aim(self, location: Location, *, empty: bool) -> None:
        """Begin to move there. empty: nothing is there yet, so that all that will be there is ours."""
        with self._engine.begin() as connection:
            self._insert(connection, location, role=TARGET, ours=empty)
            connection.execute(
                self._at(location).where(locations.c.role == LEFT).values(role=TARGET, ours=True)
            )

    def arrive(self, location: Location, *, pending: bool = False) -> None:
        """A target is the home from now on. pending: the former home has yet to be copied."""
        with self._engine.begin() as connection:
            if connection.scalar(self._role_of(location)) == HOME:
                return
            left = update(locations).where(self._mine(), locations.c.role == HOME)
            connection.execute(left.values(role=LEFT, left_at=time.time(), pending=pending))
            connection.execute(self._at(location).values(role=HOME, pending=False, holder="", held_until=0.0))

    def leftovers(self) -> list[Known]:
        """Locations that were left and may hold what the home lacks."""
        return [
            known
            for known in self.known()
            if known.role == LEFT and (known.pending or time.time() - known.left_at < _LEFT_S)
        ]

    def emptied(self, location: Location) -> None:
        """Notes that everything a former location held is in the home now."""
        with self._engine.begin() as connection:
            connection.execute(self._at(location).values(pending=False))

    def hold(self, location: Location, holder: str, seconds: float) -> bool:
        """Claims a location to copy into it, for so many seconds. False if another server has claimed it."""
        now = time.time()
        free = or_(locations.c.holder == holder, is_over(locations.c.held_until, now, HOLD_S))
        with self._engine.begin() as connection:
            held = connection.execute(
                self._at(location).where(free).values(holder=holder, held_until=now + seconds)
            )
        return bool(held.rowcount)

    def release(self, location: Location, holder: str) -> None:
        """Gives up the claim."""
        with self._engine.begin() as connection:
            connection.execute(self._at(location).where(locations.c.holder == holder).values(held_until=0.0))

    def progress(self, location: Location, copied: int, total: int) -> None:
        """Notes how many memories have been copied, and how many there are."""
        with self._engine.begin() as connection:
            connection.execute(self._at(location).values(copied=copied, total=total))

    def renamed(self, ids: Mapping[str, str]) -> None:
        """Memories have other ids now (old to new): what was told and noted of them follows."""
        rows = [{"old": old, "new": new} for old, new in ids.items()]
        if not rows:
            return
        with self._engine.begin() as connection:
            for table in (injected, journal, channel_memories):
                moved = update(table).where(table.c.memory_id == bindparam("old"))
                connection.execute(moved.values(memory_id=bindparam("new")), rows)
            connection.execute(update(versions).values(number=versions.c.number + 1))

    def touch(self, users: Iterable[str]) -> None:
        """Notes that what was read of these users' memories is no longer current."""
        with self._engine.begin() as connection:
            for user in sorted(users):
                count_up(connection, user)

    def users(self) -> list[str]:
        """The ids of all users of whom anything was ever remembered."""
        everybody = select(versions.c.user_id).union(select(journal.c.user_id))
        with self._reading.connect() as connection:
            with_passages = connection.scalars(select(episodes.c.user_id).distinct())
            with_documents = connection.scalars(select(documents.c.user_id).distinct())
            passages = [*map(past_owner, with_passages), *map(documents_owner, with_documents)]
            observed = connection.scalars(select(channels.c.user_id))
            return sorted({*connection.scalars(everybody), *passages, *observed})

    def removed_since(self, at: float) -> set[str]:
        """Ids of memories that were taken away after that Unix time; some days are added for wrong clocks."""
        removed = select(journal.c.memory_id).where(
            journal.c.op == "remove", journal.c.made, journal.c.at >= at - PUT_RIGHT_S
        )
        with self._reading.connect() as connection:
            return set(connection.scalars(removed))

    def has_erasures(self, location: Location) -> bool:
        """Whether something is still to be erased there: see manage/erasure/erase.py."""
        wanted = select(locations.c.id).where(self._mine(), locations.c.key == location.key)
        with self._reading.connect() as connection:
            id_ = connection.scalar(wanted)
            waiting = connection.scalars(select(erasures.c.locations).where(erasures.c.locations != "[]"))
            return any(id_ in json.loads(ids) for ids in waiting)

    def _insert(self, connection: Connection, location: Location, *, role: str, ours: bool) -> None:
        row = {
            "collection": self._collection,
            "key": location.key,
            "role": role,
            "ours": ours,
            "location": json.dumps(asdict(location)),
        }
        insert_new(connection, locations, [row])

    def _mine(self) -> Any:
        return locations.c.collection == self._collection

    def _at(self, location: Location) -> Any:
        return update(locations).where(self._mine(), locations.c.key == location.key)

    def _role_of(self, location: Location) -> Any:
        return select(locations.c.role).where(self._mine(), locations.c.key == location.key)


def found_in(settings: Valves, data_dir: Path, dims: int) -> Location | None:
    """Where memories were before the state database knew locations, or of a lost one; None if nothing is.

    dims: of today's embeddings. A collection of that size that bears the set's name is no other location.
    Raises what the store's own client raises.
    """
    former = name_for(settings.collection, _FORMERLY_BUNDLED, _FORMERLY_DIMS)
    by_name = {former: _FORMERLY_BUNDLED, settings.collection: ""}
    for name, model in by_name.items():
        size = size_of(settings, data_dir, name)
        if size not in (None, dims):
            return location_of(settings, name, model, size)
    return None


def naming(engine: Engine, data_dir: Path, settings: Valves) -> Callable[[str, int], str]:
    """From an embedding model and its size to the name of their collection in the settings' store.

    A collection that was made before they were named by model keeps its bare name.
    """

    def name(model: str, dims: int) -> str:
        known = [one.location for one in Locations(engine, settings.collection).known()]
        wanted = location_of(settings, name_for(settings.collection, model, dims), model, dims)
        for location in known:
            if (location.model, location.dims, location.store) == (model, dims, wanted.store):
                return location.name
        if known or size_of(settings, data_dir, settings.collection) != dims:
            return wanted.name
        return settings.collection

    return name
