"""Forget means gone: no file and no table holds the text afterwards, and nobody else loses anything."""

import io
import os
import re
import shutil
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from owui_memory.__main__ import main
from owui_memory.config.settings import Valves
from owui_memory.core.change import Change
from owui_memory.core.errors import ClaimLost, Drop
from owui_memory.core.exchange import Batch, Exchange
from owui_memory.core.memory import Memory
from owui_memory.language.words import mark_of
from owui_memory.manage.erasure import erase as module
from owui_memory.manage.erasure import erasures
from owui_memory.manage.erasure.erase import Eraser, Receipt
from owui_memory.manage.erasure.erasures import Erasure, Erasures
from owui_memory.manage.erasure.sites import PASSAGES, StoreSite
from owui_memory.manage.erasure.worker import ErasureWorker
from owui_memory.manage.history.uploads import Uploads
from owui_memory.models.providers import with_password
from owui_memory.observe.metrics import Metrics
from owui_memory.recall.injected import Injected
from owui_memory.remember.apply import Changes
from owui_memory.state import wal
from owui_memory.stores.sqlite import driver as sqlite_driver
from tests.harness.places import Place, opened
from tests.harness.postgres import PASSWORD
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.manage.kept import BOTH, CELLO, OTHER, Kept


@contextmanager
def traffic(kept: Kept) -> Iterator[None]:
    """Another user is being remembered meanwhile."""
    stop = threading.Event()

    def go_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            kept.hears(f"I collect stamp number {number}.", f"b{number}", user="bob")

    going = threading.Thread(target=go_on)
    going.start()
    try:
        yield
    finally:
        stop.set()
        going.join()


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory, _running_llm: ScriptedLLM) -> Path:
    """The folder of one on SQLite."""
    place = Place(tmp_path_factory.mktemp("lived-in") / "data")
    engine = opened(place.folder)
    kept = Kept(place, engine, settings_of("sqlite", place, _running_llm))
    kept.live()
    kept.close()
    engine.dispose()
    return place.folder


def settings_of(kind: str, place: Place, llm: ScriptedLLM) -> Valves:
    urls = {"qdrant": str(place.folder / "qdrant"), "pgvector": with_password(place.url, PASSWORD)}
    store = {"vector_store": kind, "vector_store_url": urls.get(kind, "")}
    key = PASSWORD if kind == "pgvector" else ""
    return Valves(**store, vector_store_api_key=key, **llm.embeds())


@pytest.fixture(params=["sqlite", "qdrant", "pgvector"])
def kept(request: pytest.FixtureRequest, own_data_folder: Path, scripted_llm: ScriptedLLM) -> Iterator[Kept]:
    kind = request.param
    place = request.getfixturevalue("shared_place") if kind == "pgvector" else Place(own_data_folder)
    if kind == "sqlite":
        shutil.copytree(request.getfixturevalue("lived_in"), own_data_folder)
    elif kind == "qdrant":
        opened(own_data_folder).dispose()
    engine = place.open()
    kept = Kept(place, engine, settings_of(kind, place, scripted_llm))
    if kind != "sqlite":
        kept.live()
    yield kept
    kept.close()
    engine.dispose()


def test_a_forgotten_memory_is_nowhere(kept: Kept) -> None:
    kept.notes(BOTH)
    assert kept.traces()
    with traffic(kept):
        receipt = kept.eraser.forget("ada", kept.ids_of(BOTH))
    assert receipt.counts["memories"] == 1
    assert receipt.counts["queue"] == 2
    wait_until(
        lambda: all_is_reached(kept.eraser), what="the logs are emptied, if the traffic was in the way"
    )
    assert kept.texts() == [OTHER]
    assert CELLO in kept.texts("bob")
    assert kept.traces() == []


def test_what_a_memory_said_before_it_was_brought_back_is_nowhere(kept: Kept) -> None:
    """It came back under another id."""
    made, at = Changes(kept.journal), 1.0
    memory_id = kept.id_of(BOTH)
    for number, (op, after) in enumerate((("replace", "I am allergic to cats."), ("remove", ""))):
        exchange = Exchange(f"k{number}", "ada", "c-ada", "", "", at)
        before = BOTH if op == "replace" else "I am allergic to cats."
        change = Change(f"edit{number}", 0, "ada", op, memory_id, before, after)
        batch = Batch(change.batch, "ada", (exchange,), 1, at)
        made.make(kept.backend, batch, lambda change=change: [change])
    removal, _passage = kept.journal.of_batch("edit1")
    made.undo(kept.backend, removal)
    back = kept.id_of("I am allergic to cats.")
    assert back != memory_id
    kept.eraser.forget("ada", [back])
    wait_until(lambda: all_is_reached(kept.eraser), what="the logs are emptied")
    assert kept.traces() == []


def test_an_erased_user_is_nowhere(kept: Kept) -> None:
    kept.notes(BOTH)
    with traffic(kept):
        receipt = kept.eraser.erase_user("ada")
    assert receipt.counts["memories"] == 2
    assert receipt.counts[PASSAGES] == 2
    wait_until(
        lambda: all_is_reached(kept.eraser), what="the logs are emptied, if the traffic was in the way"
    )
    assert kept.texts() == []
    assert CELLO in kept.texts("bob")
    assert kept.journal.of_user("ada") == []
    assert kept.traces() == []


def all_is_reached(eraser: Eraser) -> bool:
    """As the sweeper sees to it."""
    return not any(receipt.unreached for receipt in eraser.go_on())


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
class TestOnce:
    def test_what_is_forgotten_cannot_be_brought_back(self, kept: Kept) -> None:
        kept.eraser.forget("ada", kept.ids_of(BOTH))
        blank = [change for change in kept.journal.of_user("ada") if change.forgotten]
        assert [change.op for change in blank] == ["add", "remove", "remove"]
        for change in blank:
            with pytest.raises(Drop):
                Changes(kept.journal).undo(kept.backend, change)

    def test_nobody_forgets_for_another(self, kept: Kept) -> None:
        receipt = kept.eraser.forget("bob", kept.ids_of(BOTH))
        assert "memories" not in receipt.counts
        assert kept.texts() == sorted([BOTH, OTHER])

    def test_a_batch_in_work_writes_no_more(self, kept: Kept) -> None:
        kept.outbox.put(Exchange("ada\nc\nm9", "ada", "c", BOTH, "ok", 3.0))
        batch = kept.outbox.claim()
        assert batch is not None
        kept.eraser.erase_user("ada")
        with pytest.raises(ClaimLost):
            kept.outbox.renew(batch)
        assert kept.outbox.was_erased(batch)

    def test_what_was_broken_off_is_finished(self, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
        kept.notes(BOTH)

        def dies(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as dying:
            dying.setattr(module.Eraser, "_carry_out", dies)
            with pytest.raises(KeyboardInterrupt):
                kept.eraser.erase_user("ada")
        assert kept.traces()
        kept.eraser.go_on()
        assert kept.traces() == []
        assert kept.texts("bob") == [CELLO]

    def test_a_late_write_is_found_by_the_second_pass(
        self, kept: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept.outbox.put(Exchange("ada\nc\nm9", "ada", "c", BOTH, "ok", 3.0))
        batch = kept.outbox.claim()
        kept.eraser.erase_user("ada")
        kept.journal.intend([Change(batch.name, 0, "ada", "add", "", "", BOTH)])
        kept.backend.store("ada", Memory("", BOTH, batch=batch.name))
        monkeypatch.setattr(module, "SETTLED_S", 0.0)
        monkeypatch.setattr(erasures, "SETTLED_S", 0.0)
        kept.eraser.go_on()
        assert kept.texts() == []
        assert Erasures(kept.engine).open() == []

    def test_the_command_asks_and_gives_a_receipt(
        self, kept: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        kept.place.set_in(monkeypatch)
        monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
        archives = [Uploads(kept.place.folder).new(user) for user in ("ada", "bob")]
        assert main(["erase-user", "ada"]) == 1
        assert "Nothing was erased." in capsys.readouterr().err
        assert kept.texts() == sorted([BOTH, OTHER])
        assert main(["erase-user", "ada", "--yes"]) == 0
        assert re.search(r"^2 +memories", capsys.readouterr().out, re.MULTILINE)
        assert kept.texts() == []
        assert kept.traces() == []
        assert [file.exists() for file in archives] == [False, True]

    def test_a_killed_process_has_written_down_what_the_next_one_finishes(self, kept: Kept) -> None:
        kept.notes(BOTH)
        pid = os.fork()
        if pid == 0:  # dies between two memories
            StoreSite.erase = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
            engine = kept.place.open()
            Eraser(engine, kept.place.folder, lambda: kept.settings, lambda *_: kept.backend).erase_user(
                "ada"
            )
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        assert kept.traces()
        kept.eraser.go_on()
        assert kept.texts() == []
        assert kept.traces() == []

    def test_what_is_said_after_it_stays(self, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
        kept.eraser.erase_user("ada")
        kept.hears("I like green tea.", "m9")
        monkeypatch.setattr(module, "SETTLED_S", 0.0)
        monkeypatch.setattr(erasures, "SETTLED_S", 0.0)
        kept.eraser.go_on()
        assert Erasures(kept.engine).open() == []
        assert kept.texts() == ["I like green tea."]
        assert [change.after for change in kept.journal.of_user("ada")] == ["I like green tea."]

    def test_of_what_a_chat_was_told_a_mark_stays(self, kept: Kept) -> None:
        kept.notes(BOTH)
        kept.eraser.forget("ada", kept.ids_of(BOTH))
        assert Injected(kept.engine).to_chat("ada", "c2") == [mark_of(BOTH)]


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Somebody reads all the time, as a slow backup does."""
    # Two drivers in one process do not see each other's locks.
    connect = sqlite_driver.connect if file.name == "memories.db" else sqlite3.connect
    with closing(connect(str(file))) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
@pytest.mark.parametrize("file", ["memories.db", "state.db"])
def test_a_log_that_could_not_be_emptied_is_come_back_to(
    kept: Kept, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal, "_WAIT_S", 0.01)
    monkeypatch.setattr(wal, "_PAUSE_S", 0.0)
    kept.notes(BOTH)
    sweeper = ErasureWorker(kept.eraser, lambda _: None, Metrics())
    with reading(kept.place.folder / file):
        receipt = kept.eraser.forget("ada", kept.ids_of(BOTH))
        assert len(receipt.unreached) == 1
        assert "its write-ahead log still holds what was erased" in receipt.unreached[0]
        assert kept.traces()
        kept.hears("I collect stamps.", "m9", user="bob")  # who writes is not in its way, nor it in theirs
        sweeper.look()
        assert kept.traces()
    sweeper.look()
    assert kept.traces() == []
    assert kept.eraser.go_on() == [], "nothing is due until what was under way has settled"


class Counting(Eraser):
    """At which of a sweeper's looks it was asked to go on."""

    def __init__(self, kept: Kept) -> None:
        super().__init__(kept.engine, kept.place.folder, lambda: kept.settings, lambda *_: kept.backend)
        self.looks = 0
        self.asked_at: list[int] = []

    def news(self, since: int) -> list[Erasure]:
        self.looks += 1
        return super().news(since)

    def go_on(self) -> list[Receipt]:
        self.asked_at.append(self.looks)
        return super().go_on()


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
class TestSweeper:
    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wal, "_WAIT_S", 0.01)
        monkeypatch.setattr(wal, "_PAUSE_S", 0.0)

    def test_it_comes_back_soon_and_then_less_often(self, kept: Kept) -> None:
        eraser = Counting(kept)
        sweeper = ErasureWorker(eraser, lambda _: None, Metrics())
        with reading(kept.place.folder / "state.db"):
            kept.eraser.forget("ada", kept.ids_of(BOTH))
            for _ in range(95):
                sweeper.look()
            assert eraser.asked_at == [1, 2, 4, 8, 16, 32, 62, 92]
        while kept.traces():
            sweeper.look()
        assert eraser.asked_at[-1] == 122

    def test_what_cannot_be_finished_keeps_no_news_back(self, kept: Kept) -> None:
        dropped: list[Erasure] = []
        sweeper = ErasureWorker(kept.eraser, dropped.append, Metrics())
        with reading(kept.place.folder / "state.db"):
            kept.eraser.forget("ada", kept.ids_of(BOTH))
            for _ in range(5):
                sweeper.look()
            kept.eraser.erase_user("bob")
            sweeper.look()
        assert [(one.user_id, one.whole) for one in dropped] == [("ada", False), ("bob", True)]
        sweeper.look()
        assert kept.traces() == [], "something new lets it try at once"


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
def test_of_what_was_erased_before_its_start_a_server_drops_nothing(kept: Kept) -> None:
    kept.eraser.forget("ada", [f"{1:032x}"])
    dropped: list[Erasure] = []
    sweeper = ErasureWorker(kept.eraser, dropped.append, Metrics())
    sweeper.look()
    assert dropped == []
    kept.eraser.forget("ada", kept.ids_of(BOTH))
    sweeper.look()
    assert [one.user_id for one in dropped] == ["ada"]
