"""The order of candidates: meaning and words, neighbours in the chat, what is new, what was said again."""

from dataclasses import replace

import pytest

from owui_memory.core.memory import Candidate
from owui_memory.recall.rank import bm25, ranked
from tests.harness.samples import NOW, found


def order(candidates: list[Candidate], query: str = "tea", **reaffirmed: int) -> list[str]:
    return [item.memory.text for item in ranked(candidates, query, NOW, reaffirmed)]


def in_chat(item: Candidate, chat: str, ordinal: int) -> Candidate:
    return replace(item, memory=replace(item.memory, chat=chat, ordinal=ordinal))


def test_meaning_and_words_are_weighed() -> None:
    candidates = [found("by meaning", 0.6, 0.0), found("green tea by both", 0.4, 8.0)]
    assert order(candidates, "green tea") == ["green tea by both", "by meaning"]
    (one,) = ranked([found("green tea", 0.5, 4.0, days=10_000)], "green tea", NOW)
    assert one.score == pytest.approx(0.6 * 0.5 + 0.4, abs=0.001)


def test_words_weigh_as_far_as_a_memory_has_those_of_the_query() -> None:
    """The best BM25 of a store in which nothing has the query's words is that of an accident."""
    scores = [
        ranked([found("green tea", 0.5, 0.1, days=10_000)], query, NOW)[0].score
        for query in ("green tea", "green tea sea pot")
    ]
    assert scores == [pytest.approx(0.7, abs=0.001), pytest.approx(0.468, abs=0.001)]


def test_a_lone_word_of_a_question_does_not_outweigh_its_meaning() -> None:
    """It is the only one with a keyword, and BM25 is measured by the best."""
    candidates = [found("The user collects old stamps.", 0.1, 2.0), found("The user was born in 1987.", 0.5)]
    assert order(candidates, "How old am I?")[0] == "The user was born in 1987."


def test_the_newer_one_first_among_equals() -> None:
    assert order([found("Lives in Lisbon.", 0.5, days=9), found("Lives in Porto.", 0.5)]) == [
        "Lives in Porto.",
        "Lives in Lisbon.",
    ]


def test_what_is_new_is_no_reason_to_tell_what_is_less_relevant() -> None:
    assert order([found("old", 0.60, days=3000), found("new", 0.50)]) == ["old", "new"]


def test_what_was_said_again_comes_first_among_equals() -> None:
    said_again = {"often": 2}
    assert order([found("once", 0.5), found("often", 0.5)], **said_again) == ["often", "once"]


def test_a_neighbour_in_the_chat_lifts() -> None:
    candidates = [
        in_chat(found("hit", 0.9), "c1", 4),
        in_chat(found("far away in the same chat", 0.31), "c1", 9),
        in_chat(found("next to it in another chat", 0.31), "c2", 5),
        in_chat(found("said right after it", 0.3), "c1", 5),
        in_chat(found("said two before it", 0.3), "c1", 2),
    ]
    assert set(order(candidates)[1:3]) == {"said right after it", "said two before it"}


def test_memories_of_no_known_chat_are_no_neighbours() -> None:
    assert order([found("hit", 0.9), found("near", 0.41), found("nearer", 0.42)]) == ["hit", "nearer", "near"]


def test_a_store_without_keyword_search_gets_bm25_over_its_candidates() -> None:
    candidates = [found("The user likes coffee.", 0.5, None), found("The user likes green tea.", 0.45, None)]
    assert order(candidates, "green teas") == ["The user likes green tea.", "The user likes coffee."]


def test_bm25() -> None:
    documents = [["tea", "tea", "cup"], ["tea", "pot", "lid"], ["dog"]]
    both, one, none = bm25(documents, {"tea", "cup"})
    assert both > one > none == 0
    assert bm25([], {"tea"}) == []


def test_words_count_the_same_in_whatever_order_they_are_asked_for() -> None:
    """Of a set, the order is another in each process."""
    documents = [[f"w{n}" for n in range(at % 7, 30, at % 5 + 1)] for at in range(40)]
    asked = [f"w{n}" for n in range(30)]
    scores = {tuple(bm25(documents, asked[at:] + asked[:at])) for at in range(30)}
    assert len(scores) == 1
