"""Who speaks of themselves, asking or telling, in any language."""

from pathlib import Path

import pytest

from owui_memory.language.self_reference import speaks_of_self
from tests.harness.inputs import sections

_UNRELATED = Path(__file__).parents[3] / "bench" / "unrelated.txt"


SAID = sections("languages/about_oneself.txt")


@pytest.mark.parametrize("heading", [one for one in SAID if one.endswith("oneself")])
def test_one_who_asks_or_tells_of_oneself(heading: str) -> None:
    assert [text for text in SAID[heading] if not speaks_of_self(text)] == []


@pytest.mark.parametrize("heading", [one for one in SAID if one.endswith("nothing")])
def test_one_who_asks_of_anything_else(heading: str) -> None:
    assert [text for text in SAID[heading] if speaks_of_self(text)] == []


def test_few_everyday_messages_speak_of_their_speaker() -> None:
    texts = _UNRELATED.read_text(encoding="utf-8").splitlines()
    found = [text for text in texts if speaks_of_self(text)]
    assert len(found) <= len(texts) / 8, found


def test_of_a_long_message_beginning_and_end_count() -> None:
    filler = "The printer is in the hall. " * 500
    assert speaks_of_self(f"Where is my printer? {filler}")
    assert speaks_of_self(f"{filler} And where do I live?")
    assert not speaks_of_self(filler)


@pytest.mark.parametrize("text", ["", " ", "?", "\ud800", "12", "😀", "..."])
def test_what_has_no_words_speaks_of_nobody(text: str) -> None:
    assert not speaks_of_self(text)
