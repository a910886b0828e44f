"""Memories as they are moved: whole, with ids and times, whatever the location that they are in."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from ...backends.base import Backend
from ...core.locales import message
from ...core.locales.refused import Refused
from ...core.memory import DOCUMENT, EPISODE, QUOTED, Memory, hash_of, in_payload, payload_of
from ...core.scope import channel_in, documents_in, documents_owner, past_in, past_owner
from ...language.secrets import masked
from ...remember import admission
from ...remember.episodes import BATCH as EPISODES
from ...remember.episodes import name_of
from ...stores.protocol import VectorStore

_PAGE = 1000  # rows read at once

# Metadata that mem0's own answers hold beside a memory, and ours.
_TOP = ("data", "user_id", "created_at", "updated_at", "expiration_date", "hash", "text_lemmatized")


@dataclass(frozen=True, slots=True)
class Record:
    """A memory with mem0's payload: `data` is its text."""

    id: str
    payload: Mapping[str, Any]

    @property
    def user_id(self) -> str:
        return str(self.payload.get("user_id") or "")

    @property
    def text(self) -> str:
        return str(self.payload.get("data") or "")

    @property
    def looked_for(self) -> str:
        return in_payload("", self.payload).looked_for

    @property
    def created_at(self) -> str:
        return str(self.payload.get("created_at") or "")

    @property
    def digest(self) -> bytes:
        """The same for the same statement of the same user. Times are left out: servers set their own."""
        get = self.payload.get
        content = (
            self.user_id,
            masked(admission.clean(self.text))[0],  # as `admitted` leaves it
            get("kind") or "fact",
            get("expiration_date") or "",
            get("chat") or "",
            get("place") or 0,
            get("batch") or "",
            get("scope") or "",
            *filter(None, [get("shared_by")]),
        )
        return hashlib.blake2b(json.dumps(content).encode(), digest_size=16).digest()


class Head(NamedTuple):
    """What is compared of a record.

    there: its id in that location, which may give ids of its own.
    moved: whether it came from another location; None if that cannot be known.
    """

    created_at: str
    digest: bytes
    there: str
    moved: bool | None = None


class Records(Protocol):
    """A location, to be read and written whole. Raises the errors of `core/errors.py`."""

    def heads(self) -> dict[str, Head]:
        """All records by id; those that were moved here by the id they had."""

    def read(self, ids: Sequence[str]) -> list[Record]:
        """Those of these records that there are, in no order."""

    def write(self, records: Sequence[Record]) -> None:
        """Add them, or put them in the place of those with their ids."""

    def erase(self, ids: Sequence[str]) -> None:
        """Take them away; nothing happens to those that are not there."""


class LibraryRecords:
    """A collection in one of the stores. `embed`: texts to vectors, for writing."""

    def __init__(
        self,
        store: VectorStore,
        embed: Callable[[Sequence[str]], Sequence[Sequence[float]]] | None = None,
    ) -> None:
        self._store, self._embed = store, embed

    def heads(self) -> dict[str, Head]:
        return {record.id: Head(record.created_at, record.digest, record.id) for record in self.all()}

    def all(self) -> Iterator[Record]:
        """Every record, page by page."""
        after: Any = None
        while True:
            rows, after = self._store.scan(after, _PAGE)
            yield from _records(rows)
            if after is None:
                return

    def read(self, ids: Sequence[str]) -> list[Record]:
        return list(_records(self._store.get_all(ids)))

    def write(self, records: Sequence[Record]) -> None:
        assert self._embed is not None
        vectors = self._embed([record.looked_for for record in records])
        self._store.put([record.id for record in records], vectors, [record.payload for record in records])

    def erase(self, ids: Sequence[str]) -> None:
        self._store.delete_all(list(ids))


class RemoteRecords:
    """mem0's server or platform, of the users that are known here. It gives ids of its own."""

    def __init__(self, backend: Backend, users: Callable[[], Iterable[str]]) -> None:
        self._backend, self._users = backend, users
        self._found: dict[str, tuple[str, Memory]] = {}  # user and memory by the id it had first

    def heads(self) -> dict[str, Head]:
        self._found = {
            memory.origin or memory.id: (user, memory)
            for user in self._users()
            for memory in self._backend.list_all(user)
        }
        heads = {}
        for origin, (user, memory) in self._found.items():
            record = Record(origin, payload_of(user, memory))
            # A passage has an origin wherever it was stored first.
            moved = bool(memory.origin) if memory.kind not in QUOTED else None
            heads[origin] = Head(record.created_at, record.digest, memory.id, moved)
        return heads

    def read(self, ids: Sequence[str]) -> list[Record]:
        return [Record(id_, payload_of(*self._found[id_])) for id_ in ids if id_ in self._found]

    def write(self, records: Sequence[Record]) -> None:
        for record in records:
            memory = in_payload("", record.payload, origin=record.id)
            if record.id in self._found:
                there = self._found[record.id][1].id
                admission.replace(self._backend, there, memory.text, expires=memory.expires)
            else:
                admission.store(self._backend, record.user_id, memory)

    def erase(self, ids: Sequence[str]) -> None:
        for id_ in ids:
            if id_ in self._found:
                self._backend.remove(self._found[id_][1].id)


def to_json(record: Record) -> dict[str, Any]:
    """As mem0's own answers have it, which are what others read and write."""
    payload = record.payload
    return {
        "id": record.id,
        "memory": record.text,
        "user_id": past_in(record.user_id) or documents_in(record.user_id) or record.user_id,
        "created_at": payload.get("created_at"),
        "updated_at": payload.get("updated_at"),
        "expiration_date": payload.get("expiration_date"),
        "metadata": {name: value for name, value in payload.items() if name not in _TOP},
    }


def from_json(row: Mapping[str, Any]) -> Record:
    """What `to_json` wrote, or mem0 itself.

    Raises:
        Refused: what is missing or wrong, in a sentence.
    """
    for name in ("memory", "user_id"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise Refused(message("no text", name=name))
    metadata = row.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise Refused(message("no object"))
    text, user = row["memory"], row["user_id"]
    user = past_in(user) or user
    user = documents_in(user) or user
    if metadata.get("kind") == EPISODE and not channel_in(user):
        user = past_owner(user)
    elif metadata.get("kind") == DOCUMENT:
        user = documents_owner(user)
    now = datetime.now(UTC).isoformat()
    created = _time(row, "created_at") or now
    payload = {
        **metadata,
        "data": text,
        "hash": hash_of(text),
        "user_id": user,
        "created_at": created,
        "updated_at": _time(row, "updated_at") or created,
    }
    id_ = str(row.get("id") or _id_of(user, text))
    if metadata.get("kind") == EPISODE and not str(metadata.get("batch") or "").startswith(EPISODES):
        payload["batch"] = EPISODES + name_of(id_)
    if expires := _time(row, "expiration_date"):
        payload["expiration_date"] = expires[:10]
    return Record(id_, payload)


def admitted(record: Record) -> tuple[Record, int]:
    """A record as it may be stored, and how many secrets were left out of it.

    Raises:
        Drop: it may not be.
    """
    text, secrets = masked(record.text)
    text = admission.restored(text)
    if text == record.text:
        return record, 0
    return replace(record, payload={**record.payload, "data": text, "hash": hash_of(text)}), secrets


def _time(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value in (None, ""):
        return ""
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Refused(message("no time", name=name)) from None
    return str(value)


def _id_of(user: str, text: str) -> str:
    """The same each time, so that a file may be imported twice."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps([user, text])))


def _records(rows: Iterable[Any]) -> Iterator[Record]:
    """What is a memory of somebody's."""
    for row in rows:
        payload = row.payload or {}
        if payload.get("data") and payload.get("user_id"):
            yield Record(str(row.id), payload)
