"""Sentences of a text, in any language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_END = re.compile(r"(?<=[.!?…؟।۔።។။༎])[\"'”’)\]]{0,9}\s+|(?<=[。！？។၊။།])|\n+")
_BULLET = re.compile(r"^(?:[-*•–]|\d{1,2}[.)])\s+")
_ABBREVIATION = re.compile(
    r"(?:\b\w|\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|etc|vs|No|Nr|Sra|bzw))\.$", re.IGNORECASE
)
_END_CHARS = 40


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence without white space and bullet, and where it stands.

    line_ends: nothing follows on its line.
    """

    text: str
    start: int
    end: int
    line_ends: bool


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of a text, in order."""
    start = 0
    for end in _END.finditer(text):
        if (
            _ABBREVIATION.search(text[max(start, end.start() - _END_CHARS) : end.start()])
            and "\n" not in end.group()
        ):
            continue
        yield from _sentence(text, start, end.start(), line_ends="\n" in end.group())
        start = end.end()
    yield from _sentence(text, start, len(text), line_ends=True)


def _sentence(text: str, start: int, end: int, *, line_ends: bool) -> Iterator[Sentence]:
    if said := text[start:end].strip():
        yield Sentence(_BULLET.sub("", said), start, end, line_ends)
