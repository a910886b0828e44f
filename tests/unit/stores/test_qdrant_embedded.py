"""Qdrant inside this process: one folder, one process, one call at a time."""

import contextlib
import multiprocessing
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from owui_memory.backends.library import LibraryBackend
from owui_memory.core.errors import Retry, TellAdmin
from owui_memory.stores.qdrant import connection as qdrant_connection
from owui_memory.stores.qdrant.store import QdrantStore
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.backends.contract import keep, library_settings

VECTOR = [1.0, 0.0, 0.0, 0.0]
ID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "qdrant")


def opened(folder: str, name: str = "memories", dims: int = 4) -> Any:
    return contextlib.closing(QdrantStore(name, dims, path=folder))


def put_one(store: QdrantStore, text: str = "My dog is called Rex.") -> None:
    store.put([ID], [VECTOR], [{"data": text, "user_id": "ada"}])


def hold(folder: str, held: Any, done: Any) -> None:
    with opened(folder):
        held.set()
        done.wait(60)


def test_a_folder_that_another_server_has_open_is_refused(folder: str) -> None:
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    other = context.Process(target=hold, args=(folder, held, done))
    other.start()
    try:
        assert held.wait(60)
        with pytest.raises(TellAdmin, match="in use by another server") as raised:
            QdrantStore("memories", 4, path=folder)
        assert "use a Qdrant server, or choose vector_store sqlite" in raised.value.hint
    finally:
        done.set()
        other.join(60)

    with opened(folder) as store:  # once the other has gone
        assert store.count_rows() == 0


def test_the_next_backend_opens_before_the_last_one_closes(folder: str) -> None:
    """As when settings change."""
    with opened(folder) as before:
        put_one(before)
        after = QdrantStore("memories", 4, path=folder)
    with contextlib.closing(after):
        assert after.count_rows() == 1
        with pytest.raises(Retry, match="closed"):
            before.count_rows()
    assert not qdrant_connection._open

    with opened(folder) as again:
        assert again.get(ID).payload["data"] == "My dog is called Rex."


def test_two_names_of_a_folder_are_one(folder: str) -> None:
    with opened(folder) as one, opened(folder + "/../qdrant/") as other:
        put_one(one)
        assert other.count_rows() == 1


def test_a_store_that_could_not_be_opened_leaves_the_folder_free(folder: str) -> None:
    with opened(folder):
        pass
    with pytest.raises(TellAdmin, match=r"4 dimensions.* 8"):
        QdrantStore("memories", 8, path=folder)
    assert not qdrant_connection._open


def test_one_call_at_a_time(folder: str) -> None:
    running, most = 0, 0

    def slow(*_: Any, **__: Any) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.01)  # long enough for another to get in, if it could
        running -= 1

    with opened(folder) as store, opened(folder, "others") as other:
        store.client._client.count = other.client._client.count = slow
        threads = [
            threading.Thread(target=one.client.count, args=("memories",)) for one in (store, other) * 5
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert most == 1


def test_it_never_touches_the_network(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    with opened(folder) as store:
        put_one(store)
        ((by_meaning, by_words),) = store.search_owners("Rex the dog", VECTOR, 5, ["ada"])
        assert [row.id for row in by_meaning] == [row.id for row in by_words] == [ID]
        store.reset()


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_folder_that_cannot_be_one_is_for_the_admin(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(TellAdmin, match="cannot be used"):
        QdrantStore("memories", 4, path=str(tmp_path / name))


def test_the_library_on_an_embedded_qdrant(scripted_llm: ScriptedLLM, tmp_path: Path) -> None:
    place = {"vector_store": "qdrant", "vector_store_url": f"file://{tmp_path}/qdrant"}
    settings = library_settings(scripted_llm, **place)

    with contextlib.closing(LibraryBackend.open(settings, tmp_path / "data")) as backend:
        keep(backend, "ada", "My dog is called Rex.", batch="batch-1")
        keep(backend, "bob", "My dog is called Fido.", batch="batch-1")
        (found,) = backend.search("ada", "dogs called Rex", 5)
        (store,) = [part for part in backend.check() if part.name == "store"]

    assert found.memory.text == "My dog is called Rex."
    assert found.keyword is not None
    assert found.keyword > 0
    assert store.ok
    assert f"qdrant embedded in {tmp_path}/qdrant" in store.detail
    assert "sqlite is faster" in store.hint
    assert not qdrant_connection._open


def test_mem0s_second_collection_shares_the_folder(scripted_llm: ScriptedLLM, tmp_path: Path) -> None:
    settings = library_settings(
        scripted_llm, vector_store="qdrant", vector_store_url=str(tmp_path / "qdrant"), extraction="mem0"
    )
    with contextlib.closing(LibraryBackend.open(settings, tmp_path / "data")) as backend:
        entities = backend._memory.entity_store
        entities.insert([[1.0] * backend._dims], [{"data": "Rex", "user_id": "ada"}], [ID])

        assert entities.collection_name == settings.collection + "_entities"
        assert entities.count_rows() == 1
        assert backend._memory.vector_store.count_rows() == 0
    assert not qdrant_connection._open
