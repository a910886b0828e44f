"""What is told: relevant, each once, whole, within the budget."""

from __future__ import annotations

import pytest

from owui_memory.backends.base import Found
from owui_memory.recall.block import estimated_tokens, render
from owui_memory.recall.select import is_relevant, score, select
from owui_memory.settings import Valves
from tests.unit.samples import NOW, found


def told(candidates: list[Found], **settings: object) -> list[str]:
    return [memory.text for memory in select(candidates, Valves(**settings), NOW)]


def test_nothing_is_told_when_nothing_is_relevant() -> None:
    assert told([found("Likes tea.", 0.2), found("Has a dog.", 0.12)]) == []


@pytest.mark.parametrize(
    ("meaning", "keyword", "relevant"),
    [
        (0.25, 0.0, True),
        (0.24, 0.0, False),
        (0.13, 2.0, True),
        (0.12, 9.0, False),
        (0.25, None, True),
        (0.2, None, False),
    ],
)
def test_the_gate_takes_near_ones_and_half_near_ones_that_share_a_word(
    meaning: float, keyword: float | None, relevant: bool
) -> None:
    assert is_relevant(found("x", meaning, keyword), threshold=0.25) is relevant


def test_meaning_and_words_are_weighed() -> None:
    assert score(found("x", 0.5, 4.0), best_keyword=8.0) == pytest.approx(0.6 * 0.5 + 0.4 * 0.5)
    assert score(found("x", 0.5, None), best_keyword=0.0) == 0.5
    assert told([found("by meaning", 0.6, 0.0), found("by both", 0.4, 8.0)]) == ["by both", "by meaning"]


def test_the_newer_one_first_among_equals() -> None:
    assert told([found("Lives in Lisbon.", 0.5, days=9), found("Lives in Porto.", 0.5)]) == [
        "Lives in Porto.",
        "Lives in Lisbon.",
    ]


def test_the_same_words_are_told_once() -> None:
    assert told(
        [found("Likes tea.", 0.5), found("likes  TEA", 0.4, days=3), found("Likes coffee.", 0.3)]
    ) == [
        "Likes tea.",
        "Likes coffee.",
    ]


def test_as_many_as_the_admin_wants() -> None:
    assert len(told([found(f"Fact {n}.", 0.5) for n in range(30)], memories_per_turn=3)) == 3


def test_memories_are_whole_or_left_out() -> None:
    long, short = found("long " * 100, 0.9), found("Likes tea.", 0.5)
    assert told([long, short], memory_token_budget=200) == ["Likes tea."]


@pytest.mark.parametrize("budget", [120, 200, 400, 800])
def test_the_budget_holds_for_the_whole_block(budget: int) -> None:
    candidates = [found(f"Fact number {n} about the user's life.", 0.5) for n in range(50)]
    chosen = select(candidates, Valves(memory_token_budget=budget, memories_per_turn=50), NOW)
    assert estimated_tokens(render(chosen, NOW)) <= budget
    assert chosen or budget < 150
