"""mem0's own database of changes and raw messages, beside the stores in each server's data folder."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path

from ...core.errors import Retry

_BUSY_S = 10.0


class History:
    """`mem0/history.db`. It names memories, not users; messages are kept by user."""

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / "mem0" / "history.db"

    def erase(self, memory_ids: Collection[str], user_ids: Iterable[str], *, whole: bool = True) -> int:
        """Take away what is kept of these memories, and of these users' messages; how many rows.

        whole: the file is written anew even where nothing of them is kept any more: mem0 deletes without
        overwriting, and pages may hold what it has deleted itself. That takes a second for each 30 MB.

        mem0 keeps the last ten messages to extract by: no memory depends on them.

        Raises:
            Retry: it is busy, or cannot be written.
        """
        if not self._file.exists():
            return 0
        try:
            with contextlib.closing(
                sqlite3.connect(self._file, timeout=_BUSY_S, isolation_level=None)
            ) as database:
                return self._erase(database, memory_ids, user_ids, whole)
        except sqlite3.Error as error:
            raise Retry(
                f"mem0's history cannot be erased ({type(error).__name__}).",
                hint="It is tried again by itself.",
            ) from error

    @staticmethod
    def _erase(
        database: sqlite3.Connection, memory_ids: Collection[str], user_ids: Iterable[str], whole: bool
    ) -> int:
        database.execute("PRAGMA secure_delete=ON")
        database.execute("BEGIN IMMEDIATE")
        gone = database.execute(
            "DELETE FROM history WHERE memory_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(memory_ids)),),
        ).rowcount
        gone += database.execute(
            "DELETE FROM messages WHERE session_scope IN (SELECT value FROM json_each(?))",
            (json.dumps([_scope(user_id) for user_id in user_ids]),),
        ).rowcount
        database.execute("COMMIT")
        if gone or whole:
            database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return int(gone)


def _scope(user_id: str) -> str:
    from mem0.memory.main import _build_session_scope  # takes seconds to import

    return str(_build_session_scope({"user_id": user_id}))
