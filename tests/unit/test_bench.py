"""The benchmarks measure something: questions find their memories, and percentiles are what they say."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from bench.contenders import sqlite_store
from bench.measure import Latency, percentile, table
from bench.memories import DIMS, USERS, WordVectors, asked, fact


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([3.0], 95, 3.0), ([4.0, 1.0, 3.0, 2.0], 50, 2.0), ([float(n) for n in range(1, 101)], 95, 95.0)],
)
def test_percentile_is_the_nearest_rank(values: list[float], percent: float, expected: float) -> None:
    assert percentile(values, percent) == expected


def test_nothing_has_no_percentile() -> None:
    assert math.isnan(percentile([], 50))


def test_latency_is_in_milliseconds() -> None:
    assert Latency.of([0.001, 0.002], wrong=1) == Latency(count=2, p50=1.0, p95=2.0, wrong=1)


def test_a_table_has_one_line_a_row_in_columns() -> None:
    assert table("Title", ("what", "ms"), [("a", 1.234), ("longer", 1234.5), ("none", math.nan)]) == (
        "\nTitle\n\nwhat       ms\n------  -----\na        1.23\nlonger  1,234\nnone        -"
    )


def test_memories_are_the_same_in_every_run() -> None:
    assert fact(7) == fact(7)
    assert fact(7).user_id == fact(7 + USERS).user_id
    assert len({fact(number).id for number in range(500)}) == 500


def test_questions_go_to_all_users_and_to_no_memory_that_is_not_stored() -> None:
    facts = asked(1000, 200)
    assert len({one.user_id for one in facts}) == USERS
    assert all(one.number < 1000 for one in facts)


def test_vectors_have_length_one_and_do_not_depend_on_being_ready() -> None:
    text = fact(3).text
    vector = WordVectors([text]).embed(text)
    assert vector == WordVectors().embed(text)
    assert len(vector) == DIMS
    assert math.hypot(*vector) == pytest.approx(1)


def test_a_question_finds_its_memory_by_meaning_and_by_words(tmp_path: Path) -> None:
    from owui_memory.backends.sqlite_store import SqliteStore

    path = sqlite_store(tmp_path, 1500)
    assert path == sqlite_store(tmp_path, 1500), "filled once"
    store, vectors = SqliteStore("memories", DIMS, str(path)), WordVectors()
    try:
        for one in asked(1500, 30):
            owner = {"user_id": one.user_id}
            by_meaning = store.search(one.question, vectors.embed(one.question), 8, owner)
            by_words = store.keyword_search(one.question, 8, owner)
            assert one.text in [row.payload["data"] for row in by_meaning]
            assert one.text in [row.payload["data"] for row in by_words]
    finally:
        store.close()
