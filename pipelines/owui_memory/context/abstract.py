"""What stands in a prompt in place of a chat's oldest messages: short lines, and what can be looked up.

A line stays as it is for as long as it holds: an update adds lines and takes some away, and never puts an
earlier abstract into other words. It is made of what anybody said, and is quoted like a memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from pydantic import TypeAdapter, ValidationError

from ..core.locales import CODES, locale
from ..language.sanitize import inert
from ..language.secrets import masked
from ..language.spans import without_spans
from ..remember.admission import refusal

_OPEN, _CLOSE = "<earlier_in_this_chat>", "</earlier_in_this_chat>"
_NEWLINES = re.compile(r"\n*")
_LINE_CHARS, _HINT_CHARS, _HINTS = 300, 60, 10


@dataclass(frozen=True, slots=True)
class Abstract:
    """lines: in the order of the chat. hints: words by which more can be asked for, newest last."""

    lines: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    language: str = ""

    def __bool__(self) -> bool:
        return bool(self.lines)

    @classmethod
    def read(cls, kept: str) -> Abstract:
        """What `written` gave; empty for any other text."""
        try:
            return _KEPT.validate_json(kept)
        except ValidationError:
            return cls()

    def written(self) -> str:
        return _KEPT.dump_json(self).decode()

    def updated(self, add: Sequence[str], drop: Sequence[int], hints: Sequence[str]) -> Abstract:
        """With more lines and hints, but for unfit ones, and without the lines of these numbers, from 1."""
        kept = [line for number, line in enumerate(self.lines, 1) if number not in drop]
        new = filter(None, (fit(line, _LINE_CHARS) for line in add))
        words = filter(None, (fit(hint, _HINT_CHARS).strip(" .;,") for hint in hints))
        last = tuple(reversed(dict.fromkeys(reversed([*self.hints, *words]))))
        return replace(self, lines=tuple(dict.fromkeys([*kept, *new])), hints=last[-_HINTS:])

    def within(self, room: int, count: Callable[[str], int]) -> Abstract:
        """As many of the newest lines as fit into so many tokens, once it is rendered."""
        left = room - count(replace(self, lines=()).rendered())
        lines = list(self.lines)
        costs = [count(line) + 3 for line in lines]
        while lines and sum(costs) > left:
            lines.pop(0)
            costs.pop(0)
        return replace(self, lines=tuple(lines))

    def rendered(self) -> str:
        """As it stands in a prompt."""
        words = locale(self.language)
        parts = [_OPEN, words.say("abstract, header"), *(f"- {line}" for line in self.lines)]
        if self.hints:
            parts.append(words.say("abstract, hints", hints="; ".join(self.hints)))
        return "\n".join([*parts, _CLOSE])


_KEPT = TypeAdapter(Abstract)


def fit(line: str, most: int) -> str:
    """A line as it may stand in a prompt; "" for one that gives orders, or says nothing."""
    line = inert(masked(line[: 4 * most])[0]).strip()
    if refusal(line):
        return ""
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def without_abstract(text: str) -> str:
    """A text of a prompt without an abstract of ours; the same object where it has none."""
    return without_spans(text, f"{_OPEN}\n", _CLOSE, after=_NEWLINES, ours=_is_ours)


def _is_ours(inside: str) -> bool:
    return inside.partition("\n")[0] in _headers()


@cache
def _headers() -> frozenset[str]:
    return frozenset(locale(code).say("abstract, header") for code in CODES)
