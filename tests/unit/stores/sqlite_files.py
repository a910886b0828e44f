"""What the tests of the sqlite store share: entries to put in, and a look at the file itself."""

import os
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

from owui_memory.stores.sqlite import blocks
from owui_memory.stores.sqlite import driver as sqlite_driver
from owui_memory.stores.sqlite.row import Row
from owui_memory.stores.sqlite.schema import Tables
from owui_memory.stores.sqlite.store import SqliteStore

PACKAGES = Path(sqlite_driver.__file__).parents[3]
ANNE, BEN = {"user_id": "anne"}, {"user_id": "ben"}


def put(
    store: SqliteStore, id_: str, text: str, user: str = "anne", vector: Any = (1, 0, 0), **more: Any
) -> None:
    store.insert([vector], [{"data": text, "user_id": user, **more}], [id_])


def ids(rows: list[Row]) -> list[str]:
    return [row.id for row in rows]


def everything(path: str) -> dict[str, list[Any]]:
    """What the tables of the first collection hold; raises if the file or the index is damaged."""
    connection = sqlite_driver.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute("INSERT INTO terms_1 (terms_1) VALUES ('integrity-check')")
        tables = Tables(1, *connection.execute("SELECT dims FROM memory_collections").fetchone())
        owners = {one.number: one for one in blocks.owners(connection, tables)}
        lines = [(one, line) for one in owners.values() for line in _lines(connection, tables, one)]
        # Each line leads to the next memory of its chat.
        chats: dict[Any, list[tuple[int, int]]] = {}
        for one, (seq, after) in lines:
            user, chat = connection.execute(
                "SELECT user_id, chat FROM memories_1 WHERE seq = ?", (seq,)
            ).fetchone()
            assert one.name == (user or "")
            assert after == 0 or chat is not None
            chats.setdefault((user, chat), []).append((seq, after))
        for (_, chat), of_chat in chats.items():
            following = [*[seq for seq, _ in sorted(of_chat)][1:], 0]
            assert chat is None or [after for _, after in sorted(of_chat)] == following
        assert {one.number: one.rows for one in owners.values()} == Counter(one.number for one, _ in lines)
        return {
            "ids": [row[0] for row in connection.execute("SELECT id FROM memories_1 ORDER BY seq")],
            "memories": [row[0] for row in connection.execute("SELECT seq FROM memories_1 ORDER BY seq")],
            "lines": sorted(seq for _, (seq, _) in lines),
            "vectors": _seqs(connection, owners, "SELECT key FROM units_1"),
            "words": _seqs(connection, owners, "SELECT rowid FROM terms_1"),
        }
    finally:
        connection.close()


def _lines(connection: Any, tables: Tables, whose: blocks.Owner) -> list[tuple[int, int]]:
    lines = blocks.read(connection, tables, whose)
    return list(zip(lines.seqs.tolist(), lines.after.tolist(), strict=True))


def _seqs(connection: Any, owners: dict[int, Any], statement: str) -> list[int]:
    keys = [key for (key,) in connection.execute(statement)]
    assert {key >> 32 for key in keys} <= owners.keys()
    return sorted(key & 0xFFFFFFFF for key in keys)


def consistent(path: str) -> list[str]:
    found = everything(path)
    assert found["memories"] == found["lines"] == found["vectors"] == found["words"]
    return found["ids"]


def bytes_on_disk(path: str) -> bytes:
    return b"".join(file.read_bytes() for file in Path(path).parent.glob(Path(path).name + "*"))


def python(script: str, *arguments: str) -> dict[str, Any]:
    """Arguments for a Python process with our package."""
    env = {**os.environ, "PYTHONPATH": str(PACKAGES), "MEM0_TELEMETRY": "False"}
    return {"args": [sys.executable, "-c", "import sys\n" + textwrap.dedent(script), *arguments], "env": env}
