"""Which class of ours stands for which vector store, and how what mem0 opened is released."""

from __future__ import annotations

from typing import Any

# Under names of our own: mem0's stay what they are for others in this process.
NAMES = {"sqlite": "sqlite", "qdrant": "owui_qdrant", "pgvector": "owui_pgvector"}
CLASSES = {
    "sqlite": f"{__package__}.sqlite_store.SqliteStore",
    "owui_qdrant": f"{__package__}.qdrant_store.QdrantStore",
    "owui_pgvector": f"{__package__}.pgvector_store.PgvectorStore",
}


def release(memory: Any) -> None:
    """Close what mem0's `Memory` opened and leaves open: its stores."""
    for store in (memory.vector_store, memory._entity_store):
        if store is not None:
            store.close()
