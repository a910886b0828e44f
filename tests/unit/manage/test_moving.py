"""Another model, another store: every memory comes along, while it is served from where it was."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from owui_memory.backends.assemble import assemble
from owui_memory.backends.library import LibraryBackend
from owui_memory.backends.locations import name_for
from owui_memory.config.settings import Valves
from owui_memory.manage.migrate import copying
from owui_memory.manage.migrate.records import Head, LibraryRecords
from owui_memory.state import erasures
from owui_memory.stores.sqlite.store import SqliteStore
from tests.harness.mem0_server import RestServer
from tests.harness.qdrant_server import QdrantServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.manage.house import CAT, CELLO, DOG, TOWN, House


@contextlib.contextmanager
def locked(qdrant: QdrantServer) -> Iterator[None]:
    """It lets nobody in any more."""
    qdrant._key = "another"
    yield
    qdrant._key = ""


class TestAnotherModel:
    def test_of_another_size_keeps_every_memory_there_and_back(self, moved_in: House) -> None:
        before = {memory.id: memory for memory in moved_in.backend.list_all("ada")}
        dog, cat = (moved_in.memory(text) for text in (DOG, CAT))
        moved_in.use(moved_in.with_small_model())
        assert {memory.id: memory for memory in moved_in.backend.list_all("ada")} == before
        assert moved_in.texts("bob") == [CELLO]
        assert DOG in moved_in.found("What is my dog called?")
        assert moved_in.small.embedded_texts().count(DOG) == 1
        moved_in.remember("I like green tea.")
        moved_in.forget(dog)
        moved_in.backend.replace(cat.id, "My cat is called Tim.", expires="")
        moved_in.use(moved_in.with_model())
        assert moved_in.texts() == sorted(["My cat is called Tim.", TOWN, "I like green tea."])

    def test_of_the_same_size_gets_a_collection_of_its_own(self, moved_in: House) -> None:
        moved_in.use(moved_in.with_model("second"))
        home = moved_in.locations.home()
        assert home.name == name_for("memories", "second", moved_in.llm.dims)
        assert moved_in.texts() == sorted([DOG, CAT, TOWN])

    def test_another_llm_moves_nothing_and_another_collection_is_another_set(self, moved_in: House) -> None:
        moved_in.llm.clear()
        llm = moved_in.llm.reads("chat")
        moved_in.use(moved_in.with_model(**llm))
        assert DOG not in moved_in.llm.embedded_texts()
        assert [one.role for one in moved_in.locations.known()] == ["home"]
        moved_in.live.use(moved_in.with_model(collection="work"))
        wait_until(lambda: not moved_in.texts(), what="the other set is served, which is empty")
        moved_in.use(moved_in.with_model())
        assert moved_in.texts() == sorted([DOG, CAT, TOWN])


class TestMeanwhile:
    """The new embedder takes its time."""

    @pytest.fixture
    def moving(self, moved_in: House) -> Iterator[House]:
        with moved_in.small.hold("embeddings", when=TOWN) as gate:
            moved_in.live.use(moved_in.with_small_model())
            wait_until(lambda: gate.waiting, what="the last memory is being embedded")
            moved_in.release = gate.release
            yield moved_in

    def test_the_earlier_place_serves_and_what_changes_comes_along(self, moving: House) -> None:
        assert DOG in moving.found("What is my dog called?")
        assert moving.texts() == sorted([DOG, CAT, TOWN])
        state = moving.state()
        assert state.ok
        assert " of 4 memories are in sqlite, collection memories_small_64" in state.detail
        dog, cat = (moving.memory(text) for text in (DOG, CAT))
        moving.backend.remove(dog.id)
        moving.backend.replace(cat.id, "My cat is called Tim.", expires="2031-01-01")
        moving.remember("I like green tea.")
        moving.release()
        wait_until(lambda: moving.serves(moving.with_small_model()), what="it is moved")
        assert moving.texts() == sorted(["My cat is called Tim.", TOWN, "I like green tea."])
        assert moving.memory("My cat is called Tim.").expires == "2031-01-01"
        wait_until(lambda: moving.state() is None, what="nothing is moved any more")

    def test_going_back_to_the_earlier_settings_ends_it(self, moving: House) -> None:
        before = moving.live.current
        moving.live.use(moving.with_model())
        moving.release()
        wait_until(lambda: moving.live.current is not before, what="it is opened anew")
        wait_until(lambda: moving.serves(moving.with_model()), what="it stays where it was")
        moving.remember("I like green tea.")
        assert moving.texts() == sorted([DOG, CAT, TOWN, "I like green tea."])

    def test_a_third_choice_gets_everything(self, moving: House) -> None:
        moving.live.use(moving.with_model("third"))
        moving.release()
        wait_until(lambda: moving.serves(moving.with_model("third")), what="the third one serves")
        assert moving.texts() == sorted([DOG, CAT, TOWN])

    def test_a_restart_goes_on_from_there(self, moving: House) -> None:
        moving.leave()
        moving.release()
        moving.small.clear()
        moving.enter()
        moving.use(moving.with_small_model())
        assert moving.texts() == sorted([DOG, CAT, TOWN])

    def test_nobody_writes_while_the_place_is_changed(self, moving: House) -> None:
        entered, leave = threading.Event(), threading.Event()

        def write() -> None:
            with moving.live.writing():
                moving.remember("I like green tea.")
                entered.set()
                leave.wait(60)
                moving.remember("I like black tea.")

        writer = threading.Thread(target=write)
        writer.start()
        assert entered.wait(60)
        moving.release()
        wait_until(
            lambda: (state := moving.state()) and state.detail.startswith("4 of 4"), what="most is copied"
        )
        assert not moving.serves(moving.with_small_model())
        leave.set()
        writer.join(60)
        wait_until(lambda: moving.serves(moving.with_small_model()), what="moved")
        assert moving.texts() == sorted([DOG, CAT, TOWN, "I like green tea.", "I like black tea."])


class TestAtAStart:
    def test_the_former_place_serves_until_all_is_moved(self, moved_in: House) -> None:
        moved_in.leave()
        with moved_in.small.hold("embeddings", when=DOG) as gate:
            moved_in.enter()
            moved_in.live.use(moved_in.with_small_model())
            wait_until(lambda: gate.waiting, what="it is being moved")
            assert DOG in moved_in.found("What is my dog called?")
            gate.release()
            moved_in.use(moved_in.with_small_model())
        assert moved_in.texts() == sorted([DOG, CAT, TOWN])

    def test_where_the_former_embedder_is_gone_the_new_one_serves_and_gets_the_rest(
        self, moved_in: House, scripted_llm: ScriptedLLM
    ) -> None:
        moved_in.leave()
        with scripted_llm.fault("embeddings", status=500):
            moved_in.enter()
            moved_in.use(moved_in.with_small_model())
            wait_until(lambda: len(moved_in.texts()) == 3, what="the rest is there")
        assert moved_in.texts("bob") == [CELLO]
        assert moved_in.locations.leftovers()[0].pending is False

    def test_where_the_former_store_is_gone_it_is_collected_later(self, house: House) -> None:
        with QdrantServer() as qdrant:
            house.use(house.with_model(vector_store="qdrant", vector_store_url=qdrant.url))
            house.remember(DOG)
            house.leave()
            with locked(qdrant):
                house.enter()
                house.use(house.with_model())
                house.remember(CAT)
                wait_until(lambda: (s := house.state()) and not s.ok, what="the status tells it")
                state = house.state()
                assert "cannot be read" in state.detail
                assert "--abandon" in state.hint
                assert house.texts() == [CAT]
            wait_until(lambda: house.texts() == sorted([CAT, DOG]), what="the rest is there")
            wait_until(lambda: house.state() is None, what="nothing is said any more")

    def test_what_is_still_to_be_erased_there_is_not_collected(self, house: House) -> None:
        house.use(house.with_model())
        house.remember(DOG)
        home = house.locations.home()
        assert home is not None
        house.leave()
        house.enter()
        with house.engine.begin() as connection:
            row = {"user_id": "ada", "whole": True, "memory_ids": "[]", "batches": "[]", "asked_at": 1.0}
            connection.execute(erasures.insert().values(**row, locations="[1]"))
        with house.llm.fault("embeddings", status=500):
            house.use(house.with_small_model())
            wait_until(lambda: (s := house.state()) and not s.ok, what="the status tells it")
        assert house.texts() == []
        with house.engine.begin() as connection:
            connection.execute(erasures.update().values(locations="[]"))
        wait_until(lambda: house.texts() == [DOG], what="nothing is to be erased any more")

    def test_what_was_forgotten_meanwhile_is_not_brought_back(self, house: House) -> None:
        with QdrantServer() as qdrant:
            elsewhere = house.with_model(vector_store="qdrant", vector_store_url=qdrant.url)
            house.use(elsewhere)
            house.remember(DOG)
            house.use(house.with_model())
            house.forget(house.backend.list_all("ada")[0])
            house.leave()
            house.enter()
            house.use(house.with_model())
            wait_until(lambda: house.mover.idle, what="nothing is collected any more")
        assert house.texts() == []


class TestSeveralServers:
    def test_one_copies_and_both_serve(self, moved_in: House, small_llm: ScriptedLLM) -> None:
        other = House(moved_in.folder, moved_in.llm, small_llm)
        other.use(other.with_model())
        with small_llm.hold("embeddings", when=TOWN) as gate:
            moved_in.live.use(moved_in.with_small_model())
            wait_until(lambda: gate.waiting, what="one copies")
            other.live.use(other.with_small_model())
            other.remember("I like green tea.")
            gate.release()
        for house in (moved_in, other):
            wait_until(
                lambda house=house: house.serves(house.with_small_model()), what="both serve from there"
            )
            wait_until(
                lambda house=house: house.texts() == sorted([DOG, CAT, TOWN, "I like green tea."]),
                what=lambda house=house: f"all is there: {house.texts()}",
            )
        assert small_llm.embedded_texts().count(DOG) == 1
        other.close()


class TestMem0sServer:
    @pytest.fixture
    def rest(self, house: House) -> Iterator[RestServer]:
        memory, _ = assemble(house.with_model(), house.folder / "mem0s-server")
        with RestServer(memory, "key") as server:
            yield server
        LibraryBackend(memory, Valves(), 0).close()

    @staticmethod
    def on(rest: RestServer) -> Valves:
        return Valves(backend="server", backend_url=rest.url, backend_api_key="key")

    def test_there_and_back(self, moved_in: House, rest: RestServer, monkeypatch: pytest.MonkeyPatch) -> None:
        """More than the server lists at once."""
        monkeypatch.setattr("owui_memory.backends.server._LISTED", 5)
        lockers = [f"My locker number {number} is green." for number in range(10)]
        moved_in.remember(*lockers)
        first = {memory.id: memory for memory in moved_in.backend.list_all("ada")}
        moved_in.locations.touch(["ada", "bob"])
        moved_in.use(self.on(rest))
        there = moved_in.backend.list_all("ada")
        assert {memory.origin for memory in there} == set(first)
        assert {memory.created_at for memory in there} == {memory.created_at for memory in first.values()}
        moved_in.forget(moved_in.memory(DOG))
        moved_in.remember("I like green tea.")
        moved_in.use(moved_in.with_model())
        assert moved_in.texts() == sorted([CAT, TOWN, "I like green tea.", *lockers])
        back = {memory.id: memory for memory in moved_in.backend.list_all("ada")}
        assert len(set(back) & set(first)) == 12

    def test_back_by_presets_that_still_name_its_address_and_key(
        self, moved_in: House, rest: RestServer
    ) -> None:
        moved_in.locations.touch(["ada", "bob"])
        moved_in.use(self.on(rest))
        moved_in.remember("I like green tea.")
        still = {"backend_url": rest.url, "backend_api_key": "key"}
        moved_in.leave()
        moved_in.enter()
        moved_in.live.use(moved_in.with_model(**still))
        wait_until(lambda: isinstance(moved_in.live.current, LibraryBackend), what="the library serves again")
        assert moved_in.texts() == sorted([DOG, CAT, TOWN, "I like green tea."])


def test_what_is_forgotten_while_the_rest_is_looked_for_does_not_come_back(moved_in: House) -> None:
    library = moved_in.backend
    assert isinstance(library, LibraryBackend)

    class Late(LibraryRecords):
        def heads(self) -> dict[str, Head]:
            moved_in.forget(moved_in.memory(DOG))
            return super().heads()

    store = library.vector_store
    left = LibraryRecords(store)
    before = left.heads()
    left.heads = lambda: before
    embed = library.embedder.embed_batch
    copy = copying.Copy(left, Late(store, embed), deletes=False, stop=threading.Event())
    assert copy.fill(since="", without=lambda: moved_in.locations.removed_since(0.0)) == 0
    assert moved_in.texts() == sorted([CAT, TOWN])


def test_what_was_made_at_the_same_time_keeps_its_order(tmp_path: Path) -> None:
    kept = [SqliteStore("memories", 3, str(tmp_path / name)) for name in ("source", "target")]
    texts = [f"My locker number {number} is green." for number in range(20)]
    payloads = [{"data": text, "user_id": "ada", "created_at": "2026-01-01"} for text in texts]
    kept[0].put([str(number) for number in range(10, 30)], [[1.0, 0.0, 0.0]] * 20, payloads)
    written: list[str] = []

    def embed(some: Sequence[str]) -> list[list[float]]:
        written.extend(some)
        return [[1.0, 0.0, 0.0] for _ in some]

    source, target = LibraryRecords(kept[0]), LibraryRecords(kept[1], embed)
    copy = copying.Copy(source, target, deletes=False, stop=threading.Event())
    assert copy.fill(since="", without=lambda: ["17"]) == 19
    for store in kept:
        store.close()
    assert written == [*texts[:7], *texts[8:]]


def test_what_one_refuses_keeps_nobody_else_back(moved_in: House) -> None:
    with moved_in.small.fault("embeddings", when=CAT, status=400):
        moved_in.use(moved_in.with_small_model())
        wait_until(lambda: moved_in.mover.idle, what="nothing is collected any more")
    assert moved_in.texts() == sorted([DOG, TOWN])
    state = moved_in.state()
    assert "1 memories were refused" in state.detail


def test_many_are_copied_in_batches(house: House) -> None:
    house.use(house.with_model())
    texts = [f"My locker number {number} is green." for number in range(3 * copying.BATCH + 1)]
    house.remember(*texts)
    house.small.clear()
    house.use(house.with_small_model())
    assert house.texts() == sorted(texts)
    copied = [request.inputs for request in house.small.requests if "locker" in "".join(request.inputs)]
    assert len([inputs for inputs in copied if len(inputs) > 1]) <= 5
