"""What is made of inputs that nothing here was written for."""

import json
from collections.abc import Iterable

import pytest

from owui_memory.language.dedupe import same
from owui_memory.language.secrets import find_secrets
from owui_memory.remember.admission import check, refusal
from owui_memory.remember.echoes import unsaid
from owui_memory.remember.gate import statements
from owui_memory.remember.operations import UnreadableAnswerError, read_operations
from tests.harness.inputs import inputs

given, unseen = inputs("fresh_inputs"), inputs("unseen_inputs")
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


def missed(secrets: Iterable[tuple[str, str]]) -> list[str]:
    """The texts of whose secret nothing is found."""
    left = []
    for text, secret in secrets:
        whole = text.replace("{}", secret)
        at = whole.index(secret)
        if not any(start < at + len(secret) and at < end for start, end in find_secrets(whole)):
            left.append(text)
    return left


def test_secrets_are_found() -> None:
    """At first 21 of 203 were missed, two of which are none: a card's check digit is wrong."""
    assert len(missed(given.SECRETS)) <= 9
    assert len([text for text in given.HARMLESS if find_secrets(text)]) <= 1


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


def test_what_nothing_was_tuned_on() -> None:
    """The first time 2 of 20 were kept, 1 of 30 secrets missed, 4 of 20 orders; nothing else was wrong."""
    kept = [text for text in unseen.NOTHING if statements(text, NOTED)]
    assert len(kept) <= 2, kept
    lost = [text for text, told in unseen.KEPT if told not in " ".join(statements(text, NOTED)).lower()]
    assert lost == []
    assert len(missed(unseen.SECRETS)) <= 1
    assert [text for text in unseen.HARMLESS if find_secrets(text)] == []
    orders = [text for text in unseen.ORDERS if not refusal(text)]
    assert len(orders) <= 4, orders
    assert [text for text in unseen.NO_ORDERS if refusal(text)] == []
