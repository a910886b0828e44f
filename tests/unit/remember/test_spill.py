"""What the state database cannot take waits in files: all of it, private, in order, and once."""

import asyncio
import json
import math
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from owui_memory.core.permission import Permission
from owui_memory.interfaces import spilling as putting_aside
from owui_memory.interfaces.spilling import Spilling
from owui_memory.remember import spill as spilling
from owui_memory.remember.spill import Spill, Spilled, Waiting

GIVEN = Permission("c", "ada\nc\nm", "start", "Europe/Lisbon", "folder:1", 12.5, "key")


def said(text: str, *, user: str = "ada", at: float = 0.0, permission: Permission | None = GIVEN) -> Spilled:
    return Spilled(user, ("key", "text:1"), at or time.time(), permission, text, "ok")


def texts(spill: Spill) -> list[str]:
    return [record.user_text for _, record in spill.pending()]


def test_what_is_written_is_there_after_the_end(tmp_path: Path) -> None:
    spill = Spill(tmp_path)
    records = [said("one"), said("zwei \ud83d \0", user="bob", permission=None), said("three")]
    for record in records:
        assert spill.accept(record)
    assert spill.write()
    assert [record for _, record in Spill(tmp_path).pending()] == records
    assert spill.waiting() == Waiting(exchanges=3, in_memory=0, refused=0, unfit=0)


def test_it_is_nobody_elses_business(tmp_path: Path) -> None:
    spill = Spill(tmp_path)
    spill.accept(said("My password is hunter2secret, and I live in Lisbon."))
    spill.write()
    spill.reserve()
    folder = tmp_path / spilling.FOLDER
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    written = b"".join(file.read_bytes() for file in folder.iterdir())
    assert b"hunter2secret" not in written
    assert b"Lisbon" in written


def test_order_is_that_in_which_it_came(tmp_path: Path) -> None:
    spill = Spill(tmp_path)
    for at in (5.0, 1e9, 1.0, 2e9, 3.0):
        spill.accept(said(f"{at}", at=at))
        if at == 1.0:
            spill.write()
    assert texts(spill) == ["1.0", "3.0", "5.0", "1000000000.0", "2000000000.0"]


def test_a_kill_at_any_moment_leaves_whole_records(tmp_path: Path) -> None:
    """What the process has said is written is there; of the rest, all or nothing."""
    code = (
        "import sys, itertools; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path; from owui_memory.remember.spill import Spill, Spilled\n"
        "spill = Spill(Path(sys.argv[1]))\n"
        "for number in itertools.count():\n"
        "    text = f'{number} ' + 'x' * 20_000\n"
        "    spill.accept(Spilled('ada', ('k',), float(number + 1), None, text, 'ok'))\n"
        "    assert spill.write()\n"
        "    print(number, flush=True)\n"
    )
    root = str(Path(spilling.__file__).parent.parent.parent)
    for pause in (0.0, 0.02):
        folder = tmp_path / f"{pause}"
        folder.mkdir()
        with subprocess.Popen(
            [sys.executable, "-c", code, str(folder), root], stdout=subprocess.PIPE, text=True
        ) as writer:
            writer.stdout.readline()
            time.sleep(pause)
            writer.send_signal(signal.SIGKILL)
            written = 1 + sum(1 for _ in writer.stdout)
        found = texts(Spill(folder))
        assert [text.split()[0] for text in found] == [str(number) for number in range(len(found))]
        assert {len(text.split()[1]) for text in found} == {20_000}
        assert len(found) in (written, written + 1)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"user_id": "ada"}', b"[" * 99999]
)
def test_a_damaged_file_is_set_aside_and_the_others_are_read(tmp_path: Path, content: bytes) -> None:
    spill = Spill(tmp_path)
    for text in ("one", "two", "three"):
        spill.accept(said(text))
    spill.write()
    damaged = sorted((tmp_path / spilling.FOLDER).iterdir())[1]
    damaged.write_bytes(content)
    assert texts(spill) == texts(spill) == ["one", "three"]
    assert spill.waiting() == Waiting(exchanges=2, in_memory=0, refused=0, unfit=1)
    assert spill.erase("ada") == 3
    assert list((tmp_path / spilling.FOLDER).iterdir()) == []


def test_what_the_disk_does_not_take_waits_in_memory(tmp_path: Path) -> None:
    blocked = tmp_path / spilling.FOLDER
    blocked.write_text("no folder")
    spill = Spill(tmp_path)
    spill.accept(said("one"))
    assert not spill.write()
    assert (spill.has("ada"), spill.has("bob")) == (True, False)
    assert (texts(spill), spill.waiting().in_memory) == (["one"], 1)
    blocked.unlink()
    assert spill.write()
    assert (texts(Spill(tmp_path)), spill.waiting().in_memory) == (["one"], 0)


def test_its_size_has_bounds_on_the_disk_and_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spilling, "MOST_BYTES", 10_000)
    monkeypatch.setattr(spilling, "_MOST_BYTES_IN_MEMORY", 10_000)
    spill = Spill(tmp_path)
    taken = 0
    for number in range(100):
        taken += spill.accept(said(f"{number} {'x' * 1000}"))
        spill.write()
    assert sum(file.stat().st_size for file in (tmp_path / spilling.FOLDER).iterdir()) <= 10_000
    waiting = spill.waiting()
    assert (waiting.exchanges, waiting.refused) == (taken, 100 - taken)
    assert 10 < taken < 20


def test_a_full_disk_still_takes_what_the_reserve_has_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a real one does: without the reserve, there is no room."""
    spill = Spill(tmp_path)
    spill.reserve()
    reserve = tmp_path / spilling.FOLDER / "reserve"
    assert reserve.stat().st_size == 1024 * 1024
    fsync = os.fsync

    def full(file: int) -> None:
        if reserve.exists():
            raise OSError(28, "No space left on device")
        fsync(file)

    monkeypatch.setattr(os, "fsync", full)
    spill.accept(said("one"))
    assert spill.write()
    assert texts(Spill(tmp_path)) == ["one"]
    assert not reserve.exists()


def test_a_users_are_erased_and_nobody_elses(tmp_path: Path) -> None:
    spill = Spill(tmp_path)
    for user in ("ada", "bob"):
        for text in ("I live in Lisbon.", "I have a dog."):
            spill.accept(said(text, user=user))
        spill.accept(Spilled(user, ("k",), time.time(), GIVEN, is_said=False))
    spill.write()
    spill.accept(said("I sing.", user="ada"))
    assert spill.erase("ada", lambda record: "dog" in record.user_text) == 1
    assert spill.erase("ada") == 2
    assert texts(spill) == ["", "I live in Lisbon.", "I have a dog."], "permissions first"
    assert {record.user_id for _, record in spill.pending()} == {"bob"}
    assert not any("ada" in json.dumps(file.name) for file in (tmp_path / spilling.FOLDER).iterdir())


def test_many_files_make_no_record_slower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is not looked through with each of them."""
    monkeypatch.setattr(spilling, "_LOOKS_S", 3600.0)
    looks = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (looks.append(path), scandir(path))[1])
    spill = Spill(tmp_path)
    for number in range(50):
        spill.accept(said(f"{number}"))
        assert spill.write()
    assert len(looks) == 1
    assert len(texts(spill)) == 50


class SlowDisk:
    """Syncs a file when it is let."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.let, self._fsync = threading.Semaphore(0), threading.Semaphore(0), os.fsync
        monkeypatch.setattr(os, "fsync", self._sync)

    def _sync(self, file: int) -> None:
        if stat.S_ISREG(os.fstat(file).st_mode):
            self.begun.release()
            assert self.let.acquire(timeout=60)
        self._fsync(file)

    def begins(self) -> None:
        assert self.begun.acquire(timeout=60), "another file is being written"


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> SlowDisk:
    return SlowDisk(monkeypatch)


def test_what_is_brought_waits_for_no_others_to_be_written_and_does_not_return(
    tmp_path: Path, slow_disk: SlowDisk
) -> None:
    spill = Spill(tmp_path)
    for text in ("one", "two", "three"):
        spill.accept(said(text))
    first, second, _ = [name for name, _ in spill.pending()]
    removals = [threading.Thread(target=spill.remove, args=(name,)) for name in (first, second)]
    writing = threading.Thread(target=spill.write)
    writing.start()
    slow_disk.begins()
    for removal in removals:
        removal.start()
    removals[1].join(30)
    assert [removal.is_alive() for removal in removals] == [True, False]
    slow_disk.let.release()
    slow_disk.begins()
    removals[0].join(30)
    assert not removals[0].is_alive(), "its own is written, the third is not yet"
    slow_disk.let.release()
    writing.join(30)
    assert texts(spill) == texts(Spill(tmp_path)) == ["three"]


def test_what_is_written_takes_no_memory_until_all_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slow_disk: SlowDisk
) -> None:
    monkeypatch.setattr(spilling, "_MANY", 2)
    monkeypatch.setattr(spilling, "_MOST_IN_MEMORY", 4)
    spill = Spill(tmp_path)
    for number in range(4):
        spill.accept(said(f"{number}", at=number + 1.0))
    assert not spill.has_room
    writing = threading.Thread(target=spill.write)
    writing.start()
    for let in (1, 1, 0):
        slow_disk.begins()
        slow_disk.let.release(let) if let else None
    assert (spill.has_room, spill.waiting().in_memory) == (True, 2)
    slow_disk.let.release(2)
    writing.join(30)
    assert texts(Spill(tmp_path)) == ["0", "1", "2", "3"]


def test_however_slow_the_disk_is_few_writes_wait_for_it(tmp_path: Path, slow_disk: SlowDisk) -> None:
    spill = Spill(tmp_path)

    async def soon() -> None:
        putting = Spilling(spill)
        writes = []
        for number in range(50):
            writes.append(putting.soon(said(f"{number}", at=number + 1.0)))
            if not number:
                await asyncio.to_thread(slow_disk.begins)
        assert putting._pool._work_queue.qsize() == 1
        slow_disk.let.release(50)
        assert all(await asyncio.gather(*filter(None, writes)))

    asyncio.run(soon())
    assert texts(Spill(tmp_path)) == [f"{number}" for number in range(50)]


def test_a_permission_has_room_where_an_exchange_has_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be lost with its exchange, which waits."""
    monkeypatch.setattr(spilling, "_MOST_IN_MEMORY", 2)
    spill = Spill(tmp_path)
    assert [spill.accept(said(f"{number}")) for number in range(3)] == [True, True, False]
    decisions = [spill.accept(Spilled.decision("ada", GIVEN)) for _ in range(3)]
    assert decisions == [True, True, False], "this, too, is bounded"
    assert spill.waiting().refused == 1


def test_what_a_killed_process_was_writing_is_cleared_up(tmp_path: Path) -> None:
    spill = Spill(tmp_path)
    folder = tmp_path / spilling.FOLDER
    for user in ("ada", "bob"):
        spill.accept(said("I live in Lisbon.", user=user))
    assert spill.write()
    assert spill.reserve()
    for file in list(folder.glob("*.said")):
        file.rename(f"{file}.12345678.new")
    assert spill.erase("ada") == 0
    [bobs] = folder.glob("*.new")
    assert Spill(tmp_path).reserve()
    assert bobs.exists(), "it may be being written"
    os.utime(bobs, (1.0, 1.0))
    assert Spill(tmp_path).reserve()
    assert [file.name for file in folder.iterdir()] == ["reserve"]


def test_another_process_erases_what_is_being_written_and_only_of_that_user(
    tmp_path: Path, slow_disk: SlowDisk
) -> None:
    """What is in the memory of this one, the database refuses: its user was erased after it."""
    spill, others = Spill(tmp_path), Spill(tmp_path)
    folder = tmp_path / spilling.FOLDER
    for user in ("ada", "bob"):
        spill.accept(said(f"I am {user}.", user=user))
    done: list[bool] = []
    writing = threading.Thread(target=lambda: done.append(spill.write()))
    writing.start()
    slow_disk.begins()
    assert others.erase("bob") == 0
    assert len(list(folder.glob("*.new"))) == 1, "that is not bob's"
    others.erase("ada")
    assert list(folder.iterdir()) == []
    slow_disk.let.release(3)
    writing.join(30)
    assert done == [False]
    assert list(folder.iterdir()) == [], "nothing comes to the disk by itself"
    assert spill.write()
    assert texts(Spill(tmp_path)) == ["I am ada.", "I am bob."]


def test_while_the_disk_goes_on_there_is_room_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spilling, "_MOST_IN_MEMORY", 2)
    spill = Spill(tmp_path)

    async def put_all() -> None:
        putting = Spilling(spill)
        await asyncio.gather(*(putting.put(said(f"{number}", at=number + 1.0)) for number in range(20)))

    asyncio.run(put_all())
    assert texts(spill) == [f"{number}" for number in range(20)]
    assert spill.waiting() == Waiting(exchanges=20, in_memory=0, refused=0, unfit=0)

    full = Spill(tmp_path / "blocked")
    (tmp_path / "blocked").write_text("no folder")
    spill = full
    monkeypatch.setattr(putting_aside, "_ROOM_S", math.inf)
    asyncio.run(asyncio.wait_for(put_all(), 60))  # nobody waits for a disk that takes nothing
    assert full.waiting() == Waiting(exchanges=2, in_memory=2, refused=18, unfit=0)


def test_while_the_database_goes_on_nothing_is_refused_though_the_disk_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spilling, "_MOST_IN_MEMORY", 2)
    (tmp_path / spilling.FOLDER).write_text("no folder")
    spill = Spill(tmp_path)
    spill.accept(said("brought before"))
    [(first, _)] = spill.pending()
    spill.remove(first)
    brought: list[str] = []
    is_over = threading.Event()

    def bring() -> None:
        while not is_over.wait(0.01):
            for name, record in spill.pending():
                brought.append(record.user_text)
                spill.remove(name)
                break

    async def put_all() -> None:
        putting = Spilling(spill)
        await asyncio.gather(*(putting.put(said(f"{number}", at=number + 1.0)) for number in range(20)))

    bringing = threading.Thread(target=bring)
    bringing.start()
    try:
        asyncio.run(put_all())
    finally:
        is_over.set()
        bringing.join(30)
    assert spill.waiting().refused == 0
    assert sorted([*brought, *texts(spill)]) == sorted(f"{number}" for number in range(20))
