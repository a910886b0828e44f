"""What was forgotten, or erased, of documents: it stays away while its file is the same."""

import errno
import os
import time
from typing import Any

import pytest

from owui_memory.core.errors import ClaimLost, Drop, Retry
from owui_memory.documents.storing import clear
from owui_memory.manage.documents import Documents
from owui_memory.state import erasures
from tests.unit.documents.index import LONG, Failing, Index, There


def test_what_was_forgotten_comes_back_only_with_another_file(index: Index) -> None:
    index.write("a.txt", "The lamp is green.")
    index.run()
    (entry,) = index.table.of("ada")
    index.table.forget("ada", [entry.document_id])
    clear(index.backend, entry)
    os.utime(index.own / "a.txt", ns=(1, 1))
    index.run()
    assert index.kept() == []
    assert index.states() == {"a.txt": "forgotten"}
    index.write("a.txt", "The lamp is red.")
    index.run()
    assert [one.text for one in index.kept()] == ["The lamp is red."]


def _erase(index: Index) -> None:
    with index.engine.begin() as connection:
        asked = {"user_id": "ada", "whole": True, "memory_ids": "[]", "batches": "[]", "locations": "[]"}
        connection.execute(erasures.insert().values(**asked, asked_at=time.time() + 1))


def test_files_from_before_their_user_was_erased_are_not_read(index: Index) -> None:
    index.write("a.txt", "The lamp is green.")
    _erase(index)
    assert index.run() == 0
    assert index.kept() == []


def test_what_is_read_while_its_user_is_erased_does_not_stay(index: Index) -> None:
    class Erased(Failing):
        def store_all(self, *given: Any) -> Any:
            super().store_all(*given)
            with index.engine.begin() as connection:
                asked = {
                    "user_id": "ada",
                    "whole": True,
                    "memory_ids": "[]",
                    "batches": "[]",
                    "locations": "[]",
                }
                connection.execute(erasures.insert().values(**asked, asked_at=time.time() + 1))

    index.write("a.txt", "The lamp is green.")
    index.write("b.md", LONG)
    with pytest.raises(ClaimLost):
        index.run(Erased(index.backend, 1_000, late=False))
    assert index.kept() == []
    assert index.states() == {}


def test_what_cannot_be_forgotten_now_stays_listed(index: Index) -> None:
    index.write("a.txt", "The lamp is green.")
    index.run()
    (entry,) = index.table.of("ada")

    class Away:
        def get(self) -> Any:
            raise Retry("the store is away")

        writing = get

    with pytest.raises(Retry):
        Documents(index.engine, Away()).forget("ada", {entry.document_id})
    assert index.states() == {"a.txt": "read"}


def test_what_is_forgotten_on_a_disk_that_keeps_the_file_is_told_no_more(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, "no")

    documents = Documents(index.engine, There(index.backend), lambda: index.folders.root)
    index.write("saved/a.txt", "The lamp is green.")
    index.write("saved/b.txt", "The lamp is red.")
    index.run()
    monkeypatch.setattr(os, "unlink", read_only)
    with pytest.raises(Drop, match=r"cannot be deleted \(Read-only"):
        documents.forget("ada", {index.table.of("ada")[0].document_id})
    assert [one.text for one in index.kept()] == ["The lamp is red."]
    documents.forget_all("ada")
    index.run()
    assert index.kept() == []
    assert set(index.states().values()) == {"forgotten"}
