"""A disk that is full for a while: a real one, of one megabyte, that holds one of the files."""

import contextlib
import itertools
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.config.settings import Valves
from owui_memory.remember.outbox import Outbox
from tests.harness.remains import expire_claims
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.small_disk import filled, small_disk
from tests.harness.waiting import wait_until
from tests.unit.remember.story import DOG, KNOWN, PORTO, TEA, said
from tests.unit.remember.workbench import Tale

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, mib=1) as mounted:
        if not mounted:
            pytest.skip("only root may mount a small disk, and not in every container")
        yield folder


def moved(name: str, folder: Path, disk: Path) -> None:
    """Let a database of the data folder live on that disk; its log lives beside it."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).symlink_to(disk / Path(name).name)


@contextlib.contextmanager
def full(disk: Path, tale: Tale) -> Iterator[None]:
    """No byte more. The logs begin anew, so that the next change needs one."""
    tale.bench.backend._memory.vector_store.purge()
    with contextlib.closing(sqlite3.connect(tale.folder / "state.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    with filled(disk):
        assert os.statvfs(disk).f_bavail == 0
        yield


@pytest.mark.parametrize("extraction", ["reconcile", "verbatim"])
def test_the_disk_of_the_memories(tmp_path: Path, disk: Path, with_llm: Valves, extraction: str) -> None:
    moved("memories.db", tmp_path, disk)
    tale = Tale.begin(tmp_path, with_llm.model_copy(update={"extraction": extraction}))
    with full(disk, tale):
        tale.bench.fails(1)
    tale.ends_well()


def test_the_disk_of_the_queue_before_the_work_begins(tmp_path: Path, disk: Path, with_llm: Valves) -> None:
    moved("state.db", tmp_path, disk)
    tale = Tale.begin(tmp_path, with_llm)
    with full(disk, tale):
        tale.bench.fails(2, "queue")
        with pytest.raises(Exception, match="full"):
            Outbox(tale.bench.engine).put(said("I live in Rome.", name="m2", at=2.0))
    tale.ends_well()


def test_the_disk_of_the_queue_while_the_llm_thinks(
    tmp_path: Path, disk: Path, with_llm: Valves, scripted_llm: ScriptedLLM
) -> None:
    """Neither what was decided nor that it failed can be written down: the claim expires."""
    moved("state.db", tmp_path, disk)
    tale = Tale.begin(tmp_path, with_llm, timeout_s=20)
    with scripted_llm.hold("chat") as thinking:
        tale.bench.start()
        wait_until(lambda: thinking.waiting, what="it thinks")
        with full(disk, tale):
            thinking.release()
            tale.bench.fails(1)
            wait_until(lambda: not tale.bench.writer._claimed, what="it lets go")
    expire_claims(tmp_path)
    tale.ends_well()


@pytest.mark.parametrize(
    ("after", "so_far"),
    [("store", (*KNOWN, DOG)), ("remove", (TEA, PORTO, DOG))],
    ids=["the first change", "the last change"],
)
def test_the_disk_of_the_queue_while_changes_are_made(
    tmp_path: Path,
    disk: Path,
    with_llm: Valves,
    monkeypatch: pytest.MonkeyPatch,
    after: str,
    so_far: tuple[str, ...],
) -> None:
    """What is made cannot be marked: the next try sees it. The claim cannot be renewed: no more is made."""
    moved("state.db", tmp_path, disk)
    tale = Tale.begin(tmp_path, with_llm)
    backend, filling, number = tale.bench.backend, contextlib.ExitStack(), itertools.count(1)
    change = getattr(backend, after)

    def change_and_fill(*args: object) -> str:
        made: str = change(*args)
        if next(number) == 1:
            filling.enter_context(full(disk, tale))
        return made

    monkeypatch.setattr(backend, after, change_and_fill)
    tale.bench.fails(1)
    wait_until(lambda: not tale.bench.writer._claimed, what="it lets go")
    assert tale.bench.texts() == sorted(so_far)
    assert [change.made for change in tale.bench.journal.of_user("ada")] == [False] * 3
    filling.close()
    expire_claims(tmp_path)
    tale.ends_well()
