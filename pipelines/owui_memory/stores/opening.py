"""Which class of ours stands for which vector store, and how what mem0 opened is released."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..config.addresses import folder_of
from ..config.settings import Valves
from ..models.providers import SQLITE_FILE, with_password
from .sqlite.schema import size_in_file

_LOOK_S = 5

# Names that no other store has in mem0's table: it is one for all in this process, where a newer version of
# this package, uploaded in its place, may begin while this one ends.
NAMES = {name: f"{__package__}.{name}" for name in ("sqlite", "qdrant", "pgvector")}
CLASSES = {
    NAMES["sqlite"]: f"{__package__}.sqlite.store.SqliteStore",
    NAMES["qdrant"]: f"{__package__}.qdrant.store.QdrantStore",
    NAMES["pgvector"]: f"{__package__}.pgvector.store.PgvectorStore",
}


def size_of(settings: Valves, data_dir: Path, collection: str) -> int | None:
    """The dimensions of a collection's vectors, without making it; None where there is none.

    Raises what the store's own client raises.
    """
    url, key = settings.vector_store_url, settings.vector_store_api_key
    if settings.vector_store == "sqlite":
        return size_in_file(data_dir / SQLITE_FILE, collection)
    if settings.vector_store == "qdrant" and folder_of(url):
        return None  # it was never named otherwise than by its model
    if settings.vector_store == "qdrant":
        return _size_in_qdrant(url, key, collection)
    return _size_in_postgres(with_password(url, key), collection)


def _size_in_qdrant(url: str, key: str, collection: str) -> int | None:
    from .qdrant.connection import at_address

    client = at_address(url, key)
    try:
        if not client.collection_exists(collection):
            return None
        return getattr(client.get_collection(collection).config.params.vectors, "size", None)
    finally:
        client.close()


def _size_in_postgres(address: str, collection: str) -> int | None:
    import psycopg

    with psycopg.connect(address, connect_timeout=_LOOK_S) as connection:
        row = connection.execute(
            "SELECT atttypmod FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = 'vector'",
            (psycopg.sql.Identifier(collection).as_string(),),
        ).fetchone()
    return int(row[0]) if row else None


def release(memory: Any) -> None:
    """Close what mem0's `Memory` opened and leaves open: its stores."""
    for store in (memory.vector_store, memory._entity_store):
        if store is not None:
            store.close()
