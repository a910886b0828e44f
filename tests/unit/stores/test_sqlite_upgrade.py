"""Files of the releases before are opened with all that is in them, and their processes do no harm."""

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from owui_memory.core.errors import TellAdmin
from owui_memory.stores.sqlite import driver as sqlite_driver
from owui_memory.stores.sqlite.blocks import CODED
from owui_memory.stores.sqlite.store import SqliteStore
from tests.unit.stores.sqlite_files import ANNE, BEN, consistent, ids, put, python

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


# As the release before this one made it.
SECOND_VERSION = """
CREATE TABLE memory_collections (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
  dims INTEGER NOT NULL);
CREATE TABLE memories_1 (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, user_id TEXT,
  chat TEXT, kind TEXT, payload TEXT NOT NULL,
  created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')));
CREATE INDEX memories_1_chat ON memories_1 (user_id, chat);
CREATE INDEX memories_1_kind ON memories_1 (user_id, kind);
CREATE VIRTUAL TABLE vectors_1 USING vec0(owner TEXT partition key,
  embedding float[64] distance_metric=cosine, chunk_size=32);
CREATE VIRTUAL TABLE words_1 USING fts5(owner, body, context,
  tokenize = "porter unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'");
INSERT INTO memory_collections (name, dims) VALUES ('memories', 64);
"""
MANY = 3 * CODED


def test_a_file_of_the_first_version(tmp_path: Path) -> None:
    path = str(tmp_path / "memories.db")
    script = FIRST_VERSION
    for name in ("anne", "ben"):
        script = script.replace(f"{{{name}}}", _owner(name))
    earlier = _former(path)
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


@pytest.fixture
def former_file(tmp_path: Path) -> str:
    """A file of the release before this one: of anne many memories, four a chat, and two of ben."""
    path = str(tmp_path / "memories.db")
    connection = _former(path)
    connection.executescript(SECOND_VERSION)
    users = ["anne"] * MANY + ["ben"] * 2
    for number, user in enumerate(users):
        payload = {"data": f"My number is n{number}.", "user_id": user, "chat": f"c{number // 4}"}
        connection.execute(
            "INSERT INTO memories_1 (id, user_id, chat, kind, payload) VALUES (?, ?, ?, 'fact', ?)",
            (f"id {number}", user, payload["chat"], json.dumps(payload)),
        )
        connection.execute(
            "INSERT INTO vectors_1 (rowid, owner, embedding) VALUES (?, ?, ?)",
            (number + 1, _owner(user), _vector(number).tobytes()),
        )
        connection.execute(
            "INSERT INTO words_1 (rowid, owner, body, context) VALUES (?, ?, ?, '')",
            (number + 1, _owner(user), f"my number is n{number}"),
        )
    connection.close()
    return path


def test_a_file_of_the_release_before(former_file: str) -> None:
    store = SqliteStore("memories", 64, former_file)
    for number in (0, 7, MANY - 1):
        (nearest,) = store.search("", _vector(number).tolist(), 1, ANNE)
        assert (nearest.id, nearest.score) == (f"id {number}", pytest.approx(1, abs=1e-4))
        assert ids(store.keyword_search(f"n{number}", 1, ANNE)) == [f"id {number}"]
    assert ids(store.keyword_search("n5", filters=ANNE)) == ["id 5", "id 7", "id 6"], "with its context"
    assert set(ids(store.keyword_search("number", 50, BEN))) == {f"id {MANY + 1}", f"id {MANY}"}
    store.close()
    assert consistent(former_file) == [f"id {number}" for number in range(MANY + 2)]


def test_killed_while_it_is_brought_up_to_date(former_file: str) -> None:
    script = """
        import os, signal, sys
        from owui_memory.stores.sqlite import upgrade
        from owui_memory.stores.sqlite.store import SqliteStore
        upgrade.Words.merge = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        SqliteStore("memories", 64, sys.argv[1])
    """
    assert subprocess.run(**python(script, former_file), check=False).returncode == -signal.SIGKILL
    store = SqliteStore("memories", 64, former_file)
    assert ids(store.keyword_search("n5", 1, ANNE)) == ["id 5"]
    store.close()
    assert consistent(former_file) == [f"id {number}" for number in range(MANY + 2)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO vectors_1 (rowid, owner, embedding) VALUES (9999, 'x', '[]')",
        "DELETE FROM vectors_1 WHERE rowid = 1",
        "SELECT rowid FROM vectors_1 WHERE embedding MATCH '[]' AND k = 1",
        "REPLACE INTO words_1 (rowid, owner, body, context) VALUES (9999, 'x', 'tea', '')",
        "DELETE FROM words_1 WHERE rowid = 1",
        "SELECT rowid FROM words_1 WHERE words_1 MATCH 'tea'",
        "DROP TABLE vectors_1",
    ],
)
def test_a_process_of_the_release_before_fails_loudly(former_file: str, statement: str) -> None:
    """Whatever it does to a memory is one transaction, of which this is a part."""
    former = _former(former_file)
    SqliteStore("memories", 64, former_file).close()
    with pytest.raises(former.OperationalError, match="no such table"):
        former.execute(statement)
    former.close()


def test_without_sqlite_vec_only_a_former_file_is_refused(
    former_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sqlite_vec", None)
    with pytest.raises(TellAdmin, match="sqlite-vec"):
        SqliteStore("memories", 64, former_file)
    SqliteStore("memories", 64, str(tmp_path / "new.db")).close()


def _former(path: str) -> Any:
    """A connection as the releases before had them."""
    connection = sqlite_driver.connect(path)
    sqlite_driver.load_vec(connection)
    return connection


def _vector(number: int) -> Any:
    drawn = np.random.default_rng(number).standard_normal(64).astype(np.float32)
    return drawn / np.linalg.norm(drawn)


def _owner(user: str) -> str:
    """The user's term in the index of the releases before."""
    return hashlib.blake2b(user.encode(), digest_size=16).hexdigest()
