"""What every backend must do: all of a user's memories are listed, and erased, and nobody else's."""

import pytest

from owui_memory.backends.base import Backend
from owui_memory.core.errors import Drop
from owui_memory.core.memory import Memory
from tests.unit.backends.contract import Case, added_texts, fill, keep, listed

NOBODY = ["", " ", "*", "ada lovelace", " ada", "ada\n", "ada\0", "ada\ud83e"]
ODD = ["zoë", "用户", "🦒", "a%b_c", "../ada", "ada/b?c=d&e#f", "o'brien;--", "ada*", "[ada]", "x" * 200]


def test_all_of_a_users_memories_are_listed_oldest_first(case: Case) -> None:
    texts = case.holds("ada", 30)
    case.holds("bob", 30)

    assert listed(case.backend) == texts
    assert listed(case.backend, "eve") == []


def test_a_listed_memory_is_the_one_that_was_stored(backend: Backend) -> None:
    new = Memory("", "Flies to Oslo.", batch="b", kind="plan", expires="2999-01-01", chat="c", ordinal=3)
    memory_id = backend.store("ada", new)

    assert backend.list_all("ada") == [backend.get(memory_id)]


def test_expired_memories_are_listed_too(backend: Backend) -> None:
    backend.store("ada", Memory("", "Went to Oslo.", kind="plan", expires="2020-01-01"))
    backend.store("ada", Memory("", "Flies to Rome.", kind="plan", expires="2999-01-01"))

    assert listed(backend) == ["Went to Oslo.", "Flies to Rome."]


def test_memories_of_the_same_moment_are_in_one_order(case: Case) -> None:
    for _ in range(4):
        fill(case.memory, "ada", ["A boat.", "Another boat."])  # each time at the same two moments
    everything = case.backend.list_all("ada")

    assert len(everything) == 8
    assert case.backend.list_all("ada") == everything
    assert everything == sorted(everything, key=lambda memory: (memory.created_at, memory.id))


def test_erasing_a_user_leaves_the_others_alone(backend: Backend) -> None:
    backend.store("ada", Memory("", "Went to Oslo.", expires="2020-01-01"))
    keep(backend, "ada", "I own a boat.", batch="b")
    keep(backend, "bob", "I own a car.", batch="b")

    assert backend.erase("ada") == 2

    assert listed(backend) == []
    assert backend.search("ada", "boat", 5) == []
    assert added_texts(backend, "b") == set()
    assert listed(backend, "bob") == ["I own a car."]
    assert backend.erase("ada") == 0

    backend.store("ada", Memory("", "I own a car."))
    assert listed(backend) == ["I own a car."], "who was erased can be remembered again"


def test_an_id_that_can_be_nobodys_reaches_nobody(case: Case) -> None:
    backend = case.backend
    backend.store("ada", Memory("", "I own a boat.", batch="b"))

    for nobody in NOBODY:
        for call in (
            lambda user: backend.search(user, "boat", 5),
            lambda user: keep(backend, user, "I own a car.", batch="b"),
            lambda user: backend.added_by(user, "b"),
            lambda user: backend.store(user, Memory("", "I own a car.")),
            lambda user: backend.of_kind(user, "fact", 5),
            lambda user: backend.list_all(user),
            lambda user: backend.erase(user),
        ):
            with pytest.raises(Drop, match="cannot be a user's id"):
                call(nobody)

    assert listed(backend) == ["I own a boat."]


def test_odd_ids_are_as_good_as_others(backend: Backend) -> None:
    for user in ("ada", *ODD):
        backend.store(user, Memory("", f"The boat of {user}."))

    for user in ODD:
        assert [item.memory.text for item in backend.search(user, "boat", 5)] == [f"The boat of {user}."]
        assert listed(backend, user) == [f"The boat of {user}."]
        assert backend.erase(user) == 1
        assert listed(backend, user) == []

    assert listed(backend) == ["The boat of ada."]
