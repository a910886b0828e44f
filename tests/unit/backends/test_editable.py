"""What backends that can be changed memory by memory must do, over each of the library's stores."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.backends.base import EditableBackend, Memory
from tests.harness.qdrant_server import QdrantServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.backends.test_contract import LIBRARIES, library_case, library_settings, store_settings
from tests.unit.backends.test_contract import postgres as postgres
from tests.unit.backends.test_contract import qdrant as qdrant


@pytest.fixture(params=LIBRARIES)
def backend(
    request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, tmp_path: Path
) -> Iterator[EditableBackend]:
    settings = library_settings(scripted_llm, **store_settings(request.param, request))
    opened = library_case(settings, scripted_llm, tmp_path / "data").backend
    assert isinstance(opened, EditableBackend)
    with contextlib.closing(opened):
        yield opened


def texts(backend: EditableBackend, query: str, user: str = "ada") -> set[str]:
    return {item.memory.text for item in backend.search(user, query, 5)}


def test_a_memory_comes_back_as_it_was_stored(backend: EditableBackend) -> None:
    new = Memory(
        "", "The user flies to Oslo.", batch="b", kind="plan", expires="2999-01-01", chat="c", place=3
    )
    stored = backend.get(backend.store("ada", new))
    assert stored is not None
    kept = (stored.text, stored.batch, stored.kind, stored.expires, stored.chat, stored.place)
    assert kept == (new.text, "b", "plan", "2999-01-01", "c", 3)
    assert stored.created_at is not None


def test_a_replaced_memory_keeps_id_kind_place_and_created_time(backend: EditableBackend) -> None:
    new = Memory("", "The user lives in Lisbon.", kind="profile", expires="2999-01-01", chat="c", place=3)
    memory_id = backend.store("ada", new)
    before = backend.get(memory_id)
    backend.replace(memory_id, "The user lives in Porto.", expires="")
    after = backend.get(memory_id)
    assert before is not None
    assert after is not None
    assert (after.text, after.expires) == ("The user lives in Porto.", "")
    assert (after.kind, after.chat, after.place, after.created_at) == ("profile", "c", 3, before.created_at)
    assert texts(backend, "Where does the user live? In Lisbon?") == {"The user lives in Porto."}


def test_a_removed_memory_is_gone(backend: EditableBackend) -> None:
    memory_id = backend.store("ada", Memory("", "The user lives in Lisbon."))
    backend.remove(memory_id)
    assert backend.get(memory_id) is None
    assert backend.get_all([memory_id]) == []
    assert texts(backend, "The user lives in Lisbon.") == set()


def test_several_are_got_at_once(backend: EditableBackend) -> None:
    ids = [backend.store("ada", Memory("", f"The user has cat number {n}.")) for n in range(3)]
    gone = "00000000-0000-4000-8000-000000000000"
    assert {memory.id for memory in backend.get_all([*ids[:2], gone])} == set(ids[:2])
    assert backend.get_all([]) == []


def test_memories_of_a_kind_are_of_one_user_and_still_hold(backend: EditableBackend) -> None:
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


def test_words_find_what_meaning_does_not(backend: EditableBackend) -> None:
    """By the store's own index, or by BM25 over the candidates where it has none that will do."""
    backend.store("ada", Memory("", "The user's locker at the gym is number 4711."))
    for number in range(5):
        backend.store("ada", Memory("", f"The user likes the colour number {number} of the rainbow."))
    found = backend.search("ada", "What was 4711 again, please, which thing of mine?", 10)
    keywords = {item.memory.text: item.keyword for item in found}
    best = keywords.pop("The user's locker at the gym is number 4711.")
    assert best is None or best > max(value or 0.0 for value in keywords.values())


def test_with_qdrant_meaning_and_words_are_one_request(
    qdrant: QdrantServer, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    settings = library_settings(scripted_llm, vector_store="qdrant", vector_store_url=qdrant.url)
    backend = library_case(settings, scripted_llm, tmp_path / "data").backend
    with contextlib.closing(backend):
        backend.add("ada", [{"role": "user", "content": "My dog is called Rex."}], infer=False, batch="b")
        qdrant.requests.clear()
        (found,) = backend.search("ada", "dogs called Rex", 5)
    assert [path.rpartition("points/")[2] for path in qdrant.requests] == ["query/batch"]
    assert found.meaning > 0.5
    assert found.keyword is not None
    assert found.keyword > 0
