"""A file of the first version, which knew nothing of chats, is opened with all that is in it."""

from __future__ import annotations

from pathlib import Path

from owui_memory.stores.sqlite import driver as sqlite_driver
from owui_memory.stores.sqlite.store import SqliteStore
from tests.unit.stores.sqlite_files import ANNE, BEN, consistent, ids, put

# As the first version made it, and two memories in it.
FIRST_VERSION = """
CREATE TABLE memory_collections (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
  dims INTEGER NOT NULL);
CREATE TABLE memories_1 (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, user_id TEXT,
  payload TEXT NOT NULL, created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')));
CREATE INDEX memories_1_user ON memories_1 (user_id);
CREATE VIRTUAL TABLE vectors_1 USING vec0(owner TEXT partition key,
  embedding float[3] distance_metric=cosine, chunk_size=32);
CREATE VIRTUAL TABLE words_1 USING fts5(owner, body,
  tokenize = "porter unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'");
INSERT INTO memory_collections (name, dims) VALUES ('memories', 3);
INSERT INTO memories_1 (id, user_id, payload) VALUES
  ('tea', 'anne', '{"data": "likes tea", "user_id": "anne"}'),
  ('dog', 'ben', '{"data": "has a dog", "user_id": "ben"}');
INSERT INTO vectors_1 (rowid, owner, embedding) VALUES (1, '{anne}', '[1, 0, 0]'), (2, '{ben}', '[0, 1, 0]');
INSERT INTO words_1 (rowid, owner, body) VALUES (1, '{anne}', 'likes tea'), (2, '{ben}', 'has a dog');
"""


def test_an_earlier_file(tmp_path: Path) -> None:
    path = str(tmp_path / "memories.db")
    owners = {name: _owner(name, tmp_path) for name in ("anne", "ben")}
    earlier = sqlite_driver.connect(path)
    script = FIRST_VERSION
    for name, owner in owners.items():
        script = script.replace(f"{{{name}}}", owner)
    earlier.executescript(script)
    earlier.close()
    for _ in range(2):
        store = SqliteStore("memories", 3, path)
        assert ids(store.keyword_search("tea", filters=ANNE)) == ["tea"]
        assert store.keyword_search("tea", filters=BEN) == []
        assert ids(store.search("", [0, 1, 0], filters=BEN)) == ["dog"]
        store.close()
    store = SqliteStore("memories", 3, path)
    put(store, "cup", "in a cup", chat="c")
    put(store, "sugar", "with sugar", chat="c")
    assert ids(store.keyword_search("cup", filters=ANNE)) == ["cup", "sugar"]
    store.close()
    assert consistent(path) == ["tea", "dog", "cup", "sugar"]


def _owner(user: str, folder: Path) -> str:
    """The user's term in the index, as the store makes it."""
    other = str(folder / f"{user}.db")
    store = SqliteStore("memories", 3, other)
    put(store, "one", "tea", user=user)
    store.close()
    connection = sqlite_driver.connect(other)
    (owner,) = connection.execute("SELECT owner FROM words_1").fetchone()
    connection.close()
    return str(owner)
