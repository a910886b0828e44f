"""Opens the state database, and takes it to the newest schema."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from ..core.errors import TellAdmin
from . import engine as engines
from . import migrations


def open_state(data_dir: Path, url: str = "", password: str = "", *, make: bool = True) -> Engine:
    """The database's engine, migrated to the newest schema.

    In the data folder, or at PostgreSQL's `url` where there is one. `password`: in place of the URL's.
    make: else a database that is not there is an error.

    Raises:
        TellAdmin: the data folder cannot be written, the database is damaged or missing, PostgreSQL refuses.
        Retry: PostgreSQL cannot be reached.
    """
    return _open_shared(url, password, make) if url else _open_file(data_dir, make)


def _open_file(data_dir: Path, make: bool) -> Engine:
    file = data_dir / "state.db"
    if not make and not file.exists():
        raise TellAdmin(
            f"There is nothing in {data_dir}.", hint="Set MEMORY_DATA_DIR as the Pipelines server has it."
        )
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError):  # somebody else's folder, but we may write there
            data_dir.chmod(0o700)  # what people said is nobody else's
        engine = engines.of_file(file)
        migrations.run(engine)
    except (OSError, OperationalError) as error:
        why = os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error.orig)
        raise TellAdmin(
            f"The data folder {data_dir} cannot be written ({why}).",
            hint="Make it writable for the Pipelines server, or set MEMORY_DATA_DIR to a folder that is.",
        ) from error
    except DatabaseError as error:
        raise TellAdmin(
            f"{file} is damaged or no database.",
            hint="Put back a copy of it, or move it away: then the queue begins anew, and memories are kept.",
        ) from error
    return engine


def _open_shared(url: str, password: str, make: bool) -> Engine:
    engine = engines.of_server(url, password)
    try:
        if not make and not migrations.version_of(engine):
            raise TellAdmin(
                "There is nothing in the database of MEMORY_STATE_URL.",
                hint="Set it as the Pipelines server has it.",
            )
        migrations.run(engine)
    except BaseException as error:
        engine.dispose()
        if isinstance(error, DBAPIError):
            raise engines.fault_of(engine, error) from error
        raise
    return engine
