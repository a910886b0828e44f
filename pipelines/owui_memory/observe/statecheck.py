"""Whether the state database takes what is said: it is written to, and its file looked at."""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ..core.errors import MemoryFault, TellAdmin
from ..core.memory import Check
from ..state import try_writing
from ..state.engine import fault_of, is_shared
from .inquiry import Inquiry

_HEADER = b"SQLite format 3\0"
_opened: dict[tuple[int, int], int] = {}  # descriptors of files, by device and inode; never closed
_LEAST_FREE_BYTES = 1024 * 1024
_GOOD_FOR_S, _BAD_FOR_S = 5.0, 2.0
_PATIENCE_S = 4.0
_TOLD_FOR_S = 20.0  # of damage that is mended: SQLite writes what its log holds over it
_WHOLE_EVERY_S, _WHOLE_MOST_BYTES = 60.0, 64 * 1024 * 1024

_RESTORE = (
    "Stop the server, put back a copy of state.db or move it away, and start again; what is said meanwhile "
    "is kept in the folder spill."
)


class StateFile:
    """state.db as it lies on the disk; of PostgreSQL there is none, and nothing is looked at."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._path = None if is_shared(engine) else Path(str(engine.url.database))
        self._identity = self._now() if self._path else None
        self._whole_at, self._damaged_at = -math.inf, -math.inf

    def look(self) -> bool:
        """Whether it is another file than at the last look. Takes microseconds.

        Raises:
            TellAdmin: it is gone, or no database any more. Connections to what it was are given up.
        """
        if self._path is None:
            return False
        identity = self._now()
        is_database = identity is not None and self._header(identity) == _HEADER
        if not is_database:
            self._identity = None
            what = "was overwritten" if identity else "was taken away"
            raise self._damaged(f"{what} while it was in use")
        if identity == self._identity:
            return False
        self._engine.dispose()  # first: whoever sees the new identity finds no connection to the file before
        self._identity = identity
        return True

    def check_whole(self) -> None:
        """Read all of it, once a minute, if it is not too large for that.

        Raises:
            TellAdmin: it is damaged.
        """
        if self._path is None or time.monotonic() - self._whole_at < _WHOLE_EVERY_S:
            return
        if self._path.stat().st_size > _WHOLE_MOST_BYTES:
            return
        try:
            with contextlib.closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)) as fresh:
                (found,) = fresh.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError:
            return  # busy; what else is wrong with it is met by the others
        except sqlite3.DatabaseError:
            found = ""
        if found != "ok":
            raise self._damaged("is damaged")
        self._whole_at = time.monotonic()

    @property
    def was_damaged(self) -> bool:
        """Whether the file was damaged a moment ago, whatever it is now."""
        return time.monotonic() - self._damaged_at < _TOLD_FOR_S

    def _damaged(self, what: str) -> TellAdmin:
        assert self._path is not None
        self._damaged_at, self._whole_at = time.monotonic(), -math.inf
        self._engine.dispose()
        return TellAdmin(f"The state database {self._path.name} {what}.", hint=_RESTORE)

    def _header(self, identity: tuple[int, int]) -> bytes:
        """How the file begins. To close it would drop the locks that SQLite has on it in this process."""
        try:
            if identity not in _opened:
                assert self._path is not None
                _opened[identity] = os.open(self._path, os.O_RDONLY)
            return os.pread(_opened[identity], len(_HEADER), 0)
        except OSError:
            return b""

    def _now(self) -> tuple[int, int] | None:
        assert self._path is not None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


class StateCheck:
    """The status' line. It writes, at most once in some seconds, and is never waited for longer than that."""

    def __init__(
        self, engine: Engine, file: StateFile, data_dir: Path, was_well: Callable[[datetime], None]
    ) -> None:
        """was_well: told when the database took a change."""
        self._was_well = was_well
        self._engine, self._file, self._data_dir = engine, file, data_dir
        self._inquiry = Inquiry("memory-state-check", self._ask)
        self._last, self._until = Check("state", True, ""), 0.0

    def part(self) -> Check:
        """The status' line. Takes a bounded time, and raises nothing."""
        if time.monotonic() < self._until:
            return self._last
        try:
            part = self._inquiry.answer(_PATIENCE_S)
        except TimeoutError:
            took = f"has not taken a change for {self._inquiry.waits_s:.0f} s"
            return Check(
                "state", False, f"{self._who()} {took}", "Does another program lock it, or its disk hang?"
            )
        self._last = part
        self._until = time.monotonic() + (_GOOD_FOR_S if part.ok else _BAD_FOR_S)
        return part

    def _ask(self) -> Check:
        try:
            self._file.look()
            began = datetime.now(UTC)
            try_writing(self._engine)
            self._was_well(began)
            self._file.check_whole()
            self._check_disk()
        except MemoryFault as fault:
            return Check("state", False, str(fault), fault.hint)
        except Exception as error:  # noqa: BLE001 - the status reports what it meets
            return Check("state", False, *self._told(error))
        if self._file.was_damaged:
            detail = (
                f"{self._who()} was overwritten or taken away while it was in use, and takes changes again"
            )
            return Check("state", False, detail, "If nobody has put it back, compare it with a copy.")
        return Check("state", True, f"{self._who()} takes changes")

    def _check_disk(self) -> None:
        """Raises where the data folder's disk is full: what is there may be enough for a probe only."""
        if not hasattr(os, "statvfs"):
            return
        disk = os.statvfs(self._data_dir)
        if disk.f_bavail * disk.f_frsize < _LEAST_FREE_BYTES:
            raise TellAdmin(
                f"The disk of {self._data_dir} is full.", hint="Make room: nothing can be stored."
            )

    def _told(self, error: Exception) -> tuple[str, str]:
        if isinstance(error, DBAPIError) and is_shared(self._engine):
            fault = fault_of(self._engine, error)
            return str(fault), fault.hint
        cause = error.orig if isinstance(error, DBAPIError) else None
        if "no such table" in str(cause):
            return f"{self._who()} has lost its tables: it was emptied or replaced", _RESTORE
        if type(cause).__module__ == "sqlite3":  # whose sentences are fixed ones
            return (
                f"{self._who()} takes no changes: {cause}",
                "Is there room, and may the server write there?",
            )
        kind = "cannot be used" if isinstance(error, SQLAlchemyError) else "failed"
        return f"{self._who()} {kind} ({type(error).__name__})", "Look at the server's log."

    def _who(self) -> str:
        return "PostgreSQL (MEMORY_STATE_URL)" if is_shared(self._engine) else "state.db"
