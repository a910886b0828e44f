"""Whatever ends the work on documents, or fails in it: the next run goes on, and others are served."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from owui_memory.core.errors import Drop, Retry
from owui_memory.core.scope import documents_owner
from owui_memory.documents import indexing
from owui_memory.documents.extraction import Document, Extraction
from owui_memory.documents.indexing import Indexing
from owui_memory.documents.watcher import Watcher
from tests.unit.documents.index import LONG, Failing, Index


def test_a_folder_that_cannot_be_looked_at_is_not_gone(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    index.write("trip/a.txt", "The lamp is green.")
    index.run()
    other = index.folders.root / "bob"
    other.mkdir()
    (other / "b.txt").write_text("The lamp is red.")
    scandir = os.scandir

    def failing(path: Any = ".") -> Any:
        if isinstance(path, int) and "ada/trip" in str(Path(f"/proc/self/fd/{path}").readlink()):
            raise PermissionError(13, "Permission denied")  # root may look everywhere
        return scandir(path)

    monkeypatch.setattr(os, "scandir", failing)
    with pytest.raises(PermissionError, match="Permission denied"):
        index.run()
    assert [one.text for one in index.kept()] == ["The lamp is green."]
    assert [one.text for one in index.kept("bob")] == ["The lamp is red."]


def test_what_could_not_be_read_is_tried_again_when_it_is_touched(index: Index) -> None:
    index.write("a.txt", "The lamp is green.")
    index.run()
    (entry,) = index.table.of("ada")
    index.table.put([replace(entry, state="failed")])
    os.utime(index.own / "a.txt", ns=(1, 1))
    index.run()
    assert index.states() == {"a.txt": "read"}


def test_documents_wait_for_a_backend_that_opens(index: Index) -> None:
    index.write("a.txt", "The lamp is green.")
    told: list[Any] = []
    opening = [True]

    def live() -> Any:
        if opening.pop() if opening else False:
            raise Retry("it opens")
        return index.backend

    watcher = Watcher(live, lambda: index.folders.root, partial(Indexing, index.table), told.append)
    assert watcher.look() < 10
    assert told == []
    watcher.look()
    assert index.states() == {"a.txt": "read"}


@pytest.mark.parametrize("late", [False, True])
def test_work_that_was_cut_off_goes_on(index: Index, late: bool) -> None:
    for text in (LONG, LONG.replace("lamp number 5", "candle number 5")):
        index.write("lamps.md", text)
        left = 0
        while True:
            try:
                index.run(Failing(index.backend, left, late=late))
                break
            except Retry:
                left += 1
        assert left > 0
        index.run()
        kept = index.kept()
        assert len({one.text for one in kept}) == len(kept) == index.table.known(["ada"]).passages
        assert any("candle" in one.text for one in kept) == ("candle" in text)


def test_whatever_happens_with_one_file_others_are_read(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Odd(Extraction):
        def read(self, name: str, file: int) -> Document:
            if name == "odd.txt":
                raise RecursionError("what a text said")
            return super().read(name, file)

    monkeypatch.setattr(indexing, "Extraction", Odd)
    for name in ("a.txt", "odd.txt", "z.txt"):
        index.write(name, "The lamp is green.")
    assert index.run() == 3
    assert index.states() == {"a.txt": "read", "odd.txt": "failed", "z.txt": "read"}
    (odd,) = [entry for entry in index.table.of("ada") if entry.path == "odd.txt"]
    assert odd.detail == "it cannot be understood"


@pytest.mark.parametrize("fault", [Retry("the store is away"), ValueError("x")])
def test_whatever_happens_with_one_user_others_are_served(index: Index, fault: Exception) -> None:
    class Bad(Failing):
        def store_all(self, owner: str, new: Any) -> Any:
            if owner == documents_owner("ada"):
                raise fault
            return super().store_all(owner, new)

    index.write("a.txt", "The lamp is green.")
    index.write("b.txt", "The lamp is red.", "bob")
    with pytest.raises(type(fault)):
        index.run(Bad(index.backend, 1_000, late=False))
    assert [one.text for one in index.kept("bob")] == ["The lamp is red."]
    index.run()
    assert [one.text for one in index.kept()] == ["The lamp is green."]


def test_a_text_that_the_embedder_refuses_keeps_no_other_document_out(index: Index) -> None:
    calls: list[int] = []

    class Picky(Failing):
        def store_all(self, owner: str, new: Any) -> Any:
            calls.append(len(new))
            if any("odd" in one.text for one in new):
                raise Drop("it is odd")
            return super().store_all(owner, new)

    for name in ("a", "b", "odd", "z"):
        index.write(f"{name}.txt", f"The lamp {name} is green.")
    index.write("long.md", f"{LONG}\n\nThe odd lamp.")
    assert index.run(Picky(index.backend, 1_000, late=False)) == 5
    assert calls[0] > 1
    states = index.states()
    assert {name for name, state in states.items() if state == "failed"} == {"odd.txt", "long.md"}
    assert sorted(one.title for one in index.kept()) == ["a", "b", "z"]
    assert {one.detail for one in index.table.of("ada")} == {"", "it is odd"}
