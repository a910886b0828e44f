"""What a model answers -> operations; whatever cannot be meant is an error, never silently nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, cast, get_args

Op = Literal["add", "replace", "remove"]
Kind = Literal["profile", "preference", "fact", "plan"]

_THINKING = re.compile(r"<(think|thinking|reasoning)>.*?(</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_LONGEST_CHARS = 500


class UnreadableAnswerError(ValueError):
    """The answer is not of the agreed shape; the text says how, without quoting it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One change. `number` is that of a shown memory, from 1; `expires` the last day it is of use."""

    op: Op
    text: str = ""
    number: int = 0
    kind: Kind = "fact"
    expires: date | None = None


def read_operations(answer: str) -> list[Operation]:
    """The operations in an answer: JSON, also in code fences, after reasoning, with trailing commas.

    Raises:
        UnreadableAnswerError: there is no such JSON, or an operation lacks what it needs.
    """
    found = _json(_THINKING.sub("", answer))
    if isinstance(found, list):
        found = {"operations": found}
    operations = found.get("operations") if isinstance(found, dict) else None
    if not isinstance(operations, list):
        raise UnreadableAnswerError('There is no JSON object with a list "operations".')
    return [_operation(item) for item in operations]


def _json(text: str) -> Any:
    """The first JSON value that starts at a brace or bracket and can be read."""
    text = _TRAILING_COMMA.sub(r"\1", text)
    decoder = json.JSONDecoder(strict=False)
    for start in (match.start() for match in re.finditer(r"[{\[]", text)):
        try:
            value, _ = decoder.raw_decode(text, start)
        except json.JSONDecodeError:
            continue
        return value
    return None


def _operation(item: Any) -> Operation:
    if not isinstance(item, dict) or item.get("op") not in get_args(Op):
        raise UnreadableAnswerError('An operation has no "op" of add, replace or remove.')
    op = cast("Op", item["op"])
    text = item.get("text")
    if op != "remove" and not (isinstance(text, str) and 0 < len(text.strip()) <= _LONGEST_CHARS):
        raise UnreadableAnswerError(
            f'An operation to {op} has no "text" of 1 to {_LONGEST_CHARS} characters.'
        )
    kind = item.get("kind")
    return Operation(
        op=op,
        text=" ".join(text.split()) if isinstance(text, str) and op != "remove" else "",
        number=0 if op == "add" else _number(item.get("id"), op),
        kind=cast("Kind", kind) if kind in get_args(Kind) else "fact",
        expires=_date(item.get("expires")),
    )


def _number(value: Any, op: Op) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise UnreadableAnswerError(f'An operation to {op} has no number as "id".') from None


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
