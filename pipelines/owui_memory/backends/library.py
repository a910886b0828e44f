"""mem0 in this process, on any store, LLM and embedder that mem0 knows and on our own sqlite store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..settings import Valves
from .assemble import assemble
from .base import Found, Memory, Message, Part
from .faults import translated


class LibraryBackend:
    """mem0's `Memory` with its parts as the settings say.

    Searching goes to mem0's embedder and store directly: `Memory.search` rescales scores for each
    query, so that nothing could tell a relevant memory from the least irrelevant one.
    """

    def __init__(self, memory: Any, settings: Valves, dims: int) -> None:
        self._memory = memory
        self._settings = settings
        self._dims = dims
        # One encode at a time: PyTorch uses all cores for each, more at once only queue up inside.
        self._encoding: AbstractContextManager[Any] = (
            threading.Lock() if settings.embedder_provider == "bundled" else nullcontext()
        )

    @classmethod
    def open(cls, settings: Valves, data_dir: Path) -> LibraryBackend:
        """Build mem0 and its parts; see `assemble` for what it raises."""
        memory, dims = assemble(settings, data_dir)
        return cls(memory, settings, dims)

    def search(self, user_id: str, query: str, limit: int) -> list[Found]:
        with translated("embedder", self._settings.embedder_base_url), self._encoding:
            vector = self._memory.embedding_model.embed(query, "search")
        store, owner = self._memory.vector_store, {"user_id": user_id}
        with translated("store", self._settings.vector_store_url):
            by_meaning = store.search(query=query, vectors=vector, top_k=limit, filters=owner)
            by_words = store.keyword_search(query=query, top_k=limit, filters=owner)
        keyword = {str(row.id): float(row.score) for row in by_words or ()}
        none = 0.0 if by_words is not None else None
        found = [
            Found(_memory(row), meaning=float(row.score), keyword=keyword.pop(str(row.id), none))
            for row in by_meaning
        ]
        # Found by words alone: beyond the pool of the nearest, so no nearer than its last.
        floor = min((item.meaning for item in found), default=0.0)
        found += [
            Found(_memory(row), meaning=floor, keyword=float(row.score))
            for row in by_words or ()
            if str(row.id) in keyword
        ]
        return [item for item in found if item.memory.text]

    def add(self, user_id: str, messages: Sequence[Message], *, infer: bool, batch: str) -> int:
        part = "LLM" if infer else "store"
        with translated(part, self._settings.llm_base_url if infer else ""):
            added = self._memory.add(
                [dict(message) for message in messages],
                user_id=user_id,
                metadata={"batch": batch},
                infer=infer,
            )
        return len(added["results"])

    def added_by(self, user_id: str, batch: str) -> set[str]:
        with translated("store", self._settings.vector_store_url):
            rows = self._memory.vector_store.list(filters={"user_id": user_id, "batch": batch}, top_k=1000)
        return {_memory(row).text for row in rows[0]}

    def check(self) -> list[Part]:
        settings = self._settings
        parts = [Part("backend", True, f"mem0 in this process, extraction {_extraction(settings)}")]
        parts.append(self._probe("store", self._describe_store(), self._memory.vector_store.col_info))
        embedder = settings.embedder_model or settings.embedder_provider
        parts.append(self._probe("embedder", f"{embedder}, vectors of {self._dims}", self._embed_a_word))
        llm = "none: the user's own sentences are kept"
        if settings.llm_provider != "none":
            llm = f"{settings.llm_provider} {settings.llm_model}".strip()
        return [*parts, Part("LLM", True, llm)]

    def close(self) -> None:
        self._memory.close()
        store = self._memory.vector_store
        closing = getattr(store, "close", None) or getattr(getattr(store, "client", None), "close", None)
        if closing:
            closing()

    def _embed_a_word(self) -> None:
        with self._encoding:
            self._memory.embedding_model.embed("size", "search")

    def _describe_store(self) -> str:
        where = self._settings.vector_store_url.rpartition("@")[2]
        return f"{self._settings.vector_store} {where}".strip() + f", collection {self._settings.collection}"

    def _probe(self, name: str, detail: str, ask: Callable[[], Any]) -> Part:
        try:
            with translated(name, ""):
                ask()
        except Exception as fault:  # noqa: BLE001 - the status reports what it meets
            return Part(name, False, f"{detail}: {fault}", getattr(fault, "hint", ""))
        return Part(name, True, detail)


def _extraction(settings: Valves) -> str:
    return "mem0" if settings.uses_llm else "verbatim"


def _memory(row: Any) -> Memory:
    payload = row.payload or {}
    return Memory(
        id=str(row.id),
        text=str(payload.get("data") or ""),
        created_at=_time(payload.get("created_at")),
        updated_at=_time(payload.get("updated_at")),
        batch=str(payload.get("batch") or ""),
    )


def _time(value: Any) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
