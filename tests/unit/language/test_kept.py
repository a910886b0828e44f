"""What is kept without an LLM, in fourteen languages and in others: statements, and nothing else."""

from __future__ import annotations

import pytest

from owui_memory.language.speech import asks_to_forget
from owui_memory.remember.gate import said_by_user, statements
from tests.unit.language.said import LANGUAGES, said

SAID = {language: said(f"{language}.txt") for language in LANGUAGES}
BEYOND = said("beyond.txt")


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_enough_of_each(language: str) -> None:
    counts = {heading: len(messages) for heading, messages in SAID[language].items()}
    assert counts == {"kept": 20, "asked": 20, "others": 10, "forget": 10}


@pytest.mark.parametrize("language", LANGUAGES)
def test_statements_are_kept(language: str) -> None:
    assert [text for text in SAID[language]["kept"] if statements(text) != [text]] == []


@pytest.mark.parametrize("heading", ["asked", "others", "forget"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_else_is(language: str, heading: str) -> None:
    assert {text: kept for text in SAID[language][heading] if (kept := statements(text))} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_requests_to_forget_are_known(language: str) -> None:
    unknown = [text for text in SAID[language]["forget"] if not asks_to_forget(said_by_user(text))]
    assert unknown == []


@pytest.mark.parametrize("heading", [one for one in BEYOND if one.endswith("kept")])
def test_statements_in_other_languages_are_kept(heading: str) -> None:
    assert [text for text in BEYOND[heading] if text not in statements(text)] == []


@pytest.mark.parametrize("heading", [one for one in BEYOND if one.endswith("asked")])
def test_nothing_is_kept_of_questions_in_other_languages(heading: str) -> None:
    assert {text: kept for text in BEYOND[heading] if (kept := statements(text))} == {}
