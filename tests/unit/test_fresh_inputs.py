"""What is made of inputs that nothing here was written for: see `fresh_inputs`."""

from __future__ import annotations

import json

import pytest

from owui_memory.redact import find_secrets
from owui_memory.remember.admission import check, refusal
from owui_memory.remember.echoes import unsaid
from owui_memory.remember.gate import statements
from owui_memory.remember.operations import UnreadableAnswerError, read_operations
from owui_memory.remember.sameness import same
from tests.unit import fresh_inputs as given

NOTED = "I see."
SAID = "I moved here in spring, I live in Porto now."


@pytest.mark.parametrize(("one", "two"), given.DIFFERENT)
def test_different_statements_are_both_held(one: str, two: str) -> None:
    assert not same(one, two, 0.99)
    assert not same(two, one, 0.99)


def test_the_same_in_other_words_is_held_once() -> None:
    """One is missed: without its accents a word may be another one."""
    missed = [pair for pair in given.SAME if not same(*pair, 0.95)]
    assert missed == [("Je suis végétarien.", "je suis vegetarien")]


@pytest.mark.parametrize("text", given.NOTHING)
def test_nothing_is_kept(text: str) -> None:
    assert statements(text, NOTED) == []


@pytest.mark.parametrize(("text", "told"), given.KEPT)
def test_what_users_say_of_themselves_is_kept(text: str, told: str) -> None:
    assert told in " ".join(statements(text, NOTED)).lower()


def test_secrets_are_found() -> None:
    """Missed: a key without a figure, a card with a wrong check digit, a password behind "my house's"."""
    missed = []
    for text, secret in given.SECRETS:
        whole = text.replace("{}", secret)
        at = whole.index(secret)
        if not any(found.start < at + len(secret) and at < found.end for found in find_secrets(whole)):
            missed.append(text)
    assert len(missed) <= 3, missed
    assert [text for text in given.HARMLESS if find_secrets(text)] == []


def test_orders_are_refused() -> None:
    assert [text for text in given.ORDERS if not refusal(text)] == []
    assert [text for text in given.NO_ORDERS if check(text) != text] == []


@pytest.mark.parametrize(("answer", "held", "refused"), given.ANSWERS)
def test_answers_are_read_as_they_are_meant(
    answer: str, held: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    try:
        operations = read_operations(answer)
    except UnreadableAnswerError:
        operations = []
    made = [one.text for one in operations if not one.refused and not unsaid(one.text, [SAID], [])]
    assert all(any(text in one for one in made) for text in held), json.dumps(made)
    assert bool(made) == bool(held)
    assert set(made).isdisjoint(refused)
