"""Texts of others as Markdown that Open WebUI shows as they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from ..core.locales import Locale
from ..language.markdown import HIDDEN, isolated, shown

NOTES = '<details type="memory_notes">'  # begins a note under an answer

TOLD_OF = 10  # texts of a change that are shown
_CUT = 200  # characters of a text that is named


def code(text: str) -> str:
    """A text that somebody may send, as a short piece of code."""
    visible = "".join(c for c in " ".join(text[:_CUT].split()) if unicodedata.category(c) not in HIDDEN)
    visible = visible.replace("`", "'")
    return isolated(f"`{visible}`")


def cut(text: str, words: Locale) -> str:
    """The beginning of a text between quotation marks, as it is: see `shown`."""
    text = " ".join(text.split())
    return quoted(text if len(text) <= _CUT else text[: _CUT - 1] + "…", words)


def quoted(text: str, words: Locale) -> str:
    """A text between the quotation marks of a language, as it is: see `shown`."""
    return words.say("quoted", text=shown(text))


def sentences(some: Sequence[str], words: Locale) -> str:
    return _joined(some, words, "sentences")


def listed(some: Sequence[str], words: Locale) -> str:
    """one, two and three"""
    *before, last = some
    return words.say("join last", some=_joined(before, words, "join"), next=last) if before else last


def _joined(some: Sequence[str], words: Locale, how: str) -> str:
    joined, *others = some
    for one in others:
        joined = words.say(how, some=joined, next=one)
    return joined


def rest(words: Locale, count: int, seen: int = TOLD_OF) -> Iterator[str]:
    if count > seen:
        yield ""
        yield words.say("and more", n=count - seen)


def fenced(text: str) -> list[str]:
    """A block of code that nothing in it can end."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}json", text, fence]
