"""What every backend must do: remember and find."""

import threading

import pytest

from owui_memory.backends.base import Backend
from tests.unit.backends.contract import Case, added_texts, found_texts, keep, said


def test_an_empty_store_finds_nothing(backend: Backend) -> None:
    assert backend.search("ada", "anything at all", 5) == []
    assert backend.added_by("ada", "batch-1") == []


def test_what_is_added_as_it_stands_is_found_by_its_user_only(backend: Backend) -> None:
    keep(backend, "ada", "My dog is called Rex.", batch="batch-1")
    keep(backend, "bob", "My cat is called Tom.", batch="batch-2")

    assert added_texts(backend, "batch-1") == {"My dog is called Rex."}
    assert found_texts(backend, "ada", "What is my dog called?") == ["My dog is called Rex."]
    assert found_texts(backend, "bob", "What is my dog called?") == ["My cat is called Tom."]
    assert found_texts(backend, "eve", "What is my dog called?") == []


def test_a_memory_tells_id_times_batch_and_how_near_it_is(backend: Backend) -> None:
    keep(backend, "ada", "My dog is called Rex.", batch="batch-1")

    (near,) = backend.search("ada", "My dog is called Rex.", 5)
    (far,) = backend.search("ada", "quarterly revenue", 5)

    assert near.memory.id
    assert near.memory.batch == "batch-1"
    assert near.memory.created_at.tzinfo is not None
    assert near.meaning == pytest.approx(1.0, abs=0.01) or near.keyword is None
    assert 0 <= far.meaning < near.meaning <= 1


def test_the_nearest_come_and_no_more_than_asked_for(backend: Backend) -> None:
    for text in ("My dog is called Rex.", "I play the cello.", "I live in Rome."):
        keep(backend, "ada", text, batch="batch-1")

    # `limit` by meaning and `limit` by words.
    assert found_texts(backend, "ada", "Where do I live? In Rome?", limit=1)[0] == "I live in Rome."
    assert len(backend.search("ada", "Where do I live? In Rome?", 1)) <= 2
    assert backend.search("ada", "Where do I live?", 0) == []


def test_many_nearer_memories_of_others_hide_nothing(backend: Backend) -> None:
    keep(backend, "bob", *20 * ["My dog is called Rex."], batch="batch-1")
    keep(backend, "ada", "I play the cello.", batch="batch-2")

    assert found_texts(backend, "ada", "My dog is called Rex.") == ["I play the cello."]


def test_a_batch_is_looked_up_by_user_and_name(backend: Backend) -> None:
    keep(backend, "ada", "My dog is called Rex.", batch="batch-1")
    keep(backend, "ada", "I play the cello.", batch="batch-1")
    keep(backend, "ada", "I live in Rome.", batch="batch-2")
    keep(backend, "bob", "My cat is called Tom.", batch="batch-1")

    assert added_texts(backend, "batch-1") == {"My dog is called Rex.", "I play the cello."}
    assert added_texts(backend, "batch-3") == set()


def test_similarity_is_0_to_1_and_0_where_it_cannot_be_told(case: Case) -> None:
    other, same = case.backend.similarities("I live in Rome.", ["What time is it?", "I live in Rome."])

    assert 0 <= other <= same <= 1
    assert case.backend.similarities("I live in Rome.", []) == []
    assert same == (0 if case.behind else pytest.approx(1.0))


def test_with_infer_the_llm_says_what_is_remembered(backend: Backend) -> None:
    assert backend.extract("ada", said("What time is it?"), batch="batch-0") == []
    chat = [*said("I live in Rome. What time is it?"), {"role": "assistant", "content": "Noon."}]

    added = backend.extract("ada", chat, batch="batch-1")

    assert [(memory.text, memory.batch) for memory in added] == [("User live in Rome.", "batch-1")]
    assert {memory.id for memory in added} <= {memory.id for memory in backend.added_by("ada", "batch-1")}
    assert found_texts(backend, "ada", "Where do I live?") == ["User live in Rome."]
    assert added_texts(backend, "batch-1") == {"User live in Rome."}


def test_threads_search_and_add_at_once(backend: Backend) -> None:
    faults: list[Exception] = []

    def work(user: str) -> None:
        try:
            for number in range(3):
                keep(backend, user, f"{user} owns boat {number}.", batch=user)
                backend.search(user, "Which boats?", 5)
        except Exception as fault:  # noqa: BLE001 - told below
            faults.append(fault)

    users = [f"user-{number}" for number in range(4)]
    threads = [threading.Thread(target=work, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    assert [len(backend.added_by(user, user)) for user in users] == [3, 3, 3, 3]
