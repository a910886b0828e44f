"""Forget means gone: no file and no table holds the text afterwards, and nobody else loses anything."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text

from owui_memory.__main__ import main
from owui_memory.backends.library import LibraryBackend
from owui_memory.backends.providers import with_password
from owui_memory.control import erase as module
from owui_memory.control import erasures
from owui_memory.control.erase import Eraser
from owui_memory.control.sites import StoreSite
from owui_memory.errors import Drop, TakenOver
from owui_memory.moving.places import Places
from owui_memory.moving.reach import place_of_backend
from owui_memory.remember.changes import Changes
from owui_memory.remember.journal import Change, Journal
from owui_memory.remember.outbox import Exchange, Outbox
from owui_memory.remember.verbatim import decide_verbatim
from owui_memory.settings import Valves
from owui_memory.state import recalls, told
from tests.harness.postgres import PASSWORD
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.places import Place

RARE = "Zÿxquokkâtten"  # no other word has its stem, folded or not
BOTH = f"I am allergic to {RARE}."
OTHER = "My dog is called Rex."


class Kept:
    """A user's memories, and all that is written down of them, in one of the stores."""

    def __init__(self, place: Place, engine: Engine, settings: Valves) -> None:
        self.place, self.engine, self.settings = place, engine, settings
        self.backend = LibraryBackend.open(settings, place.folder)
        Places(engine, "memories").settle(place_of_backend(self.backend, settings))
        self.journal, self.outbox = Journal(engine), Outbox(engine)
        self.eraser = Eraser(engine, place.folder, lambda: settings, lambda *_: self.backend)

    def hears(self, said: str, name: str, user: str = "ada") -> None:
        """A message that is remembered."""
        self.outbox.put(Exchange(f"{user}\nc\n{name}", user, f"c-{user}", said, "I see.", 1.0))
        batch = self.outbox.claim()
        assert batch is not None
        Changes(self.journal).make(self.backend, batch, lambda: decide_verbatim(self.backend, batch))
        self.outbox.done(batch)

    def notes(self, said: str, user: str = "ada") -> None:
        """What recall and mem0 write down of it, and a message that waits and one that was given up."""
        with self.engine.begin() as connection:
            row = {"user_id": user, "chat_id": "c2", "conversation": "p", "position": "p", "told_at": 1.0}
            memory_id = self.id_of(said, user)
            connection.execute(told.insert().values(**row, memory_id=memory_id, text=said, line=f"- {said}"))
            explained = json.dumps({"query": said, "weighed": [], "evidence": 1, "threshold": 1})
            connection.execute(
                recalls.insert().values(user_id=user, chat_id="c2", explanation=explained, at=1.0)
            )
        self.backend._memory.db.save_messages([{"role": "user", "content": said}], f"user_id={user}")
        self.outbox.put(Exchange(f"{user}\nd\nm7", user, "d", f"Again: {said}", "ok", 2.0))
        given_up = self.outbox.claim()
        assert given_up is not None
        self.outbox.dead(given_up, "no")
        self.outbox.put(Exchange(f"{user}\ne\nm8", user, "e", said, "ok", 2.0), wait_s=1000.0, batch_max=9)

    def id_of(self, said: str, user: str = "ada") -> str:
        return next(one.id for one in self.backend.list_all(user) if one.text == said)

    def texts(self, user: str = "ada") -> list[str]:
        return sorted(one.text for one in self.backend.list_all(user))

    def traces(self) -> list[str]:
        """Where the rare word is: files, and tables of PostgreSQL, as it stands, as JSON, folded, stemmed."""
        words = {
            RARE,
            RARE.casefold(),
            "zyxquokkatt",
            json.dumps(RARE)[1:-1],
            json.dumps(RARE.casefold())[1:-1],
        }
        forms = re.compile(b"|".join(re.escape(word.encode()) for word in sorted(words)), re.IGNORECASE)
        found = [
            str(file)
            for file in self.place.folder.rglob("*")
            if file.is_file() and forms.search(file.read_bytes())
        ]
        if self.place.url:
            with self.engine.connect() as connection:
                for table in inspect(connection).get_table_names():
                    rows = connection.execute(text(f'SELECT t::text FROM "{table}" AS t')).scalars()
                    found += [table for row in rows if forms.search(row.encode())]
        return found

    def close(self) -> None:
        self.backend.close()


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


@pytest.fixture(params=["sqlite", "qdrant", "pgvector"])
def kept(request: pytest.FixtureRequest, own_data_folder: Path, scripted_llm: ScriptedLLM) -> Iterator[Kept]:
    kind = request.param
    place = request.getfixturevalue("shared_place") if kind == "pgvector" else Place(own_data_folder)
    urls = {
        "sqlite": "",
        "qdrant": str(own_data_folder / "qdrant"),
        "pgvector": with_password(place.url, PASSWORD),
    }
    given: dict[str, Any] = {"vector_store": kind, "vector_store_url": urls[kind], "embedder_model": "m"}
    given |= {
        "embedder_provider": "openai",
        "embedder_base_url": scripted_llm.base_url,
        "embedder_api_key": "k",
    }
    engine = place.open()
    kept = Kept(place, engine, Valves(**given, vector_store_api_key=PASSWORD if kind == "pgvector" else ""))
    kept.hears(BOTH, "m1")
    kept.hears(OTHER, "m2")
    kept.hears("I play the cello.", "m3", user="bob")
    yield kept
    kept.close()
    engine.dispose()


def test_a_forgotten_memory_is_nowhere(kept: Kept) -> None:
    kept.notes(BOTH)
    assert kept.traces()
    with traffic(kept):
        receipt = kept.eraser.forget("ada", [kept.id_of(BOTH)])
    assert receipt.counts["memories"] == 1
    assert receipt.counts["queue"] == 2
    assert not receipt.unreached
    assert kept.texts() == [OTHER]
    assert "I play the cello." in kept.texts("bob")
    kept.eraser.forget("ada", [])  # what the traffic held up is emptied by the next one at last
    assert kept.traces() == []


def test_an_erased_user_is_nowhere(kept: Kept) -> None:
    kept.notes(BOTH)
    with traffic(kept):
        receipt = kept.eraser.erase_user("ada")
    assert receipt.counts["memories"] == 2
    assert not receipt.unreached
    assert kept.texts() == []
    assert "I play the cello." in kept.texts("bob")
    assert kept.journal.of_user("ada") == []
    kept.eraser.erase_user("ada")
    assert kept.traces() == []


@pytest.mark.parametrize("kept", ["sqlite"], indirect=True)
class TestOnce:
    def test_what_is_forgotten_cannot_be_brought_back(self, kept: Kept) -> None:
        kept.eraser.forget("ada", [kept.id_of(BOTH)])
        blank = [change for change in kept.journal.of_user("ada") if change.forgotten]
        assert [change.op for change in blank] == ["add", "remove"]
        for change in blank:
            with pytest.raises(Drop):
                Changes(kept.journal).undo(kept.backend, change)

    def test_nobody_forgets_for_another(self, kept: Kept) -> None:
        receipt = kept.eraser.forget("bob", [kept.id_of(BOTH)])
        assert "memories" not in receipt.counts
        assert kept.texts() == sorted([BOTH, OTHER])

    def test_a_batch_in_work_writes_no_more(self, kept: Kept) -> None:
        kept.outbox.put(Exchange("ada\nc\nm9", "ada", "c", BOTH, "ok", 3.0))
        batch = kept.outbox.claim()
        assert batch is not None
        kept.eraser.erase_user("ada")
        with pytest.raises(TakenOver):
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
        assert kept.texts("bob") == ["I play the cello."]

    def test_a_late_write_is_found_by_the_second_pass(
        self, kept: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept.outbox.put(Exchange("ada\nc\nm9", "ada", "c", BOTH, "ok", 3.0))
        batch = kept.outbox.claim()
        assert batch is not None
        kept.eraser.erase_user("ada")
        kept.journal.intend([Change(batch.name, 0, "ada", "add", "", "", BOTH)])
        kept.backend.add("ada", [{"role": "user", "content": BOTH}], infer=False, batch=batch.name)
        monkeypatch.setattr(module, "SETTLED_S", 0.0)
        monkeypatch.setattr(erasures, "SETTLED_S", 0.0)
        kept.eraser.go_on()
        assert kept.texts() == []
        assert kept.eraser.is_done("ada")

    def test_the_command_asks_and_gives_a_receipt(
        self, kept: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        kept.place.set_in(monkeypatch)
        monkeypatch.setattr("builtins.input", lambda _: "n")
        assert main(["erase-user", "ada"]) == 1
        assert kept.texts() == sorted([BOTH, OTHER])
        assert main(["erase-user", "ada", "--yes"]) == 0
        assert re.search(r"^2 +memories", capsys.readouterr().out, re.MULTILINE)
        assert kept.texts() == []
        assert kept.traces() == []

    def test_a_killed_process_has_written_down_what_the_next_one_finishes(self, kept: Kept) -> None:
        kept.notes(BOTH)
        pid = os.fork()
        if pid == 0:  # dies between two memories
            StoreSite.erase = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
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
