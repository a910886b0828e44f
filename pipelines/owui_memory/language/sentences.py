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
# "am 4. Mai", "3. května", "im 2. Stock": a point that makes a number an ordinal.
_ORDINAL = re.compile(r"\b\d{1,2}\.$")
_BEFORE_ORDINAL = re.compile(
    r"(?:(?<!\bi )\bam|\b(?:vom|zum|beim|im|ins|der|des|dem|den|das|seit|jeden|jede|jedes|mein|meine|meinen|"
    r"meinem|meiner|unsere?|unserem|unseren|klo|kello|január|február|március|április|május|június|július|augusztus|"
    r"szeptember|október))\s+\d{1,2}\.$",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"\s+(?:januar[as]?|jan|jänner|jaanuar|januára|januarja|februar[as]?|feb|feber|veebruar|februára|februarja|märz|mär|mrz|"
    r"marts|mars|märts|marca|marta|april[as]?|apr|aprill|apríla|mai|maj|maja|mája|juni|jun|juuni|juna|junija|júna|juli|jul|"
    r"juuli|jula|julija|júla|august|aug|augusta|avgusta|septem[bv]e?r[as]?|sep|sept|oktober|oktoober|okt|oktobra|októbra|"
    r"novem[bv]e?ra?|nov|de[cszt]+em[bv]e?ra?|dez|des|ledna|února|března|dubna|května|června|července|srpna|září|"
    r"října|listopadu|prosince|siječnja|veljače|ožujka|travnja|svibnja|lipnja|srpnja|kolovoza|rujna|listopada|"
    r"studenoga?|prosinca|\w{3,6}kuu\w{0,3})\b",
    re.IGNORECASE,
)
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
    start = found = 0
    for end in sentence_end().finditer(text):
        before = text[max(start, end.start() - _END_CHARS) : end.start()]
        if "\n" not in end.group() and (_is_abbreviated(before) or _is_ordinal(before, text, end)):
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


def _is_ordinal(before: str, text: str, end: re.Match[str]) -> bool:
    """A number whose point does not end a sentence, as the word before it or a month behind it tells."""
    if not _ORDINAL.search(before):
        return False
    return bool(_BEFORE_ORDINAL.search(before) or _MONTH.match(text, end.start(), end.end() + _MONTH_CHARS))


def _sentence(text: str, start: int, end: int, *, line_ends: bool) -> Sentence | None:
    said = text[start:end].strip()
    if end - start < _END_CHARS and not any(map(str.isalnum, said)):
        return None
    return Sentence(_BULLET.sub("", said), start, end, line_ends) if said else None
