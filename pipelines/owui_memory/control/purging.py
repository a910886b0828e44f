"""What was deleted from the state database is gone from its files, too."""

from __future__ import annotations

import time

from sqlalchemy import Engine

from ..engines import is_shared
from ..state import metadata

_TRIES, _PAUSE_S = 20, 0.1
_POSTGRES_KEEPS = (
    "PostgreSQL has freed what was erased, and overwrites it as it goes on; archives of its log and backups "
    "keep it for as long as you keep those"
)


def purge_state(engine: Engine) -> str:
    """Overwrite what was deleted; what keeps it all the same, or ""."""
    if is_shared(engine):
        _vacuum(engine)
        return _POSTGRES_KEEPS
    # AUTOCOMMIT in effect: the raw connection begins nothing by itself.
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        for _ in range(_TRIES):
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            row = cursor.fetchone()
            if row is not None and not row[0]:
                return ""
            time.sleep(_PAUSE_S)
        return "the state database is read all the time: its write-ahead log still holds what was erased"
    finally:
        raw.close()


def _vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in metadata.sorted_tables:
            if "user_id" in table.c:
                connection.exec_driver_sql(f"VACUUM {table.name}")
