"""pgvector beyond the contract: tables of plain mem0, indexes, restarts, many servers that start at once."""

import contextlib
import logging
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from owui_memory.core.errors import Drop, Retry
from owui_memory.stores.pgvector.store import PgvectorStore
from tests.harness.postgres import PASSWORD, Postgres

VECTOR = [1.0, 0.0, 0.0, 0.0]
ADA = {"user_id": "ada"}


def with_password(url: str) -> str:
    return url.replace("@", f":{quote(PASSWORD, safe='')}@", 1)


@pytest.fixture
def url(postgres: Postgres) -> Iterator[str]:
    """A database of its own, with the password."""
    with postgres.database() as url:
        yield with_password(url)


def opened(url: str) -> Any:
    return contextlib.closing(PgvectorStore("memories", 4, connection_string=url))


def number(n: int) -> str:
    return str(uuid.UUID(int=n, version=4))


def put_many(store: Any, count: int, users: int) -> None:
    payloads = [
        {
            "data": f"memory number {n}",
            "user_id": f"user-{n % users}",
            "batch": f"batch-{n}",
            "kind": "profile" if n % 7 == 0 else "fact",
            "created_at": f"2026-01-01T00:00:{n % 60:02}+00:00",
        }
        for n in range(count)
    ]
    store.put([number(n) for n in range(count)], [VECTOR] * count, payloads)


# Tables of plain mem0 -----------------------------------------------------------------------------


@pytest.fixture
def plain(url: str) -> Iterator[Any]:
    """mem0's own store on the same table."""
    from mem0.vector_stores.pgvector import PGVector

    store = PGVector(None, "memories", 4, None, None, None, None, False, False, connection_string=url)
    yield store
    store.connection_pool.close()


def test_a_table_of_plain_mem0_is_taken_over_with_its_words(url: str, plain: Any) -> None:
    payloads = [{"data": f"My dog number {n} is called Rex.", "user_id": "ada"} for n in range(1500)]
    plain.insert([VECTOR] * 1500, payloads, [number(n) for n in range(1500)])

    with opened(url) as store:
        assert store.count_rows() == 1500
        assert [row.id for row in store.keyword_search("number 777", top_k=1, filters=ADA)] == [number(777)]


def test_plain_mem0_can_still_use_the_table(url: str, plain: Any) -> None:
    with opened(url):
        pass
    plain.insert([VECTOR], [{"data": "My dog is called Rex.", "user_id": "ada"}], [number(1)])

    with opened(url) as store:
        assert [row.id for row in store.search("", VECTOR, filters=ADA)] == [number(1)]
        assert [row.id for row in store.keyword_search("Rex", filters=ADA)] == [number(1)]
    assert [row.id for row in plain.search("", VECTOR, filters=ADA)] == [number(1)]


# Indexes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "arguments", "index"),
    [
        ("search", ("", VECTOR, 5, {"user_id": "user-1"}), "memories_user_id_"),
        ("keyword_search", ("number 17", 5, {"user_id": "user-1"}), "memories_"),
        ("of_kind", ("user-1", "profile", 5), "memories_user_id_kind_idx"),
        ("list", ({"user_id": "user-1", "batch": "batch-1"}, 5), "memories_user_id_batch_idx"),
        ("scan", (number(5), 5), "memories_pkey"),
        ("get_all", ([number(5), number(6)],), "memories_pkey"),
    ],
)
def test_what_is_asked_for_is_found_by_index(
    url: str, call: str, arguments: Any, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[str] = []
    with opened(url) as store:
        put_many(store, 3000, users=100)
        with store._get_cursor() as cursor:
            cursor.execute("ANALYZE memories")
        ask = store._ask

        def explained(statement: str, *bound: Any) -> Any:
            plans.append("\n".join(row[0] for row in ask("EXPLAIN " + statement, *bound)))
            return ask(statement, *bound)

        monkeypatch.setattr(store, "_ask", explained)
        for _ in range(8):  # psycopg prepares what it sees often, and then PostgreSQL plans anew
            getattr(store, call)(*arguments)

    assert all(index in plan for plan in plans), plans[-1]
    assert not any("Seq Scan on memories" in plan for plan in plans), plans[-1]


def test_of_a_kind_is_read_in_order(url: str) -> None:
    with opened(url) as store:
        put_many(store, 70, users=1)
        days = [row.payload["created_at"] for row in store.of_kind("user-0", "profile", 4)]

    assert days == sorted(days, reverse=True)
    assert len(days) == 4
    assert days[0] == "2026-01-01T00:00:56+00:00"


def test_vectors_lie_in_their_rows(url: str) -> None:
    with contextlib.closing(PgvectorStore("memories", 384, connection_string=url)) as store:
        vector = [n / 384 for n in range(384)]
        store.put([number(1)], [vector], [{"data": "My dog is called Rex. " * 50, "user_id": "ada"}])
        with store._get_cursor() as cursor:
            cursor.execute("SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE relname = 'memories'")
            assert cursor.fetchone() == (0,), "nothing elsewhere"


# Servers that come and go -------------------------------------------------------------------------


def test_several_servers_make_the_table_at_once(url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: PgvectorStore("memories", 4, connection_string=url), range(6)))
    for at, store in enumerate(stores):
        store.put([number(at)], [VECTOR], [{"data": "x", "user_id": "ada"}])
    assert {store.count_rows() for store in stores} == {6}
    for store in stores:
        store.close()


def test_two_that_put_the_same_do_not_wait_for_each_other_for_ever(url: str) -> None:
    ids = [number(n) for n in range(2000)]
    both = threading.Barrier(2)

    def put(store: PgvectorStore, order: int) -> None:
        both.wait()
        store.put(ids[::order], [VECTOR] * len(ids), [{"data": "x", "user_id": "ada"}] * len(ids))

    with opened(url) as one, opened(url) as other, ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(put, one, 1), pool.submit(put, other, -1)]:
            done.result()


def test_a_postgresql_that_restarts_is_found_again_at_once() -> None:
    with Postgres() as postgres, opened(with_password(postgres.url)) as store:
        put_many(store, 3, users=1)
        with ThreadPoolExecutor(4) as pool:  # several connections
            list(pool.map(lambda n: store.get(number(n)), range(3)))
        postgres.stop()
        with pytest.raises(Retry):
            store.get(number(1))

        postgres.start()

        assert [store.get(number(n)) is not None for n in range(3)] == [True] * 3


# Faults -------------------------------------------------------------------------------------------


def test_a_fault_tells_nobody_what_was_said(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with opened(url) as store, caplog.at_level(logging.DEBUG), pytest.raises(Drop) as raised:
        store.put(["not a uuid: my secret"], [VECTOR], [{"data": "my secret", "user_id": "ada"}])

    assert "secret" not in str(raised.value) + raised.value.hint + caplog.text


@pytest.mark.parametrize("user", ["a\0b", "half a pair \ud83e"])
def test_a_user_that_is_no_text_is_dropped(url: str, user: str) -> None:
    with opened(url) as store, pytest.raises(Drop):
        store.search("", VECTOR, filters={"user_id": user})
