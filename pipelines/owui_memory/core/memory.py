"""A memory, what a search finds, and small values around both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from types import NoneType
from typing import Any
from uuid import UUID

from .errors import Drop
from .scope import TEAM, View, channel_in, documents_in, past_in, team_in
from .text import plain

Message = Mapping[str, str]  # {"role": "user" or "assistant", "content": "..."}

# Kinds of passages, which are quoted: of a past chat, and of a document; see `core/scope.py`.
EPISODE, DOCUMENT = "episode", "document"
QUOTED = (EPISODE, DOCUMENT)

_NEVER = datetime.min.replace(tzinfo=UTC)


def _stored(name: str, default: Any = "") -> Any:
    """A field that is stored beside the text, under this name for ever."""
    return field(default=default, metadata={"stored": name})


@dataclass(frozen=True, slots=True)
class Memory:
    """One remembered statement. Times are aware; `batch` names the outbox batch it came from.

    `kind` is profile, preference, fact, plan, episode or document; `expires` the last day it is of use,
    YYYY-MM-DD, or "".
    `chat` is the chat it is from, "" if that is not known, and `ordinal` its number among that chat's.
    Of an episode, `role` is who said it, "user", "assistant" or "topics", and `title` the chat's, "" if not
    known; `lead` is what it answers, by which it is found, and which is not told. Of a document's passage,
    `chat` is the document's id, `role` the page or "", and `lead` the headings above it.
    `scope`: see `core/scope.py`. Of what was shared with a team, `by` is the name of who has shared it, "" if
    that is not known, `said_at` when they had said it, and `copy_of` the id of their own memory.
    `origin` is the id it had before it was moved to a backend that gives ids of its own, else "".
    """

    id: str
    text: str
    created_at: datetime | None = None
    updated_at: datetime | None = None
    batch: str = _stored("batch")
    kind: str = _stored("kind", "fact")
    expires: str = ""
    chat: str = _stored("chat")
    ordinal: int = _stored("place", 0)
    origin: str = ""
    scope: str = _stored("scope")
    by: str = _stored("shared_by")
    said_at: datetime | None = field(default=None, metadata={"stored": "said_at"})
    copy_of: str = _stored("copy_of")
    role: str = _stored("said_by")  # mem0 writes a "role" itself
    title: str = _stored("title")
    lead: str = _stored("lead")

    @property
    def looked_for(self) -> str:
        """The text that its vector is made of."""
        return f"{self.lead} {self.text}" if self.lead else self.text


@dataclass(frozen=True, slots=True)
class Candidate:
    """A memory and how well it fits a query.

    meaning: cosine similarity, 0 to 1 (mem0's own score where the backend tells no other).
    keyword: BM25 of the query's words, 0 or more; None if the store has no keyword search.
    """

    memory: Memory
    meaning: float
    keyword: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What an LLM answered, and the model that did. finish: why it ended, "" where that is not told.

    tokens: that it has read and written.
    """

    text: str
    model: str
    finish: str = ""
    tokens: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the status: what it is, whether it works, and what to do if not."""

    name: str
    ok: bool
    detail: str
    hint: str = ""


def is_user(user_id: str) -> bool:
    """Whether this can be a user's id. mem0 takes no white space, trims it, and reads * as everybody."""
    return user_id not in ("", "*") and user_id == plain(user_id) and not any(map(str.isspace, user_id))


def is_person(user_id: str) -> bool:
    """Whether this can be a person's id; those that memories of others, and passages, lie under cannot."""
    others = team_in, past_in, documents_in, channel_in
    return is_user(user_id) and not any(found(user_id) for found in others)


def owner(user_id: str) -> str:
    """Returns the id itself.

    Raises:
        Drop: it cannot be a user's id.
    """
    if not is_user(user_id):
        raise Drop("This cannot be a user's id.", hint="It must not be empty or *, nor hold white space.")
    return user_id


def is_id(memory_id: str) -> bool:
    """Whether this can be a memory's id. Some stores fail if they are asked for anything else."""
    try:
        UUID(memory_id)
    except ValueError:
        return False
    return True


def is_seen(memory: Memory, view: View | None) -> bool:
    """Whether a view sees a memory. None sees all memories."""
    return view is None or view.sees(memory.scope)


_ALWAYS = ("batch", "kind", "chat", "place")  # stored even where they are empty
_STORED = {one.metadata["stored"]: one for one in fields(Memory) if one.metadata}
_TEXTS = {stored: one.name for stored, one in _STORED.items() if isinstance(one.default, str)}
_OTHERS = {stored: (one.name, type(one.default)) for stored, one in _STORED.items() if stored not in _TEXTS}


def metadata_of(new: Memory) -> dict[str, Any]:
    """What is stored beside a new memory's text; `remembered` reads it again."""
    if new.scope.startswith(TEAM):  # whose owner says it
        new = replace(new, scope="")
    values = {name: getattr(new, one.name) for name, one in _STORED.items()}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if value or name in _ALWAYS
    }


def remembered(metadata: Mapping[str, Any], owner_id: str, **others: Any) -> Memory:
    """A memory with what `metadata_of` stored of it; `others` are the fields that it does not store."""
    kept: dict[str, Any] = {}
    for stored, value in metadata.items():  # of more than a hundred memories a message: few steps
        if not value:
            continue
        if stored in _TEXTS:
            if type(value) is str:
                kept[_TEXTS[stored]] = value
        elif stored in _OTHERS:
            name, kind = _OTHERS[stored]
            if type(value) is kind:
                kept[name] = value
            elif kind is NoneType:  # of a time
                kept[name] = aware_time(value)
    if team := team_in(owner_id):
        kept["scope"] = TEAM + team
    return Memory(**kept, **others)


def payload_of(owner_id: str, memory: Memory) -> dict[str, Any]:
    """A memory as mem0's library writes it into a store."""
    text = plain(memory.text)
    times = {"created_at": memory.created_at, "updated_at": memory.updated_at or memory.created_at}
    return {
        **metadata_of(memory),
        **{name: at.isoformat() for name, at in times.items() if at},
        **({"expiration_date": memory.expires} if memory.expires else {}),
        "data": text,
        "hash": hash_of(text),
        "user_id": owner_id,
    }


def in_payload(id_: str, payload: Mapping[str, Any], *, origin: str = "") -> Memory:
    """The memory that mem0's library, or `payload_of`, has written into a store."""
    created, updated = payload.get("created_at"), payload.get("updated_at")
    created_at = aware_time(created)
    return remembered(
        payload,
        str(payload.get("user_id") or ""),
        id=id_,
        text=str(payload.get("data") or ""),
        created_at=created_at,
        updated_at=created_at if updated == created else aware_time(updated),
        expires=str(payload.get("expiration_date") or ""),
        origin=origin,
    )


def hash_of(text: str) -> str:
    """The hash that mem0 puts into payloads."""
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def oldest_first(memories: Iterable[Memory]) -> list[Memory]:
    """The memories by the time when each was added; those without a time come first."""
    return sorted(memories, key=lambda memory: (memory.created_at or _NEVER, memory.id))


def newest_first(memories: Iterable[Memory]) -> list[Memory]:
    """The memories by the time of their last change, newest first; those without a time come last."""

    def changed(memory: Memory) -> tuple[datetime, str]:
        return memory.updated_at or memory.created_at or _NEVER, memory.id

    return sorted(memories, key=changed, reverse=True)


def is_over(memory: Memory) -> bool:
    """Whether a memory's last day has ended in every time zone, because its user's is not known here."""
    if not memory.expires:
        return False
    return memory.expires < (datetime.now(UTC) - timedelta(hours=12)).date().isoformat()


def aware_time(value: Any) -> datetime | None:
    """A time as mem0 writes it (ISO 8601, UTC where it says nothing); None for anything else."""
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
