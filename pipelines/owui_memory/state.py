"""The state database: exchanges on their way to mem0, what each inlet decided and told, every change made.

SQLite in WAL mode under the data folder; several processes may share it. Every change of the
schema is a numbered migration.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, OperationalError

from .errors import TellAdmin

_TURN_S = 1.0  # after which a transaction asks SQLite itself

metadata = MetaData()

# States: pending -> claimed -> done, or back to pending for a retry, or dead.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(300), nullable=False, unique=True),
    Column("user_id", String(200), nullable=False),
    Column("chat_id", String(200), nullable=False),
    Column("follows", String(200), nullable=False, default=""),  # see chat.body.Turn
    Column("said_at", Float, nullable=False, default=0.0),
    Column("exchange", Text),  # JSON; emptied once done
    Column("state", String(10), nullable=False),
    Column("batch", String(40), nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("ready_at", Float, nullable=False),  # Unix times, seconds
    Column("claim_expires", Float, nullable=False, default=0.0),
    Column("created_at", Float, nullable=False),
    Column("waiting_since", Float, nullable=False),  # created, or revived
    Column("error", Text, nullable=False, default=""),
    Index("outbox_ready", "state", "ready_at"),
    Index("outbox_owner", "user_id", "chat_id", "state"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("key", String(300), primary_key=True),
    Column("user_id", String(200), nullable=False),
    Column("chat_id", String(200), nullable=False),
    Column("exchange_key", String(300), nullable=False),
    Column("follows", String(200), nullable=False, default=""),
    Column("timezone", String(64), nullable=False, default=""),
    Column("created_at", Float, nullable=False),
    Index("decisions_age", "created_at"),
)

# See recall/told.py.
told = Table(
    "told",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", String(200), nullable=False),
    Column("chat_id", String(300), nullable=False),
    Column("conversation", String(40), nullable=False),  # the first of its positions: see chat.body.Turn
    Column("position", String(40), nullable=False),
    Column("memory_id", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("gone", Boolean, nullable=False, default=False),
    Column("told_at", Float, nullable=False),
    UniqueConstraint("position", "memory_id", "text"),
    Index("told_conversation", "conversation"),
    Index("told_chat", "user_id", "chat_id"),
    Index("told_age", "told_at"),
)

# See recall/why.py.
recalls = Table(
    "recalls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", String(200), nullable=False),
    Column("chat_id", String(300), nullable=False),
    Column("explanation", Text, nullable=False),  # JSON
    Column("at", Float, nullable=False),
    Index("recalls_chat", "chat_id"),
    Index("recalls_age", "at"),
)

# Counts the changes of each user's memories, so that what was read of them is known to be current.
versions = Table(
    "versions",
    metadata,
    Column("user_id", String(200), primary_key=True),
    Column("number", Integer, nullable=False),
)

# See remember/journal.py.
journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch", String(40), nullable=False),
    Column("position", Integer, nullable=False),
    Column("user_id", String(200), nullable=False, index=True),
    Column("op", String(10), nullable=False),
    Column("memory_id", String(64), nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("expires", String(10), nullable=False),
    Column("expired", String(10), nullable=False, default=""),
    Column("source", Text, nullable=False),
    Column("said_at", Float, nullable=False, default=0.0),
    Column("chat", String(200), nullable=False, default=""),
    Column("place", Integer, nullable=False, default=0),
    Column("model", String(200), nullable=False),
    Column("refused", Text, nullable=False),
    Column("made", Boolean, nullable=False),
    Column("undoes", Integer, nullable=False, default=0),
    Column("at", Float, nullable=False),
    UniqueConstraint("batch", "position"),
    Index("journal_memory", "memory_id"),
    Index("journal_chat", "user_id", "chat"),
)

_version = Table("schema_version", MetaData(), Column("number", Integer, primary_key=True))


def _to_2(connection: Connection) -> None:
    """Versions of a message, what was told and why, when and where something was said."""
    for table in (told, recalls, versions):
        table.create(connection)
    _add_columns(connection, outbox, "follows", "said_at")
    _add_columns(connection, decisions, "follows")
    _add_columns(connection, journal, "expired", "said_at", "chat", "place")
    for index in journal.indexes:
        index.create(connection, checkfirst=True)


# A new database is made whole; from then on, each of these takes it one version further.
_MIGRATIONS: tuple[Callable[[Connection], None], ...] = (metadata.create_all, _to_2)


def _add_columns(connection: Connection, table: Table, *names: str) -> None:
    """Add columns whose default fits the rows that are there."""
    for name in names:
        column = table.c[name]
        kind = column.type.compile(connection.dialect)
        default = repr(column.default.arg)  # type: ignore[union-attr]  # '' or 0.0: the same in SQL
        connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD {name} {kind} NOT NULL DEFAULT {default}")


def open_state(data_dir: Path) -> Engine:
    """The database's engine, migrated to the newest schema.

    Raises:
        TellAdmin: the data folder cannot be written, or the database is damaged.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError):  # somebody else's folder, but we may write there
            data_dir.chmod(0o700)  # what people said is nobody else's
        engine = create_engine(f"sqlite:///{data_dir / 'state.db'}", connect_args={"timeout": 10})
        event.listen(engine, "connect", _configure)
        _Turns().listen(engine)
        _migrate(engine)
    except (OSError, OperationalError) as error:
        raise TellAdmin(
            f"The data folder {data_dir} cannot be written ({type(error).__name__}).",
            hint="Make it writable for the Pipelines server, or set MEMORY_DATA_DIR to a folder that is.",
        ) from error
    except DatabaseError as error:
        raise TellAdmin(
            f"{data_dir / 'state.db'} is damaged or no database.",
            hint="Put back a copy of it, or move it away: then the queue begins anew, and memories are kept.",
        ) from error
    return engine


def _configure(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # transactions begin in _Turns
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
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
        for over in ("commit", "rollback"):
            event.listen(engine, over, self._over)

    def _begin(self, connection: Connection) -> None:
        if connection.get_execution_options().get("read_only"):
            connection.exec_driver_sql("BEGIN DEFERRED")
            return
        mine = self._writing.acquire(timeout=_TURN_S)  # another process may hold the one before us up
        try:
            # IMMEDIATE: one that reads first and writes later would fail when another wrote between.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            if mine:
                self._writing.release()
            raise
        connection.info["writes"] = mine

    def _over(self, connection: Connection) -> None:
        if connection.info.pop("writes", False):
            self._writing.release()


def reading(engine: Engine) -> Engine:
    """The same database, for transactions that only read: they never wait for one that writes."""
    return engine.execution_options(read_only=True)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows; those whose unique values are there already are left out."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    if rows:
        connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def _migrate(engine: Engine) -> None:
    with engine.begin() as connection:
        _version.create(connection, checkfirst=True)
        done = connection.scalar(select(_version.c.number).order_by(_version.c.number.desc())) or 0
        for migrate in _MIGRATIONS[done:] if done else _MIGRATIONS[:1]:
            migrate(connection)
        if done < len(_MIGRATIONS):
            connection.execute(_version.insert().values(number=len(_MIGRATIONS)))
