"""The state database: exchanges on their way to mem0, what each inlet decided and told, every change made,
where memories live, and what is to be erased.

SQLite in WAL mode under the data folder, or PostgreSQL, which several servers may share. Every change of the
schema is a numbered migration. Strings have no lengths: PostgreSQL would refuse what SQLite takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Dialect,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    column,
    func,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from . import engines
from .engines import reading
from .errors import TellAdmin
from .words import plain

__all__ = ["count_up", "hold", "insert_new", "metadata", "open_state", "put_row", "reading"]

_MIGRATION_LOCK = 0x6F77_7569  # "owui"; a number that nobody else locks in this database
_MIGRATION_S = 60


class _Text(TypeDecorator[str]):
    """What somebody wrote, as it comes back from mem0 too: see `plain`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return value and plain(value)


metadata = MetaData()

# States: pending -> claimed -> done, or back to pending for a retry, or dead.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("user_id", String, nullable=False),
    Column("chat_id", String, nullable=False),
    Column("follows", String, nullable=False, default=""),  # see chat.body.Turn
    Column("said_at", Float, nullable=False, default=0.0),
    Column("scope", String, nullable=False, default=""),  # see scopes.py
    Column("exchange", _Text),  # JSON; emptied once done
    Column("state", String, nullable=False),
    Column("batch", String, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("ready_at", Float, nullable=False),  # Unix times, seconds
    Column("claim_expires", Float, nullable=False, default=0.0),
    Column("created_at", Float, nullable=False),
    Column("waiting_since", Float, nullable=False),  # created, or revived
    Column("error", _Text, nullable=False, default=""),
    Index("outbox_ready", "state", "ready_at"),
    Index("outbox_owner", "user_id", "chat_id", "state"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("key", String, primary_key=True),
    Column("user_id", String, nullable=False),
    Column("chat_id", String, nullable=False),
    Column("exchange_key", String, nullable=False),
    Column("follows", String, nullable=False, default=""),
    Column("timezone", String, nullable=False, default=""),
    Column("scope", String, nullable=False, default=""),
    Column("created_at", Float, nullable=False),
    Index("decisions_age", "created_at"),
)

# See recall/told.py.
told = Table(
    "told",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", String, nullable=False),
    Column("chat_id", String, nullable=False),
    Column("conversation", String, nullable=False),  # the first of its positions: see chat.body.Turn
    Column("position", String, nullable=False),
    Column("memory_id", String, nullable=False),
    Column("text", _Text, nullable=False),
    Column("line", _Text, nullable=False),
    Column("gone", Boolean, nullable=False, default=False),
    Column("told_at", Float, nullable=False),
    UniqueConstraint("position", "memory_id", "text").ddl_if(dialect="sqlite"),
    # PostgreSQL's indexes hold no more than 2,704 bytes of a row.
    Index("told_once", "position", "memory_id", func.md5(column("text")), unique=True).ddl_if(
        dialect="postgresql"
    ),
    Index("told_conversation", "conversation"),
    Index("told_chat", "user_id", "chat_id"),
    Index("told_age", "told_at"),
)

# See recall/why.py.
recalls = Table(
    "recalls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", String, nullable=False),
    Column("chat_id", String, nullable=False),
    Column("explanation", _Text, nullable=False),  # JSON
    Column("at", Float, nullable=False),
    Index("recalls_chat", "chat_id"),
    Index("recalls_age", "at"),
)

# Counts the changes of each user's memories, so that what was read of them is known to be current.
# On PostgreSQL, whoever puts or claims a user's exchanges locks the user's row: see `hold`.
versions = Table(
    "versions",
    metadata,
    Column("user_id", String, primary_key=True),
    Column("number", Integer, nullable=False),
)

# See remember/journal.py.
journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("user_id", String, nullable=False, index=True),
    Column("op", String, nullable=False),
    Column("memory_id", String, nullable=False),
    Column("before", _Text, nullable=False),
    Column("after", _Text, nullable=False),
    Column("kind", String, nullable=False),
    Column("expires", String, nullable=False),
    Column("expired", String, nullable=False, default=""),
    Column("source", _Text, nullable=False),
    Column("said_at", Float, nullable=False, default=0.0),
    Column("chat", String, nullable=False, default=""),
    Column("place", Integer, nullable=False, default=0),
    Column("scope", String, nullable=False, default=""),
    Column("model", String, nullable=False),
    Column("refused", _Text, nullable=False),
    Column("made", Boolean, nullable=False),
    Column("undoes", Integer, nullable=False, default=0),
    Column("at", Float, nullable=False),
    UniqueConstraint("batch", "position"),
    Index("journal_memory", "memory_id"),
    Index("journal_chat", "user_id", "chat"),
)

# See moving/places.py.
places = Table(
    "places",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("collection", String, nullable=False),  # the setting
    Column("key", String, nullable=False),
    Column("role", String, nullable=False),  # home, target or left
    Column("ours", Boolean, nullable=False),  # all that is there came from another place of this collection
    Column("pending", Boolean, nullable=False, default=False),  # left before all of it was copied
    Column("place", Text, nullable=False),  # JSON
    Column("copied", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("left_at", Float, nullable=False, default=0.0),
    Column("holder", String, nullable=False, default=""),  # who copies into it
    Column("held_until", Float, nullable=False, default=0.0),
    UniqueConstraint("collection", "key"),
)

# See control/orders.py.
commands = Table(
    "commands",
    metadata,
    Column("key", String, primary_key=True),  # the exchange's: see chat.body.Turn
    Column("user_id", String, nullable=False),
    Column("chat_id", String, nullable=False),
    Column("message_id", String, nullable=False),
    Column("timezone", String, nullable=False),
    Column("teams", String, nullable=False, default=""),  # that its user is in, with blanks between
    Column("text", _Text, nullable=False),  # emptied with the answer, after a day
    Column("answer", _Text, nullable=False, default=""),
    Column("asked_at", Float, nullable=False),
    Column("answered_at", Float, nullable=False, default=0.0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("held_until", Float, nullable=False, default=0.0),
    Index("commands_user", "user_id"),
    Index("commands_age", "asked_at"),
)
command_turns = Table(
    "command_turns",
    metadata,
    Column("key", String, primary_key=True),  # the turn's
    Column("command", String, nullable=False),
    Column("asked_at", Float, nullable=False),
    Index("command_turns_age", "asked_at"),
)
shown = Table(
    "shown",
    metadata,
    Column("user_id", String, primary_key=True),
    Column("chat_id", String, primary_key=True),
    Column("ids", Text, nullable=False),  # JSON: number -> memory's id
    Column("at", Float, nullable=False),
    Index("shown_age", "at"),
)

# See chat/notes.py.
noted = Table(
    "noted",
    metadata,
    Column("user_id", String, primary_key=True),
    Column("change", Integer, nullable=False),  # the last of the journal that was told
)

# See control/switches.py.
switches = Table(
    "switches",
    metadata,
    Column("user_id", String, primary_key=True),
    Column("chat_id", String, primary_key=True),  # "" for always
    Column("is_on", Boolean, nullable=False),
    Column("at", Float, nullable=False),
)

# See control/erase.py. What was erased is named by ids only.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", String, nullable=False),
    Column("whole", Boolean, nullable=False),  # all of the user, else these memories
    Column("memory_ids", Text, nullable=False),  # JSON
    Column("batches", Text, nullable=False),  # JSON: those that somebody worked on then
    Column("places", Text, nullable=False),  # JSON: ids of the places where it is still to be done
    Column("passes", Integer, nullable=False, default=0),  # see control/erasures.py
    Column("asked_at", Float, nullable=False),
    Index("erasures_open", "passes"),
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


def _to_3(connection: Connection) -> None:
    """Where memories live, and where they are moved to."""
    places.create(connection)


def _to_4(connection: Connection) -> None:
    """Among which memories what was said is kept, a user's own switches, and what is to be erased."""
    for table in (outbox, decisions, journal):
        _add_columns(connection, table, "scope")
    for table in (switches, erasures, commands, command_turns, shown, noted):
        table.create(connection)


# A new database is made whole; from then on, each of these takes it one version further.
_MIGRATIONS: tuple[Callable[[Connection], None], ...] = (metadata.create_all, _to_2, _to_3, _to_4)


def _add_columns(connection: Connection, table: Table, *names: str) -> None:
    """Add columns whose default fits the rows that are there."""
    for name in names:
        added = table.c[name]
        kind = added.type.compile(connection.dialect)
        default = repr(added.default.arg)  # type: ignore[union-attr]  # '' or 0.0: the same in SQL
        connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD {name} {kind} NOT NULL DEFAULT {default}")


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
        _migrate(engine)
    except (OSError, OperationalError) as error:
        raise TellAdmin(
            f"The data folder {data_dir} cannot be written ({type(error).__name__}).",
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
        if not make and not inspect(engine).has_table(_version.name):
            raise TellAdmin(
                "There is nothing in the database of MEMORY_STATE_URL.",
                hint="Set it as the Pipelines server has it.",
            )
        _migrate(engine)
    except BaseException as error:
        engine.dispose()
        if isinstance(error, DBAPIError):
            raise engines.fault_of(engine, error) from error
        raise
    return engine


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows; those whose unique values are there already are left out."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def put_row(connection: Connection, table: Table, row: Mapping[str, object]) -> None:
    """Insert a row, or put it in the place of the one with its primary key."""
    keys = [column.name for column in table.primary_key]
    rest = {name: value for name, value in row.items() if name not in keys}
    insert = _insert(connection, table).values(row)
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=rest))


def count_up(connection: Connection, user_id: str) -> None:
    """A user's memories are no longer what they were; see `versions`."""
    first = _insert(connection, versions).values(user_id=user_id, number=1)
    connection.execute(
        first.on_conflict_do_update(index_elements=["user_id"], set_={"number": versions.c.number + 1})
    )


def hold(connection: Connection, user_id: str, *, wait: bool = True) -> bool:
    """Have a user's exchanges to oneself until the transaction ends; False where another one has them.

    wait: for it to end. SQLite's transactions that write are alone anyway.
    """
    if not engines.is_shared(connection):
        return True
    mine = select(versions.c.user_id).where(versions.c.user_id == user_id)
    mine = mine.with_for_update(skip_locked=not wait)
    if connection.scalar(mine) is not None:
        return True
    insert_new(connection, versions, [{"user_id": user_id, "number": 0}])
    return connection.scalar(mine) is not None


def _insert(connection: Connection, table: Table) -> Any:
    return (postgresql if engines.is_shared(connection) else sqlite).insert(table)


def _migrate(engine: Engine) -> None:
    with engine.begin() as connection:
        if engines.is_shared(engine):  # servers that start together: one does it, the others wait
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_MIGRATION_S}s'")
            connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        _version.create(connection, checkfirst=True)
        done = connection.scalar(select(_version.c.number).order_by(_version.c.number.desc())) or 0
        for migrate in _MIGRATIONS[done:] if done else _MIGRATIONS[:1]:
            migrate(connection)
        if done < len(_MIGRATIONS):
            connection.execute(_version.insert().values(number=len(_MIGRATIONS)))
