"""Finds the JSON that a model means in its answer: after its reasoning, between other words, in code fences.

Every search here is a single pass, whatever the answer: a model may be made to answer anything.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

# What begins a model's reasoning, and what ends it, in the templates of the models that reason aloud.
_TAGS = "think|thinking|thought|thoughts|reason|reasoning|reflection|scratchpad|analysis"
_BEGINS = re.compile(
    rf"<(?:[a-z]{{1,10}}:)?(?:{_TAGS}|antthinking)>|<\|(?:begin_of_thought|start_thinking|thinking)\|>|\[think\]"
    r"|◁think▷|<\|channel\|?>\s{0,9}(?:analysis|commentary|thought)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(
    rf"</(?:[a-z]{{1,10}}:)?(?:{_TAGS}|antthinking)>|<\|(?:end_of_thought|end_thinking|/thinking)\|>|\[/think\]"
    r"|◁/think▷|<\|channel\|?>\s{0,9}final\b[^<]{0,40}(?:<\|constrain\|>[^<]{0,20})?<\|message\|>|<channel\|>"
    r"|here is my response:",
    re.IGNORECASE,
)
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_ELLIPSIS = re.compile(r"[\[{]\s*(?:\.\.\.|…)")
_DECODER = json.JSONDecoder(strict=False)
_STRING = r'"(?:[^"\\]|\\.)*(?:"|\Z)'  # also one that is not closed: each is gone through once
_QUOTED_JSON = re.compile(_STRING, re.DOTALL)
_OF_PYTHON = re.compile(rf"{_STRING}|'((?:[^'\\]|\\.)*)(?:'|\Z)|\b(?:None|True|False)\b", re.DOTALL)
_CURLED = str.maketrans("“”„", '""' + '"')
_AS_JSON = {"None": "null", "True": "true", "False": "false"}
_LOOKED_AT = 8  # places of the key, from the last: those before are drafts, whatever they hold


@dataclass(frozen=True, slots=True)
class Found:
    """A JSON value in an answer, and where it stands there."""

    value: Any
    start: int
    end: int


def last_value(answer: str, key: str, *, or_text: bool = False) -> Found | None:
    """The value of `key` in the last JSON object that has it, outside the model's reasoning.

    or_text: also a value that is text; else only an object, a list or null is one.
    None where there is none that can be read: a draft before it is never taken in its place.
    """
    begins = r'[\["{]|null' if or_text else r"[\[{]|null"
    quoted = re.compile(rf'(?<!\\)"{key}"\s*:\s*(?={begins})', re.IGNORECASE)
    places = [place for place in quoted.finditer(answer) if not _ELLIPSIS.match(answer, place.end())]
    found: Found | None = None
    for place in places[-_LOOKED_AT:]:
        if found and place.start() < found.end:
            continue  # inside of the one before
        read = value_at(answer, place.end())
        found = Found(read.value, place.start(), read.end) if read else None
    return found if found and is_meant(answer, found.start, found.end) else None


def values_after(answer: str, sign: re.Pattern[str], after: str, most: int) -> list[Any]:
    """The JSON objects in which `sign` is found, outside the reasoning and after the last `after`.

    At most `most`; None in place of what cannot be read, and nothing at all where that is so of each.
    """
    at = max((match.end() for match in _ENDS.finditer(answer)), default=0)
    at = max(at, answer.lower().rfind(after))
    first, values = at, list[Any]()
    while len(values) < most and (place := sign.search(answer, at)):
        start = answer.rfind("{", at, place.start())
        found = value_at(answer, start) if start >= 0 else None
        is_read = found is not None and found.end >= place.end()
        values.append(found.value if found and is_read else None)
        at = found.end if found and is_read else place.end()
    return values if any(values) and is_meant(answer, first, at) else []


def put_right(answer: str) -> str:
    """An answer with the JSON that it has in a string, as Python writes it, or as a word processor."""
    if '"' not in answer:
        answer = answer.translate(_CURLED)
    plain = _QUOTED_JSON.sub(_unquoted, answer)
    begin = plain.find("{'")
    return plain if begin < 0 else plain[:begin] + _OF_PYTHON.sub(_as_json, plain[begin:])


def _unquoted(match: re.Match[str]) -> str:
    if '\\"' not in match[0] or not match[0].lstrip('" ').startswith(("{", "[")):
        return match[0]
    try:
        return str(json.loads(match[0], strict=False))
    except ValueError:
        return match[0]


def _as_json(match: re.Match[str]) -> str:
    if match[1] is None:
        return _AS_JSON.get(match[0], match[0])
    inner = match[1].replace("\\'", "'").replace('"', '\\"')
    return f'"{inner}"'


def value_at(text: str, start: int) -> Found | None:
    """The JSON value that begins there, also with trailing commas; None where it cannot be read."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except RecursionError:
        return None
    except ValueError:
        return _repaired(text, start)
    return Found(value, start, end)


def is_meant(answer: str, start: int, end: int) -> bool:
    """Whether what stands there is the answer, not a part of the reasoning before it.

    Tags inside of it are text that it holds.
    """
    last_end = last_begin = -1
    for match in _ENDS.finditer(answer):
        if not start <= match.start() < end:
            last_end = match.start()
    for match in _BEGINS.finditer(answer, 0, start):
        last_begin = match.start()
    return last_end < start and last_begin <= last_end


def _repaired(text: str, start: int) -> Found | None:
    """As `value_at`, of what has commas before closing brackets; ends are those in the text as it is."""
    commas = [match.start() for match in _TRAILING_COMMA.finditer(text, start)]
    if not commas:
        return None
    repaired = _TRAILING_COMMA.sub(" ", text[start:])  # as long as before
    try:
        value, end = _DECODER.raw_decode(repaired)
    except (ValueError, RecursionError):
        return None
    return Found(value, start, start + end)
