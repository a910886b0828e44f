"""Plain requests to forget: heard, not told any more in the same turn, and carried out without an LLM."""

from __future__ import annotations

import pytest

from owui_memory.language.forget_requests import is_meant, wish
from tests.unit.recall.conversation import Conversation, House, text_of

PHONE, DOG = "My phone number is 555-0199.", "My dog is called Rex."


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Forget my phone number.", "my phone number"),
        ("Thanks! Please forget that I live in Lisbon.", "that I live in Lisbon"),
        ("Delete everything you know about me", "everything"),
        ("Vergiss bitte meine Telefonnummer.", "meine Telefonnummer"),
        ("Oublie mon numéro de téléphone", "mon numéro de téléphone"),
        ("Olvida mi dirección", "mi dirección"),
        ("Забудь мой номер телефона", "мой номер телефона"),
        ("请忘记我的电话号码", "我的电话号码"),
        ("電話番号を忘れてください", "電話番号"),
        ("내 전화번호를 잊어줘", "내 전화번호"),
    ],
)
def test_a_wish(text: str, asked: str) -> None:
    assert wish(text) == asked


@pytest.mark.parametrize(
    "text",
    [
        "Don't forget to water the plants.",
        "I forget names easily.",
        "Forget it.",
        "Delete the file foo.txt",
        "Remove the last line of this code.",
        "Vergiss nicht, Milch zu kaufen.",
        "N'oublie pas le pain.",
        "No olvides la leche.",
        "Не забудь купить хлеб.",
        "傘を忘れないで",
        "不要忘记带伞",
        "Forget " + "x" * 400,
    ],
)
def test_no_wish(text: str) -> None:
    assert wish(text) == ""


def test_a_memory_is_meant_when_it_has_all_the_words() -> None:
    assert is_meant("my phone number", PHONE)
    assert is_meant("what I told you about Rex", DOG)
    assert not is_meant("my dog's vet", DOG)
    assert not is_meant("", DOG)


def test_what_is_to_be_forgotten_is_not_told_in_the_same_turn(house: House, talk: Conversation) -> None:
    house.knows(PHONE, kind="profile")
    house.knows(DOG)
    assert "555" in text_of(talk.ask("What is my phone number?"))
    told = text_of(talk.ask("Forget my phone number."))
    assert "555" not in told


def test_something_else_is_told_as_before(house: House, talk: Conversation) -> None:
    house.knows(PHONE)
    house.knows(DOG)
    assert "Rex" in text_of(talk.ask("Forget my phone number. What is my dog called?"))
