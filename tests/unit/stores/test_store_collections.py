"""What every vector store must do with collections, restarts, many memories and many threads."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from owui_memory.core.errors import Retry, TellAdmin
from tests.unit.stores.entries import EAST, about, ids, number, put, put_many, scanned, texts
from tests.unit.stores.kinds import Place


@pytest.fixture
def store(place: Place) -> Any:
    return place.open()


def test_the_collection_of_another_embedder_is_refused(place: Place) -> None:
    place.open().close()

    with pytest.raises(TellAdmin, match="4 dimensions, but the embedder makes 8"):
        place.open(dims=8)


# Housekeeping -------------------------------------------------------------------------------------


def test_collections_do_not_mix(place: Place) -> None:
    one, other = place.open(), place.open(f"others_{uuid.uuid4().hex[:8]}")
    put(one, 1, "mine")
    put(other, 1, "theirs")

    one.reset()

    assert one.count_rows() == 0
    assert texts(other.list()[0]) == ["theirs"]


def test_a_reset_collection_stays_usable_for_all_who_have_it_open(place: Place) -> None:
    one, other = place.open(), place.open()
    put(one, 1, "My dog is called Rex.")

    one.reset()
    put(other, 2, "The cat sleeps.")

    assert texts(one.list()[0]) == ["The cat sleeps."]
    assert one.keyword_search("Rex", filters={"user_id": "ada"}) == []
    assert ids(one.keyword_search("cat", filters={"user_id": "ada"})) == [number(2)]


def test_a_deleted_collection_refuses_all_and_can_be_made_anew(place: Place) -> None:
    store = place.open()
    put(store, 1, "gone")

    store.delete_col()

    for refused in (
        lambda: store.put([number(2)], [EAST], [about("x")]),
        lambda: store.get(number(1)),
        lambda: store.scan(None, 10),
        lambda: store.search("", EAST),
        lambda: store.count_rows(),
    ):
        with pytest.raises(TellAdmin):
            refused()
    assert place.open().count_rows() == 0


def test_what_is_stored_is_there_when_opened_again(place: Place) -> None:
    before = place.open()
    put(before, 1, "My dog is called Rex.")
    before.close()

    after = place.open()

    assert texts(after.search("", EAST, filters={"user_id": "ada"})) == ["My dog is called Rex."]
    assert ids(after.keyword_search("Rex", filters={"user_id": "ada"})) == [number(1)]


def test_a_closed_store_says_that_it_is_closed(store: Any) -> None:
    store.close()
    store.close()

    with pytest.raises(Retry):
        store.get(number(1))


# Much and many ------------------------------------------------------------------------------------


def test_ten_thousand_memories(place: Place) -> None:
    store = place.open()
    many = range(500 if place.kind == "embedded" else 10_000)  # it waits for the disk at each
    half = len(many) // 2
    for start in range(0, len(many), half // 5):
        put_many(store, many[start : start + half // 5], user=f"user-{start // half}")

    assert store.count_rows() == len(many)
    assert sorted(id_ for page in scanned(store, 3000) for id_ in ids(page)) == [number(n) for n in many]
    assert len(store.list({"user_id": "user-1"})[0]) == half
    assert len(store.get_all([number(n) for n in many])) == len(many)
    last = f"memory {many[-1]}"
    assert texts(store.keyword_search(last, top_k=1, filters={"user_id": "user-1"})) == [last]

    store.delete_all([number(n) for n in many[1:]])

    assert ids(store.list()[0]) == [number(0)]


def test_threads_put_read_and_erase_at_the_same_time(store: Any) -> None:
    def live(user: int) -> None:
        own = range(user * 100, user * 100 + 10)
        scope = {"user_id": f"user-{user}"}
        for n in own:
            put(store, n, f"memory {n} of {user}", f"user-{user}")
            assert number(n) in ids(store.search("", EAST, top_k=20, filters=scope))
            assert number(n) in ids(store.keyword_search(f"memory {n}", top_k=20, filters=scope))
        store.delete_all([number(n) for n in own[:5]])
        assert sorted(ids(store.list(scope)[0])) == [number(n) for n in own[5:]]

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(live, user) for user in range(8)]:
            done.result()

    assert store.count_rows() == 40
