"""How a place is opened: as a backend, or only to be read whole, which needs no embedder."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...backends.assemble import open_store
from ...backends.base import Backend, EditableBackend
from ...backends.library import LibraryBackend
from ...backends.locations import Location, Locations, found_in, location_of, settings_of
from ...config.settings import Valves
from ...core.errors import TellAdmin
from ...models.faults import translated
from .records import LibraryRecords, Records, RemoteRecords

Open = Callable[[Valves, Path], Backend]


def location_of_backend(backend: Backend, settings: Valves) -> Location:
    """The place of a backend that was opened with these settings."""
    if settings.backend != "library":
        return location_of(settings)
    assert isinstance(backend, LibraryBackend)
    return location_of(
        settings, backend.collection, backend.models.embedder.name, backend.models.embedder.dims
    )


def settled(places: Locations, settings: Valves, data_dir: Path, place: Location) -> Location:
    """The home; at the very first start that is where memories are found, or else this place.

    Raises what looking there raises.
    """
    if places.home() is None:
        with translated("store", place.settings["vector_store_url"]):
            earlier = found_in(settings, data_dir, place.dims) if place.is_library else None
        places.settle(earlier or place)
    home = places.home()
    assert home is not None
    return home


def records_of(backend: Backend, places: Locations) -> Records:
    """All that is in an open backend's place.

    Raises:
        TellAdmin: it cannot be listed.
    """
    if isinstance(backend, LibraryBackend):
        return LibraryRecords(backend.vector_store, backend.models.embedder.embed_batch)
    if isinstance(backend, EditableBackend):
        return RemoteRecords(backend, places.users)
    raise TellAdmin("This backend cannot list its memories.", hint="Choose another `backend`.")


@contextmanager
def opened(
    place: Location, now: Valves, data_dir: Path, places: Locations, opener: Open
) -> Iterator[Records]:
    """A place to be read, with the secrets of today's settings. Raises what opening it raises."""
    settings = settings_of(place, now)
    if not place.is_library:
        backend = opener(settings, data_dir)
        try:
            yield records_of(backend, places)
        finally:
            backend.close()
        return
    with contextlib.closing(open_store(settings, data_dir, place.name, place.dims)) as store:
        yield LibraryRecords(store)
