from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from owui_memory.backends import sqlite_driver
from owui_memory.backends.sqlite_store import Row, SqliteStore
from owui_memory.errors import Drop, MemoryFault, Retry, TellAdmin

PACKAGES = Path(sqlite_driver.__file__).parents[2]
ANNE, BEN = {"user_id": "anne"}, {"user_id": "ben"}


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "memories.db")


@pytest.fixture
def store(path: str) -> Iterator[SqliteStore]:
    store = SqliteStore("memories", 3, path)
    yield store
    store.close()


def put(
    store: SqliteStore, id_: str, text: str, user: str = "anne", vector: Any = (1, 0, 0), **more: Any
) -> None:
    store.insert([vector], [{"data": text, "user_id": user, **more}], [id_])


def ids(rows: list[Row]) -> list[str]:
    return [row.id for row in rows]


def everything(path: str) -> dict[str, list[Any]]:
    """What the three tables of the first collection hold; raises if the file or the index is damaged."""
    connection = sqlite_driver.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute("INSERT INTO words_1 (words_1) VALUES ('integrity-check')")
        return {
            "ids": [row[0] for row in connection.execute("SELECT id FROM memories_1 ORDER BY seq")],
            "memories": [row[0] for row in connection.execute("SELECT seq FROM memories_1 ORDER BY seq")],
            "vectors": [row[0] for row in connection.execute("SELECT rowid FROM vectors_1 ORDER BY rowid")],
            "words": [row[0] for row in connection.execute("SELECT rowid FROM words_1 ORDER BY rowid")],
        }
    finally:
        connection.close()


def consistent(path: str) -> list[str]:
    found = everything(path)
    assert found["memories"] == found["vectors"] == found["words"]
    return found["ids"]


def bytes_on_disk(path: str) -> bytes:
    return b"".join(file.read_bytes() for file in Path(path).parent.glob(Path(path).name + "*"))


# The contract


class TestContract:
    def test_search_ranks_by_cosine_and_scores_from_0_to_1(self, store: SqliteStore) -> None:
        put(store, "same", "a", vector=[2, 0, 0])
        put(store, "near", "b", vector=[1, 1, 0])
        put(store, "across", "c", vector=[0, 1, 0])
        put(store, "opposite", "d", vector=[-1, 0, 0])
        rows = store.search("", [5, 0, 0], top_k=10, filters=ANNE)
        assert [row.score for row in rows] == pytest.approx([1.0, math.sqrt(0.5), 0.0, 0.0], abs=1e-6)
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
        assert store.get("one") == Row("one", None, payload)
        assert store.get(vector_id="other") is None

    def test_list_is_newest_first_within_one_outer_list(self, store: SqliteStore) -> None:
        for number in range(5):
            put(store, str(number), "text")
        assert [ids(rows) for rows in store.list(ANNE)] == [["4", "3", "2", "1", "0"]]
        assert [ids(rows) for rows in store.list(ANNE, top_k=2)] == [["4", "3"]]
        assert store.list(BEN) == [[]]
        assert store.count() == store.count(ANNE) == 5
        assert store.count(BEN) == 0

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
        assert store.search("", [1, 0, 0], filters=ANNE)[0] == Row("one", 1.0, {"data": "tea", **ANNE})
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
        assert store.count() == 0

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
            entities.count()
        entities.create_col(name, 4, "cosine")
        assert entities.count() == 0
        assert store.count() == 1
        entities.close()

    def test_reset_empties_and_others_who_have_it_open_go_on(self, store: SqliteStore, path: str) -> None:
        other = SqliteStore("memories", 3, path)
        for one in (store, other):
            put(one, "one", "tea")
            assert ids(one.search("", [1, 0, 0], filters=ANNE)) == ["one"]
        store.reset()
        assert other.count() == 0
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

    def test_more_than_the_knn_limit(self, store: SqliteStore) -> None:
        many = 4200
        angles = [math.pi * number / many for number in range(many)]
        store.insert([[math.cos(a), math.sin(a), 0] for a in angles], [{**ANNE, "n": n} for n in range(many)])
        put(store, "ben", "tea", user="ben")
        for top_k, found in ((5000, many), (4096, 4096)):
            rows = store.search("", [1, 0, 0], top_k=top_k, filters=ANNE)
            # float32 cannot tell the nearest ones apart
            assert [row.payload["n"] // 10 for row in rows[:1000:10]] == list(range(100))
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


# Isolation

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
        assert ids(store.search("", [1, 0, 0], top_k=50, filters={"user_id": {"eq": user}})) == mine
        assert ids(store.keyword_search("tea", top_k=50, filters={"AND": [{"user_id": user}]})) == mine
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


# Filters

PAYLOADS: dict[str, dict[str, Any]] = {
    "int": {"f": 1},
    "text": {"f": "x"},
    "list": {"f": ["x", "y"]},
    "other field": {"g": 1},
    "true": {"f": True},
    "null": {"f": None},
    "real": {"f": 2.5},
    "words": {"f": "Xyz Äpfel"},
    "nested": {"f": {"b": 1}},
    "early": {"f": "2026-01-02T05:00:00.5+05:30"},
    "late": {"f": "2026-01-02T00:00:00.5+00:00"},
    "digit": {"f": "1"},
}
TEXTS = {"words", "early", "late", "digit"}
FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({"f": 1}, {"int"}),
    ({"f": "x"}, {"text", "list"}),
    ({"f": True}, {"true"}),
    ({"f": {"eq": 2.5}}, {"real"}),
    ({"f": {"eq": None}}, {"null"}),
    ({"f": {"ne": "x"}}, {"int", "list", "true", "real"} | TEXTS),
    ({"f": {"nin": ["x", "y", 1]}}, {"true", "real"} | TEXTS),
    ({"f": {"nin": []}}, {"int", "text", "list", "true", "real"} | TEXTS),
    ({"f": ["x", 1]}, {"text", "list", "int"}),
    ({"f": {"in": ["1", True]}}, {"digit", "true"}),
    ({"f": {"in": []}}, set()),
    ({"f": {"gt": 1}}, {"real"}),
    ({"f": {"gte": 1, "lte": 2.5}}, {"int", "real"}),
    ({"f": {"lt": 2}}, {"int"}),
    ({"f": {"gte": "2026-01-02T00:00:00Z"}}, {"late"}),
    ({"f": {"lt": "2026-01-02T05:30:00+0530"}}, {"early"}),
    ({"f": {"gt": "2026-01-01", "lte": "2026-01-03"}}, {"early", "late"}),
    ({"f": {"contains": "yz"}}, {"words"}),
    ({"f": {"contains": "XYZ"}}, set()),
    ({"f": {"icontains": "XYZ äPFEL"}}, {"words"}),
    ({"f.b": 1}, {"nested"}),
    ({"f": "*"}, set(PAYLOADS)),
    ({}, set(PAYLOADS)),
    ({"missing": 1}, set()),
    ({"OR": [{"f": 1}, {"g": 1}]}, {"int", "other field"}),
    ({"$or": [{"f": 1}, {"g": 1}], "OR": [{"f": 1}, {"g": 1}]}, {"int", "other field"}),
    ({"NOT": [{"f": {"ne": "x"}}, {"g": 1}]}, {"text", "null", "nested"}),
    ({"$and": [{"f": {"gt": 0}}, {"NOT": [{"f": 1}]}]}, {"real"}),
    ({"AND": [{"OR": [{"f": 1}, {"f": 2.5}]}, {"f": {"lt": 2}}]}, {"int"}),
    ({"OR": []}, set(PAYLOADS)),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS, ids=[json.dumps(case[0]) for case in FILTERS])
@pytest.mark.parametrize("user", [{}, ANNE], ids=["all users", "one user"])
def test_filters(
    store: SqliteStore, filters: dict[str, Any], expected: set[str], user: dict[str, str]
) -> None:
    for name, payload in PAYLOADS.items():
        store.insert([[1, 0, 0]], [{"data": "tea", **ANNE, **payload}], [name])
    filters = {**user, **filters}
    assert set(ids(store.list(filters)[0])) == expected
    assert set(ids(store.search("", [1, 0, 0], 100, filters))) == expected
    assert set(ids(store.search("", [1, 0, 0], 5000, filters))) == expected
    assert set(ids(store.keyword_search("tea", 100, filters))) == expected
    assert store.count(filters) == len(expected)


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
    "filters",
    [
        {"f": {"like": "x"}},
        {"f": {}},
        {"f": {"gt": 1, "eq": 2}},
        {"f": {"gt": "soon"}},
        {"f": {"gt": True}},
        {"f": {"gt": 1, "lt": "2026-01-01"}},
        {"f": {"in": "x"}},
        {"f": {"contains": 1}},
        {"f": {"eq": object()}},
        {"f": math.nan},
        {'f"': 1},
        {"OR": {"f": 1}},
        {"NOT": [1]},
    ],
)
def test_a_malformed_filter_is_refused(store: SqliteStore, filters: dict[str, Any]) -> None:
    with pytest.raises(Drop):
        store.list({**ANNE, **filters})


# Words


def found(store: SqliteStore, query: str) -> list[str]:
    rows = store.keyword_search(query, top_k=10, filters=ANNE)
    assert all(row.score is not None and row.score > 0 for row in rows)
    return ids(rows)


class TestWords:
    def test_better_matches_come_first(self, store: SqliteStore) -> None:
        put(store, "one", "Anne likes tea")
        put(store, "both", "Anne likes green tea")
        for number in range(5):
            put(store, f"filler {number}", "Ben likes something else")
        rows = store.keyword_search("green tea", filters=ANNE)
        assert ids(rows) == ["both", "one"]
        assert rows[0].score > rows[1].score > 0

    @pytest.mark.parametrize(
        ("text", "query"),
        [
            ("She was running in Zürich", "runs ZURICH"),
            ("Cafe\u0301 crème", "café"),
            ("Er wohnt in der Königstraße", "KÖNIGSTRASSE"),
            ("Full width ＡＢＣ１２３", "abc123"),
            ("मुझे हिन्दी पसंद है", "हिन्दी"),
            ("Мне нравится чай", "чай"),
            ("私は黒猫が好きです", "黒猫"),
            ("私は黒猫が好きです", "猫"),
            ("飼っているのは黒猫", "猫"),
            ("我住在上海市", "上海"),
            ("ฉันชอบดื่มกาแฟ", "กาแฟ"),
            ("서울에서 일한다", "서울"),
            ("ﾊﾛｰ ワールド", "ハロー"),
            ("iPhone用ケース", "iphone"),
            ("version 2.5 of C3PO", "c3po"),
        ],
    )
    def test_scripts_and_forms(self, store: SqliteStore, text: str, query: str) -> None:
        put(store, "one", text)
        put(store, "other", "nothing in common 東京 ไทย")
        assert found(store, query) == ["one"]

    def test_stop_words_count_only_when_alone(self, store: SqliteStore) -> None:
        put(store, "the", "the what")
        put(store, "tea", "tea")
        assert found(store, "what is the tea") == ["tea"]
        assert found(store, "What is the?") == ["the"]
        assert found(store, "Was ist das für ein TEA") == ["tea"]

    def test_a_stop_word_of_another_language_is_content(self, store: SqliteStore) -> None:
        put(store, "son", "The son was in the war")
        assert found(store, "when did my son go to school") == ["son"]

    def test_lemmas_of_mem0_are_found_too(self, store: SqliteStore) -> None:
        put(store, "one", "He went home", text_lemmatized="go home")
        assert found(store, "go") == found(store, "went") == ["one"]

    def test_a_long_query_is_cut(self, store: SqliteStore) -> None:
        put(store, "one", "tea")
        assert found(store, "tea " + " ".join(f"word{number}" for number in range(5000))) == ["one"]
        assert found(store, "x" * 1_000_000) == []

    def test_the_users_key_is_no_word(self, store: SqliteStore) -> None:
        put(store, "one", "tea")
        connection = sqlite_driver.connect(store.path)
        (owner,) = connection.execute("SELECT owner FROM words_1").fetchone()
        connection.close()
        assert store.keyword_search(owner) == found(store, owner) == []

    @pytest.mark.parametrize("data", [None, 5, ["tea"], "", "🐈"])
    def test_a_payload_without_words(self, store: SqliteStore, data: Any) -> None:
        store.insert([[1, 0, 0]], [{"data": data, **ANNE}], ["one"])
        assert found(store, "tea 5 🐈") == []
        assert ids(store.list(ANNE)[0]) == ["one"]


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """Five users with the same texts, of the kinds that hypothesis likes to ask about."""
    store = SqliteStore("memories", 3, str(tmp_path_factory.mktemp("crowd") / "memories.db"))
    texts = ["a b c 0 1", "tea and coffee", "黒猫 ไทย हिन्दी", "AND OR NOT NEAR", "µ ß İ ﬁ", "owner body"]
    for user in range(5):
        payloads = [{"data": text, "user_id": f"user {user}"} for text in texts]
        store.insert([[1, number, user] for number in range(len(texts))], payloads)
    yield store
    store.close()


ANY_TEXT = st.text(st.characters(), max_size=200) | st.text('"*(){}:^-+ ANDORNEARbody\x00', max_size=30)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=ANY_TEXT, user=st.integers(0, 4))
@example('"', 0)
@example('" OR owner : *', 1)
@example("\x00", 0)
@example("\ud800 tea", 0)
@example("\U0001e900", 0)  # a letter for Python, not for FTS5
@example("\U0001e900 tea", 0)
@example("{owner} : x NEAR(a b, 5) ^c -d", 2)
@example("é" * 100_000, 0)
def test_any_query_is_answered_from_ones_own(crowd: SqliteStore, query: str, user: int) -> None:
    for filters in ({"user_id": f"user {user}"}, {"user_id": f"user {user}", "data": {"ne": "x"}}):
        rows = crowd.keyword_search(query, top_k=50, filters=filters)
        assert {row.payload["user_id"] for row in rows} <= {f"user {user}"}
        assert all(row.score is not None and row.score > 0 for row in rows)
    crowd.keyword_search(query)


@settings(max_examples=100, deadline=None)
@given(
    vector=st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=3, max_size=3),
    user=st.integers(0, 4),
    top_k=st.integers(-1, 5000),
)
def test_any_vector_is_answered_from_ones_own(
    crowd: SqliteStore, vector: list[float], user: int, top_k: int
) -> None:
    rows = crowd.search("", vector, top_k=top_k, filters={"user_id": f"user {user}"})
    assert {row.payload["user_id"] for row in rows} <= {f"user {user}"}
    assert len(rows) == (min(max(top_k, 0), 6) if any(vector) else 0)
    assert all(row.score is not None and 0 <= row.score <= 1 for row in rows)


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(), max_size=300))
def test_any_text_is_stored_and_comes_back(crowd: SqliteStore, text: str) -> None:
    crowd.insert([[1, 1, 1]], [{"data": text, "user_id": "guest"}], ["guest"])
    stored = crowd.get("guest")
    assert stored is not None
    assert stored.payload["data"] == text.encode("utf-8", "replace").decode()
    crowd.delete("guest")


# What goes wrong


class TestFaults:
    def test_another_embedding_size_on_opening(self, store: SqliteStore, path: str) -> None:
        put(store, "one", "tea")
        with pytest.raises(TellAdmin, match=r"holds vectors of 3 .* makes 4") as caught:
            SqliteStore("memories", 4, path)
        assert "collection" in caught.value.hint
        assert "embedder" in caught.value.hint

    def test_a_vector_of_the_wrong_size(self, store: SqliteStore) -> None:
        for call in (
            lambda: put(store, "one", "tea", vector=[1, 0]),
            lambda: store.search("", [1, 0], filters=ANNE),
            lambda: store.update("one", vector=[1, 0]),
        ):
            with pytest.raises(TellAdmin, match=r"holds vectors of 3 .* makes 2"):
                call()

    @pytest.mark.parametrize(
        "vector", [[1, 0, math.nan], [1, 0, math.inf], [1e300, 0, 0], [1, "0", 0], None, [[1, 0, 0]]]
    )
    def test_a_vector_that_is_none(self, store: SqliteStore, vector: Any) -> None:
        with pytest.raises(Drop):
            put(store, "one", "tea", vector=vector)

    @pytest.mark.parametrize("payload", [{"data": object()}, {"data": math.nan}, {"data": {1, 2}}])
    def test_a_payload_that_is_no_json(self, store: SqliteStore, payload: Any) -> None:
        with pytest.raises(Drop):
            store.insert([[1, 0, 0]], [payload])

    def test_lists_of_different_length(self, store: SqliteStore) -> None:
        with pytest.raises(Drop):
            store.insert([[1, 0, 0]], [ANNE, ANNE])

    @pytest.mark.parametrize("name", ["", "x" * 201, "new\nline", "nul\x00"])
    def test_an_impossible_collection_name(self, path: str, name: str) -> None:
        with pytest.raises(TellAdmin, match="printable"):
            SqliteStore(name, 3, path)

    @pytest.mark.parametrize("dims", [0, -1, 8193])
    def test_an_impossible_size(self, path: str, dims: int) -> None:
        with pytest.raises(TellAdmin, match="embedding size"):
            SqliteStore("memories", dims, path)

    @pytest.mark.parametrize("path", ["", ":memory:"])
    def test_no_file(self, path: str) -> None:
        with pytest.raises(TellAdmin):
            SqliteStore("memories", 3, path)

    def test_another_distance(self, store: SqliteStore) -> None:
        with pytest.raises(TellAdmin):
            store.create_col("memories", 3, "euclid")

    def test_not_a_database(self, path: str) -> None:
        Path(path).write_text("What Anne said. " * 1000)
        with pytest.raises(TellAdmin, match="not an SQLite file") as caught:
            SqliteStore("memories", 3, path)
        assert caught.value.hint
        assert Path(path).read_text().startswith("What Anne said")

    def test_a_damaged_database(self, store: SqliteStore, path: str) -> None:
        store.insert([[1, 0, 0]] * 200, [{"data": f"tea {number}", **ANNE} for number in range(200)])
        store.close()
        content = Path(path).read_bytes()
        Path(path).write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
        with pytest.raises(TellAdmin, match="damaged"):
            SqliteStore("memories", 3, path).list()

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(TellAdmin, match="folder"):
            SqliteStore("memories", 3, str(tmp_path / "file" / "memories.db"))

    def test_a_folder_in_place_of_the_file(self, tmp_path: Path) -> None:
        with pytest.raises(TellAdmin, match="cannot be opened"):
            SqliteStore("memories", 3, str(tmp_path))

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_a_folder_that_is_not_writable(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        with pytest.raises(TellAdmin, match="cannot be opened"):
            SqliteStore("memories", 3, str(tmp_path / "memories.db"))

    def test_locked_by_another(self, store: SqliteStore, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        put(store, "one", "tea")
        other = sqlite_driver.connect(path)
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(sqlite_driver, "BUSY_SECONDS", 0.05)
        waiting = SqliteStore("memories", 3, path)  # opening and reading need no lock
        assert waiting.count() == 1
        with pytest.raises(Retry, match="busy"):
            put(waiting, "two", "tea")
        other.execute("ROLLBACK")
        other.close()
        put(waiting, "two", "tea")
        assert consistent(path) == ["one", "two"]
        waiting.close()

    def test_a_full_disk(self, store: SqliteStore, path: str) -> None:
        put(store, "first", "tea")
        store.close()
        script = """
            import resource
            from owui_memory.errors import Retry
            from owui_memory.backends.sqlite_store import SqliteStore
            store = SqliteStore("memories", 3, sys.argv[1])
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
            try:
                for number in range(1000):
                    store.insert([[1, 0, 0]] * 20, [{"data": "green tea " * 20, "user_id": "anne"}] * 20)
            except Retry as fault:
                print("Retry", "tea" in str(fault))
        """
        done = subprocess.run(**python(script, path), check=True, capture_output=True, text=True)
        assert done.stdout.split() == ["Retry", "False"], done.stderr
        stored = consistent(path)
        assert stored[0] == "first"
        assert len(stored) % 20 == 1

    def test_after_close(self, store: SqliteStore) -> None:
        store.close()
        store.close()
        with pytest.raises(Retry, match="closed"):
            store.count()

    def test_no_driver(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite_driver.sqlite3, "Connection", object)
        monkeypatch.setitem(sys.modules, "pysqlite3.dbapi2", None)
        with pytest.raises(TellAdmin, match="cannot load extensions") as caught:
            SqliteStore("memories", 3, path)
        assert "pysqlite3-binary" in caught.value.hint

    def test_no_sqlite_vec(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "sqlite_vec", None)
        with pytest.raises(TellAdmin, match="sqlite-vec"):
            SqliteStore("memories", 3, path)


# Erasing


@pytest.mark.parametrize("old_sqlite", [False, True])
@pytest.mark.parametrize("how", ["delete", "update", "replace", "reset", "delete_col"])
def test_what_is_deleted_is_gone_from_the_disk(
    path: str, how: str, old_sqlite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if old_sqlite:  # the way without FTS5's secure-delete
        monkeypatch.setattr(sqlite_driver, "SECURE_DELETE_VERSION", (99, 0))
    store = SqliteStore("memories", 3, path)
    secret, vector = "Xylophonkatze", [0.123456, -0.654321, 0.777777]
    for number in range(50):
        put(store, str(number), f"tea number {number}")
    put(store, "secret", f"the {secret} sleeps", user="secretuser", vector=vector)
    for number in range(50, 100):
        put(store, str(number), f"tea number {number}")
    blob = store._blob(vector)
    traces = [secret.encode(), secret.lower().encode()[:8], blob, b"secretuser"]
    assert all(trace in bytes_on_disk(path) for trace in traces)
    if how == "delete":
        store.delete("secret")
    elif how == "update":
        store.update("secret", vector=[1, 0, 0], payload={"data": "tea", **ANNE})
    elif how == "replace":
        put(store, "secret", "tea")
    elif how == "reset":
        store.reset()
    else:
        store.delete_col()
    assert store.checkpoint()
    assert [trace for trace in traces if trace in bytes_on_disk(path)] == []
    store.close()
    assert [trace for trace in traces if trace in bytes_on_disk(path)] == []


def test_checkpoint_says_when_a_reader_is_in_the_way(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_driver, "BUSY_SECONDS", 0.05)
    store = SqliteStore("memories", 3, path)
    put(store, "one", "tea")
    reader = sqlite_driver.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM memories_1").fetchone()
    store.delete("one")
    assert not store.checkpoint()
    reader.execute("COMMIT")
    reader.close()
    assert store.checkpoint()
    store.close()


# Many at once


def test_threads(store: SqliteStore, path: str) -> None:
    rounds, users = 25, [f"user {number}" for number in range(8)]
    start = threading.Barrier(16)

    def write(user: str) -> None:
        start.wait()
        for number in range(rounds):
            put(store, f"{user} {number}", f"tea {number}", user=user)
            if number % 5 == 4:
                store.delete(f"{user} {number - 1}")
                store.update(f"{user} {number}", payload={"data": "coffee", "user_id": user})

    def read(user: str) -> None:
        start.wait()
        for _ in range(rounds):
            for rows in (
                store.search("", [1, 0, 0], 60, {"user_id": user}),
                store.keyword_search("tea coffee", 60, {"user_id": user}),
                store.list({"user_id": user})[0],
            ):
                assert {row.payload["user_id"] for row in rows} <= {user}

    with ThreadPoolExecutor(16) as pool:
        jobs = [pool.submit(write, user) for user in users] + [pool.submit(read, user) for user in users]
        for job in jobs:
            job.result()
    assert len(consistent(path)) == len(users) * rounds * 4 // 5
    assert len(store._connections._idle) <= sqlite_driver.IDLE_CONNECTIONS


def python(script: str, *arguments: str) -> dict[str, Any]:
    """Arguments for a Python process with our package."""
    import textwrap

    env = {**os.environ, "PYTHONPATH": str(PACKAGES), "MEM0_TELEMETRY": "False"}
    return {"args": [sys.executable, "-c", "import sys\n" + textwrap.dedent(script), *arguments], "env": env}


def test_processes_make_and_fill_one_file_at_once(path: str) -> None:
    script = """
        from owui_memory.backends.sqlite_store import SqliteStore
        print("ready", flush=True)
        sys.stdin.readline()
        store = SqliteStore("memories", 3, sys.argv[1])
        for number in range(30):
            payloads = [{"data": f"tea {number}", "user_id": sys.argv[2]}] * 2
            store.insert([[1, 0, 0]] * 2, payloads, [f"{sys.argv[2]} {number} {half}" for half in "ab"])
            assert len(store.search("", [1, 0, 0], 100, {"user_id": sys.argv[2]})) == 2 * number + 2
        store.close()
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(**python(script, path, f"user {number}"), **pipes) for number in range(4)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate(timeout=120)
        assert worker.returncode == 0
    assert len(set(consistent(path))) == 4 * 60


def test_a_killed_writer_loses_nothing_it_reported(path: str) -> None:
    script = """
        import itertools
        from owui_memory.backends.sqlite_store import SqliteStore
        store = SqliteStore("memories", 3, sys.argv[1])
        for number in itertools.count():
            batch = [f"{sys.argv[2]} {number} {part}" for part in range(20)]
            store.insert([[1, 0, 0]] * 20, [{"data": f"tea {number}", "user_id": "anne"}] * 20, batch)
            if number:
                store.delete(f"{sys.argv[2]} {number - 1} 0")
            print(number, flush=True)
    """
    for life in range(3):
        reported = -1
        with subprocess.Popen(**python(script, path, str(life)), stdout=subprocess.PIPE, text=True) as writer:
            for line in writer.stdout:
                reported = int(line)
                if reported == 10 + life:
                    writer.send_signal(signal.SIGKILL)
        stored = [id_ for id_ in consistent(path) if id_.startswith(f"{life} ")]
        numbers = [int(id_.split()[1]) for id_ in stored]
        assert {number: numbers.count(number) for number in range(reported)} == dict.fromkeys(
            range(reported), 19
        )
        assert numbers.count(reported) in (19, 20)
        assert max(numbers) <= reported + 1


# mem0 on top of it


class WordsEmbedder:
    """A real embedding, if a small one: every word pushes into a direction of its own."""

    def __init__(self, config: Any = None) -> None:
        self.config = config

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:
        vector = [0.01] * 64
        for word in text.lower().replace(".", "").split():
            vector[sum(word.encode()) % 64] += 1.0
        return vector

    def embed_batch(self, texts: list[str], memory_action: str | None = None) -> list[list[float]]:
        return [self.embed(text) for text in texts]


class SilentLLM:
    def __init__(self, config: Any = None) -> None:
        self.config = config

    def generate_response(self, **_: Any) -> str:
        raise AssertionError("infer=False needs no LLM")


@pytest.fixture
def memory(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("MEM0_TELEMETRY", "False")
    monkeypatch.setenv("MEM0_DIR", str(tmp_path / "mem0"))
    from mem0 import Memory
    from mem0.configs.base import MemoryConfig
    from mem0.configs.llms.base import BaseLlmConfig
    from mem0.embeddings.configs import EmbedderConfig
    from mem0.llms.configs import LlmConfig
    from mem0.utils import factory
    from mem0.vector_stores.configs import VectorStoreConfig
    from pydantic import BaseModel

    class StoreConfig(BaseModel):
        collection_name: str = "memories"
        embedding_model_dims: int = 64
        path: str

    here = sys.modules[__name__]
    assert isinstance(here, ModuleType)
    place = "owui_memory.backends.sqlite_store.SqliteStore"
    monkeypatch.setitem(factory.VectorStoreFactory.provider_to_class, "sqlite", place)
    monkeypatch.setitem(factory.EmbedderFactory.provider_to_class, "words", f"{__name__}.WordsEmbedder")
    monkeypatch.setitem(
        factory.LlmFactory.provider_to_class, "silent", (f"{__name__}.SilentLLM", BaseLlmConfig)
    )
    config = MemoryConfig.model_construct(
        vector_store=VectorStoreConfig.model_construct(provider="sqlite", config=StoreConfig(path=path)),
        llm=LlmConfig.model_construct(provider="silent", config={}),
        embedder=EmbedderConfig.model_construct(provider="words", config={}),
        history_db_path=str(tmp_path / "history.db"),
        reranker=None,
        version="v1.1",
        custom_instructions=None,
    )
    memory = Memory(config)
    yield memory
    memory.vector_store.close()
    if memory._entity_store is not None:
        memory._entity_store.close()
    memory.close()


class TestMem0:
    def add(self, memory: Any, text: str, user: str = "anne", **metadata: Any) -> str:
        added = memory.add([{"role": "user", "content": text}], user_id=user, infer=False, metadata=metadata)
        return str(added["results"][0]["id"])

    def test_add_search_update_delete(self, memory: Any, path: str) -> None:
        tea = self.add(memory, "Anne drinks green tea.", kind="preference")
        self.add(memory, "Anne lives in Zürich.", kind="profile")
        self.add(memory, "Ben drinks green tea.", user="ben")
        results = memory.search("green tea", filters=ANNE, top_k=5)["results"]
        assert results[0]["id"] == tea
        assert results[0]["memory"] == "Anne drinks green tea."
        assert results[0]["metadata"]["kind"] == "preference"
        assert {row["user_id"] for row in results} == {"anne"}
        kinds = memory.search("Anne", filters={**ANNE, "kind": "profile"})["results"]
        assert [row["memory"] for row in kinds] == ["Anne lives in Zürich."]

        memory.update(tea, text="Anne drinks black coffee.")
        assert memory.get(tea)["memory"] == "Anne drinks black coffee."
        assert memory.search("black coffee", filters=ANNE)["results"][0]["id"] == tea

        memory.delete(tea)
        assert memory.get(tea) is None
        assert [row["memory"] for row in memory.get_all(filters=ANNE)["results"]] == ["Anne lives in Zürich."]
        assert len(memory.get_all(filters=BEN)["results"]) == 1
        assert len(consistent(path)) == 2

    def test_keywords_take_part_in_the_score(self, memory: Any) -> None:
        tea = self.add(memory, "Anne drinks green tea.")
        result = memory.search("green tea", filters=ANNE, explain=True)["results"][0]
        assert result["id"] == tea
        assert result["score_details"]["bm25_score"] > 0

    def test_advanced_filters(self, memory: Any) -> None:
        for day in range(1, 6):
            self.add(memory, f"Plan of day {day}.", day=day)
        either = {**ANNE, "OR": [{"day": {"gte": 5}}, {"day": 1}]}
        found = memory.search("plan", filters=either)["results"]
        assert {row["metadata"]["day"] for row in found} == {1, 5}
        assert len(memory.get_all(filters={**ANNE, "NOT": [{"day": 3}]})["results"]) == 4

    def test_delete_all_and_reset(self, memory: Any) -> None:
        for number in range(5):
            self.add(memory, f"Note {number}.")
        self.add(memory, "Another note.", user="ben")
        memory.delete_all(user_id="anne")
        assert memory.get_all(filters=ANNE)["results"] == []
        assert len(memory.get_all(filters=BEN)["results"]) == 1
        memory.reset()
        assert memory.get_all(filters=BEN)["results"] == []

    def test_entities_live_in_a_collection_of_their_own(self, memory: Any) -> None:
        scope = dict(ANNE)
        memory._upsert_entity("Zürich", "PLACE", "memory-1", scope)
        memory._upsert_entity("zürich", "PLACE", "memory-2", scope)
        ((entity,),) = memory.entity_store.list(filters=scope)
        assert entity.payload["linked_memory_ids"] == ["memory-1", "memory-2"]
        assert memory.entity_store.collection_name == "memories_entities"
        memory._remove_memory_from_entity_store("memory-1", scope)
        memory._remove_memory_from_entity_store("memory-2", scope)
        assert memory.entity_store.list(filters=scope) == [[]]
        assert memory.vector_store.count() == 0

    def test_another_embedder_is_noticed_at_the_start(self, memory: Any, path: str) -> None:
        with pytest.raises(MemoryFault, match="64"):
            SqliteStore("memories", 384, path)
