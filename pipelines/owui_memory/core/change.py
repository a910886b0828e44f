"""A change of a memory, as the journal keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

REAFFIRMED = "heard"  # an op: a message said again what is known, and nothing changed
FORGET = "forget"  # an op: the user asked for the removal of the same memory in the same batch


FORGOTTEN = "it was forgotten"  # why a change cannot be made again: its texts were erased


TAKEN_BACK, TOO_LATE = "it was brought back", "it was too late"


COMMANDS = "command-"  # how the batches of what users asked for begin


TOMBSTONES = "forgotten-"  # how the batches of those begin that only say that a memory was erased


class ToForget(NamedTuple):
    """A memory that its user asked to be forgotten, and when; `id`: of the row that says so."""

    id: int
    user_id: str
    memory_id: str
    batch: str
    at: float


EDITED = "an edited message"  # in place of a model, where a change was taken back with its message


@dataclass(frozen=True, slots=True)
class Change:
    """One row.

    op: add, replace or remove; REAFFIRMED where nothing changed; FORGET
    beside a removal that a user asked for, whose text is erased once it can be undone no longer. Only
    `asked_to_forget` tells of the latter.
    expires, expired: the memory's last day, after and before the change.
    source: ids of the messages it came from, separated by spaces.
    chat: the chat that they are of; ordinal: the number of an added memory among those of the chat.
    scope: that of the memory, see `core/scope.py`.
    said_at, at: when the last of them was said (of a removal that a user asked for: when the memory was last
    changed), and when it was decided; Unix times in seconds.
    refused: why it was not made, else empty. made: False while it is only intended.
    undoes: the id of the change that this one takes back.
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
