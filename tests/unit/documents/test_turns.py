"""Whose files are read first: nobody waits for another's thousands."""

from collections.abc import Callable
from typing import Any

from owui_memory.core.memory import Memory
from owui_memory.core.scope import documents_owner
from owui_memory.documents.indexing import Indexing
from tests.unit.documents.index import Failing, Index

MANY = 130  # more than are read of one user before all folders are looked at anew


class Recorded(Failing):
    """A backend that tells whose passages are stored, one after the other."""

    def __init__(self, index: Index, then: Callable[[int], None] = lambda count: None) -> None:
        super().__init__(index.backend, 1_000_000, late=False)
        self.order: list[tuple[str, str]] = []
        self._then = then

    def store_all(self, owner: str, new: list[Memory]) -> Any:
        stored = super().store_all(owner, new)
        self.order += [(owner, one.text) for one in new]
        self._then(len(self.order))
        return stored

    def place(self, user: str) -> int:
        return [owner for owner, _ in self.order].index(documents_owner(user))


def fill(index: Index, user: str = "ada", files: int = MANY) -> None:
    for number in range(files):
        index.write(f"{number}.txt", f"The lamp with the number {number} is green.", user)


def test_the_next_user_does_not_wait_for_ones_many_files(index: Index) -> None:
    fill(index)
    index.write("b.txt", "The lamp of Bob is red, and a little longer than others' lamps are.", "bob")
    backend = Recorded(index)
    assert index.run(backend) == MANY + 1
    assert backend.place("bob") < 20
    assert len(index.kept()) == MANY
    assert index.run(backend) == 0


def test_a_file_that_comes_meanwhile_does_not_wait_for_all_of_them(index: Index) -> None:
    fill(index)

    def send(count: int) -> None:
        if count < 20:
            index.write("b.txt", "The lamp of Bob is red.", "bob")
            index.write("new.txt", "The lamp of Ada is new.")

    backend = Recorded(index, send)
    assert index.run(backend) == MANY + 2
    assert 20 < backend.place("bob") < MANY
    assert backend.order.index((documents_owner("ada"), "The lamp of Ada is new.")) < MANY - 10


def test_the_newest_files_are_read_first_and_short_ones_before_anothers_long_ones(index: Index) -> None:
    index.write("long.txt", "The lamp is old. " * 500)
    index.write("b1.txt", "The first lamp.", "bob")
    index.write("b2.txt", "The second lamp.", "bob")
    backend = Recorded(index)
    index.run(backend)
    assert [text for _, text in backend.order][:2] == ["The second lamp.", "The first lamp."]


def test_a_user_whose_files_fail_is_left_out_of_further_rounds(index: Index) -> None:
    class Bad(Recorded):
        calls = 0

        def store_all(self, owner: str, new: list[Memory]) -> Any:
            if owner == documents_owner("bob"):
                self.calls += 1
                raise ValueError("x")
            return super().store_all(owner, new)

    fill(index)
    index.write("b.txt", "The lamp of Bob is red.", "bob")
    backend = Bad(index)
    try:
        index.run(backend)
    except ValueError:
        assert (backend.calls, len(index.kept())) == (1, MANY)
    else:
        raise AssertionError("the fault is not told")


def test_what_is_stopped_reads_no_further_file(index: Index) -> None:
    fill(index, files=20)
    fill(index, "bob", 20)
    stored = Recorded(index)
    Indexing(index.table, stopped=lambda: len(stored.order) >= 8).run(stored, index.folders)
    assert 8 <= len(stored.order) < 24
    Indexing(index.table).run(stored, index.folders)
    assert len(index.kept()) == len(index.kept("bob")) == 20
