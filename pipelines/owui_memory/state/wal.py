"""SQLite's write-ahead log: what was deleted stands there until it is emptied."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from ..core.errors import Retry

# Those who read are waited for, and all who write wait meanwhile: less than what they have patience for.
_WAIT_S = 2.0
_TRIES, _PAUSE_S = 3, 0.1
_SWITCHING_S = 0.02


def enter(connection: Any, patience_s: float) -> None:
    """Let a file have one. connection: any driver's, outside a transaction.

    Of those who make a file at the same moment, SQLite refuses all but one, at once.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            return
        except connection.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the extended part sits in the higher bits
            if code != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(_SWITCHING_S)


def empty(connection: Any, whose: str) -> None:
    """Move it into the file and empty it. connection: any driver's, outside a transaction; or a cursor.

    Raises:
        Retry: somebody reads or writes all the time.
    """
    for _ in range(_TRIES):
        if _is_emptied(connection):
            return
        time.sleep(_PAUSE_S)
    raise Retry(
        f"{whose} is read all the time: its write-ahead log still holds what was erased.",
        hint="It is tried again automatically.",
    )


def _is_emptied(connection: Any) -> bool:
    (patience_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {int(_WAIT_S * 1000)}").fetchone()
    try:
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience_ms}").fetchone()
    return not busy
