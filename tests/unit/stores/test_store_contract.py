"""What every vector store must do: each test takes the stores one after the other."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from owui_memory.core.errors import Drop, Retry, TellAdmin
from tests.unit.stores.kinds import KINDS, Place, place_of

EAST, NORTH, WEST = (1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (-1.0, 0.0, 0.0, 0.0)


def number(n: int) -> str:
    """The id of a test's n-th memory; they sort as their numbers do."""
    return str(uuid.UUID(int=n, version=4))


def about(text: str, user: str = "ada", **more: Any) -> dict[str, Any]:
    return {"data": text, "user_id": user, "created_at": "2026-01-01T00:00:00+00:00", **more}


def put(store: Any, n: int, text: str, user: str = "ada", vector: Sequence[float] = EAST, **more: Any) -> str:
    store.put([number(n)], [vector], [about(text, user, **more)])
    return number(n)


def put_many(store: Any, numbers: Sequence[int], user: str = "ada") -> None:
    store.put(
        [number(n) for n in numbers], [EAST for _ in numbers], [about(f"memory {n}", user) for n in numbers]
    )


def texts(rows: Sequence[Any]) -> list[str]:
    return [row.payload["data"] for row in rows]


def ids(rows: Sequence[Any]) -> list[str]:
    return [str(row.id) for row in rows]


def scanned(store: Any, limit: int) -> Iterator[list[Any]]:
    """Page after page."""
    after = None
    while True:
        rows, after = store.scan(after, limit)
        yield list(rows)
        if after is None:
            return


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with place_of(request.param, tmp_path, request) as place:
        yield place


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
    ("batch", "found"),
    [
        ({"in": ["b-1", "b-3"]}, ["memory 0", "memory 2"]),
        (["b-1", "b-3"], ["memory 0", "memory 2"]),
        ({"ne": "b-1"}, ["memory 1", "memory 2"]),
        ("*", ["memory 0", "memory 1", "memory 2"]),
    ],
)
def test_mem0s_own_filters(store: Any, batch: Any, found: list[str]) -> None:
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


# Searching ----------------------------------------------------------------------------------------


def test_a_search_is_by_cosine_and_best_first(store: Any) -> None:
    put(store, 1, "north", vector=NORTH)
    put(store, 2, "north-east, far", vector=(30.0, 30.0, 0.0, 0.0))
    put(store, 3, "east", vector=EAST)
    put(store, 4, "west", vector=WEST)

    found = store.search("", EAST, top_k=3, filters={"user_id": "ada"})

    assert texts(found) == ["east", "north-east, far", "north"]
    assert [row.score for row in found] == pytest.approx([1, 0.7071, 0], abs=1e-3)
    assert list(store.search("", EAST, top_k=0, filters={"user_id": "ada"})) == []


def test_a_search_never_finds_another_users(store: Any) -> None:
    put(store, 1, "Ada's dog is called Rex.", "ada", NORTH)
    for n in range(2, 60):
        put(store, n, f"Bob's dog {n} is called Rex.", "bob", EAST)

    assert ids(store.search("", EAST, top_k=5, filters={"user_id": "ada"})) == [number(1)]
    assert ids(store.keyword_search("Rex", top_k=5, filters={"user_id": "ada"})) == [number(1)]
    assert list(store.search("", EAST, top_k=5, filters={"user_id": "eve"})) == []
    assert store.keyword_search("Rex", top_k=5, filters={"user_id": "eve"}) == []


@pytest.mark.parametrize("query", ["Which dog is called Rex?", "?!", "nothing of it"])
def test_several_users_are_searched_at_once_and_each_apart(store: Any, query: str) -> None:
    """In their order, with what a search of each alone finds: a user's facts and past chats lie so."""
    owners = ["ada", "past/ada", "team/design", "nobody"]
    for at, owner in enumerate(owners[:3]):
        for n in range(6):
            vector = (1.0, 0.2 * n, 0.0, 0.1 * at)
            put(store, 10 * at + n, f"{owner}: dog {n} is called {'Rex' if n % 2 else 'Bo'}.", owner, vector)
    put(store, 99, "The dog of another is called Rex.", "bob")

    found = store.search_owners(query, EAST, 4, owners)

    assert len(found) == 4
    for owner, (by_meaning, by_words) in zip(owners, found, strict=True):
        alone = store.search(query, EAST, 4, {"user_id": owner})
        assert ids(by_meaning) == ids(alone)
        assert [row.score for row in by_meaning] == pytest.approx([row.score for row in alone])
        alone = store.keyword_search(query, 4, {"user_id": owner})
        assert sorted(ids(by_words)) == sorted(ids(alone))
        assert {row.payload["user_id"] for row in [*by_meaning, *by_words]} <= {owner}
    assert [len(by_meaning) for by_meaning, _ in found] == [4, 4, 4, 0]
    assert store.search_owners(query, EAST, 4, []) == []
    assert store.search_owners(query, EAST, 0, ["ada"]) == [([], [])]


def test_a_memory_without_a_direction_does_no_harm(store: Any) -> None:
    put(store, 1, "no direction", vector=(0.0, 0.0, 0.0, 0.0))
    put(store, 2, "east", vector=EAST)

    assert texts(store.search("", EAST, top_k=1)) == ["east"]
    assert texts([store.get(number(1))]) == ["no direction"]
    store.search("", (0.0, 0.0, 0.0, 0.0), top_k=5)


def test_some_of_the_words_are_enough_and_rare_ones_count_more(store: Any) -> None:
    for n in range(2, 12):
        put(store, n, f"The user likes the colour number {n}.")
    put(store, 1, "The locker's code is 4711.")

    found = store.keyword_search(
        "Which colour, and which locker was it with 4711?", top_k=4, filters={"user_id": "ada"}
    )

    assert ids(found)[0] == number(1)
    assert len(found) == 4
    scores = [row.score for row in found]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)
    assert scores[0] > 2 * scores[1]


@pytest.mark.parametrize("query", ["", "?!", "\0", "nothing of it", "' | & ! :* \\ ( ) \" %s {table}"])
def test_words_that_nobody_said_and_what_is_no_word(store: Any, query: str) -> None:
    put(store, 1, "My dog is called Rex.")

    assert store.keyword_search(query, filters={"user_id": "ada"}) == []


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Ich mag Käse aus Zürich.", "Was mit zürich?"),
        ("Мою собаку зовут Рекс.", "собаку"),
        ("私の犬の名前はレックスです。", "犬の名前"),
        ("내 강아지 이름은 렉스야.", "강아지"),
        ("मेरे कुत्ते का नाम रेक्स है।", "कुत्ते"),
        ("สุนัขของฉันชื่อเร็กซ์", "สุนัข"),
        ("I fly kites 🪁 daily.", "kites 🪁"),
        ("It's O'Brien \\ 100% {x} %s \"quoted\" $1 :word", "O'Brien"),
        ("a\0b holds a zero, dear", "zero"),
        ("half of a pair \ud83e remains", "remains"),
    ],
)
def test_any_text_is_kept_and_found_by_its_words(store: Any, text: str, query: str) -> None:
    id_ = put(store, 1, text, notes=[{"note": text}])

    payload = store.get(id_).payload
    kept = text.encode("utf-8", "replace").decode()
    assert payload["data"].replace("\ufffd", "\0") == kept
    assert payload["notes"] == [{"note": payload["data"]}]
    assert ids(store.keyword_search(query, filters={"user_id": "ada"})) == [id_]
    assert ids(store.search(query, EAST, filters={"user_id": "ada"})) == [id_]


def test_any_user_is_only_themselves(store: Any) -> None:
    users = ["ada", "Ada", "ada ", "ada%", "a'da", 'a"da', "ädä", "犬", "", "x" * 300, "$or"]
    for n, user in enumerate(users):
        put(store, n, "The same for all.", user)

    for n, user in enumerate(users):
        if user:
            assert ids(store.search("", EAST, top_k=99, filters={"user_id": user})) == [number(n)]
            assert ids(store.keyword_search("same", top_k=99, filters={"user_id": user})) == [number(n)]
            assert ids(store.list({"user_id": user})[0]) == [number(n)]


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
