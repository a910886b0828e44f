"""The words that scenarios are written in.

    scenario(
        "moves house",
        says("I live in Lisbon.", add("The user lives in Lisbon.")),
        says("We moved from Lisbon to Porto!", replace("lives in Lisbon", by="The user lives in Porto.")),
        holds=("The user lives in Porto.",),
        recalls=(asks("Where do I live?", told="Porto", untold="Lisbon"),),
    )

What follows the text of a message is what a sensible LLM decides when it reads it. Decisions name memories by
words of theirs and are made from the prompt that the LLM really gets: a memory that is not shown there can be
neither replaced nor removed nor recognised, so that a failure of retrieval shows at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Shown = Mapping[int, str]  # the memories in the prompt, by their numbers
Operation = dict[str, Any]
Decision = Callable[[Shown], list[Operation]]

SOMEBODY_ELSES = "<the id of a memory of another user>"  # in the answers of `gets`


# Decisions -----------------------------------------------------------------------------------------


def add(text: str, *, kind: str = "fact", expires: str | None = None) -> Decision:
    """Store it, whatever is known."""
    return lambda _: [{"op": "add", "text": text, "kind": kind, "expires": expires}]


def replace(words: str, *, by: str) -> Decision:
    """Replace the memory that contains these words; where it is not shown, all the LLM can do is add."""

    def decide(shown: Shown) -> list[Operation]:
        number = _number(words, shown)
        return [{"op": "replace", "id": number, "text": by}] if number else add(by)(shown)

    return decide


def remove(words: str) -> Decision:
    """Remove the memory that contains these words, if it is shown."""

    def decide(shown: Shown) -> list[Operation]:
        number = _number(words, shown)
        return [{"op": "remove", "id": number}] if number else []

    return decide


def recognise(words: str, *, or_add: str) -> Decision:
    """Nothing, because a memory with these words is shown; where it is not, it seems new."""
    return lambda shown: [] if _number(words, shown) else add(or_add)(shown)


def nothing() -> Decision:
    """There is nothing in it to remember."""
    return lambda _: []


def _number(words: str, shown: Shown) -> int:
    return next((number for number, text in shown.items() if words in text), 0)


# Messages ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Message:
    """What the user says in one of their chats, what the assistant answers, and what the LLM makes of it.

    raw: what the LLM answers as it stands, one text a call, instead of decisions.
    read: False where no call may show it.
    edits, again: it replaces the last message of its chat; only the answer to that is made anew.
    """

    text: str
    decisions: tuple[Decision, ...] = ()
    answer: str = "OK."
    chat: str = "first"
    raw: tuple[str, ...] = ()
    read: bool = True
    edits: bool = False
    again: bool = False

    @property
    def calls(self) -> int:
        """How many calls are to show it."""
        return (len(self.raw) or 1) if self.read else 0


def says(
    text: str, *decisions: Decision, answer: str = "OK.", chat: str = "first", edits: bool = False
) -> Message:
    """A message that the LLM is to read, once."""
    assert decisions, f"what does the LLM make of it? {text}"
    return Message(text, decisions, answer, chat, edits=edits)


def unread(text: str, *, answer: str = "OK.", chat: str = "first", edits: bool = False) -> Message:
    """A message that no call may show: kept out by the gate, or taken back before it was read."""
    return Message(text, answer=answer, chat=chat, read=False, edits=edits)


def gets(text: str, *raw: str, chat: str = "first") -> Message:
    """A message that the LLM answers with these texts, call by call, well-formed or not."""
    return Message(text, chat=chat, raw=raw)


def regenerates(answer: str, *, chat: str = "first") -> Message:
    """Another answer to the last message of the chat, which nobody is to read again."""
    return Message("", answer=answer, chat=chat, read=False, again=True)


# What is to come of it -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """A memory at the end, and the last day it is recalled."""

    text: str
    until: str = ""


def plan(text: str, *, until: str) -> Held:
    return Held(text, until)


@dataclass(frozen=True)
class Question:
    """Asked in a new chat at the end: what the model is told with it, and what not."""

    text: str
    told: tuple[str, ...]
    untold: tuple[str, ...]


def asks(text: str, *, told: str | tuple[str, ...] = (), untold: str | tuple[str, ...] = ()) -> Question:
    assert told or untold, f"what is to be recalled? {text}"
    return Question(text, _tuple(told), _tuple(untold))


@dataclass(frozen=True)
class Scenario:
    """Messages of one user, and what memory holds after them, in any order.

    at_once: each chat's messages, three that the outbox keeps, are read by one call.
    """

    name: str
    messages: tuple[Message, ...]
    holds: tuple[Held, ...]
    recalls: tuple[Question, ...] = ()
    at_once: bool = False


def scenario(
    name: str,
    *messages: Message,
    holds: tuple[str | Held, ...],
    recalls: tuple[Question, ...] = (),
    at_once: bool = False,
) -> Scenario:
    held = tuple(one if isinstance(one, Held) else Held(one) for one in holds)
    return Scenario(name, messages, held, recalls, at_once)


def in_days(days: int) -> str:
    """A day from today on, as memories write it."""
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def _tuple(words: str | tuple[str, ...]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else words
