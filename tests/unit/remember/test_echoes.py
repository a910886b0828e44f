"""What a model takes from its prompt, or leaves unfilled, is not remembered; what was said is."""

import pytest

from owui_memory.remember.echoes import EXAMPLE, PLACEHOLDER, unsaid
from owui_memory.remember.prompt import _SYSTEM, example_texts
from tests.unit.remember.mind import Mind, add, batch

WEATHER = ["What is the weather like?", "Sunny."]


def test_the_examples_are_those_of_the_prompt() -> None:
    assert len(example_texts()) >= 6
    assert all(text in _SYSTEM for text in example_texts())
    assert "The user lives in Lisbon." in example_texts()
    assert any("Clara" in text for text in example_texts())


def test_an_example_is_refused_unless_it_was_said() -> None:
    for text in example_texts():
        assert unsaid(text, WEATHER, example_texts()) == EXAMPLE
        assert unsaid(text.rstrip(".!?").upper(), WEATHER, example_texts()) == EXAMPLE
        assert unsaid(text, [text], example_texts()) == ""


def test_what_was_said_is_no_echo() -> None:
    for text, said in [
        ("The user lives in Lisbon.", "I live in Lisbon."),
        ("The user lives in Lisbon.", "Vivo em Lisboa."),
        ("The user lives in Lisbon.", "Ich wohne in Lissabon."),
        ("The user lives in Lisbon.", "Я живу в Лиссабоне."),
        ("The user lives in Lisbon.", "我住在里斯本。"),
        ("The user lives in Porto.", "We moved to Oporto."),
        ("The user lives in Porto since late November 2026.", "We moved to Porto last week."),
        ("Die Tochter des Nutzers heißt Clara.", "Meine Tochter Clara hat Geburtstag."),
        ("The user lives in Ulm.", "I live in Ulm."),
    ]:
        assert unsaid(text, [said, "I see."], example_texts()) == ""


def test_a_placeholder_is_refused() -> None:
    for text in [
        "...",
        "<text>",
        "string",
        "Text",
        "User's name",
        "The user's name",
        "The user's name is [name].",
        "The user's name is <name>.",
        "The user lives in {city}.",
        "The user lives in ...",
        "The user lives in …",
        "The user's name is XXX.",
        "The user's name is ____.",
        "One sentence about the user.",
        "your text here",
        "null",
        "N/A",
        "None",
        "placeholder",
        "example fact",
        "profile|preference|fact|plan",
        "lorem ipsum",
    ]:
        assert unsaid(text, WEATHER, ()) == PLACEHOLDER


def test_what_looks_like_one_and_was_said_is_taken() -> None:
    for text, said in [
        ("The user works on Map<String, Integer>.", "I work on Map<String, Integer> all day."),
        ("The user's file is [draft].md.", "My file is called [draft].md"),
        ("The user's string", "It is called the user's string"),
        ("The user likes tea.", ""),
        ("The user has two cats.", ""),
        ("Nutzer", "Ich bin nur ein Nutzer hier."),
        ("用户住在里斯本。", ""),
    ]:
        assert unsaid(text, [said, "I see."], ()) == ""


@pytest.mark.parametrize("text", [example_texts()[1], "<text>", "User's name", "..."])
def test_none_of_it_is_stored(mind: Mind, text: str) -> None:
    tea = add("The user likes tea.")
    assert mind.hears(batch("I like tea. Is it sunny?"), add(text), tea) == 1
    assert mind.texts() == ["The user likes tea."]
    assert [bool(change.refused) for change in mind.changes()] == [True, False]


def test_a_long_message_is_searched_in_no_time() -> None:
    said = [" ".join(f"Word{number}" for number in range(200_000))]
    assert unsaid("The user lives in Lisbon.", said, example_texts()) == EXAMPLE
