"""What every vector store must find: each test takes the stores one after the other."""

from typing import Any

import pytest

from tests.unit.stores.entries import EAST, NORTH, WEST, ids, number, put, texts
from tests.unit.stores.kinds import Place


@pytest.fixture
def store(place: Place) -> Any:
    return place.open()


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


def test_of_some_scopes_only(store: Any) -> None:
    """However many others are nearer."""
    for n in range(2, 40):
        put(store, n, f"Rex {n}", "past/ada", EAST, scope="folder:other")
    put(store, 40, "Rex, here", "past/ada", NORTH, scope="folder:here")
    put(store, 41, "Rex, anywhere", "past/ada", NORTH)
    for scopes, found in (
        ({"", "folder:here"}, {40, 41}),
        ({""}, {41}),
        ({"folder:here"}, {40}),
        (set[str](), set[int]()),
    ):
        ((by_meaning, by_words),) = store.search_owners("Rex", EAST, 4, ["past/ada"], scopes)
        assert set(ids(by_meaning)) == set(ids(by_words)) == {number(n) for n in found}


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
