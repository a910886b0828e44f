"""Whatever a memory holds, it stands in the block as one quoted line of plain text."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owui_memory.language.sanitize import inert, one_line
from owui_memory.language.secrets import LEFT_OUT
from owui_memory.recall.block import correction, line, quoted, render, shown, without_block
from tests.harness.samples import NOW, memory
from tests.unit.language.hostile import HIDDEN, HOSTILE

_LIVE = re.compile(
    r"[<>＜＞﹤﹥]|\|im_start\|>|\[/?(?:INST|TOOL_CALLS)\]|!\[|\]\(|[a-z]:/{2}|(?:javascript|vbscript|data|file):\S"
    r"|```|~~~|user_memories|&lt|&#|%3c|\\u003c",
    re.IGNORECASE,
)


def test_there_are_enough() -> None:
    assert len(set(HOSTILE)) >= 100


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:40]))
def test_it_stays_a_quoted_line(text: str) -> None:
    told = line(memory(text, name="1"), NOW)
    block = render(["- before", told, "- after"])
    assert block.split("\n")[2:] == ["- before", told, "- after", "</user_memories>"]
    assert block.splitlines() == block.split("\n"), "no other line break either"
    assert block.count("</user_memories>") == block.count("<user_memories>") == 1
    assert without_block(f"{block}\n\nBe terse.") == "Be terse."
    shown_text = told.removeprefix("- (just now) ")
    assert isinstance(json.loads(shown_text), str), "one string, and nothing after it"
    assert not _LIVE.search(json.loads(shown_text))
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") for char in told)
    assert len(told) < 2100


@given(st.text())
def test_so_does_anything(text: str) -> None:
    assert quoted(text).isprintable() or "\u200c" in text or "\u200d" in text
    assert not _LIVE.search(json.loads(quoted(text)).replace("user_memories", "")) or "]" in text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("My site is https://example.com/me?a=1", "My site is example.com/me?a=1"),
        ("My site is example.com.", "My site is example.com."),
        ("See [my blog](https://example.com/blog) on bread", "See my blog (example.com/blog) on bread"),
        ("![my cat](https://example.com/cat.png) is black", "my cat is black"),
        (
            "[[my blog](https://a.example)](https://b.example) on bread",
            "my blog (a.example) (b.example) on bread",
        ),
        ("Uses `uv` and [ruff]", "Uses `uv` and [ruff]"),
        ("Works at AT&T, 9:30 to 17:00", "Works at AT&T, 9:30 to 17:00"),
        ("می\u200cروم", "می\u200cروم"),
        ("Likes 👩\u200d💻 and ❤\ufe0f", "Likes 👩\u200d💻 and ❤\ufe0f"),
        ("Reads 《三体》 and « Candide »", "Reads 《三体》 and « Candide »"),
        ("Ratio is 3:4, TODO [x] done", "Ratio is 3:4, TODO [x] done"),
        ("Prefers C:\\Users over /home", "Prefers C:\\Users over /home"),
        ("नमस्ते, สวัสดี, Việt Nam", "नमस्ते, สวัสดี, Việt Nam"),
    ],
)
def test_what_people_say_stays_readable(text: str, seen: str) -> None:
    assert inert(text) == seen


def test_secrets_are_left_out() -> None:
    told = shown("My PIN is 4711 and my card 4111 1111 1111 1111.")
    assert told.quoted == f'"My PIN is {LEFT_OUT} and my card {LEFT_OUT}."'
    assert (told.secrets, told.markup) == (2, False)
    assert "hunter2" not in correction(memory("It is new."), "My password is hunter2", NOW)
    assert LEFT_OUT in quoted("My password is hun\u200bter2.")


@pytest.mark.parametrize(
    ("text", "markup"), [("Likes  tea.\n", False), ("Likes <b>tea</b>.", True), ("Likes\x1b[1m tea.", True)]
)
def test_what_lost_its_markup_is_known(text: str, markup: bool) -> None:
    assert shown(text).markup == markup


@pytest.mark.parametrize("text", HIDDEN, ids=lambda text: ascii(text[:40]))
def test_a_terminal_obeys_nothing_of_it(text: str) -> None:
    assert not any(
        unicodedata.category(char) in ("Cc", "Cf") for char in one_line(text) if char not in "\u200c\u200d"
    )


@pytest.mark.parametrize("text", ["z", "Zoë", "कि", "שָׁ"])
def test_no_letter_bears_more_than_three_accents(text: str) -> None:
    assert one_line(text) == text
    accent = "\u0301"
    assert one_line(f"z{accent * 300}{text}") == f"z{accent * 3}{text}"
