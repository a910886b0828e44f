"""The engine of the state database: an SQLite file, or PostgreSQL where several servers share the state."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from ..core.errors import MemoryFault, Retry, TellAdmin
from . import wal

T = TypeVar("T")

_BUSY_S = 10.0
_TURN_S = 1.0  # after which a transaction asks SQLite itself

_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
# What the URL does not say itself; seconds, but tcp_user_timeout in ms. A host that vanished is given up.
_CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "owui_memory",
}
# A server that hangs, or was frozen, keeps the others out no longer.
_SESSION = "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s'"
_CONNECTIONS, _MORE_CONNECTIONS, _POOL_S = 5, 10, 5.0

_PATIENCE_S = 10.0  # a restart of PostgreSQL takes less
_PAUSE_S = 0.2

_NO_RIGHTS, _READ_ONLY, _NO_LOCK = "42501", "25006", "55P03"
_REFUSED = ("42", "3F", "0A")  # classes of SQLSTATE: names and rights, no such schema, features


def of_file(path: Path) -> Engine:
    """The engine of a file; several processes of one machine may share it."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_S}, hide_parameters=True)
    event.listen(engine, "connect", _configure)
    _Turns().listen(engine)
    return engine


def _configure(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # transactions begin in _Turns
    wal.enter(connection, _BUSY_S)
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged exchange survives a power cut
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


class _Turns:
    """Begins transactions; of those that write, one at a time in this process.

    SQLite lets one write and the others sleep, up to 10 ms longer than they must.
    """

    def __init__(self) -> None:
        self._writing = threading.Lock()

    def listen(self, engine: Engine) -> None:
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "commit", self._commit)
        event.listen(engine, "rollback", self._roll_back)
        event.listen(engine, "checkin", lambda _, record: self._over(record.info))

    def _begin(self, connection: Connection) -> None:
        if connection.get_execution_options().get("read_only"):
            _tell(connection, "BEGIN DEFERRED")
            return
        mine = self._writing.acquire(timeout=_TURN_S)  # another process may hold the one before us up
        try:
            synced = not connection.get_execution_options().get("unsynced")
            if connection.info.get("synced", True) != synced:
                _tell(connection, f"PRAGMA synchronous={'FULL' if synced else 'NORMAL'}")
                connection.info["synced"] = synced
            # IMMEDIATE: one that reads first and writes later would fail when another wrote between.
            _tell(connection, "BEGIN IMMEDIATE")
        except BaseException:
            if mine:
                self._writing.release()
            raise
        connection.info["writes"] = mine

    def _commit(self, connection: Connection) -> None:
        """SQLAlchemy tells before it commits: then the next one would still have to wait in SQLite."""
        _tell(connection, "COMMIT")
        self._over(connection.info)

    def _roll_back(self, connection: Connection) -> None:
        if connection.info.get("writes"):
            connection.connection.rollback()
            self._over(connection.info)

    def _over(self, info: MutableMapping[Any, Any]) -> None:
        """Where a commit fails, the connection is given back all the same: its turn is over then."""
        if info.pop("writes", False):
            self._writing.release()


def _tell(connection: Connection, statement: str) -> None:
    """As `exec_driver_sql`, in a tenth of the time: each message takes several transactions."""
    try:
        connection.connection.driver_connection.execute(statement)  # type: ignore[union-attr]
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, None, error, sqlite3.Error) from error


def of_server(url: str, password: str = "") -> Engine:
    """The engine of a PostgreSQL database; nothing is connected yet. `password` takes the place of the URL's.

    Raises:
        TellAdmin: this is no address of PostgreSQL, or its driver is not installed.
    """
    address = _address(url)
    if address is None:
        raise TellAdmin(
            "MEMORY_STATE_URL is no address of a PostgreSQL database.",
            hint=(
                "Write postgresql://user@host:5432/database, and the password in MEMORY_STATE_PASSWORD: in "
                "an address, its special characters would have to be written as %XX."
            ),
        )
    try:
        engine = create_engine(
            address.set(drivername="postgresql+psycopg", password=password or address.password),
            connect_args={name: value for name, value in _CONNECTION.items() if name not in address.query},
            isolation_level="READ COMMITTED",  # whatever the server's default: `Outbox.claim` looks anew
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=_CONNECTIONS,
            max_overflow=_MORE_CONNECTIONS,
            pool_timeout=_POOL_S,
        )
    except ImportError as error:
        raise TellAdmin(
            f"MEMORY_STATE_URL needs a Python package that is not here: {error.name or 'psycopg'}.",
            hint="Install pipelines/requirements.txt (PIPELINES_REQUIREMENTS_PATH), then restart the server.",
        ) from error
    event.listen(engine, "connect", _set_session)
    return engine


def _address(url: str) -> URL | None:
    """None where it cannot be read: what the library says of that may quote the password."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        return None
    return address if address.drivername in _SCHEMES else None


def _set_session(connection: object, _record: object) -> None:
    connection.autocommit = True  # type: ignore[attr-defined]
    connection.execute(_SESSION)  # type: ignore[attr-defined]
    connection.autocommit = False  # type: ignore[attr-defined]


def is_shared(engine: Engine | Connection) -> bool:
    """Whether this is PostgreSQL, where transactions run side by side."""
    return engine.dialect.name == "postgresql"


def reading(engine: Engine) -> Engine:
    """The same database, for transactions that only read: they never wait for one that writes."""
    if is_shared(engine):
        return engine.execution_options(isolation_level="AUTOCOMMIT")  # saves two ways to the server
    return engine.execution_options(read_only=True)


def unsynced(engine: Engine) -> Engine:
    """The same database, for what may be lost when the power fails; a process that dies loses nothing.

    On a disk, waiting for it takes most of a write's time. PostgreSQL does as it is set up.
    """
    return engine if is_shared(engine) else engine.execution_options(unsynced=True)


def fault_of(engine: Engine, error: DBAPIError) -> MemoryFault:
    """What PostgreSQL's refusal means."""
    who = f"PostgreSQL at {engine.url.host or 'its socket'}:{engine.url.port or 5432} (MEMORY_STATE_URL)"
    sqlstate = getattr(error.orig, "sqlstate", None) or ""
    session = getattr(error.orig, "pgconn", None)  # of an attempt to log in
    if session is not None and (session.used_password or session.needs_password):
        hint = (
            "Check user and database in MEMORY_STATE_URL and the password, there or in MEMORY_STATE_PASSWORD."
        )
        return TellAdmin(f"{who} refuses the login.", hint=hint)
    if sqlstate == _NO_RIGHTS:
        hint = "Make this user the database's owner, or: GRANT CREATE, USAGE ON SCHEMA public TO the user."
        return TellAdmin(f"{who} does not let this user make or use the tables.", hint=hint)
    if sqlstate == _READ_ONLY:
        return TellAdmin(
            f"{who} can only be read.", hint="Name the primary server in MEMORY_STATE_URL, no replica of it."
        )
    if sqlstate.startswith(_REFUSED):
        hint = "Is the database in MEMORY_STATE_URL the right one, and its schema there?"
        return TellAdmin(f"{who} refused the statement (SQLSTATE {sqlstate}).", hint=hint)
    if sqlstate == _NO_LOCK:
        hint = "Another server keeps it busy: try again when that has started."
        return Retry(f"{who} is being changed.", hint=hint)
    if not isinstance(error, OperationalError):
        hint = "Check the options behind the ? in MEMORY_STATE_URL."
        return TellAdmin(f"{who} cannot be used ({type(error.orig).__name__}).", hint=hint)
    hint = (
        "Is it running, are host, port and database in MEMORY_STATE_URL right, and does its pg_hba.conf let "
        "this machine in?"
    )
    return Retry(f"{who} cannot be reached.", hint=hint)


class Patience:
    """Runs transactions again that a restart of PostgreSQL or another server's transaction has ended.

    For some seconds from the first failure on: what comes later in a longer outage fails at once.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._failing_since: float | None = None

    def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, which must bear to be done twice."""
        while True:
            try:
                with self._engine.begin() as connection:
                    result = work(connection)
            except OperationalError:
                if not is_shared(self._engine) or not self._may_pass():
                    raise
            else:
                self._failing_since = None
                return result
            time.sleep(_PAUSE_S * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load

    def _may_pass(self) -> bool:
        since = self._failing_since = self._failing_since or time.monotonic()
        return time.monotonic() - since < _PATIENCE_S
