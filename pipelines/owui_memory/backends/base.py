"""What every backend can do, and the values that go in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, runtime_checkable

Message = Mapping[str, str]  # {"role": "user" or "assistant", "content": "..."}


@dataclass(frozen=True, slots=True)
class Memory:
    """One remembered statement. Times are aware; `batch` names the outbox batch it came from.

    `kind` is profile, preference, fact or plan; `expires` the last day it is of use, YYYY-MM-DD, or "".
    `chat` is the chat it is from, "" where that is not known, and `place` its number among that chat's.
    """

    id: str
    text: str
    created_at: datetime | None = None
    updated_at: datetime | None = None
    batch: str = ""
    kind: str = "fact"
    expires: str = ""
    chat: str = ""
    place: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A memory and how well it fits a query.

    meaning: cosine similarity, 0 to 1 (mem0's own score where the backend tells no other).
    keyword: BM25 of the query's words, 0 or more; None where the store has no keyword search.
    """

    memory: Memory
    meaning: float
    keyword: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What an LLM answered, and the model that did."""

    text: str
    model: str


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the status: what it is, whether it works, and what to do if not."""

    name: str
    ok: bool
    detail: str
    hint: str = ""


class Backend(Protocol):
    """mem0 in one of its forms. All calls block; all may raise the errors of `errors.py`."""

    def search(self, user_id: str, query: str, limit: int) -> list[Found]:
        """At most `limit` candidates by meaning and `limit` by words, of this user only, in no order."""

    def similarities(self, text: str, others: Sequence[str]) -> list[float]:
        """Cosine of a text and each of the others, 0 to 1; zeros where the backend cannot tell."""

    def add(self, user_id: str, messages: Sequence[Message], *, infer: bool, batch: str) -> int:
        """Remember messages, each as it stands or (`infer`) as mem0's LLM reads them; how many were added."""

    def added_by(self, user_id: str, batch: str) -> list[Memory]:
        """What this batch has added so far."""

    def check(self) -> list[Part]:
        """Ask each part whether it works now; never raises."""

    def close(self) -> None:
        """Release files, connections and threads."""


@runtime_checkable
class EditableBackend(Backend, Protocol):
    """A backend whose memories can be changed one by one, with an LLM to decide how."""

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The LLM's answer, in JSON where the provider can be told so."""

    def store(self, user_id: str, new: Memory) -> str:
        """Add one memory as it stands; the id that it was given. Its id and times are not looked at."""

    def get(self, memory_id: str) -> Memory | None:
        """One memory; None where there is none."""

    def get_all(self, memory_ids: Sequence[str]) -> list[Memory]:
        """Those of these memories that there are, in no order."""

    def of_kind(self, user_id: str, kind: str, most: int) -> list[Memory]:
        """A user's memories of one kind that have not expired, newest first."""

    def replace(self, memory_id: str, text: str, *, expires: str) -> None:
        """Give a memory another text and last day; id, kind and created time stay."""

    def remove(self, memory_id: str) -> None:
        """Take a memory away."""


def aware_time(value: Any) -> datetime | None:
    """A time as mem0 writes it (ISO 8601, UTC where it says nothing); None for anything else."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
