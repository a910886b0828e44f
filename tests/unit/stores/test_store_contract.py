"""What every vector store must do: each test takes the stores one after the other."""

import contextlib
import uuid
from typing import Any

import pytest

from owui_memory.core.errors import Drop, TellAdmin
from tests.unit.stores.entries import EAST, NORTH, about, ids, number, put, put_many, scanned, texts
from tests.unit.stores.kinds import Place


@pytest.fixture
def store(place: Place) -> Any:
    return place.open()


# Paging -------------------------------------------------------------------------------------------


def test_an_empty_store_is_scanned_in_one_empty_page(store: Any) -> None:
    assert list(scanned(store, 10)) == [[]]
    assert store.count_rows() == 0


@pytest.mark.parametrize("limit", [1, 3, 6, 7, 100])
def test_a_scan_finds_all_of_all_users_once(store: Any, limit: int) -> None:
    put_many(store, range(4))
    put_many(store, range(4, 6), user="bob")

    pages = list(scanned(store, limit))

    assert sorted(ids([row for page in pages for row in page])) == [number(n) for n in range(6)]
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert pages[-1], "no page is wasted"
    assert store.count_rows() == 6


def test_a_scanned_row_has_its_payload_and_no_vector(store: Any) -> None:
    put(store, 1, "My dog is called Rex.", chat="chat-1", place=3)

    ((row,),) = scanned(store, 10)

    assert row.payload == about("My dog is called Rex.", chat="chat-1", place=3)
    assert getattr(row, "vector", None) is None


def test_a_scan_goes_on_in_another_process(place: Place) -> None:
    first = place.open()
    put_many(first, range(5))
    rows, after = first.scan(None, 2)
    first.close()

    more, end = place.open().scan(after, 10)

    assert end is None
    assert sorted(ids([*rows, *more])) == [number(n) for n in range(5)]


def test_what_is_there_all_the_time_comes_once_whatever_else_comes_and_goes(store: Any) -> None:
    stay, go = range(0, 40, 2), range(100, 110)
    put_many(store, [*stay, *go])
    seen: list[str] = []

    for at, page in enumerate(scanned(store, 4)):
        seen += ids(page)
        put(store, 1 + 2 * at, "new")  # before and behind where the scan is
        put(store, 1000 + at, "new")
        put(store, 0, "written once more")
        store.delete(number(100 + at % 10))
        if at > 100:
            pytest.fail("the scan does not end")

    assert [seen.count(number(n)) for n in stay] == [1] * len(stay)
    assert len(seen) == len(set(seen))


def test_a_row_that_the_next_page_begins_with_may_be_deleted(store: Any) -> None:
    put_many(store, range(6))
    _, after = store.scan(None, 3)
    store.delete_all([number(2), number(3)])

    rows, end = store.scan(after, 10)

    assert ids(rows) == [number(4), number(5)]
    assert end is None


# Putting and erasing ------------------------------------------------------------------------------


def test_put_once_more_changes_nothing(store: Any) -> None:
    for _ in range(2):
        put_many(store, range(3))

    assert store.count_rows() == 3
    assert len(store.search("", EAST, top_k=10, filters={"user_id": "ada"})) == 3


def test_put_replaces_text_vector_words_and_user(store: Any) -> None:
    id_ = put(store, 1, "My dog is called Rex.", user="ada", vector=EAST)

    put(store, 1, "The cat sleeps.", user="bob", vector=NORTH)

    assert texts([store.get(id_)]) == ["The cat sleeps."]
    assert store.search("", EAST, filters={"user_id": "ada"}) == []
    (found,) = store.search("", NORTH, filters={"user_id": "bob"})
    assert found.score == pytest.approx(1, abs=1e-3)
    assert not store.keyword_search("Rex", filters={"user_id": "ada"})
    assert not store.keyword_search("Rex", filters={"user_id": "bob"})
    assert texts(store.keyword_search("cat", filters={"user_id": "bob"})) == ["The cat sleeps."]


def test_nothing_is_put_got_and_erased(store: Any) -> None:
    put_many(store, range(2))

    store.put([], [], [])
    store.delete_all([])

    assert store.get_all([]) == []
    assert store.count_rows() == 2


def test_many_are_erased_in_one_go_and_the_absent_do_not_matter(store: Any) -> None:
    put_many(store, range(6))

    store.delete_all([number(n) for n in (1, 3, 5, 77)])

    assert sorted(ids(store.get_all([number(n) for n in range(6)]))) == [number(n) for n in (0, 2, 4)]
    assert store.count_rows() == 3
    assert sorted(ids(store.search("", EAST, top_k=10))) == [number(n) for n in (0, 2, 4)]
    assert number(3) not in ids(store.keyword_search("memory 3", filters={"user_id": "ada"}))


# One by one ---------------------------------------------------------------------------------------


def test_what_mem0_inserts_gets_ids_where_it_gives_none(store: Any) -> None:
    store.insert([EAST, NORTH], [about("one"), about("two")])

    (rows,) = store.list()
    assert sorted(texts(rows)) == ["one", "two"]
    assert len({uuid.UUID(str(row.id)) for row in rows}) == 2


def test_insert_is_an_upsert_too(store: Any) -> None:
    put(store, 1, "before")

    store.insert(vectors=[EAST], payloads=[about("after")], ids=[number(1)])

    assert store.count_rows() == 1
    assert texts([store.get(number(1))]) == ["after"]


def test_an_update_of_the_payload_replaces_it_and_its_words(store: Any) -> None:
    id_ = put(store, 1, "My dog is called Rex.", batch="batch-1", vector=NORTH)

    store.update(id_, payload=about("The cat sleeps."))

    assert store.get(id_).payload == about("The cat sleeps."), "what is not in the new one is gone"
    assert ids(store.search("", NORTH, filters={"user_id": "ada"})) == [id_]
    assert store.keyword_search("Rex", filters={"user_id": "ada"}) == []
    assert ids(store.keyword_search("cat", filters={"user_id": "ada"})) == [id_]


def test_an_update_of_the_vector_keeps_the_rest(store: Any) -> None:
    id_ = put(store, 1, "My dog is called Rex.", vector=EAST)

    store.update(id_, vector=NORTH)

    assert store.search("", NORTH)[0].score == pytest.approx(1, abs=1e-3)
    assert texts([store.get(id_)]) == ["My dog is called Rex."]
    assert ids(store.keyword_search("Rex", filters={"user_id": "ada"})) == [id_]


def test_an_update_of_both(store: Any) -> None:
    id_ = put(store, 1, "My dog is called Rex.", vector=EAST)

    store.update(vector_id=id_, vector=NORTH, payload=about("The cat sleeps."))

    (found,) = store.search("", NORTH)
    assert texts([found]) == ["The cat sleeps."]
    assert found.score == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    "given", [{"vector": EAST}, {"payload": about("x")}, {"vector": EAST, "payload": {}}, {}]
)
def test_an_update_of_what_is_gone_makes_nothing(store: Any, given: dict[str, Any]) -> None:
    with pytest.raises(Drop, match="no longer exists"):
        store.update(number(1), **given)
    assert store.count_rows() == 0


def test_delete_and_delete_again(store: Any) -> None:
    put_many(store, range(2))

    for _ in range(2):
        store.delete(vector_id=number(0))

    assert store.get(vector_id=number(0)) is None
    assert ids(store.list()[0]) == [number(1)]
    assert ids(store.search("", EAST)) == [number(1)]


def test_get_all_gives_those_that_there_are(store: Any) -> None:
    put_many(store, range(3))

    rows = store.get_all([number(n) for n in (0, 2, 9)])

    assert sorted(ids(rows)) == [number(0), number(2)]
    assert sorted(texts(rows)) == ["memory 0", "memory 2"]


# Filtered -----------------------------------------------------------------------------------------


def test_a_list_is_filtered_and_bounded(store: Any) -> None:
    for n, (user, batch) in enumerate([("ada", "b-1"), ("ada", "b-2"), ("bob", "b-1"), ("ada", "b-1")]):
        put(store, n, f"memory {n}", user, batch=batch)

    assert sorted(texts(store.list()[0])) == [f"memory {n}" for n in range(4)]
    assert sorted(texts(store.list({"user_id": "ada"})[0])) == ["memory 0", "memory 1", "memory 3"]
    assert sorted(texts(store.list(filters={"user_id": "ada", "batch": "b-1"}, top_k=9)[0])) == [
        "memory 0",
        "memory 3",
    ]
    assert len(store.list({"user_id": "ada"}, top_k=2)[0]) == 2
    assert texts(store.list({"user_id": "ada"}, top_k=0)[0]) == []
    assert texts(store.list({"user_id": "eve"})[0]) == []


@pytest.mark.parametrize(
    ("batch", "found"), [("b-2", ["memory 1"]), ("*", ["memory 0", "memory 1", "memory 2"])]
)
def test_filters(store: Any, batch: str, found: list[str]) -> None:
    for n in range(3):
        put(store, n, f"memory {n}", batch=f"b-{n + 1}")

    assert sorted(texts(store.list({"user_id": "ada", "batch": batch})[0])) == found
    assert sorted(texts(store.search("", EAST, filters={"user_id": "ada", "batch": batch}))) == found


def test_of_a_kind_newest_first(store: Any) -> None:
    for n, day in ((1, 3), (2, 1), (3, 4), (4, 2)):
        put(store, n, f"day {day}", kind="profile", created_at=f"2026-01-0{day}T10:00:00+00:00")
    put(store, 5, "a fact", kind="fact")
    put(store, 6, "Bob's", "bob", kind="profile")

    # sqlite keeps the order in which they came, which in life is the same.
    newest = {"day 4", "day 2"} if type(store).__name__ == "SqliteStore" else {"day 4", "day 3"}
    assert set(texts(store.of_kind("ada", "profile", 2))) == newest
    assert len(store.of_kind("ada", "profile", 10)) == 4
    assert list(store.of_kind("eve", "profile", 10)) == []
    assert list(store.of_kind("ada", "profile", 0)) == []


# Refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", [(1.0, 0.0), (1.0, 0.0, 0.0, 0.0, 0.0), ()])
def test_a_vector_of_another_size_is_refused_and_nothing_is_stored(store: Any, vector: Any) -> None:
    put(store, 1, "there")
    for refused in (
        lambda: store.put([number(2), number(3)], [EAST, vector], [about("two"), about("three")]),
        lambda: store.update(number(1), vector=vector),
        lambda: store.search("", vector),
    ):
        with pytest.raises(TellAdmin, match=f"4 dimensions, but the embedder makes {len(vector)}"):
            refused()
    assert ids(store.list()[0]) == [number(1)]


@pytest.mark.parametrize("number_", [float("nan"), float("inf"), "one", None])
def test_what_is_no_vector_is_dropped(store: Any, number_: Any) -> None:
    with pytest.raises(Drop):
        store.put([number(1)], [(1.0, 0.0, 0.0, number_)], [about("x")])
    assert store.count_rows() == 0


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_what_is_no_json_is_dropped_without_a_word_of_it(store: Any, value: Any) -> None:
    with pytest.raises(Drop) as raised:
        store.put([number(1)], [EAST], [about("My secret.", more=value)])
    assert "secret" not in str(raised.value) + raised.value.hint
    assert store.count_rows() == 0


def test_lists_of_different_lengths_are_dropped(store: Any) -> None:
    with pytest.raises(Drop):
        store.put([number(1)], [EAST, EAST], [about("x")])


@pytest.mark.parametrize("call", ["get", "delete"])
def test_an_id_of_another_kind_is_of_no_memory(store: Any, call: str) -> None:
    with contextlib.suppress(Drop):  # by those that look at it
        assert getattr(store, call)("not a uuid") is None
