"""A change of a memory, as the journal keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

# Ops, beside add, replace and remove.
REAFFIRMED = "heard"  # a message said again what is known, and nothing changed
FORGET = "forget"  # the user asked for the removal of the same memory in the same batch
CHAT_DELETED = "chat deleted"  # what was erased with a chat, as `refused` says; it changes nothing

# Why a change was not made, or cannot be made again.
FORGOTTEN = "it was forgotten"  # its texts were erased
OUTDATED = "a later message has changed it"
TAKEN_BACK, TOO_LATE = "it was brought back", "it was too late"

# How batches begin: of what users asked for, that keep memories in order, that only say what was erased.
COMMANDS, REFLECTED, TOMBSTONES = "command-", "reflected-", "forgotten-"

EDITED = "an edited message"  # in place of a model, where a change was taken back with its message


class ToForget(NamedTuple):
    """A memory that its user asked to have forgotten, and when. `id`: the journal row that says so."""

    id: int
    user_id: str
    memory_id: str
    batch: str
    at: float


def heirs(rows: Iterable[Any]) -> dict[str, str]:
    """Which memory has become a part of which, by the rows of a batch of REFLECTED in order.

    What stays or is new comes first, and behind it the removals of what is a part of it now.
    """
    found, heir = {}, ""
    for row in rows:
        if row.op != "remove":
            heir = row.memory_id if row.op in ("add", REAFFIRMED) else ""
        elif heir:
            found[row.memory_id] = heir
    return found


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the journal.

    op: add, replace or remove; REAFFIRMED, which changes nothing; or FORGET, beside a removal that a user
    asked for and whose text is erased once it can no longer be undone (see `Journal.asked_to_forget`).
    expires, expired: the memory's last day, after and before the change.
    source: ids of the messages it came from, separated by spaces.
    chat: the chat of those messages; ordinal: the number of an added memory among those of the chat.
    scope: the memory's, see `core/scope.py`.
    said_at: when the last of those messages was said (for a removal that a user asked for, when the memory
    was last changed); at: when the change was decided. Both are Unix times in seconds.
    refused: why the change was not made, or "". made: False while it is only intended.
    undoes: the id of the change that this one takes back, or 0.
    """

    batch: str
    position: int
    user_id: str
    op: str
    memory_id: str
    before: str
    after: str
    kind: str = "fact"
    expires: str = ""
    expired: str = ""
    source: str = ""
    said_at: float = 0.0
    chat: str = ""
    ordinal: int = 0
    scope: str = ""
    model: str = ""
    refused: str = ""
    made: bool = False
    undoes: int = 0
    at: float = 0.0
    id: int = 0

    @property
    def forgotten(self) -> bool:
        """Whether its text was erased, so that nothing can be brought back."""
        return not self.before and not self.after

    @property
    def sources(self) -> set[str]:
        """The ids of the messages it came from."""
        return set(self.source.split())
