"""What every backend must do: memories are stored, got, replaced and removed one by one."""

import threading
from collections.abc import Callable

from owui_memory.backends.base import Backend
from owui_memory.core.memory import Memory
from tests.unit.backends.contract import NOBODYS, Case, keep, listed


def texts(backend: Backend, query: str, user: str = "ada") -> set[str]:
    return {item.memory.text for item in backend.search(user, query, 5)}


def test_a_memory_comes_back_as_it_was_stored(backend: Backend) -> None:
    new = Memory(
        "", "The user flies to Oslo.", batch="b", kind="plan", expires="2999-01-01", chat="c", ordinal=3
    )
    stored = backend.get(backend.store("ada", new))
    kept = (stored.text, stored.batch, stored.kind, stored.expires, stored.chat, stored.ordinal)
    assert kept == (new.text, "b", "plan", "2999-01-01", "c", 3)
    assert stored.created_at is not None


def test_a_replaced_memory_keeps_id_kind_place_and_created_time(backend: Backend) -> None:
    new = Memory("", "The user lives in Lisbon.", kind="profile", expires="2999-01-01", chat="c", ordinal=3)
    memory_id = backend.store("ada", new)
    before = backend.get(memory_id)
    backend.replace(memory_id, "The user lives in Porto.", expires="")
    after = backend.get(memory_id)
    assert (after.text, after.expires) == ("The user lives in Porto.", "")
    assert (after.kind, after.chat, after.ordinal, after.created_at) == ("profile", "c", 3, before.created_at)
    assert texts(backend, "Where does the user live? In Lisbon?") == {"The user lives in Porto."}


def test_several_are_got_at_once(backend: Backend) -> None:
    ids = [backend.store("ada", Memory("", f"The user has cat number {n}.")) for n in range(3)]
    assert {memory.id for memory in backend.get_all([*ids[:2], NOBODYS])} == set(ids[:2])
    assert backend.get_all([]) == []


def test_memories_of_a_kind_are_of_one_user_and_still_hold(backend: Backend) -> None:
    for text, kind, expires in (
        ("The user is called Ada.", "profile", ""),
        ("The user lives in Lisbon.", "profile", ""),
        ("The user wants short answers.", "preference", ""),
        ("The user lived in Rome.", "profile", "2020-01-01"),
    ):
        backend.store("ada", Memory("", text, kind=kind, expires=expires))
    backend.store("bob", Memory("", "The user is called Bob.", kind="profile"))
    found = [memory.text for memory in backend.of_kind("ada", "profile", 10)]
    assert found == ["The user lives in Lisbon.", "The user is called Ada."], "newest first"


def test_words_find_what_meaning_does_not(backend: Backend) -> None:
    """By the store's own index, or by BM25 over the candidates where it has none that will do."""
    backend.store("ada", Memory("", "The user's locker at the gym is number 4711."))
    for number in range(5):
        backend.store("ada", Memory("", f"The user likes the colour number {number} of the rainbow."))
    found = backend.search("ada", "What was 4711 again, please, which thing of mine?", 10)
    keywords = {item.memory.text: item.keyword for item in found}
    best = keywords.pop("The user's locker at the gym is number 4711.")
    assert best is None or best > max(value or 0.0 for value in keywords.values())


def test_a_replaced_memory_is_told_from_a_gone_one(backend: Backend) -> None:
    memory_id = backend.store("ada", Memory("", "The user lives in Lisbon."))

    assert backend.replace(memory_id, "The user lives in Porto.", expires="") is True
    assert backend.remove(memory_id) is True
    assert backend.replace(memory_id, "The user lives in Rome.", expires="") is False
    assert backend.remove(memory_id) is False
    assert backend.get(memory_id) is None
    assert backend.get_all([memory_id]) == []
    assert texts(backend, "The user lives in Porto.") == set()
    assert listed(backend) == []


def test_an_id_of_no_memory_is_no_fault(backend: Backend) -> None:
    backend.store("ada", Memory("", "The user lives in Lisbon."))

    for memory_id in ("", "no id", "../memories", NOBODYS, NOBODYS + "\n", "*", "{}", "4711"):
        assert backend.get(memory_id) is None
        assert backend.get_all([memory_id]) == []
        assert backend.replace(memory_id, "The user lives in Porto.", expires="") is False
        assert backend.remove(memory_id) is False
    assert listed(backend) == ["The user lives in Lisbon."]


def test_the_same_text_again_changes_the_last_day_alone(backend: Backend) -> None:
    memory_id = backend.store("ada", Memory("", "The user has an exam.", expires="2999-01-01"))

    for expires in ("2999-02-01", ""):
        assert backend.replace(memory_id, "The user has an exam.", expires=expires)
        stored = backend.get(memory_id)
        assert (stored.text, stored.expires) == ("The user has an exam.", expires)


TEXTS = {
    "Likes 🦒 and 👩‍👩‍👧.": "Likes 🦒 and 👩‍👩‍👧.",
    "גר בתל אביב, ליד Dizengoff 5.": "גר בתל אביב, ליד Dizengoff 5.",
    "我住在北京的胡同里。": "我住在北京的胡同里。",
    "Two\nlines\tand \u2028 more.": "Two\nlines\tand \u2028 more.",
    "Quotes \" and ' \\ and % _ ;--": "Quotes \" and ' \\ and % _ ;--",
    "Before\0after.": "Before\ufffdafter.",
    "Half a \ud83e.": "Half a \ufffd.",
    "Two halves: \ud83e\udd92.": "Two halves: 🦒.",
}


def test_every_text_is_kept_as_far_as_it_is_one(backend: Backend) -> None:
    for number, (text, stored) in enumerate(TEXTS.items()):
        user = f"user-{number}"
        new = backend.store(user, Memory("", text, batch="b"))
        changed = backend.store(user, Memory("", "Something else.", batch="b"))
        assert backend.replace(changed, text, expires="")
        keep(backend, user, text)

        assert listed(backend, user) == [stored] * 3
        assert {memory.text for memory in backend.added_by(user, "b")} == {stored}
        assert {item.memory.id for item in backend.search(user, text, 5)} >= {new, changed}


def test_edits_at_once(case: Case) -> None:
    backend = case.backend
    own = [backend.store("ada", Memory("", f"Boat {number}.")) for number in range(4)]
    shared = backend.store("ada", Memory("", "The shared boat.", kind="plan"))
    gone: list[bool] = []

    def work(number: int) -> None:
        for step in range(3):
            assert backend.replace(own[number], f"Boat {number}, step {step}.", expires="")
            assert backend.replace(shared, f"The shared boat, by {number}.", expires="")
            assert backend.get(own[number]) is not None
        gone.append(backend.remove(own[number]))

    assert at_once(work) == []
    assert gone == [True] * 4
    (left,) = backend.list_all("ada")
    assert (left.id, left.kind) == (shared, "plan")
    assert left.text in {f"The shared boat, by {number}." for number in range(4)}


def test_the_same_memory_is_removed_by_several_at_once(case: Case) -> None:
    memory_id = case.backend.store("ada", Memory("", "A boat."))

    assert at_once(lambda _: case.backend.remove(memory_id)) == []
    assert case.backend.get(memory_id) is None


def at_once(work: Callable[[int], object]) -> list[BaseException]:
    """Four threads with their numbers; what they raised."""
    faults: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as fault:  # noqa: BLE001 - told below
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults
