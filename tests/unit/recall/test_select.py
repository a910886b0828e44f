"""What is told: only when something is relevant, each once, whole, within the budget."""

import pytest

from owui_memory.core.memory import Candidate
from owui_memory.models.tokens import estimated_tokens
from owui_memory.recall.block import line, render
from owui_memory.recall.rank import Ranked, ranked
from owui_memory.recall.select import (
    ENOUGH,
    INJECTED,
    NO_ROOM,
    NOT_RELEVANT,
    REPEATS,
    SPREAD,
    Gate,
    Selection,
    select,
)
from owui_memory.recall.why import MOST, most_telling
from tests.harness.samples import NOW, found, memory


def selected(
    candidates: list[Candidate], *, opened: bool = True, most: int = 8, room: int = 800
) -> Selection:
    return select(
        ranked(candidates, "tea and dogs", NOW),
        least_worth=0.1 if opened else None,
        most=most,
        room=room,
        cost=lambda memory: estimated_tokens(line(memory, NOW)) + 1,
    )


def gate(
    candidates: list[Candidate],
    query: str,
    threshold: float = 0.42,
    of_self: tuple[float, float] = (0.0, 0.0),
) -> Gate:
    return Gate.of(ranked(candidates, query, NOW), threshold, of_self, query)


def told(candidates: list[Candidate], **options: int) -> list[str]:
    return [memory.text for memory in selected(candidates, **options).chosen]


def outcomes(selection: Selection) -> dict[str, str]:
    return {item.memory.text: outcome for item, outcome in selection.outcomes}


@pytest.mark.parametrize(
    ("candidates", "query", "expected"),
    [
        ([found("The user likes tea.", 0.5)], "What do I drink?", 0.5),
        ([found("The user likes tea.", 0.2, 3.0)], "green tea", 0.2 + 0.4 / 2),
        ([found("The user likes gardening.", 0.2, 3.0)], "gardens", 0.6),
        ([found("The user likes coffee.", 0.2)], "green tea", 0.2),
        ([], "green tea", 0.0),
    ],
)
def test_the_gate_sees_meaning_and_the_words_that_one_memory_has(
    candidates: list[Candidate], query: str, expected: float
) -> None:
    assert gate(candidates, query).evidence == pytest.approx(expected)


def test_words_that_several_memories_have_together_are_no_evidence() -> None:
    apart = [found("The user likes green.", 0.2, 2.0), found("The user drinks tea.", 0.2, 2.0)]
    assert gate(apart, "green tea").evidence == pytest.approx(0.4)


def test_a_question_about_oneself_needs_less_than_one_about_other_things() -> None:
    one = [found("The user likes tea.", 0.3)]
    own, other = (gate(one, "?", of_self=(told, 1.0)).needed for told in (0.6, -0.6))
    assert other - own == pytest.approx(2 * 0.6 * 2.7 * SPREAD)
    assert gate(one, "?", of_self=(9.0, 1.0)).needed == pytest.approx(own)


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("Where do I live?", "Where is Peru?"),
        ("¿Dónde vivo yo?", "¿Dónde está Perú?"),
        ("我住在哪里？", "秘鲁在哪里？"),
    ],
)
def test_where_the_embedder_cannot_tell_the_words_do(own: str, other: str) -> None:
    one = [found("The user likes tea.", 0.3)]
    assert gate(one, own).needed < gate(one, other).needed


def test_few_memories_need_less_than_many_that_are_all_rather_near() -> None:
    few, more, many = (
        [found(f"Fact {n}.", 0.2 if n else 0.3) for n in range(count)] for count in (4, 12, 40)
    )
    assert gate(few, "x").needed < gate(more, "x").needed < gate(many, "x").needed
    far, *near = ([found(f"Fact {n}.", other) for n in range(40)] for other in (0.126, 0.2, 0.3))
    assert gate(far, "x", of_self=(0.0, 1.0)).needed == pytest.approx(0.42)
    for all_near in near:
        assert gate(all_near, "x", of_self=(0.0, 1.0)).needed == pytest.approx(0.42 + 0.4 * SPREAD)


@pytest.mark.parametrize(("threshold", "is_open"), [(0.0, True), (0.42, True), (0.9, False), (1.4, False)])
def test_the_threshold_has_the_last_word(threshold: float, is_open: bool) -> None:
    for told in (0.6, -0.6):
        opened = gate([found("The user likes tea.", 0.65)], "x", threshold, (told, 1.0))
        assert (opened.least is not None) is is_open
    assert gate([], "x", 0.0).least is None


def test_nothing_is_told_while_the_gate_is_shut() -> None:
    selection = selected([found("Likes tea.", 0.9)], opened=False)
    assert selection.chosen == ()
    assert outcomes(selection) == {"Likes tea.": NOT_RELEVANT}


def test_what_is_far_off_is_not_told_beside_what_is_near() -> None:
    assert told([found("Likes tea.", 0.5), found("Has a cat.", 0.09)]) == ["Likes tea."]


def test_nearly_the_same_is_told_once() -> None:
    selection = selected(
        [found("The user likes tea.", 0.5), found("the user  LIKES tea", 0.4), found("Likes coffee.", 0.3)]
    )
    assert [memory.text for memory in selection.chosen] == ["The user likes tea.", "Likes coffee."]
    assert outcomes(selection)["the user  LIKES tea"] == REPEATS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "The user's spare locker at the gym is number 17.",
            "The user's spare locker at the gym is number 18.",
        ),
        ("The user eats meat at home with the family.", "The user eats no meat at home with the family."),
        ("The user's oldest sister is called Anna today.", "The user's oldest sister is called Anne today."),
    ],
)
def test_another_name_or_number_or_a_denial_is_another_memory(one: str, other: str) -> None:
    assert told([found(one, 0.5), found(other, 0.4)]) == [one, other]


def test_as_many_as_the_admin_wants() -> None:
    selection = selected([found(f"Fact {n}.", 0.5) for n in range(30)], most=3)
    assert len(selection.chosen) == 3
    assert list(outcomes(selection).values()).count(ENOUGH) == 27


def test_memories_are_whole_or_left_out() -> None:
    selection = selected([found("long " * 100, 0.9), found("Likes tea.", 0.5)], room=70)
    assert [memory.text for memory in selection.chosen] == ["Likes tea."]
    assert sorted(outcomes(selection).values()) == [NO_ROOM, INJECTED]


@pytest.mark.parametrize("budget", [120, 200, 400, 800])
def test_the_budget_holds_for_the_whole_block(budget: int) -> None:
    candidates = [found(f"Fact number {n} about the user's life.", 0.5) for n in range(50)]
    chosen = selected(candidates, most=50, room=budget - estimated_tokens(render(["-"]))).chosen
    assert estimated_tokens(render([line(memory, NOW) for memory in chosen])) <= budget
    assert chosen or budget < 160


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("I prefer tea over coffee.", "I prefer coffee over tea."),
        ("Anna is taller than Ben.", "Ben is taller than Anna."),
        (
            "The user takes the pills every day before meals at home.",
            "The user takes the pills every day after meals at home.",
        ),
    ],
)
def test_what_only_looks_the_same_is_told_too(one: str, other: str) -> None:
    assert told([found(one, 0.5), found(other, 0.4)]) == [one, other]


def test_of_many_passages_those_that_are_told_are_explained() -> None:
    def one(name: str, outcome: str) -> tuple[Ranked, str]:
        return Ranked(memory(name), 0.5, 0.0, 0.5), outcome

    spoken = Selection((), tuple(one(f"chat {at}", NOT_RELEVANT) for at in range(MOST + 5)))
    read = Selection((), (one("page 1", NOT_RELEVANT), one("page 2", INJECTED)))
    told = most_telling(spoken, read)
    assert (told[0].memory_id, len(told)) == ("page 2", MOST)


def test_once_the_gate_is_open_less_is_needed_of_few_memories() -> None:
    def least(count: int) -> float:
        others = [found(f"Something else, {number}.", 0.05) for number in range(count - 1)]
        opened = gate([found("The user likes tea.", 0.6), *others], "What do I drink?")
        assert opened.least is not None
        return opened.least

    at = [least(count) for count in (2, 4, 12, 40, 200)]
    assert at[0] == at[1] < at[2] < at[3] == at[4] == pytest.approx(0.1)
    assert at[2] == pytest.approx(0.0624, abs=1e-4)
