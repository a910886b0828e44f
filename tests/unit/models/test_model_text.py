"""What models and mem0's servers say is fit for every parser, and reading it takes time by its length."""

import json

import pytest

from owui_memory.backends.answers import memory_of
from owui_memory.models.llm import _text_in
from owui_memory.models.model_text import has_words, model_text, unbroken

BROKEN = "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("tea \ud83d", f"tea {BROKEN}"),
        ("tea \udc00\ud83d", f"tea {BROKEN}{BROKEN}"),
        ("tea 😀", "tea 😀"),
        ("tea\0", f"tea{BROKEN}"),
        ("tea \x1b[31m\x07\x9b", "tea  [31m  "),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        (r"the escape \ud83d", r"the escape \ud83d"),
    ],
)
def test_unbroken(said: str, read: str) -> None:
    assert unbroken(said) == read
    assert memory_of({"id": "1", "memory": said}).text == read


def test_every_escape_is_read_as_json_reads_it() -> None:
    """Of all code units: as Python's own parser says, but for what is broken or controls."""
    for code in range(0x10000):
        for before in ("", "\\\\"):
            said = f'"{before}\\u{code:04x}"'
            held = json.loads(model_text(said))
            meant = json.loads(said)
            if 0xD800 <= code < 0xE000 or not code:
                assert held == meant[:-1] + BROKEN
            elif (code < 0x20 and chr(code) not in "\t\n\r") or 0x7F <= code < 0xA0:
                assert held == f"{meant[:-1]} "
            else:
                assert held == meant


@pytest.mark.parametrize("answer", [None, "", 0, [], [{"type": "text", "text": None}], {}, False])
def test_an_answer_of_nothing(answer: object) -> None:
    assert _text_in(answer) == ""


def test_an_answer_in_parts() -> None:
    assert _text_in([{"type": "text", "text": "one "}, {"type": "thinking"}, "two"]) == "one two"


@pytest.mark.parametrize("text", ["", "...", "—", "☕", " ", "<>", "🙂‍↔️"])
def test_without_words(text: str) -> None:
    assert not has_words(text)
