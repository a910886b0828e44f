"""What every vector store must do: each test takes the stores one after the other."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.backends.stores import KINDS, Place, place_of

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
    assert not store.keyword_search("memory 3", filters={"user_id": "ada"}) or number(3) not in ids(
        store.keyword_search("memory 3", filters={"user_id": "ada"})
    )
