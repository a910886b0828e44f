"""Sentences of a text, in any language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .scripts import sentence_end

_END = re.compile(r"(?<=[.!?…؟।۔።។။༎])[\"'”’)\]]{0,9}\s+|(?<=[。！？។၊။།])|\n+")
_BULLET = re.compile(r"^(?:[-*•–]|\d{1,2}[.)])\s+")
_ABBREVIATION = re.compile(
    r"(?:\b\w|\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|etc|vs|No|Nr|Sra|bzw))\.$", re.IGNORECASE
)
_END_CHARS = 40
_MOST = 600  # sentences of a text; what comes after them is one


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
    """The sentences of a text that have a letter or a digit, in order."""
    start = found = 0
    for end in sentence_end().finditer(text):
        before = text[max(start, end.start() - _END_CHARS) : end.start()]
        if "\n" not in end.group() and _is_abbreviated(before):
            continue
        if sentence := _sentence(text, start, end.start(), line_ends="\n" in end.group()):
            found += 1
            yield sentence
        start = end.end()
        if found >= _MOST:
            break
    if sentence := _sentence(text, start, len(text), line_ends=True):
        yield sentence


def _is_abbreviated(before: str) -> bool:
    """A letter alone is a word of its own in scripts without capitals."""
    found = _ABBREVIATION.search(before)
    return bool(found) and before[-2].lower() != before[-2].upper()


def _sentence(text: str, start: int, end: int, *, line_ends: bool) -> Sentence | None:
    said = text[start:end].strip()
    if end - start < _END_CHARS and not any(map(str.isalnum, said)):
        return None
    return Sentence(_BULLET.sub("", said), start, end, line_ends) if said else None
