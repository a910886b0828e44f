"""The schema, step by step. A step is frozen once it is on the main branch: a change is a step of its own.

Each module `mNNN_...` has the statements of one step, as text, so that no later change of the code's
tables changes what it does: `SQL` for both kinds of database, `SQLITE` and `POSTGRESQL` for one of them.
`{id}` stands for a number that counts up by itself. A new database goes through all of them.
"""

from __future__ import annotations

from types import ModuleType

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, func, inspect, select

from ...core.errors import TellAdmin
from .. import engine as engines
from . import (
    m004_first_release,
    m005_keys_of_users,
    m006_where_commands_are,
    m007_who_answered,
    m008_episodes,
    m009_field_terms,
    m010_forgotten_passages,
    m011_api_keys,
    m012_page_sessions,
    m013_note_switches,
    m014_reflections,
    m015_long_chats,
    m016_imports,
    m017_deletions,
    m018_documents,
    m019_digests,
    m020_channels,
)

STEPS: tuple[ModuleType, ...] = (
    m004_first_release,
    m005_keys_of_users,
    m006_where_commands_are,
    m007_who_answered,
    m008_episodes,
    m009_field_terms,
    m010_forgotten_passages,
    m011_api_keys,
    m012_page_sessions,
    m013_note_switches,
    m014_reflections,
    m015_long_chats,
    m016_imports,
    m017_deletions,
    m018_documents,
    m019_digests,
    m020_channels,
)

_FIRST = 4  # the version that the first step makes
NEWEST = _FIRST + len(STEPS) - 1

_LOCK = 0x6F77_7569  # "owui"; a number that nobody else locks in this database
_LOCK_S = 60
_IDS = {"sqlite": "INTEGER NOT NULL PRIMARY KEY", "postgresql": "SERIAL PRIMARY KEY"}

_version = Table("schema_version", MetaData(), Column("number", Integer, primary_key=True))


def version_of(engine: Engine) -> int:
    """The version of a database's schema; 0 where there is none."""
    if not inspect(engines.reading(engine)).has_table(_version.name):
        return 0
    with engines.reading(engine).connect() as connection:
        return _done(connection)


def run(engine: Engine) -> None:
    """Take a database to the newest schema. In one transaction: whatever ends it, nothing is half done.

    Raises:
        TellAdmin: it has the schema of a newer filter, or of one from before the first release.
    """
    if (done := version_of(engine)) == NEWEST:
        return
    if done > NEWEST:
        raise TellAdmin(
            f"The state database was made by a newer version of the filter (schema {done}; this one knows "
            f"{NEWEST}).",
            hint="Install that version or a newer one again, or put back a copy of the database from before.",
        )
    if 0 < done < _FIRST:
        raise TellAdmin(
            f"The state database was made by a filter from before its first release (schema {done}).",
            hint="Move it away: the queue and the journal begin anew, and memories are kept.",
        )
    with engine.begin() as connection:
        if engines.is_shared(engine):  # servers that start together: one does it, the others wait
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_S}s'")
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        _version.create(connection, checkfirst=True)
        left = STEPS[max(_done(connection) - _FIRST + 1, 0) :]
        for step in left:
            _do(connection, step)
        if left:
            connection.execute(_version.insert().values(number=NEWEST))


def _done(connection: Connection) -> int:
    return connection.scalar(select(func.max(_version.c.number))) or 0


def _do(connection: Connection, step: ModuleType) -> None:
    dialect = connection.dialect.name
    for text in (getattr(step, "SQL", ""), getattr(step, dialect.upper(), "")):
        for statement in filter(str.strip, text.split(";")):
            connection.exec_driver_sql(statement.replace("{id}", _IDS[dialect]))
