"""What every backend can do, and the values that go in and out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from ..chat_servers import AnsweredBy
from ..errors import Drop
from ..scopes import TEAM, View, team_in
from ..words import plain

Message = Mapping[str, str]  # {"role": "user" or "assistant", "content": "..."}

BY, SAID_AT, COPY_OF = "shared_by", "said_at", "copy_of"  # where they are stored of a memory
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Memory:
    """One remembered statement. Times are aware; `batch` names the outbox batch it came from.

    `kind` is profile, preference, fact or plan; `expires` the last day it is of use, YYYY-MM-DD, or "".
    `chat` is the chat it is from, "" where that is not known, and `place` its number among that chat's.
    `scope`: see `scopes.py`. Of what was shared with a team, `by` is the name of who has shared it, "" where
    that is not known, `said_at` when they had said it, and `copy_of` the id of their own memory.
    `origin` is the id it had before it was moved to a backend that gives ids of its own, else "".
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
    origin: str = ""
    scope: str = ""
    by: str = ""
    said_at: datetime | None = None
    copy_of: str = ""


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
    """mem0 in one of its forms. All calls block; all may raise the errors of `errors.py`.

    Each method that names a user raises Drop for an id that can be nobody's (see `is_user`).
    """

    def search(
        self, user_id: str, query: str, limit: int, view: View | None, *, asked: bool = False
    ) -> list[Found]:
        """At most `limit` candidates by meaning and `limit` by words, of this user only, in no order.

        view: only what it sees, and as many of each of its teams. None: all of the user's own. It has no
        default, so that every caller says whose memories it means.
        asked: the query is a message, and what may answer it is looked for; else a statement, and its like.
        """

    def similarities(self, text: str, others: Sequence[str]) -> list[float]:
        """How alike a text and each of the others are, 0 to 1; zeros where the backend cannot tell."""

    def of_self(self, query: str) -> tuple[float, float]:
        """About 1 for a question about its speaker and -1 for others, and how far to trust that, 0 to 1.

        A message that has just been searched for costs nothing more.
        """

    def add(
        self, user_id: str, messages: Sequence[Message], *, infer: bool, batch: str, scope: str = ""
    ) -> list[Memory]:
        """Remember messages, each as it stands or (`infer`) as mem0's LLM reads them.

        What was added, as far as the answer tells: id, text and batch, and no times.
        """

    def added_by(self, user_id: str, batch: str) -> list[Memory]:
        """What this batch has added so far."""

    def check(self) -> list[Part]:
        """Ask each part whether it works now; never raises."""

    def close(self) -> None:
        """Release files, connections and threads."""


@runtime_checkable
class EditableBackend(Backend, Protocol):
    """A backend whose memories can be listed and changed one by one."""

    def store(self, user_id: str, new: Memory) -> str:
        """Add one memory as it stands; the id that it was given.

        Its id is not looked at, and its times by the library only, else where it has an `origin`. The answer
        is "" where the backend has taken the memory and does not tell its id yet; `added_by` finds it later.
        """

    def get(self, memory_id: str) -> Memory | None:
        """One memory; None where there is none."""

    def get_all(self, memory_ids: Sequence[str]) -> list[Memory]:
        """Those of these memories that there are, in no order."""

    def of_kind(self, user_id: str, kind: str, most: int) -> list[Memory]:
        """A user's memories of one kind that have not expired, newest first."""

    def list_all(self, user_id: str, limit: int | None = None, offset: int = 0) -> list[Memory]:
        """A user's memories, oldest first, expired ones too: `limit` of them, or all, from `offset` on.

        What is added or replaced meanwhile moves nothing on to another page. Each page may cost as much as
        all of them: no mem0 can be asked for some in order.

        Raises:
            TellAdmin: the user has more than the backend can list; some are never passed off as all.
        """

    def replace(self, memory_id: str, text: str, *, expires: str) -> bool:
        """Give a memory another text and last day; id, kind and created time stay. False where it is gone."""

    def mark(self, memory_id: str, kind: str) -> bool:
        """Give a memory, which keeps its text, a kind; False where it is gone."""

    def remove(self, memory_id: str) -> bool:
        """Take a memory away; False where it is gone already."""

    def erase(self, user_id: str) -> int:
        """Take away all of a user's memories, expired ones too; how many. After a fault, call it again."""


@runtime_checkable
class PreparingBackend(Backend, Protocol):
    """One that stores several memories faster where it is told before."""

    def prepare(self, texts: Sequence[str]) -> None:
        """What will be stored next, a handful."""


@runtime_checkable
class AskableBackend(EditableBackend, Protocol):
    """One with an LLM that decides what to change."""

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The LLM's answer, in JSON where the provider can be told so."""

    def reading(
        self, answered: AnsweredBy, *, local_only: bool, patient: bool
    ) -> AbstractContextManager[str]:
        """Inside, this thread asks the LLM that may read what this model answered: see `Llms.reading`."""


def is_user(user_id: str) -> bool:
    """Whether this can be a user's id. mem0 takes no white space, trims it, and reads * as everybody."""
    return user_id not in ("", "*") and user_id == plain(user_id) and not any(map(str.isspace, user_id))


def is_person(user_id: str) -> bool:
    """Whether this can be somebody's id: a team's memories lie under one that is nobody's."""
    return is_user(user_id) and not team_in(user_id)


def owner(user_id: str) -> str:
    """The same id.

    Raises:
        Drop: it can be nobody's.
    """
    if not is_user(user_id):
        raise Drop("This cannot be a user's id.", hint="It must not be empty or *, nor hold white space.")
    return user_id


def is_id(memory_id: str) -> bool:
    """Whether this can be a memory's id: to ask for another one is an error to some stores."""
    try:
        UUID(memory_id)
    except ValueError:
        return False
    return True


def is_seen(memory: Memory, view: View | None) -> bool:
    """Whether a view sees a memory; None sees all."""
    return view is None or view.sees(memory.scope)


def beside_of(new: Memory) -> dict[str, Any]:
    """What is stored beside a new memory's text, and read again with it."""
    beside: dict[str, Any] = {"batch": new.batch, "kind": new.kind, "chat": new.chat, "place": new.place}
    scope = new.scope if not new.scope.startswith(TEAM) else ""
    said_at = new.said_at.isoformat() if new.said_at else ""
    told = {"scope": scope, BY: new.by, SAID_AT: said_at, COPY_OF: new.copy_of}
    return beside | {name: value for name, value in told.items() if value}


def scope_in(owner_id: str, beside: Any) -> str:
    """The scope of a stored memory: its team's, whatever is stored beside it, or what is."""
    if team := team_in(owner_id):
        return TEAM + team
    return beside if isinstance(beside, str) else ""


def page_of(memories: Iterable[Memory], limit: int | None, offset: int) -> list[Memory]:
    """`limit` of them, or all, from `offset` on, oldest first; those without a time come first."""
    in_order = sorted(memories, key=lambda memory: (memory.created_at or _NEVER, memory.id))
    first = max(offset, 0)
    return in_order[first:] if limit is None else in_order[first : first + max(limit, 0)]


def newest_first(memories: Iterable[Memory]) -> list[Memory]:
    """By the time of the last change; those without a time come last."""

    def changed(memory: Memory) -> tuple[datetime, str]:
        return memory.updated_at or memory.created_at or _NEVER, memory.id

    return sorted(memories, key=changed, reverse=True)


def is_over(memory: Memory) -> bool:
    """Whether its last day has ended everywhere: its user's time zone is not known here."""
    if not memory.expires:
        return False
    return memory.expires < (datetime.now(UTC) - timedelta(hours=12)).date().isoformat()


def aware_time(value: Any) -> datetime | None:
    """A time as mem0 writes it (ISO 8601, UTC where it says nothing); None for anything else."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
