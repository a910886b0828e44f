"""What is erased is erased in every place: the home, places that were left, and mem0's own server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owui_memory.backends.assemble import assemble
from owui_memory.backends.library import LibraryBackend
from owui_memory.core.errors import MemoryFault
from owui_memory.manage.erasure import erase as module
from owui_memory.manage.erasure import erasures
from owui_memory.manage.erasure.erase import Eraser
from tests.harness import traces
from tests.harness.mem0_server import RestServer
from tests.harness.qdrant_server import QdrantServer
from tests.harness.traces import RARE
from tests.unit.manage.house import House

ALLERGY, DOG, CELLO = f"I am allergic to {RARE}.", "My dog is called Rex.", "I play the cello."


@pytest.fixture
def mem0_server(house: House, tmp_path: Path) -> Iterator[RestServer]:
    settings = house.with_model()
    memory, _ = assemble(settings, tmp_path / "mem0s-server")
    with RestServer(memory, "key") as running:
        yield running
    LibraryBackend(memory, settings, 0).close()


def at(server: RestServer) -> dict[str, Any]:
    """Settings."""
    return {"backend": "server", "backend_url": server.url, "backend_api_key": "key"}


def eraser_of(house: House, settings: Any) -> Eraser:
    return Eraser(house.engine, house.folder, lambda: settings, house.open_backend, house.live)


def known_of(server: RestServer, user: str) -> list[str]:
    """What mem0's server has of a user."""
    return [one["memory"] for one in server.memory.get_all(filters={"user_id": user})["results"]]


def test_a_user_in_a_collection_that_was_left(house: House) -> None:
    house.use(house.with_model())
    house.remember(ALLERGY, DOG)
    house.remember(CELLO, user="bob")
    now = house.with_small_model()
    house.use(now)
    receipt = eraser_of(house, now).erase_user("ada")
    assert receipt.counts["memories"] == 4, "two here, and two there"
    assert not receipt.unreached
    assert (house.texts(), house.texts("bob")) == ([], [CELLO])
    assert traces.in_files(house.folder) == []
    house.use(house.with_model())
    assert (house.texts(), house.texts("bob")) == ([], [CELLO]), "the way back brings nothing back"


def test_one_memory_in_a_store_that_was_left(house: House, tmp_path: Path) -> None:
    house.use(house.with_model(vector_store="qdrant", vector_store_url=str(house.folder / "qdrant")))
    house.remember(ALLERGY, DOG)
    now = house.with_model()
    house.use(now)
    assert len(traces.in_files(house.folder / "qdrant")) > 0
    receipt = eraser_of(house, now).forget("ada", [house.memory(ALLERGY).id])
    assert receipt.counts["memories"] == 2
    assert not receipt.unreached
    assert house.texts() == [DOG]
    assert traces.in_files(house.folder) == []


def test_a_store_that_was_left_and_refuses_the_key(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with QdrantServer() as qdrant:
        house.use(house.with_model(vector_store="qdrant", vector_store_url=qdrant.url))
        house.remember(ALLERGY)
        now = house.with_model()
        house.use(now)
        eraser = eraser_of(house, now)
        qdrant._key = "another"
        with pytest.raises(MemoryFault):
            eraser.erase_passages("ada", [], [], "a chat")
        receipt = eraser.erase_user("ada")
        assert [told.partition(",")[0] for told in receipt.unreached] == [
            f"qdrant {qdrant.url.removeprefix('http://')}"
        ]
        assert house.texts() == []
        assert traces.in_files(house.folder) == []
        assert erasures.Erasures(house.engine).open() != []
        qdrant._key = ""
        monkeypatch.setattr(module, "SETTLED_S", 0.0)
        monkeypatch.setattr(erasures, "SETTLED_S", 0.0)
        (receipt,) = eraser.go_on()
        assert (receipt.counts["memories"], receipt.unreached) == (1, ())
        assert erasures.Erasures(house.engine).open() == []


def test_a_user_at_mem0s_server(house: House, mem0_server: RestServer) -> None:
    now = house.with_model(**at(mem0_server))
    house.use(now)
    house.remember(ALLERGY, DOG)
    house.remember(CELLO, user="bob")
    receipt = eraser_of(house, now).erase_user("ada")
    assert receipt.counts["memories"] == 2
    (keeps,) = receipt.keeps
    assert keeps == f"mem0's server {mem0_server.url} keeps a history of what it has deleted: erase it there"
    assert (known_of(mem0_server, "ada"), known_of(mem0_server, "bob")) == ([], [CELLO])
    assert traces.in_files(house.folder) == []


def test_one_memory_at_mem0s_server_that_was_left(house: House, mem0_server: RestServer) -> None:
    """It gave ids of its own. Keys are not kept: it can be reached once the settings name it again."""
    house.use(house.with_model())
    house.remember(ALLERGY, DOG)
    house.locations.touch(["ada"])  # whom mem0's server is asked for
    house.use(house.with_model(**at(mem0_server)))
    now = house.with_small_model()
    house.use(now)
    receipt = eraser_of(house, now).forget("ada", [house.memory(ALLERGY).id])
    assert receipt.counts["memories"] == 2
    assert [told.partition("http:")[0] for told in receipt.unreached] == ["mem0's server "]
    assert house.texts() == [DOG]
    assert traces.in_files(house.folder) == []
    assert sorted(known_of(mem0_server, "ada")) == sorted([ALLERGY, DOG])
    (receipt,) = eraser_of(house, house.with_model(**at(mem0_server))).go_on()
    assert (receipt.counts["memories"], receipt.unreached) == (1, ())
    assert known_of(mem0_server, "ada") == [DOG]
