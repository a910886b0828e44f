"""Removes what was deleted from the state database from its files, too."""

from __future__ import annotations

from sqlalchemy import Engine

from ...state import metadata, wal
from ...state.engine import is_shared

_POSTGRES_KEEPS = (
    "PostgreSQL has freed what was erased, and overwrites it as it goes on; archives of its log and backups "
    "keep it for as long as you keep those"
)


def scrub_state(engine: Engine) -> str:
    """Overwrites what was deleted. Returns what still keeps it, in a sentence, or "".

    Raises:
        Retry: somebody reads all the time.
    """
    if is_shared(engine):
        _vacuum(engine)
        return _POSTGRES_KEEPS
    # AUTOCOMMIT in effect: the raw connection begins nothing by itself.
    raw = engine.raw_connection()
    try:
        wal.empty(raw.cursor(), "The state database")
    finally:
        raw.close()
    return ""


def _vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in metadata.sorted_tables:
            if "user_id" in table.c:
                connection.exec_driver_sql(f"VACUUM {table.name}")
