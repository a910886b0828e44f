"""Keyword search in any language, for any query."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from owui_memory.stores.sqlite.blocks import Edit
from owui_memory.stores.sqlite.store import SqliteStore
from tests.unit.stores.sqlite_files import ANNE, BEN, bytes_on_disk, ids, put


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

    @pytest.mark.parametrize("gone", [2, 9], ids=["between others", "behind all"])
    def test_a_link_to_a_memory_that_is_gone_leads_nowhere(self, store: SqliteStore, gone: int) -> None:
        put(store, "tea", "tea", chat="c")
        put(store, "gone", "coffee")
        put(store, "other", "water")
        store.delete("gone")
        with store._connections.write() as connection:
            edit = Edit(connection, store._tables)
            edit.lead(edit.owner("anne"), 1, gone)
            edit.flush()
        assert found(store, "tea") == ["tea"]

    def test_the_users_name_is_no_word(self, store: SqliteStore) -> None:
        put(store, "one", "tea")
        assert store.keyword_search("anne") == found(store, "anne") == []

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
    for filters in ({"user_id": f"user {user}"}, {"user_id": f"user {user}", "data": "*"}):
        rows = crowd.keyword_search(query, top_k=50, filters=filters)
        assert {row.payload["user_id"] for row in rows} <= {f"user {user}"}
        assert all(row.score is not None and row.score > 0 for row in rows)
    crowd.keyword_search(query)


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


@given(text=st.text(st.characters(), max_size=300))
def test_any_text_is_stored_and_comes_back(crowd: SqliteStore, text: str) -> None:
    crowd.insert([[1, 1, 1]], [{"data": text, "user_id": "guest"}], ["guest"])
    stored = crowd.get("guest")
    assert stored.payload["data"] == text.encode("utf-8", "replace").decode()
    crowd.delete("guest")


def test_a_number_is_found_by_all_of_its_digits(store: SqliteStore) -> None:
    """Polish words are cut to what their forms share; a number has no forms."""
    for number in range(2024110, 2024170):
        put(store, str(number), f"Faktura {number} została zapłacona.")
    assert found(store, "Jaka była kwota na fakturze 2024117?")[0] == "2024117"


class TestContext:
    """With a memory's own words go those of the two before it in the same chat."""

    def chat(self, store: SqliteStore, *texts: str, chat: str = "c1", user: str = "anne") -> None:
        for number, text in enumerate(texts):
            put(store, f"{chat} {number}", text, user=user, chat=chat)

    def test_what_was_said_just_before_finds_a_memory(self, store: SqliteStore) -> None:
        self.chat(store, "A trip to Norway", "In June", "By ship", "And then home")
        assert found(store, "Norway")[0] == "c1 0", "its own words weigh more"
        assert set(found(store, "Norway")) == {"c1 0", "c1 1", "c1 2"}

    def test_other_chats_and_other_users_are_no_context(self, store: SqliteStore) -> None:
        put(store, "first", "A trip to Norway", chat="c1")
        put(store, "other chat", "In June", chat="c2")
        put(store, "no chat", "In June")
        put(store, "other user", "In June", user="ben", chat="c1")
        assert found(store, "Norway") == ["first"]
        assert store.keyword_search("Norway", filters=BEN) == []

    def test_a_forgotten_memory_is_no_context_any_more(self, store: SqliteStore) -> None:
        self.chat(store, "A trip to Norway", "In June", "By ship")
        store.delete("c1 0")
        assert found(store, "Norway") == []
        store.purge()
        assert b"norway" not in bytes_on_disk(store.path).lower()

    def test_a_corrected_memory_is_other_context(self, store: SqliteStore) -> None:
        self.chat(store, "A trip to Norway", "In June", "By ship")
        store.update("c1 0", (0, 1, 0), {"data": "A trip to Iceland", "user_id": "anne", "chat": "c1"})
        assert found(store, "Norway") == []
        assert set(found(store, "Iceland")) == {"c1 0", "c1 1", "c1 2"}

    def test_a_memory_that_moves_takes_its_words_along(self, store: SqliteStore) -> None:
        self.chat(store, "A trip to Norway", "In June")
        store.update("c1 0", payload={"data": "A trip to Norway", "user_id": "anne", "chat": "c2"})
        assert found(store, "Norway") == ["c1 0"]
