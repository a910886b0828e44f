"""The sqlite store does what mem0 asks of a store, for each user alone."""

import json
import math
import random
import shutil
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from owui_memory.core.errors import Drop, TellAdmin
from owui_memory.stores.sqlite import blocks
from owui_memory.stores.sqlite.store import SqliteStore
from tests.unit.stores.sqlite_files import ANNE, BEN, consistent, ids, put


class TestContract:
    def test_search_ranks_by_cosine_and_scores_from_0_to_1(self, store: SqliteStore) -> None:
        put(store, "same", "a", vector=[2, 0, 0])
        put(store, "near", "b", vector=[1, 1, 0])
        put(store, "across", "c", vector=[0, 1, 0])
        put(store, "opposite", "d", vector=[-1, 0, 0])
        rows = store.search("", [5, 0, 0], top_k=10, filters=ANNE)
        assert [row.score for row in rows] == pytest.approx([1.0, math.sqrt(0.5), 0.0, 0.0], abs=1e-4)
        assert ids(rows) == ["same", "near", "across", "opposite"]
        assert ids(store.search("", [5, 0, 0], top_k=2, filters=ANNE)) == ["same", "near"]
        assert store.search("", [5, 0, 0], top_k=0, filters=ANNE) == []

    def test_get_returns_payload_or_none(self, store: SqliteStore) -> None:
        payload = {
            "data": 'Grüße 🐈 "猫"\x00\n',
            "user_id": "anne",
            "n": 1.5,
            "tags": ["x", None, True],
            "o": {"k": 1},
        }
        store.insert([[1, 0, 0]], [payload], ["one"])
        row = store.get("one")
        assert (row.id, row.score, row.payload) == ("one", None, payload)
        assert store.get(vector_id="other") is None

    def test_list_is_newest_first_within_one_outer_list(self, store: SqliteStore) -> None:
        for number in range(5):
            put(store, str(number), "text")
        assert [ids(rows) for rows in store.list(ANNE)] == [["4", "3", "2", "1", "0"]]
        assert [ids(rows) for rows in store.list(ANNE, top_k=2)] == [["4", "3"]]
        assert store.list(BEN) == [[]]
        assert store.count_rows() == 5

    def test_insert_replaces_an_id_everywhere(self, store: SqliteStore, path: str) -> None:
        put(store, "one", "coffee", vector=[1, 0, 0])
        put(store, "one", "tea", user="ben", vector=[0, 1, 0])
        assert store.search("", [1, 0, 0], filters=ANNE) == []
        assert store.keyword_search("coffee") == store.keyword_search("tea", filters=ANNE) == []
        assert ids(store.keyword_search("tea", filters=BEN)) == ["one"]
        assert store.search("", [0, 1, 0], filters=BEN)[0].score == pytest.approx(1.0)
        assert consistent(path) == ["one"]

    def test_insert_without_payloads_and_ids(self, store: SqliteStore) -> None:
        store.insert([[1, 0, 0], [0, 1, 0]])
        assert [row.payload for row in store.list()[0]] == [{}, {}]
        assert len(store.search("", [1, 0, 0])) == 2

    def test_batch_is_stored_as_a_whole_or_not(self, store: SqliteStore, path: str) -> None:
        with pytest.raises(TellAdmin):
            store.insert([[1, 0, 0], [1, 0]], [ANNE, ANNE], ["one", "two"])
        with pytest.raises(Drop):
            store.insert([[1, 0, 0], [1, 0, 0]], [ANNE, ANNE], ["one", "\ud800"])
        assert consistent(path) == []

    def test_update_keeps_what_is_none(self, store: SqliteStore) -> None:
        put(store, "one", "coffee", vector=[1, 0, 0])
        store.update("one", payload={"data": "tea", "user_id": "anne"})
        row = store.search("", [1, 0, 0], filters=ANNE)[0]
        assert (row.id, row.score, row.payload) == ("one", 1.0, {"data": "tea", **ANNE})
        assert store.keyword_search("coffee", filters=ANNE) == []
        store.update("one", vector=[0, 1, 0])
        assert store.search("", [0, 1, 0], filters=ANNE)[0].score == pytest.approx(1.0)
        assert ids(store.keyword_search("tea", filters=ANNE)) == ["one"]
        store.update("one", payload={"data": "tea", "user_id": "ben"})
        assert store.search("", [0, 1, 0], filters=ANNE) == []
        assert store.search("", [0, 1, 0], filters=BEN)[0].score == pytest.approx(1.0)
        store.update(vector_id="one", vector=[0, 0, 1], payload={"data": "milk", "user_id": "ben"})
        assert store.search("", [0, 0, 1], filters=BEN)[0].payload["data"] == "milk"

    def test_update_of_an_absent_memory_does_not_bring_it_back(self, store: SqliteStore) -> None:
        with pytest.raises(Drop):
            store.update("gone", vector=[1, 0, 0], payload={"data": "tea", **ANNE})
        assert store.count_rows() == 0

    def test_delete(self, store: SqliteStore, path: str) -> None:
        put(store, "one", "tea")
        put(store, "two", "tea")
        store.delete("one")
        store.delete("one")
        assert ids(store.search("", [1, 0, 0], filters=ANNE)) == ["two"]
        assert ids(store.keyword_search("tea", filters=ANNE)) == ["two"]
        assert consistent(path) == ["two"]

    def test_collections_are_apart(self, store: SqliteStore, path: str) -> None:
        name = 'naïve "; DROP TABLE memories_1; --'
        entities = SqliteStore(name, 2, path)
        entities.insert([[1, 0]], [{"data": "tea", **ANNE}], ["one"])
        put(store, "one", "coffee")
        assert store.list_cols() == ["memories", name]
        assert store.col_info() == {"name": "memories", "dims": 3, "count": 1}
        assert entities.col_info() == {"name": name, "dims": 2, "count": 1}
        assert entities.get("one").payload["data"] == "tea"
        entities.delete_col()
        assert store.list_cols() == ["memories"]
        with pytest.raises(TellAdmin):
            entities.count_rows()
        entities.create_col(name, 4, "cosine")
        assert entities.count_rows() == 0
        assert store.count_rows() == 1
        entities.close()

    def test_reset_empties_and_others_who_have_it_open_go_on(self, store: SqliteStore, path: str) -> None:
        other = SqliteStore("memories", 3, path)
        for one in (store, other):
            put(one, "one", "tea")
            assert ids(one.search("", [1, 0, 0], filters=ANNE)) == ["one"]
        store.reset()
        assert other.count_rows() == 0
        assert other.search("", [1, 0, 0], filters=ANNE) == other.keyword_search("tea", filters=ANNE) == []
        put(other, "two", "tea")
        assert ids(store.search("", [1, 0, 0], filters=ANNE)) == ["two"]
        assert consistent(path) == ["two"]
        other.close()

    def test_search_batch(self, store: SqliteStore) -> None:
        put(store, "one", "tea", vector=[1, 0, 0])
        put(store, "two", "tea", vector=[0, 1, 0])
        found = store.search_batch(["", ""], [[1, 0, 0], [0, 1, 0]], top_k=1, filters=ANNE)
        assert [ids(rows) for rows in found] == [["one"], ["two"]]

    def test_content_survives_reopening(self, store: SqliteStore, path: str) -> None:
        put(store, "one", "tea")
        store.close()
        again = SqliteStore("memories", 3, path)
        assert ids(again.keyword_search("tea", filters=ANNE)) == ["one"]
        again.close()

    def test_many(self, store: SqliteStore) -> None:
        many = 4200
        angles = [math.pi * number / many for number in range(many)]
        store.insert([[math.cos(a), math.sin(a), 0] for a in angles], [{**ANNE, "n": n} for n in range(many)])
        put(store, "ben", "tea", user="ben")
        for top_k, found in ((5000, many), (4096, 4096)):
            rows = store.search("", [1, 0, 0], top_k=top_k, filters=ANNE)
            # 16 bits cannot tell the nearest ones apart
            assert [row.payload["n"] // 10 for row in rows[100:1000:10]] == list(range(10, 100))
            assert {row.payload["n"] for row in rows} == set(range(found))
        assert len(store.search("", [1, 0, 0], top_k=5000)) == many + 1

    def test_a_vector_of_zeros_is_kept_but_near_to_nothing(self, store: SqliteStore) -> None:
        put(store, "zero", "tea", vector=[0, 0, 0])
        put(store, "one", "coffee", vector=[1, 0, 0])
        assert ids(store.search("", [1, 0, 0], filters=ANNE)) == ["one"]
        assert ids(store.keyword_search("tea", filters=ANNE)) == ["zero"]
        assert store.search("", [0, 0, 0], filters=ANNE) == []
        store.update("zero", payload={"data": "tea", **BEN})
        store.update("one", vector=[0, 0, 0])
        assert store.search("", [1, 0, 0]) == []


USERS = [
    "anne",
    "ann",
    "Anne",
    "anne ",
    "anne\x00",
    "anne*",
    "a" * 3000,
    "*",
    '"',
    "🐈",
    "ÄNNE",
    "%",
    "owner",
]


def test_users_see_only_their_own(store: SqliteStore) -> None:
    for user in USERS:
        put(store, f"of {user}", "tea", user=user)
    put(store, "of nobody", "tea", user="")
    store.insert([[1, 0, 0]], [{"data": "tea"}], ["without user"])
    for user in USERS:
        if user == "*":  # mem0's wildcard
            continue
        mine = [f"of {user}"]
        assert ids(store.search("", [1, 0, 0], top_k=50, filters={"user_id": user})) == mine
        assert ids(store.search("", [1, 0, 0], top_k=5000, filters={"user_id": user})) == mine
        assert ids(store.keyword_search("tea", top_k=50, filters={"user_id": user})) == mine
        assert ids(store.list({"user_id": user})[0]) == mine
    assert ids(store.search("", [1, 0, 0], top_k=50, filters={"user_id": ""})) == ["of nobody"]
    assert (
        len(store.search("", [1, 0, 0], top_k=50))
        == len(store.keyword_search("tea", top_k=50))
        == len(USERS) + 2
    )


def test_a_user_id_that_is_no_text_is_refused(store: SqliteStore) -> None:
    broken = {"user_id": "anne\ud800"}
    for call in (
        lambda: store.insert([[1, 0, 0]], [broken], ["one"]),
        lambda: store.search("", [1, 0, 0], filters=broken),
        lambda: store.keyword_search("tea", filters=broken),
        lambda: store.list(broken),
        lambda: store.get("\ud800"),
    ):
        with pytest.raises(Drop) as caught:
            call()
        assert "anne" not in str(caught.value)


FILTERS: list[tuple[dict[str, str], set[str]]] = [
    ({"f": "x"}, {"text", "both"}),
    ({"f": "x", "g": "y"}, {"both"}),
    ({"f": "*"}, {"text", "list", "both", "none"}),
    ({}, {"text", "list", "both", "none"}),
    ({"missing": "x"}, set()),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS, ids=[json.dumps(case[0]) for case in FILTERS])
@pytest.mark.parametrize("user", [{}, ANNE], ids=["all users", "one user"])
def test_filters(
    store: SqliteStore, filters: dict[str, str], expected: set[str], user: dict[str, str]
) -> None:
    payloads = {"text": {"f": "x"}, "list": {"f": ["x"]}, "both": {"f": "x", "g": "y"}, "none": {"g": 1}}
    for name, payload in payloads.items():
        store.insert([[1, 0, 0]], [{"data": "tea", **ANNE, **payload}], [name])
    filters = {**user, **filters}
    assert set(ids(store.list(filters)[0])) == expected
    assert set(ids(store.search("", [1, 0, 0], 100, filters))) == expected
    assert set(ids(store.search("", [1, 0, 0], 5000, filters))) == expected
    assert set(ids(store.keyword_search("tea", 100, filters))) == expected


def test_a_filtered_search_finds_the_nearest_that_pass_it(store: SqliteStore) -> None:
    many = 300
    store.insert(
        [[math.cos(n / many), math.sin(n / many), 0] for n in range(many)],
        [{**ANNE, "kind": "plan" if n % 50 == 49 else "fact"} for n in range(many)],
        [str(n) for n in range(many)],
    )
    found = store.search("", [1, 0, 0], top_k=3, filters={**ANNE, "kind": "plan"})
    assert ids(found) == ["49", "99", "149"]


@pytest.mark.parametrize(
    "filters", [{"f": 1}, {"f": {"gt": 1}}, {"f": None}, {'f"': "x"}, {"OR": [{"f": "x"}]}]
)
def test_a_malformed_filter_is_refused(store: SqliteStore, filters: dict[str, Any]) -> None:
    with pytest.raises(Drop):
        store.list({**ANNE, **filters})


@pytest.mark.parametrize("shift", [0.0, 10.0], ids=["all ways", "all alike"])
def test_of_many_memories_the_nearest_are_found(path: str, shift: float) -> None:
    """Codes of a bit a dimension choose what is compared: also where all vectors of a model are alike."""
    dims, many = 128, 3_000
    draw = np.random.default_rng(7)
    meant = draw.standard_normal((many + 20, 24)) @ draw.standard_normal((24, dims))  # as models' are: less
    drawn = meant + draw.standard_normal(meant.shape) + shift
    unit = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    store = SqliteStore("memories", dims, path)
    store.insert(unit[:many].tolist(), [ANNE] * many, [str(number) for number in range(many)])
    hits = 0
    for vector in unit[many:]:
        found = store.search("", vector.tolist(), 40, ANNE)
        cosines = unit[:many] @ vector
        scores = [cosines[int(row.id)] for row in found]
        assert [row.score for row in found] == pytest.approx(scores, abs=1e-3)
        hits += len(set(ids(found)).intersection(map(str, np.argsort(-cosines)[:40])))
    assert hits >= 0.95 * 20 * 40
    store.close()


def test_whatever_is_done_in_whatever_order(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks are filled, halved, emptied and made anew, and hold what the memories say."""
    monkeypatch.setattr(blocks, "_BLOCK", 8)
    monkeypatch.setattr(blocks, "CODED", 20)
    draw = random.Random(5)
    store = SqliteStore("memories", 3, path)
    there: dict[str, dict[str, Any]] = {}
    for step in range(150):
        some = {
            str(draw.randrange(120)): {
                "data": f"word{draw.randrange(30)} tea",
                "user_id": draw.choice(["anne", "anne", "ben", ""]),
                "chat": draw.choice(["c1", "c2", None]),
            }
            for _ in range(draw.randrange(1, 12))
        }
        what = draw.random()
        if what < 0.5:
            vectors = [[draw.random() for _ in range(3)] for _ in some]
            store.insert(vectors, list(some.values()), list(some))
            there |= some
        elif what < 0.8:
            store.delete_all(list(some))
            there = {id_: payload for id_, payload in there.items() if id_ not in some}
        else:
            for id_ in some.keys() & there.keys():
                store.update(id_, payload=some[id_])
                there[id_] = some[id_]
        if step % 15 == 14:
            assert set(consistent(path)) == there.keys()
    for user in ("anne", "ben"):
        own = {id_ for id_, payload in there.items() if payload["user_id"] == user}
        assert set(ids(store.search("", [1, 1, 1], 200, {"user_id": user}))) == own
        assert set(ids(store.keyword_search("tea", 200, {"user_id": user}))) == own
    store.close()


def test_a_copy_that_is_put_back_is_searched_as_it_is(tmp_path: Path) -> None:
    """What was cached of the file before it has other lines."""
    file, copy = tmp_path / "memories.db", tmp_path / "copy.db"

    def put(*numbers: int) -> None:
        vectors = [[1.0, float(number), 0.0] for number in numbers]
        payloads = [{"user_id": "anne", "data": f"word{number}"} for number in numbers]
        store.put([str(uuid.UUID(int=number)) for number in numbers], vectors, payloads)

    store = SqliteStore("memories", 3, str(file))
    put(1)
    put(2)
    store.close()
    shutil.copy(file, copy)
    store = SqliteStore("memories", 3, str(file))
    put(3)
    assert len(store.search("", [1.0, 0.0, 0.0], 10, {"user_id": "anne"})) == 3
    for name in ("memories.db-wal", "memories.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    copy.replace(file)
    put(4, 5)  # as many changes as there were before
    found = store.search("", [1.0, 0.0, 0.0], 10, {"user_id": "anne"})
    assert {row.payload["data"] for row in found} == {"word1", "word2", "word4", "word5"}
    assert [row.payload["data"] for row in store.keyword_search("word4", 5, {"user_id": "anne"})] == ["word4"]
    store.close()
