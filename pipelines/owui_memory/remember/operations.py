"""What a model answers -> operations, and what the messages were about.

What cannot be meant is an error or refused, never silently nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Literal, cast, get_args

from ..models.json_answer import last_value, put_right, values_after
from ..models.model_text import has_words, model_text

Op = Literal["add", "replace", "remove"]
Kind = Literal["profile", "preference", "fact", "plan"]
NoKind = Literal[""]

MOST_OPERATIONS = 20  # of one answer; more is not somebody talking about themselves
TOO_MANY = "more operations than one conversation calls for"
_NO_OPERATION = "it is neither add nor replace nor remove"
_LONGEST_CHARS, _CITED = 500, 12
_TOPICS_WORDS, _LOOKED_AT_CHARS = 60, 5000  # of what the messages were about

# As models say it that were told otherwise, or fine-tuned on other prompts.
_OPS: dict[str, Op | Literal["nothing"]] = {
    **dict.fromkeys(("add", "insert", "create", "new", "remember", "store", "save"), "add"),
    **dict.fromkeys(("replace", "update", "modify", "edit", "change", "correct", "revise"), "replace"),
    **dict.fromkeys(("remove", "delete", "forget", "erase", "drop"), "remove"),
    **dict.fromkeys(("none", "noop", "nothing", "keep", "nochange", "skip", "ignore"), "nothing"),
}
_OP_NAMES = ("op", "operation", "action", "event")
_TEXT_NAMES = ("text", "memory", "new_text", "new_memory", "content")
_NUMBER_NAMES = ("id", "memory_id", "number", "memory_number", "index")
_BARE = re.compile(rf'(?<!\\)"(?:{"|".join(_OP_NAMES)})"\s*:\s*"', re.IGNORECASE)
_NUMBER = re.compile(r"[^\w-]{0,3}(?:memory\W?|no\W{0,2})?(-?\d{1,6})[^\w]{0,3}", re.IGNORECASE)


class UnreadableAnswerError(ValueError):
    """The answer is not of the agreed shape; the text says how, without quoting it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One change. `number` is that of a shown memory, from 1; `expires` the last day it is of use.

    kind: "" where a replaced memory keeps its own. cited, about: the numbers of what it is made of, and of
    whom it is about, where the prompt asks for them.
    refused: why it cannot be made as it stands; then it says nothing else that could be relied on.
    """

    op: Op
    text: str = ""
    number: int = 0
    kind: Kind | NoKind = "fact"
    expires: date | None = None
    refused: str = ""
    cited: tuple[int, ...] = ()
    about: int = 0


def read_operations(answer: str, most: int = MOST_OPERATIONS) -> list[Operation]:
    """The first of the operations in an answer: JSON, also in code fences, after reasoning or other words.

    most: of them. Of several objects the last counts. Operations that lack what they need are among them,
    `refused`; all that are too many are one such. An object of one operation, or a list of them, is taken,
    too.

    Raises:
        UnreadableAnswerError: there is no such JSON, or nothing in it is an operation.
    """
    answer = model_text(answer)
    listed = _listed(answer, most)
    if listed is None and (plain := put_right(answer)) != answer:
        listed = _listed(plain, most)
    if listed is None:
        raise UnreadableAnswerError('There is no JSON object with a list "operations".')
    read = (_operation(item) for item in listed[:most])
    operations = [operation for operation in read if operation]
    if operations and all(operation.refused == _NO_OPERATION for operation in operations):
        raise UnreadableAnswerError('No operation has an "op" of add, replace or remove.')
    if len(listed) > most:
        operations.append(Operation("add", refused=TOO_MANY))
    return operations


def read_topics(answer: str) -> str:
    """The line on what the messages were about, of at most 60 words; "" where there is none. Never raises."""
    answer = model_text(answer)
    found = last_value(answer, "topics", or_text=True) or last_value(
        put_right(answer), "topics", or_text=True
    )
    value = found.value if found else ""
    if isinstance(value, list):
        value = "; ".join(one for one in value[:MOST_OPERATIONS] if isinstance(one, str))
    text = _text(value[:_LOOKED_AT_CHARS]) if isinstance(value, str) else ""
    words = text.split()
    if len(words) > _TOPICS_WORDS:
        text = f"{' '.join(words[:_TOPICS_WORDS])} …"
    return text if len(text) <= _LONGEST_CHARS else f"{text[:_LONGEST_CHARS]}…"


def _listed(answer: str, most: int) -> list[Any] | None:
    """What stands for operations in an answer; None where there is nothing of the kind."""
    if found := last_value(answer, "operations"):
        return found.value if isinstance(found.value, list) else [found.value] if found.value else []
    return values_after(answer, _BARE, '"operations"', most + 1) or None


def _operation(item: Any) -> Operation | None:
    """One operation, maybe a refused one; None where it says that nothing is to be done."""
    if not isinstance(item, dict):
        return Operation("add", refused=_NO_OPERATION)
    given = {str(name).strip().lower(): value for name, value in islice(item.items(), MOST_OPERATIONS)}
    named = _first(given, _OP_NAMES)
    op = _OPS.get(re.sub(r"[\W_]", "", named[:40].lower())) if isinstance(named, str) else None
    number = _number(_first(given, _NUMBER_NAMES))
    if op == "nothing" and (number is not None or not _first(given, _TEXT_NAMES)):
        return None
    if op is None or op == "nothing":  # to "keep" a new text might mean to add it
        return Operation("add", refused=_NO_OPERATION)
    text = _text(_first(given, _TEXT_NAMES)) if op != "remove" else ""
    number = 0 if op == "add" else number
    if number is None:
        return Operation(op, refused="it names no memory by its number")
    if op != "remove" and not text:
        return Operation(op, number=number, refused="it has no text")
    if len(text) > _LONGEST_CHARS:
        return Operation(op, number=number, refused=f"its text is longer than {_LONGEST_CHARS} characters")
    kind = given.get("kind")
    kind = kind.strip().lower() if isinstance(kind, str) else kind
    return Operation(
        op=op,
        text=text,
        number=number,
        kind=kind_of(kind, "fact" if op == "add" else ""),
        expires=date_in(given.get("expires")),
        cited=_cited(given.get("from")),
        about=_number(given.get("about")) or 0,
    )


def kind_of(kind: Any, otherwise: Kind | NoKind = "fact") -> Kind | NoKind:
    return cast("Kind", kind) if kind in get_args(Kind) else otherwise


def _first(given: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((given[name] for name in names if given.get(name) is not None), None)


def _text(value: Any) -> str:
    """As one line; "" for what is no text or has neither letters nor digits."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return text if has_words(text) else ""


def _number(value: Any) -> int | None:
    """The number of a memory, also as "2", "[2]" or "memory 2"."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    match = _NUMBER.fullmatch(str(value)[:40]) if isinstance(value, int | str) and value != "" else None
    return int(match[1]) if match else None


def _cited(value: Any) -> tuple[int, ...]:
    listed = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(one for one in listed[:_CITED] if type(one) is int))


def date_in(value: Any) -> date | None:
    """The date that an ISO text is; None of anything else."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
