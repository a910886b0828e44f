"""What the library does with each of its stores."""

import contextlib
from pathlib import Path

import pytest

from owui_memory.backends.library import LibraryBackend
from owui_memory.core.errors import MemoryFault, Retry, TellAdmin
from owui_memory.core.memory import Memory
from owui_memory.stores.qdrant import store as qdrant_store
from tests.harness.postgres import PASSWORD, Postgres
from tests.harness.qdrant_server import QdrantServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.backends.contract import (
    KEY,
    LIBRARIES,
    faults_of,
    fill,
    found_texts,
    keep,
    library_case,
    library_settings,
    listed,
    said,
    store_settings,
)


@pytest.mark.parametrize("kind", LIBRARIES)
def test_memories_survive_a_reopening_but_not_by_another_embedder(
    kind: str, request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    settings = library_settings(scripted_llm, **store_settings(kind, request))
    with contextlib.closing(LibraryBackend.open(settings, tmp_path)) as backend:
        keep(backend, "ada", "I live in Rome.", batch="batch-1")

    with contextlib.closing(LibraryBackend.open(settings, tmp_path)) as backend:
        assert found_texts(backend, "ada", "Where do I live?") == ["I live in Rome."]

    with scripted_llm.fault("embeddings", dims=64), pytest.raises(TellAdmin, match=r"256 dimensions.* 64"):
        LibraryBackend.open(settings, tmp_path)


def test_mem0_keeps_no_history_and_the_messages_it_reads_again_in_memory(
    scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    (tmp_path / "mem0").mkdir()
    for name in ("history.db", "history.db-wal"):
        (tmp_path / "mem0" / name).write_text("of the release before")
    with contextlib.closing(LibraryBackend.open(library_settings(scripted_llm), tmp_path)) as backend:
        memory_id = backend.store("ada", Memory("", "The secret boat of ada."))
        backend.replace(memory_id, "The secret car of ada.", expires="")
        backend.extract("ada", said("I, ada, live in secret Rome."), batch="b")
        kept = backend._memory.db.connection
        before = "\n".join(kept.iterdump())
        backend.drop()
        after = "\n".join(kept.iterdump())
        for number in range(1100):
            backend._memory.db.save_messages([{"role": "user", "content": "."}], f"user_id={number}")
        count = kept.execute("SELECT count(*) FROM messages").fetchone()[0]
    assert "of ada." not in before
    assert "I, ada, live" in before
    assert "ada" not in after
    assert count == 1000
    assert not list((tmp_path / "mem0").glob("history.db*"))


@pytest.mark.filterwarnings("ignore:Failed to obtain server version")  # said by a thread of qdrant-client
def test_a_qdrant_server_with_a_key(scripted_llm: ScriptedLLM, tmp_path: Path) -> None:
    with QdrantServer(key=KEY) as server:
        right = library_settings(
            scripted_llm, vector_store="qdrant", vector_store_url=server.url, vector_store_api_key=KEY
        )
        wrong = right.model_copy(update={"vector_store_api_key": "wrong"})
        with pytest.warns(UserWarning, match="insecure connection"):
            backend = LibraryBackend.open(right, tmp_path)
        with contextlib.closing(backend):
            keep(backend, "ada", "I live in Rome.", batch="batch-1")
            assert found_texts(backend, "ada", "Where do I live?") == ["I live in Rome."]
            assert (right.collection, "user_id") in server.indexes

        with (
            pytest.warns(UserWarning, match="insecure connection"),
            pytest.raises(TellAdmin, match=r"store at 127.*401"),
        ):
            LibraryBackend.open(wrong, tmp_path)


@pytest.mark.filterwarnings("ignore:Failed to obtain server version")  # said by a thread of qdrant-client
@pytest.mark.parametrize("kind", ["qdrant", "pgvector"])
def test_a_store_that_is_not_there_is_tried_again_later(
    kind: str, request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    where = store_settings(kind, request)
    here = library_settings(scripted_llm, **where)
    nowhere = here.model_copy(
        update={"vector_store_url": where["vector_store_url"].split(":")[0] + "://127.0.0.1:9"}
    )

    with pytest.raises(Retry, match=r"store at 127\.0\.0\.1:9 cannot be reached"):
        LibraryBackend.open(nowhere, tmp_path)


def test_a_qdrant_that_goes_away_is_tried_again_later(
    qdrant: QdrantServer, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    settings = library_settings(scripted_llm, vector_store="qdrant", vector_store_url=qdrant.url)
    with contextlib.closing(LibraryBackend.open(settings, tmp_path)) as backend:
        qdrant.stop()

        faults = faults_of(backend)
        assert {type(fault) for fault in faults.values()} == {Retry}
        assert {"cannot be reached" in str(fault) for fault in faults.values()} == {True}
        assert {"store at 127" in str(fault) for fault in faults.values()} == {True}
        assert [part.name for part in backend.check() if not part.ok] == ["store"]


def test_a_wrong_password_of_postgresql(
    postgres: Postgres, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    settings = library_settings(
        scripted_llm, vector_store="pgvector", vector_store_url=postgres.url, vector_store_api_key="wrong"
    )

    with pytest.raises(MemoryFault, match="refuses the login") as raised:
        LibraryBackend.open(settings, tmp_path)

    assert "password" in raised.value.hint


def test_pgvector_searches_by_the_users_index(
    postgres: Postgres, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    settings = library_settings(
        scripted_llm, vector_store="pgvector", vector_store_url=postgres.url, vector_store_api_key=PASSWORD
    )
    with (
        contextlib.closing(LibraryBackend.open(settings, tmp_path)) as backend,
        backend._memory.vector_store._get_cursor() as cursor,
    ):
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", (settings.collection,))
        indexes = " ".join(row[0] for row in cursor.fetchall())

    assert "'user_id'" in indexes
    assert "hnsw" not in indexes


def test_with_qdrant_meaning_and_words_are_one_request_and_lists_have_pages(
    qdrant: QdrantServer, scripted_llm: ScriptedLLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qdrant_store, "_PAGE", 10)
    settings = library_settings(scripted_llm, vector_store="qdrant", vector_store_url=qdrant.url)
    backend = library_case("qdrant", settings, scripted_llm, tmp_path / "data").backend
    with contextlib.closing(backend):
        keep(backend, "ada", "My dog is called Rex.")
        qdrant.requests.clear()
        (found,) = backend.search("ada", "dogs called Rex", 5)
        assert [path.rpartition("points/")[2] for path in qdrant.requests] == ["query/batch"]
        fill(backend._memory, "bob", [f"Boat {number}." for number in range(25)])
        assert listed(backend, "bob") == [f"Boat {number}." for number in range(25)]
    assert found.meaning > 0.5
    assert found.keyword is not None
    assert found.keyword > 0
