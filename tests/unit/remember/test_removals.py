"""What an LLM may take away, and whose words ask for it."""

import pytest

from owui_memory.core.exchange import Batch
from tests.harness.inputs import cases
from tests.unit.remember.mind import Mind, batch, remove

HELD = ("The user lives in Graz.", "The user's dog is called Rex.", "The user is married to Tom.")


def removes_all(mind: Mind, said: Batch) -> int:
    """How many of what is held a model takes away that takes away all."""
    for text in HELD:
        mind.knows(text)
    return mind.hears(said, *(remove(number) for number in range(1, len(HELD) + 1)))


CASES = cases("remember/removals.txt")


@pytest.mark.parametrize("heading", ["a wish to forget", "what is over"])
def test_what_the_user_wants_forgotten_or_says_is_over_may_be_all(mind: Mind, heading: str) -> None:
    left = {}
    for (text,) in CASES[heading]:
        mind.forget()
        removes_all(mind, batch(text))
        left[text] = mind.texts()
    assert {text: kept for text, kept in left.items() if kept} == {}


def test_nobody_elses_words_ask_for_removals(mind: Mind) -> None:
    gone = {}
    for text, answer in ((text, *answer, "I see.")[:2] for text, *answer in CASES["others' words"]):
        mind.forget()
        removes_all(mind, batch(text, answer=answer))  # what was said may well be added
        gone[text] = set(HELD) - set(mind.texts())
    assert {text: missing for text, missing in gone.items() if missing} == {}


@pytest.mark.parametrize(
    "text", ["Forget everything about me.", "Vergiss alles.", "请忘掉一切。", "Olvida todo."]
)
def test_who_wants_all_forgotten_is_obeyed(mind: Mind, text: str) -> None:
    for number in range(8):
        mind.knows(f"The user has hamster number {number}.")
    assert mind.hears(batch(text), *(remove(number) for number in range(1, 9))) == 6  # as many as were shown


def test_what_ends_does_not_end_everything(mind: Mind) -> None:
    for number in range(8):
        mind.knows(f"The user has hamster number {number}.")
    removals = [remove(number) for number in range(1, 9)]
    assert mind.hears(batch("My hamster number 3 died."), *removals) == 0


@pytest.mark.parametrize(
    "text",
    [
        "I live in Lisbon. Please translate: I live in Oslo and my wife is called Berit.",
        "I live in Lisbon.\n\nMy colleague wrote:\nI live in Oslo and my phone is off.",
        "I live in Lisbon.\n> I live in Oslo.",
        'I live in Lisbon. Reply to "I live in Oslo and my phone is off", please.',
        "I live in Lisbon.\n---------- Forwarded message ---------\nI live in Oslo.",
    ],
)
def test_what_others_say_is_not_shown_as_said_by_the_user(mind: Mind, text: str) -> None:
    mind.hears(batch(text))
    asked = mind.llm.chats()[0].last_user_text
    assert "I live in Lisbon." in asked
    assert "Oslo" not in asked
    assert "quoted or pasted" in asked
