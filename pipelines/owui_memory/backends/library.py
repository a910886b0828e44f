"""mem0 in this process, on any store, LLM and embedder that mem0 knows and on our own sqlite store."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ..ops.metrics import Metrics
from ..settings import Valves
from .assemble import assemble
from .base import Found, Memory, Message, Part, Reply, aware_time
from .faults import host_of, translated
from .llms import Llms
from .stores import release


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
    def open(cls, settings: Valves, data_dir: Path, metrics: Metrics | None = None) -> LibraryBackend:
        """Build mem0 and its parts; see `assemble` for what it raises."""
        memory, dims = assemble(settings, data_dir, metrics)
        return cls(memory, settings, dims)

    def search(self, user_id: str, query: str, limit: int) -> list[Found]:
        if limit < 1:
            return []
        vector = self._memory.embedding_model.embed(query)
        today = _day_that_is_over_nowhere()
        pool = limit
        while True:
            found, full = self._candidates(user_id, query, vector, pool)
            current = [item for item in found if (item.memory.expires or today) >= today]
            # Expired memories take places in the pool of those that still hold.
            if not full or len(current) >= limit or len(current) == len(found):
                return current
            pool *= 4

    def _candidates(
        self, user_id: str, query: str, vector: list[float], pool: int
    ) -> tuple[list[Found], bool]:
        """The nearest, expired ones too, and whether there may be more."""
        store, owner = self._memory.vector_store, {"user_id": user_id}
        with translated("store", self._settings.vector_store_url):
            by_meaning = store.search(query=query, vectors=vector, top_k=pool, filters=owner)
            by_words = store.keyword_search(query=query, top_k=pool, filters=owner)
        keyword = {str(row.id): float(row.score) for row in by_words or ()}
        none = 0.0 if by_words is not None else None
        found = [
            Found(_memory(row), meaning=_similarity(row.score), keyword=keyword.pop(str(row.id), none))
            for row in by_meaning
        ]
        # Found by words alone: beyond the pool of the nearest, so no nearer than its last.
        floor = min((item.meaning for item in found), default=0.0)
        found += [
            Found(_memory(row), meaning=floor, keyword=float(row.score))
            for row in by_words or ()
            if str(row.id) in keyword
        ]
        return [item for item in found if item.memory.text], len(by_meaning) >= pool

    def similarities(self, text: str, others: Sequence[str]) -> list[float]:
        embed = self._memory.embedding_model.embed
        vector = embed(text)
        return [_similarity(_cosine(vector, embed(other))) for other in others]

    def add(self, user_id: str, messages: Sequence[Message], *, infer: bool, batch: str) -> int:
        told = [dict(message) for message in messages]
        with translated("store", self._settings.vector_store_url):
            added = self._memory.add(told, user_id=user_id, metadata={"batch": batch}, infer=infer)
        return len(added["results"])

    def ask(self, messages: Sequence[Message]) -> Reply:
        return self._llms.ask(messages)

    def store(self, user_id: str, text: str, *, batch: str, kind: str, expires: str) -> str:
        with translated("store", self._settings.vector_store_url):
            added = self._memory.add(
                [{"role": "user", "content": text}],
                user_id=user_id,
                metadata={"batch": batch, "kind": kind},
                expiration_date=expires or None,
                infer=False,
            )
        return str(added["results"][0]["id"])

    def get(self, memory_id: str) -> Memory | None:
        with translated("store", self._settings.vector_store_url):
            row = self._memory.vector_store.get(vector_id=memory_id)
        return _memory(row) if row else None

    def replace(self, memory_id: str, text: str, *, expires: str) -> None:
        with translated("store", self._settings.vector_store_url):
            self._memory.update(memory_id, text=text, expiration_date=expires or None)

    def remove(self, memory_id: str) -> None:
        with translated("store", self._settings.vector_store_url):
            self._memory.delete(memory_id)

    def added_by(self, user_id: str, batch: str) -> list[Memory]:
        with translated("store", self._settings.vector_store_url):
            rows = self._memory.vector_store.list(filters={"user_id": user_id, "batch": batch}, top_k=1000)
        return [_memory(row) for row in rows[0]]

    def check(self) -> list[Part]:
        settings = self._settings
        parts = [Part("backend", True, f"mem0 in this process, extraction {settings.mode}")]
        parts.append(self._probe("store", self._describe_store(), self._memory.vector_store.col_info))
        embedder = settings.embedder_model or settings.embedder_provider
        parts.append(self._probe("embedder", f"{embedder}, vectors of {self._dims}", self._embed_a_word))
        return [*parts, self._llms.part()]

    def close(self) -> None:
        self._memory.close()
        release(self._memory)

    def _embed_a_word(self) -> None:
        self._memory.embedding_model.embed_now("size")

    def _describe_store(self) -> str:
        where = host_of(self._settings.vector_store_url)
        return f"{self._settings.vector_store} {where}".strip() + f", collection {self._settings.collection}"

    def _probe(self, name: str, detail: str, ask: Callable[[], Any]) -> Part:
        try:
            with translated(name, ""):
                ask()
        except Exception as fault:  # noqa: BLE001 - the status reports what it meets
            return Part(name, False, f"{detail}: {fault}", getattr(fault, "hint", ""))
        return Part(name, True, detail)


def _day_that_is_over_nowhere() -> str:
    """A plan's last day ends when it ends for its user, whose time zone is not known here."""
    return (datetime.now(UTC) - timedelta(hours=12)).date().isoformat()


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    lengths = math.hypot(*one) * math.hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / lengths if lengths else 0.0


def _similarity(cosine: float) -> float:
    """0 to 1: opposite is no more different than unrelated, and rounding may go beyond 1."""
    return min(max(float(cosine), 0.0), 1.0)


def _memory(row: Any) -> Memory:
    payload = row.payload or {}
    return Memory(
        id=str(row.id),
        text=str(payload.get("data") or ""),
        created_at=aware_time(payload.get("created_at")),
        updated_at=aware_time(payload.get("updated_at")),
        batch=str(payload.get("batch") or ""),
        kind=str(payload.get("kind") or "fact"),
        expires=str(payload.get("expiration_date") or ""),
    )
