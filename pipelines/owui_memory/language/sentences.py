"""Sentences of a text, in any language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .scripts import sentence_end
from .tables import pattern

# As `sentence_end`, many times faster: what is looked for is one of four characters.
_ASCII_END = re.compile(r"[.!?\n](?:(?<=\n)\n*|(?<!\n)[\"')\]]{0,9}\s+)")
_BULLET = re.compile(r"^(?:[-*•–]|\d{1,2}[.)])\s+")
_ABBREVIATION = re.compile(rf"(?:\b\w|\b(?:{pattern('abbreviations')}))\.$", re.IGNORECASE)
_ABBREVIATED_CHARS = 7  # the longest with its point, and the two characters before it
# "am 4. Mai", "3. května", "im 2. Stock": a point that makes a number an ordinal.
_ORDINAL = re.compile(r"\b\d{1,2}\.$")
_BEFORE_ORDINAL = re.compile(rf"(?:{pattern('before_ordinals')})\s+\d{{1,2}}\.$", re.IGNORECASE)
_MONTH = re.compile(rf"\s+(?:{pattern('months')})\b", re.IGNORECASE)
_END_CHARS = 40
_MONTH_CHARS = 16
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
    for start, end, line_ends in spans(text):
        yield Sentence(_BULLET.sub("", text[start:end].strip()), start, end, line_ends)


def spans(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where those stand, and whether nothing follows on their line."""
    start = found = 0
    for end, after in _ends(text):
        line_ends = text.find("\n", end, after) >= 0
        if not line_ends and text.startswith(".", max(start, end - 1)):
            before = text[max(start, end - _END_CHARS) : end]
            if _is_abbreviated(before) or _is_ordinal(before, text, end, after):
                continue
        if _says_something(text, start, end):
            found += 1
            yield start, end, line_ends
        start = after
        if found >= _MOST:
            break
    if _says_something(text, start, len(text)):
        yield start, len(text), True


def _ends(text: str) -> Iterator[tuple[int, int]]:
    """Where a sentence may end, behind its mark, and where the next one begins."""
    if text.isascii():
        for end in _ASCII_END.finditer(text):
            yield end.start() + (text[end.start()] != "\n"), end.end()
    else:
        yield from (end.span() for end in sentence_end().finditer(text))


def _is_abbreviated(before: str) -> bool:
    """A letter alone is a word of its own in scripts without capitals."""
    if before[1 - _ABBREVIATED_CHARS : -1].isalpha() and len(before) >= _ABBREVIATED_CHARS:
        return False  # a longer word
    found = _ABBREVIATION.search(before[-_ABBREVIATED_CHARS:])
    return bool(found) and before[-2].lower() != before[-2].upper()


def _is_ordinal(before: str, text: str, end: int, after: int) -> bool:
    """A number whose point does not end a sentence, as the word before it or a month behind it tells."""
    if not (before[-2:-1].isdigit() and _ORDINAL.search(before)):
        return False
    return bool(_BEFORE_ORDINAL.search(before) or _MONTH.match(text, end, after + _MONTH_CHARS))


def _says_something(text: str, start: int, end: int) -> bool:
    said = text[start:end]
    return any(map(str.isalnum, said)) if end - start < _END_CHARS else bool(said.strip())
