"""Whether the store still holds what the journal knows of: a file that was emptied looks like a new one."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from ..backends.base import Backend
from ..backends.library import LibraryBackend
from ..config.settings import Valves
from ..core.memory import Check
from ..manage.migrate.reach import location_of_backend
from ..state import journal, locations, reading

_SAMPLE = 200  # memories, the ones changed last


def compared(engine: Engine, settings: Valves, backend: Backend) -> Check | None:
    """The status' line where most of what was remembered is not there; else None. Blocks.

    Only of the library, and where this place is the only one that was used ever: the journal does not name
    any, a new one has everything yet to come, and mem0's server gives ids of its own.
    """
    if not isinstance(backend, LibraryBackend):
        return None
    with reading(engine).connect() as connection:
        used = list(connection.scalars(select(locations.c.key)))
    if used != [location_of_backend(backend, settings).key]:
        return None
    ids = _alive(engine)
    missing = len(ids) - len(backend.get_all(ids))
    if not ids or missing * 2 <= len(ids):
        return None
    count = backend.vector_store.count_rows()
    what = f"of the last {len(ids):,} memories that the journal knows of, {missing:,} are not there"
    hint = "Was it emptied or replaced? Put back a copy, or erase the users whose memories are to be gone."
    return Check("store", False, f"the store holds {count:,} memories; {what}", hint)


def _alive(engine: Engine) -> list[str]:
    """Memories whose last change was no removal."""
    made = journal.c.made & (journal.c.memory_id != "") & (journal.c.refused == "")
    last = select(func.max(journal.c.id)).where(made).group_by(journal.c.memory_id)
    alive = select(journal.c.memory_id).where(journal.c.id.in_(last), journal.c.op != "remove")
    with reading(engine).connect() as connection:
        return list(connection.scalars(alive.order_by(journal.c.id.desc()).limit(_SAMPLE)))
