"""What the tests of the sqlite store share: entries to put in, and a look at the file itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from owui_memory.stores.sqlite import driver as sqlite_driver
from owui_memory.stores.sqlite.row import Row
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
    """What the three tables of the first collection hold; raises if the file or the index is damaged."""
    connection = sqlite_driver.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute("INSERT INTO words_1 (words_1) VALUES ('integrity-check')")
        return {
            "ids": [row[0] for row in connection.execute("SELECT id FROM memories_1 ORDER BY seq")],
            "memories": [row[0] for row in connection.execute("SELECT seq FROM memories_1 ORDER BY seq")],
            "vectors": [row[0] for row in connection.execute("SELECT rowid FROM vectors_1 ORDER BY rowid")],
            "words": [row[0] for row in connection.execute("SELECT rowid FROM words_1 ORDER BY rowid")],
        }
    finally:
        connection.close()


def consistent(path: str) -> list[str]:
    found = everything(path)
    assert found["memories"] == found["vectors"] == found["words"]
    return found["ids"]


def bytes_on_disk(path: str) -> bytes:
    return b"".join(file.read_bytes() for file in Path(path).parent.glob(Path(path).name + "*"))
