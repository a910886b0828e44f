"""SQLite for the embedded store: which driver, which pragmas, and what its errors mean."""

from __future__ import annotations

import contextlib
import importlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...core.errors import Retry, TellAdmin
from ..sqlite_faults import translated

BUSY_SECONDS = 10.0
IDLE_CONNECTIONS = 8
# FTS5 can overwrite deleted words in place from this version on.
SECURE_DELETE_VERSION = (3, 42)

_INSTALL = "Install pysqlite3-binary and sqlite-vec where the Pipelines server runs, then restart it."


def connect(path: str) -> sqlite3.Connection:
    """Open the database file at `path`, in autocommit mode, for use by one thread at a time.

    Writes are durable at COMMIT, deleted content is overwritten, a locked file is waited for up to
    BUSY_SECONDS. Raises sqlite3 errors as they are (see `translated`) and TellAdmin without a usable driver.
    """
    from ...state import wal  # with sqlalchemy, which may be missing where the plugin is loaded

    driver = _driver()
    connection: sqlite3.Connection = driver.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        wal.enter(connection, BUSY_SECONDS)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA cache_size = -4000")  # KiB, per connection
    except BaseException:
        connection.close()
        raise
    return connection


def look_at(path: str, timeout_s: float) -> sqlite3.Connection:
    """Open a file to read a little, with the same driver.

    Of two in one process, neither knows of the other's locks: who closes deletes the other one's log.
    """
    connection: sqlite3.Connection = _driver().connect(path, timeout=timeout_s)
    return connection


def _driver() -> Any:
    """The standard module where it can do all, else pysqlite3, else the standard one though it is old."""
    loads = hasattr(sqlite3.Connection, "enable_load_extension")
    if loads and sqlite3.sqlite_version_info >= SECURE_DELETE_VERSION:
        return sqlite3
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        if loads:
            return sqlite3
        raise TellAdmin("This Python's SQLite cannot load extensions.", hint=_INSTALL) from None


def load_vec(connection: sqlite3.Connection) -> None:
    """Let a connection read what the releases before kept in sqlite-vec; TellAdmin where that is missing."""
    try:
        import sqlite_vec
    except ImportError:
        raise TellAdmin(
            "The memory database is of an earlier release; the package sqlite-vec is needed once to read it.",
            hint=_INSTALL,
        ) from None
    connection.enable_load_extension(True)
    sqlite_vec.load(connection)
    connection.enable_load_extension(False)


def erases_words(connection: sqlite3.Connection) -> bool:
    """Whether this SQLite's FTS5 knows the 'secure-delete' option."""
    version = str(connection.execute("SELECT sqlite_version()").fetchone()[0])
    return tuple(int(part) for part in version.split(".")[:2]) >= SECURE_DELETE_VERSION


class Connections:
    """A small pool over one file: mem0 starts threads for single searches, so one per thread would leak."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: tuple[int, int] | None = None  # that was opened first
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextlib.contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection. Errors come out as MemoryFault; a connection that saw one is not used again."""
        with translated(self._path):
            connection = self._take()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._give_back(connection)

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for several statements that see the same state."""
        with self.use() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside one transaction: all of the block is stored, or none of it."""
        with self.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    with contextlib.suppress(connection.Error):
                        connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close idle connections now and lent ones when they come back. Later use raises Retry."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise Retry("The memory store was closed.", hint="It is being restarted; try again shortly.")
            self._look()
            if self._idle:
                return self._idle.pop()
        connection = connect(self._path)
        self._file = self._file or _file_at(self._path)
        return connection

    def _look(self) -> None:
        """An open file takes changes even where it was taken away, and nobody ever sees them."""
        if self._file is None or (found := _file_at(self._path)) == self._file:
            return
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        if found is None:
            raise TellAdmin(
                f"The memory database {self._path} was taken away or emptied while it was in use.",
                hint="Put back a copy of it, or restart the Pipelines server to begin with an empty one.",
            )
        self._file = found

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < IDLE_CONNECTIONS:
                self._idle.append(connection)
                return
        connection.close()


def _file_at(path: str) -> tuple[int, int] | None:
    """Which file it is; None where there is none, or an empty one."""
    try:
        found = Path(path).stat()
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino) if found.st_size else None
