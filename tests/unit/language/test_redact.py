"""Secrets in what people say are found, and what is only near is not."""

import json
import sys
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owui_memory.language import credential_words
from owui_memory.language import secrets as redact
from owui_memory.language.secrets import LEFT_OUT, find_secrets, holds_secret, masked
from tests.harness.inputs import inputs

said, held_out = inputs("secrets_said"), inputs("secrets_held_out")


def missed(table: Iterable[tuple[str, str]]) -> list[str]:
    """The texts of whose secrets something is left when they are masked."""
    return [
        template for template, secret in table if leaks(secret, masked(template.replace("{}", secret))[0])
    ]


def leaks(secret: str, text: str) -> bool:
    return any(part in text for part in secret.split() if len(part) > 2)


def found_in(table: Iterable[str]) -> list[str]:
    return [text for text in table if find_secrets(text)]


def test_what_is_found() -> None:
    assert len(said.SECRETS) >= 100
    assert missed(said.SECRETS) == []
    assert missed(said.OTHER_SECRETS) == []


def test_what_is_left_alone() -> None:
    assert len(said.HARMLESS) >= 100
    assert found_in(said.HARMLESS) == []
    assert found_in(said.OTHER_HARMLESS) == []


def test_what_it_was_not_mended_by() -> None:
    """61 of 62 at first, by whoever wrote both texts and words; all, once the second table was looked at."""
    assert len(held_out.HELD_OUT_SECRETS) == 62
    assert len(missed(held_out.HELD_OUT_SECRETS)) <= 1
    assert len(found_in(held_out.HELD_OUT_HARMLESS)) <= 1
    assert len(missed(held_out.SECOND_SECRETS)) <= 2
    assert len(found_in(held_out.SECOND_HARMLESS)) <= 1
    assert len(missed(held_out.THIRD_SECRETS)) <= 2
    assert found_in(held_out.THIRD_HARMLESS) == []
    assert found_in(held_out.CODE) == []


@pytest.mark.parametrize("language", ["sv", "cs", "fi", "hi", "ar", "da", "hu", "ro", "pl", "tr", "el", "he"])
def test_a_language_has_words(language: str) -> None:
    assert any(language in languages.split() for languages, _ in credential_words.names("passwords"))


def test_every_name_of_a_password_is_found() -> None:
    sections = ("passwords", "dense_passwords")
    names = [name.strip("~") for one in sections for _, name in credential_words.names(one)]
    assert len(names) > 150
    for name in names:
        for said in (f"{name}: aB3dE6gH9", f"{name.upper()} = aB3dE6gH9", f"x.\n{name}: aB3dE6gH9!\ny"):
            assert "aB3dE6gH9" not in masked(said)[0], said


def test_an_exported_memory_comes_back_as_it_was() -> None:
    row = {
        "id": "550e8400-e29b-41d4-a716-446655440000",
        "memory": "My dog is called Rex.",
        "user_id": "8e2b9e7a-1c5f-4b7e-9d7a-2f6b8c1d0e3f",
        "created_at": "2026-05-01T12:00:00+00:00",
        "expiration_date": "2031-05-12",
        "metadata": {"kind": "fact", "chat": "123e4567-e89b-12d3-a456-426614174000", "place": 12},
    }
    line = f"/memory import\n{json.dumps(row)}"
    assert masked(line) == (line, 0)


# Of 42; 14 at first, when nobody had seen them, and none of the 54 harmless ones was taken for a secret.
_STILL_MISSED = 2


def test_what_nobody_had_seen_when_it_was_written() -> None:
    assert len(missed(said.UNSEEN_SECRETS)) <= _STILL_MISSED
    assert found_in(said.UNSEEN_HARMLESS) == []


def test_words_take_the_place_of_a_secret() -> None:
    assert masked("My PIN is 4711, my name is Ada.") == (f"My PIN is {LEFT_OUT}, my name is Ada.", 1)
    assert masked("PIN 4711, password hunter2") == (f"PIN {LEFT_OUT}, password {LEFT_OUT}", 2)
    assert masked("My name is Ada.") == ("My name is Ada.", 0)


def test_a_text_without_its_secret_is_known_as_one() -> None:
    assert holds_secret(masked("My PIN is 4711.")[0])
    assert not holds_secret("My name is Ada.")


def test_secrets_that_overlap_are_one() -> None:
    text = "password: " + "sk-" + "a1B2c3D4" * 5 + "!"
    assert find_secrets(text) == [(10, len(text))]


def test_without_detect_secrets_the_commonest_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, _ in redact._PLUGINS:
        monkeypatch.setitem(sys.modules, f"detect_secrets.plugins.{module}", None)
    redact.formats.cache_clear()
    try:
        assert len(missed(said.SECRETS)) <= 3
    finally:
        redact.formats.cache_clear()


@pytest.mark.parametrize(
    "text",
    [
        "a" * 50_000,
        "sk-" * 9000,
        "://a:" * 9000,
        "1 " * 20_000,
        "İ password: x1y2z3 " * 20,
        "\ud800 PIN 4711",
    ],
)
def test_whatever_comes_is_read(text: str) -> None:
    assert isinstance(masked(text)[1], int)


@given(st.text())
def test_nothing_else_of_a_text_changes(text: str) -> None:
    secrets = find_secrets(text)
    assert all(0 <= start < end <= len(text) for start, end in secrets)
    kept = "".join(part for part in masked(text)[0].split(LEFT_OUT))
    assert len(kept) == len(text) - sum(end - start for start, end in secrets) or LEFT_OUT in text
