"""How a place is opened: as a backend, or only to be read whole, which needs no embedder."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..backends.assemble import open_store
from ..backends.base import Backend, EditableBackend
from ..backends.faults import translated
from ..backends.library import LibraryBackend
from ..errors import TellAdmin
from ..settings import Valves
from .places import Place, Places, found_in, place_of, settings_of
from .records import LibraryRecords, Records, RemoteRecords

Open = Callable[[Valves, Path], Backend]


def place_of_backend(backend: Backend, settings: Valves) -> Place:
    """The place of a backend that was opened with these settings."""
    if settings.backend != "library":
        return place_of(settings)
    assert isinstance(backend, LibraryBackend)
    return place_of(settings, backend.collection, backend.models.embedder.name, backend.models.embedder.dims)


def settled(places: Places, settings: Valves, data_dir: Path, place: Place) -> Place:
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


def records_of(backend: Backend, places: Places) -> Records:
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
def opened(place: Place, now: Valves, data_dir: Path, places: Places, opener: Open) -> Iterator[Records]:
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
