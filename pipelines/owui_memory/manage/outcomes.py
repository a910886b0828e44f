"""What users ask for, and what came of it, before it is put into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ..core.locales import Message, message
from ..core.locales.refused import Refused
from ..core.memory import Memory

PAGE = 20  # memories, or chats
NO_JSON = message("no JSON")


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for a change, where and when. `at`: Unix time in seconds; `name`: the user's, or "".

    key: the same for the same request, however often it is carried out; again: an earlier try may have begun.
    model: the one that asked, by a tool, "" for the user. scope: that of what is added, see `core/scope.py`.
    """

    user_id: str
    key: str
    chat_id: str = ""
    message_id: str = ""
    at: float = 0.0
    again: bool = False
    name: str = ""
    model: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some of a list: the `number`-th of `pages`."""

    items: tuple[Item, ...]
    total: int
    number: int = 1
    pages: int = 1

    @classmethod
    def of(cls, items: Sequence[Item], number: int) -> Page[Item]:
        """The `number`-th page of these.

        Raises:
            Drop: there is no such page.
        """
        pages = max(-(-len(items) // PAGE), 1)
        if not 1 <= number <= pages:
            raise Refused(message("no page", number=number, n=pages))
        return cls(tuple(items[(number - 1) * PAGE : number * PAGE]), len(items), number, pages)

    @property
    def first(self) -> int:
        """The number of the page's first one among all, from 1."""
        return (self.number - 1) * PAGE + 1


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was asked to be remembered; `known`: the memory that says it already, then nothing was added."""

    text: str
    known: Memory | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """A memory's text before and after; `before` is "" if the memory is gone."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many memories are forgotten, and how many of those asked for were gone before.

    texts: what they said, as far as it is still known. others: how many entries went besides, by where.
    passages: how many passages of past chats went with them, as they say the same.
    undo_minutes: for how long `undo` can bring them back; 0: they are erased.
    reached: whether it is so everywhere; else the rest is erased as soon as it can be.
    """

    count: int
    gone: int = 0
    texts: tuple[str, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)
    undo_minutes: int = 0
    reached: bool = True
    passages: int = 0


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a line of an import, counted from 1."""

    line: int
    sentence: Message = NO_JSON


@dataclass(frozen=True, slots=True)
class Imported:
    """How many memories were added, how many were known already, and what is wrong with the others."""

    added: int
    known: int
    flaws: tuple[Flaw, ...] = ()
