"""What can happen to the file: faults, erasing, many at once, a kill."""

import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from owui_memory.core.errors import Drop, Retry, TellAdmin
from owui_memory.state import wal
from owui_memory.stores.sqlite import driver as sqlite_driver
from owui_memory.stores.sqlite import store as sqlite_store
from owui_memory.stores.sqlite.blocks import packed
from owui_memory.stores.sqlite.schema import size_in_file
from owui_memory.stores.sqlite.store import SqliteStore
from tests.unit.stores.sqlite_files import ANNE, bytes_on_disk, consistent, put, python


class TestFaults:
    def test_another_embedding_size_on_opening(self, store: SqliteStore, path: str) -> None:
        put(store, "one", "tea")
        with pytest.raises(TellAdmin, match=r"holds vectors of 3 .* makes 4") as caught:
            SqliteStore("memories", 4, path)
        assert "collection" in caught.value.hint
        assert "embedder" in caught.value.hint

    def test_a_vector_of_the_wrong_size(self, store: SqliteStore) -> None:
        for call in (
            lambda: put(store, "one", "tea", vector=[1, 0]),
            lambda: store.search("", [1, 0], filters=ANNE),
            lambda: store.update("one", vector=[1, 0]),
        ):
            with pytest.raises(TellAdmin, match=r"holds vectors of 3 .* makes 2"):
                call()

    @pytest.mark.parametrize(
        "vector", [[1, 0, math.nan], [1, 0, math.inf], [1e300, 0, 0], [1, "0", 0], None, [[1, 0, 0]]]
    )
    def test_a_vector_that_is_none(self, store: SqliteStore, vector: Any) -> None:
        with pytest.raises(Drop):
            put(store, "one", "tea", vector=vector)

    @pytest.mark.parametrize("payload", [{"data": object()}, {"data": math.nan}, {"data": {1, 2}}])
    def test_a_payload_that_is_no_json(self, store: SqliteStore, payload: Any) -> None:
        with pytest.raises(Drop):
            store.insert([[1, 0, 0]], [payload])

    @pytest.mark.parametrize("how", [Path.unlink, lambda file: os.truncate(file, 0)], ids=["gone", "emptied"])
    def test_nothing_is_told_to_a_file_that_is_gone(
        self, store: SqliteStore, path: str, how: Callable[[Path], None]
    ) -> None:
        put(store, "one", "tea")
        file = Path(path)
        store.purge()  # into the file, from the log beside it
        copied = file.read_bytes()
        how(file)
        for call in (lambda: put(store, "two", "milk"), lambda: store.get("one"), store.col_info):
            with pytest.raises(TellAdmin, match="while it was in use"):
                call()
        for log in ("-wal", "-shm"):
            Path(path + log).unlink(missing_ok=True)
        new = file.with_name("new")
        new.write_bytes(copied)
        new.replace(file)
        put(store, "two", "milk")
        assert {row.payload["data"] for row in store.list()[0]} == {"tea", "milk"}

    def test_lists_of_different_length(self, store: SqliteStore) -> None:
        with pytest.raises(Drop):
            store.insert([[1, 0, 0]], [ANNE, ANNE])

    def test_not_a_database(self, path: str) -> None:
        Path(path).write_text("What Anne said. " * 1000)
        with pytest.raises(TellAdmin, match="not an SQLite file") as caught:
            SqliteStore("memories", 3, path)
        assert caught.value.hint
        assert Path(path).read_text().startswith("What Anne said")

    def test_a_damaged_database(self, store: SqliteStore, path: str) -> None:
        store.insert([[1, 0, 0]] * 200, [{"data": f"tea {number}", **ANNE} for number in range(200)])
        store.close()
        content = Path(path).read_bytes()
        Path(path).write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
        with pytest.raises(TellAdmin, match="damaged"):
            SqliteStore("memories", 3, path).list()

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(TellAdmin, match="folder"):
            SqliteStore("memories", 3, str(tmp_path / "file" / "memories.db"))

    def test_a_folder_in_place_of_the_file(self, tmp_path: Path) -> None:
        with pytest.raises(TellAdmin, match="cannot be opened"):
            SqliteStore("memories", 3, str(tmp_path))

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_a_folder_that_is_not_writable(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        with pytest.raises(TellAdmin, match="cannot be opened"):
            SqliteStore("memories", 3, str(tmp_path / "memories.db"))

    def test_locked_by_another(self, store: SqliteStore, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        put(store, "one", "tea")
        other = sqlite_driver.connect(path)
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(sqlite_driver, "BUSY_SECONDS", 0.05)
        waiting = SqliteStore("memories", 3, path)  # opening and reading need no lock
        assert waiting.count_rows() == 1
        with pytest.raises(Retry, match="busy"):
            put(waiting, "two", "tea")
        other.execute("ROLLBACK")
        other.close()
        put(waiting, "two", "tea")
        assert consistent(path) == ["one", "two"]
        waiting.close()

    def test_a_full_disk(self, store: SqliteStore, path: str) -> None:
        put(store, "first", "tea")
        store.close()
        script = """
            import resource
            from owui_memory.core.errors import Retry
            from owui_memory.stores.sqlite.store import SqliteStore
            store = SqliteStore("memories", 3, sys.argv[1])
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
            try:
                for number in range(1000):
                    store.insert([[1, 0, 0]] * 20, [{"data": "green tea " * 20, "user_id": "anne"}] * 20)
            except Retry as fault:
                print("Retry", "tea" in str(fault))
        """
        done = subprocess.run(**python(script, path), check=True, capture_output=True, text=True)
        assert done.stdout.split() == ["Retry", "False"], done.stderr
        stored = consistent(path)
        assert stored[0] == "first"
        assert len(stored) % 20 == 1

    def test_after_close(self, store: SqliteStore) -> None:
        store.close()
        store.close()
        with pytest.raises(Retry, match="closed"):
            store.count_rows()

    def test_no_driver(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite_driver.sqlite3, "Connection", object)
        monkeypatch.setitem(sys.modules, "pysqlite3.dbapi2", None)
        with pytest.raises(TellAdmin, match="cannot load extensions") as caught:
            SqliteStore("memories", 3, path)
        assert "pysqlite3-binary" in caught.value.hint


@pytest.mark.parametrize("old_sqlite", [False, True])
@pytest.mark.parametrize("how", ["delete", "update", "replace", "reset", "delete_col"])
def test_what_is_deleted_is_gone_from_the_disk(
    path: str, how: str, old_sqlite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if old_sqlite:  # the way without FTS5's secure-delete
        monkeypatch.setattr(sqlite_driver, "SECURE_DELETE_VERSION", (99, 0))
    store = SqliteStore("memories", 3, path)
    secret, vector = "Xylophonkatze", [0.123456, -0.654321, 0.777777]
    for number in range(50):
        put(store, str(number), f"tea number {number}")
    put(store, "secret", f"the {secret} sleeps", user="secretuser", vector=vector)
    for number in range(50, 100):
        put(store, str(number), f"tea number {number}")
    blob = packed(store._unit(vector))
    traces = [secret.encode(), secret.lower().encode()[:8], blob, b"secretuser"]
    assert all(trace in bytes_on_disk(path) for trace in traces)
    if how == "delete":
        store.delete("secret")
    elif how == "update":
        store.update("secret", vector=[1, 0, 0], payload={"data": "tea", **ANNE})
    elif how == "replace":
        put(store, "secret", "tea")
    elif how == "reset":
        store.reset()
    else:
        store.delete_col()
    assert store.purge() == ""
    assert [trace for trace in traces if trace in bytes_on_disk(path)] == []
    store.close()
    assert [trace for trace in traces if trace in bytes_on_disk(path)] == []


@pytest.mark.parametrize("old_sqlite", [False, True])
def test_of_many_deleted_at_once_and_of_one_afterwards_no_word_stays(
    path: str, old_sqlite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if old_sqlite:
        monkeypatch.setattr(sqlite_driver, "SECURE_DELETE_VERSION", (99, 0))
    monkeypatch.setattr(sqlite_store, "_MANY", 20)
    store = SqliteStore("memories", 3, path)
    for number in range(30):
        put(store, f"gone {number}", f"Xylophonkatze number {number}")
        put(store, f"kept {number}", f"tea number {number}")
    put(store, "late", "the Zitherhund sleeps")
    store.delete_all([f"gone {number}" for number in range(30)])
    assert store.purge() == ""
    assert b"xylophon" not in bytes_on_disk(path).lower()
    store.delete("late")
    assert store.purge() == ""
    assert b"zitherhund" not in bytes_on_disk(path).lower()
    assert len(store.keyword_search("tea", top_k=50)) == 30
    store.close()
    assert consistent(path) == [f"kept {number}" for number in range(30)]


def test_a_look_at_the_file_leaves_an_open_store_its_log(store: SqliteStore, path: str) -> None:
    """Another driver in this process would take it for abandoned and delete it, with all that comes later."""
    put(store, "one", "tea")
    assert size_in_file(Path(path), "memories") == 3
    assert size_in_file(Path(path), "others") is None
    put(store, "two", "milk")
    assert sorted(consistent(path)) == ["one", "two"]


def test_purging_says_when_a_reader_is_in_the_way(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wal, "_WAIT_S", 0.05)
    store = SqliteStore("memories", 3, path)
    put(store, "one", "tea")
    reader = sqlite_driver.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM memories_1").fetchone()
    store.delete("one")
    with pytest.raises(Retry, match="is read all the time"):
        store.purge()
    reader.execute("COMMIT")
    reader.close()
    assert store.purge() == ""
    store.close()


def test_threads(store: SqliteStore, path: str) -> None:
    rounds, users = 25, [f"user {number}" for number in range(8)]
    start = threading.Barrier(16)

    def write(user: str) -> None:
        start.wait()
        for number in range(rounds):
            put(store, f"{user} {number}", f"tea {number}", user=user)
            if number % 5 == 4:
                store.delete(f"{user} {number - 1}")
                store.update(f"{user} {number}", payload={"data": "coffee", "user_id": user})

    def read(user: str) -> None:
        start.wait()
        for _ in range(rounds):
            for rows in (
                store.search("", [1, 0, 0], 60, {"user_id": user}),
                store.keyword_search("tea coffee", 60, {"user_id": user}),
                store.list({"user_id": user})[0],
            ):
                assert {row.payload["user_id"] for row in rows} <= {user}

    with ThreadPoolExecutor(16) as pool:
        jobs = [pool.submit(write, user) for user in users] + [pool.submit(read, user) for user in users]
        for job in jobs:
            job.result()
    assert len(consistent(path)) == len(users) * rounds * 4 // 5
    assert len(store._connections._idle) <= sqlite_driver.IDLE_CONNECTIONS


def test_processes_make_and_fill_one_file_at_once(path: str) -> None:
    script = """
        from owui_memory.stores.sqlite.store import SqliteStore
        print("ready", flush=True)
        sys.stdin.readline()
        store = SqliteStore("memories", 3, sys.argv[1])
        for number in range(30):
            payloads = [{"data": f"tea {number}", "user_id": sys.argv[2]}] * 2
            store.insert([[1, 0, 0]] * 2, payloads, [f"{sys.argv[2]} {number} {half}" for half in "ab"])
            assert len(store.search("", [1, 0, 0], 100, {"user_id": sys.argv[2]})) == 2 * number + 2
        store.close()
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(**python(script, path, f"user {number}"), **pipes) for number in range(4)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate(timeout=120)
        assert worker.returncode == 0
    assert len(set(consistent(path))) == 4 * 60


def test_a_killed_writer_loses_nothing_it_reported(path: str) -> None:
    script = """
        import itertools
        from owui_memory.stores.sqlite.store import SqliteStore
        store = SqliteStore("memories", 3, sys.argv[1])
        for number in itertools.count():
            batch = [f"{sys.argv[2]} {number} {part}" for part in range(20)]
            store.insert([[1, 0, 0]] * 20, [{"data": f"tea {number}", "user_id": "anne"}] * 20, batch)
            if number:
                store.delete(f"{sys.argv[2]} {number - 1} 0")
            print(number, flush=True)
    """
    for life in range(3):
        reported = -1
        with subprocess.Popen(**python(script, path, str(life)), stdout=subprocess.PIPE, text=True) as writer:
            for line in writer.stdout:
                reported = int(line)
                if reported == 10 + life:
                    writer.send_signal(signal.SIGKILL)
        stored = [id_ for id_ in consistent(path) if id_.startswith(f"{life} ")]
        numbers = [int(id_.split()[1]) for id_ in stored]
        assert {number: numbers.count(number) for number in range(reported)} == dict.fromkeys(
            range(reported), 19
        )
        assert numbers.count(reported) in (19, 20)
        assert max(numbers) <= reported + 1
