"""mem0 in this process, on any store, LLM and embedder that mem0 knows and on our own sqlite store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from ..config.addresses import folder_of
from ..config.settings import Valves
from ..core.chat_servers import AnsweredBy
from ..core.errors import Drop
from ..core.events import Emit, ignore
from ..core.memory import (
    Candidate,
    Check,
    Memory,
    Message,
    Reply,
    in_payload,
    is_id,
    is_over,
    is_seen,
    newest_first,
    oldest_first,
    owner,
    payload_of,
)
from ..core.scope import EVERYONE, USER, View, documents_owner, past_owner, team_owner
from ..core.text import plain
from ..models.embedder import Embedder, Vector
from ..models.faults import host_of, translated
from ..models.llms import Llms
from ..models.text_limit import is_legible
from ..stores.opening import release
from ..stores.protocol import VectorStore
from .assemble import assemble
from .base import Models

Filters = dict[str, str]
Scale = Callable[[float], float]  # a cosine as relevance or likeness

_EMBEDDED_HINT = "vector_store sqlite is faster than an embedded Qdrant, and safe with several servers."
_LISTED = 1_000_000  # memories of a user or a batch; mem0's stores want a number


class LibraryBackend:
    """mem0's `Memory` with its parts as the settings say.

    Searching goes to mem0's embedder and store directly: `Memory.search` rescales scores for each
    query, so that nothing could tell a relevant memory from the least irrelevant one.
    """

    def __init__(self, memory: Any, settings: Valves, dims: int) -> None:
        self._memory = memory
        self._settings = settings
        self._dims = dims
        self._llms: Llms = memory.llm

    @classmethod
    def open(
        cls,
        settings: Valves,
        data_dir: Path,
        emit: Emit = ignore,
        named: Callable[[str, int], str] | None = None,
        known: tuple[str, int] | None = None,
    ) -> LibraryBackend:
        """Build mem0 and its parts; see `assemble` for the arguments and what it raises."""
        memory, dims = assemble(settings, data_dir, emit, named, known)
        return cls(memory, settings, dims)

    @property
    def collection(self) -> str:
        """The name that the collection has in its store."""
        return str(self.vector_store.collection_name)

    @property
    def vector_store(self) -> VectorStore:
        """The collection itself."""
        store: VectorStore = self._memory.vector_store
        return store

    @property
    def embedder(self) -> Embedder:
        """What makes the collection's vectors."""
        embedder: Embedder = self._memory.embedding_model
        return embedder

    @property
    def models(self) -> Models:
        return Models(self.embedder, self._llms.llms, self._llms.readers)

    def search(
        self, user_id: str, query: str, limit: int, view: View | None = None, *, asked: bool = False
    ) -> list[Candidate]:
        asked_of = [owner(user_id), *map(team_owner, view.teams if view else ())]
        asked_of += [past_owner(user_id)] if view and view.past else []
        pages = [*map(documents_owner, (user_id, EVERYONE))] if view and view.documents else []
        query = plain(query)
        if limit < 1 or not is_legible(query):
            return []
        embedder = self.embedder
        known = embedder.calibration
        if not asked:
            vector = embedder.embed(query)
            return self._found([*asked_of, *pages], query, vector, known.likeness, limit, view)
        found = self._found(asked_of, query, embedder.question(query), known.relevance, limit, view)
        if pages:  # what the adapter has learned of facts of everyday life leads astray there
            vector = known.plain.question(embedder.embed(query))
            found += self._found(pages, query, vector, known.plain.relevance, limit, view)
        return found

    def _found(
        self,
        asked_of: Sequence[str],
        query: str,
        vector: Vector,
        scale: Scale,
        limit: int,
        view: View | None,
    ) -> list[Candidate]:
        """Of these owners; more is fetched where what is not to be seen takes places."""
        found: list[Candidate] = []
        pool, scopes = limit, None
        while asked_of:
            found_of = self._candidates(asked_of, query, vector, scale, pool, scopes)
            wanting = []
            for one, (items, full) in zip(asked_of, found_of, strict=True):
                seen = [item for item in items if not is_over(item.memory) and is_seen(item.memory, view)]
                # Those that expired, or are not to be seen, take places in the pool of the others.
                if not full or len(seen) >= limit or len(seen) == len(items):
                    found += seen
                else:
                    wanting.append(one)
            asked_of, pool = wanting, pool * 4
            if view:  # a team's have none
                scopes = view.scopes | {USER} if view.teams else view.scopes
        return found

    def _candidates(
        self,
        owners: Sequence[str],
        query: str,
        vector: Vector,
        scale: Scale,
        pool: int,
        scopes: Collection[str] | None,
    ) -> Iterator[tuple[list[Candidate], bool]]:
        """Of each owner the nearest, expired ones too, and whether there may be more."""
        with self._translated():
            found = self.vector_store.search_owners(query, vector, pool, owners, scopes)
        for by_meaning, by_words in found:
            keyword = {str(row.id): float(row.score) for row in by_words or ()}
            none = 0.0 if by_words is not None else None
            items = [
                Candidate(_memory(row), scale(row.score), keyword=keyword.pop(str(row.id), none))
                for row in by_meaning
            ]
            # Found by words alone: beyond the pool of the nearest, so no nearer than its last.
            floor = min((item.meaning for item in items), default=0.0)
            items += [
                Candidate(_memory(row), meaning=floor, keyword=float(row.score))
                for row in by_words or ()
                if str(row.id) in keyword
            ]
            yield [item for item in items if item.memory.text], len(by_meaning) >= pool

    def similarities(self, text: str, others: Sequence[str]) -> list[float]:
        return self.embedder.similarities(text, others)

    def of_self(self, query: str) -> tuple[float, float]:
        if not query.strip():
            return 0.0, 0.0
        return self.embedder.calibration.of_self(self.embedder.embed(plain(query)))

    def extract(
        self, user_id: str, messages: Sequence[Message], *, batch: str, scope: str = ""
    ) -> list[Memory]:
        said = [{**message, "content": plain(message["content"])} for message in messages]
        metadata = {"batch": batch, **({"scope": scope} if scope else {})}
        with self._translated(), self.embedder.watched() as faults:
            added = self._memory.add(said, user_id=owner(user_id), metadata=metadata, infer=True)
            if faults:  # what was not embedded has been left out: all of it is to be tried again
                for memory in added["results"]:
                    self.remove(str(memory["id"]))
                raise faults[0].again()
        return [
            Memory(str(row["id"]), str(row["memory"]), batch=batch, scope=scope) for row in added["results"]
        ]

    def ask(self, messages: Sequence[Message], *, for_exchanges: bool = False) -> Reply:
        return self._llms.ask(messages, for_exchanges=for_exchanges)

    def reading(
        self, answered: AnsweredBy, *, local_only: bool, patient: bool, apart: bool = False
    ) -> AbstractContextManager[str]:
        return self._llms.reading(answered, local_only=local_only, patient=patient, apart=apart)

    def prepare(self, texts: Sequence[str]) -> None:
        self.embedder.prepare([plain(text) for text in texts])

    def store(self, user_id: str, new: Memory) -> str:
        owner_id, memory_id = owner(user_id), str(uuid4())
        vector = self.embedder.embed(plain(new.looked_for))
        self._put(owner_id, [replace(new, id=memory_id)], [vector])
        return memory_id

    def store_all(self, user_id: str, new: Sequence[Memory]) -> None:
        owner_id = owner(user_id)
        vectors = self.embedder.embed_batch([plain(memory.looked_for) for memory in new])
        self._put(owner_id, new, vectors)

    def _put(self, owner_id: str, new: Sequence[Memory], vectors: Sequence[Vector]) -> None:
        now = datetime.now(UTC)
        dated = [replace(memory, created_at=memory.created_at or now) for memory in new]
        payloads = [payload_of(owner_id, memory) for memory in dated]
        with self._translated():
            self.vector_store.put([memory.id for memory in new], vectors, payloads)

    def remove_all(self, user_id: str, memory_ids: Collection[str]) -> int:
        with self._translated():
            rows = self.vector_store.get_all(list(filter(is_id, memory_ids)))
            ids = [str(row.id) for row in rows if row.payload.get("user_id") == user_id]
            self.vector_store.delete_all(ids)
        return len(ids)

    def get(self, memory_id: str) -> Memory | None:
        return next(iter(self.get_all([memory_id])), None)

    def get_all(self, memory_ids: Sequence[str]) -> list[Memory]:
        with self._translated():
            rows = self.vector_store.get_all(list(filter(is_id, memory_ids)))
        return [_memory(row) for row in rows]

    def of_kind(self, user_id: str, kind: str, most: int) -> list[Memory]:
        with self._translated():
            rows = self.vector_store.of_kind(owner(user_id), kind, most)
        return newest_first(memory for row in rows if not is_over(memory := _memory(row)))

    def list_all(self, user_id: str) -> list[Memory]:
        with self._translated():
            rows = self.vector_store.list(filters=_of(user_id), top_k=_LISTED)[0]
        return oldest_first(map(_memory, rows))

    def replace(self, memory_id: str, text: str, *, expires: str) -> bool:
        return self._changed(
            memory_id, self._memory.update, text=plain(text), expiration_date=expires or None
        )

    def mark(self, memory_id: str, kind: str) -> bool:
        return self._changed(memory_id, self._memory.update, metadata={"kind": kind})

    def remove(self, memory_id: str) -> bool:
        return self._changed(memory_id, self._memory.delete)

    def _changed(self, memory_id: str, change: Callable[..., Any], **what: Any) -> bool:
        """Change one memory; False where there is none, which mem0 says by a bare ValueError."""
        if not is_id(memory_id):
            return False
        with self._translated():
            try:
                change(memory_id, **what)
            except (ValueError, Drop):
                if self.get(memory_id) is None:
                    return False
                raise
        return True

    def erase(self, user_id: str) -> int:
        memories = self.list_all(user_id)
        for memory in memories:
            self.remove(memory.id)
        self.drop()
        return len(memories)

    def added_by(self, user_id: str, batch: str) -> list[Memory]:
        with self._translated():
            rows = self.vector_store.list(filters=_of(user_id, batch=batch), top_k=_LISTED)[0]
        return [_memory(row) for row in rows]

    def check(self) -> list[Check]:
        settings = self._settings
        parts = [Check("backend", True, f"mem0 in this process, extraction {settings.mode}")]
        parts.append(self._store_part())
        embedder = settings.embedder_model or settings.embedder_provider
        parts.append(self._probe("embedder", f"{embedder}, vectors of {self._dims}", self._embed_a_word))
        return [*parts, self._llms.part()]

    def drop(self) -> None:
        """Keep no texts in memory, nor the messages that mem0's own extraction reads once more."""
        self.embedder.drop()
        if (kept := self._memory.db) is None:  # closed
            return
        with kept._lock:
            if (connection := kept.connection) is not None:
                with connection:
                    connection.execute("DELETE FROM messages")

    def close(self) -> None:
        self._llms.hang_up()
        self._memory.close()
        release(self._memory)

    def _translated(self) -> AbstractContextManager[None]:
        """Around what asks the store."""
        return translated("store", self._settings.vector_store_url)

    def _embed_a_word(self) -> None:
        self.embedder.embed_now("size")

    def _store_part(self) -> Check:
        name, url = self._settings.vector_store, self._settings.vector_store_url
        folder = folder_of(url) if name == "qdrant" else ""
        where = f"{name} embedded in {folder}" if folder else f"{name} {host_of(url)}".strip()
        detail = f"{where}, collection {self.collection}"
        part = self._probe("store", detail, self.vector_store.col_info)
        return replace(part, hint=part.hint or _EMBEDDED_HINT) if folder else part

    def _probe(self, name: str, detail: str, ask: Callable[[], Any]) -> Check:
        try:
            with translated(name, ""):
                ask()
        except Exception as fault:  # noqa: BLE001 - the status reports what it meets
            return Check(name, False, f"{detail}: {fault}", getattr(fault, "hint", ""))
        return Check(name, True, detail)


def _of(user_id: str, **more: str) -> Filters:
    """mem0's filter for a user's memories; Drop for an id that can be nobody's."""
    return {"user_id": owner(user_id), **more}


def _memory(row: Any) -> Memory:
    return in_payload(str(row.id), row.payload or {})
