"""How a location is opened: as a backend, or only to be read whole, which needs no embedder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...backends.assemble import open_store
from ...backends.backend_holder import Open
from ...backends.base import Backend
from ...backends.library import LibraryBackend
from ...backends.locations import Location, Locations, found_in, location_of, settings_of
from ...config.settings import Valves
from ...models.faults import translated
from .records import LibraryRecords, Records, RemoteRecords


def location_of_backend(backend: Backend, settings: Valves) -> Location:
    """The location of a backend that was opened with these settings."""
    if settings.backend != "library":
        return location_of(settings)
    assert isinstance(backend, LibraryBackend)
    return location_of(settings, backend.collection, backend.embedder.name, backend.embedder.dims)


def settled(locations: Locations, settings: Valves, data_dir: Path, location: Location) -> Location:
    """The home; at the very first start that is where memories are found, or else this location.

    Raises what looking there raises.
    """
    if locations.home() is None:
        with translated("store", location.settings["vector_store_url"]):
            earlier = found_in(settings, data_dir, location.dims) if location.is_library else None
        locations.settle(earlier or location)
    home = locations.home()
    assert home is not None
    return home


def records_of(backend: Backend, locations: Locations) -> Records:
    """All that is in an open backend's location."""
    if isinstance(backend, LibraryBackend):
        return LibraryRecords(backend.vector_store, backend.embedder.embed_batch)
    return RemoteRecords(backend, locations.users)


@contextmanager
def opened(
    location: Location, now: Valves, data_dir: Path, locations: Locations, opener: Open
) -> Iterator[Records]:
    """A location to be read, with the secrets of today's settings. Raises what opening it raises."""
    settings = settings_of(location, now)
    if not location.is_library:
        backend = opener(settings, data_dir)
        try:
            yield records_of(backend, locations)
        finally:
            backend.close()
        return
    with contextlib.closing(open_store(settings, data_dir, location.name, location.dims)) as store:
        yield LibraryRecords(store)
