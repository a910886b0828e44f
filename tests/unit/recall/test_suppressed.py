"""What a message asks to be forgotten is not told for it."""

import pytest

from owui_memory.recall.rank import Ranked
from owui_memory.recall.suppressed import suppressed
from tests.harness.samples import memory

DOG, CITY = "My dog is called Rex.", "I live in Lisbon."
KNOWN = [Ranked(memory(DOG), 0.7, 0.0, 0.7), Ranked(memory(CITY), 0.1, 0.0, 0.1)]


@pytest.mark.parametrize(
    ("said", "left_out"),
    [
        ("Please forget everything about me.", {DOG, CITY}),
        ("Forget the name of my pet.", {DOG}),
        ("What is 3 times 4? Forget the name of my pet.", set()),  # beside a question, it must be nearer
        ("I have moved. Forget that I live in Lisbon.", {CITY}),
        ("I never forget my dog.", set()),
    ],
)
def test_what_is_left_out(said: str, left_out: set[str]) -> None:
    assert suppressed(said, KNOWN) == left_out
