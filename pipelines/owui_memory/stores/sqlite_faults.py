"""SQLite's errors and those of its files as ours, for every store that keeps one."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator

from ..core.errors import Drop, MemoryFault, Retry, TellAdmin


@contextlib.contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn errors of SQLite and of the file system about `path` into Retry, Drop or TellAdmin."""
    try:
        yield
    except UnicodeEncodeError:
        # Its text quotes what it could not encode, so it is not chained.
        raise Drop("An id or a filter value is not valid Unicode.") from None
    except OSError as error:
        raise TellAdmin(
            f"The folder of the memory database {path} cannot be used ({os.strerror(error.errno or 0)}).",
            hint="Make the folder writable for the user that runs the Pipelines server.",
        ) from error
    except Exception as error:
        if not _is_sqlite(error):
            raise
        raise _fault(error, path) from error


def _is_sqlite(error: BaseException) -> bool:
    # pysqlite3 has error classes of its own, unrelated to those of the standard module.
    return any(cls.__name__ == "Error" and "sqlite3" in cls.__module__ for cls in type(error).__mro__)


def _fault(error: BaseException, path: str) -> MemoryFault:
    code = int(getattr(error, "sqlite_errorcode", 0)) & 0xFF  # the primary one
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_SCHEMA):
        return Retry(
            f"The memory database {path} is busy ({name}).", hint="Another process writes; try again."
        )
    if code == sqlite3.SQLITE_FULL:
        return Retry(f"The disk that holds {path} is full.", hint="Free some space on it.")
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT):
        return Retry(
            f"The memory database {path} could not be read or written ({name}).", hint="Check the disk."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return TellAdmin(
            f"The memory database {path} cannot be opened for writing ({name}).",
            hint="Make the file and its folder writable for the user that runs the Pipelines server.",
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return TellAdmin(
            f"The memory database {path} is damaged or is not an SQLite file ({name}).",
            hint="Restore it from a backup, or move it away to start with an empty one.",
        )
    if code in (sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH):
        return Drop(f"The memory database refused this entry ({name}).")
    return TellAdmin(
        f"The memory database {path} refused a statement ({name}).",
        hint="Restart the Pipelines server; if it stays, the file was changed by another version.",
    )
