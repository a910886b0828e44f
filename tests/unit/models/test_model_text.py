"""What models and mem0's servers say is fit for every parser, and reading it takes time by its length."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from owui_memory.backends.answers import memory_of
from owui_memory.models.json_answer import last_value
from owui_memory.models.llm import _text_in, _usage
from owui_memory.models.model_text import has_words, model_text, unbroken
from owui_memory.models.text_limit import TextLimit, shortened
from owui_memory.remember.echoes import unsaid
from owui_memory.remember.prompt import example_texts

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


def took(work: Callable[[str], object], text: str) -> float:
    best = 1e9
    for _ in range(3):
        began = time.process_time()
        with suppress(Exception):
            work(text)
        best = min(best, time.process_time() - began)
    return best


READERS: dict[str, Callable[[str], object]] = {
    "model_text": model_text,
    "unbroken": unbroken,
    "last_value": lambda text: last_value(text, "memory"),
    "usage": _usage,
    "shortened": lambda text: shortened(text, 1000),
    "cut": TextLimit().cut,
    "unsaid": lambda text: unsaid(text[:500], [text], example_texts()),
}
FRAGMENTS = (
    *(
        '{"memory":[',
        '"memory":',
        '"memory"   ',
        '{"usage":{',
        "\\",
        "\\u",
        "\\ud83d",
        "\\\\",
        "\ud83d",
        "\0",
    ),
    *(
        "<think>",
        "</think>",
        "{",
        "[",
        '"',
        "<x",
        "[x]",
        "{x}",
        "...",
        "__",
        "XX",
        "??",
        " ",
        "\n",
        "a",
        "Word ",
    ),
    *("The user lives in Lisbon. ", "Clara", "茶", "\u200d", ", ]", "1", "{}", "[[", '{"a":'),
)


@pytest.mark.parametrize("reader", READERS)
def test_reading_takes_time_by_the_length(reader: str) -> None:
    work = READERS[reader]
    for piece in FRAGMENTS:
        once = took(work, piece * (200_000 // len(piece)))
        twice = took(work, piece * (400_000 // len(piece)))
        assert twice <= 3 * once + 0.05, piece
