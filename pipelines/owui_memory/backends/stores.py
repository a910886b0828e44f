"""What mem0's Qdrant and pgvector stores leave open: a size check, time-outs, an index on users, closing."""

from __future__ import annotations

from typing import Any

from ..settings import Valves
from .sqlite_schema import wrong_size

STORE_TIMEOUT_S = 5.0  # psycopg's pool would wait 30 s for a connection


def connect_once(settings: Valves, config: dict[str, Any]) -> None:
    """Log in to PostgreSQL directly: mem0's pool would try in vain for 30 s and not say why."""
    if settings.vector_store == "pgvector":
        import psycopg

        psycopg.connect(config["connection_string"], connect_timeout=int(STORE_TIMEOUT_S)).close()


def prepare(store: Any, settings: Valves, dims: int) -> None:
    """Make one of mem0's stores fit for many users, and see that its vectors are of our size.

    Raises:
        TellAdmin: the collection was made for another embedder.
    """
    stored = dims
    if settings.vector_store == "qdrant":
        vectors = store.col_info().config.params.vectors
        stored = getattr(vectors, "size", dims)
    elif settings.vector_store == "pgvector":
        store.connection_pool.timeout = STORE_TIMEOUT_S
        stored = _prepare_pgvector(store)
    if stored != dims:
        raise wrong_size(settings.collection, stored, dims)


def release(memory: Any) -> None:
    """Close what mem0's `Memory` opened and leaves open: its stores and their connections."""
    for store in (memory.vector_store, memory._entity_store):
        for owner in (store, getattr(store, "client", None), getattr(store, "connection_pool", None)):
            if close := getattr(owner, "close", None):
                close()


def _prepare_pgvector(store: Any) -> int:
    """Index the users, which every search filters by; the dimensions of the collection's vectors."""
    from psycopg import sql

    store._ensure_collection()
    index, table = (sql.Identifier(store.collection_name + suffix) for suffix in ("_user_id_idx", ""))
    with store._get_cursor(commit=True) as cursor:
        cursor.execute(
            sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} ((payload->>'user_id'))").format(index, table)
        )
        cursor.execute(
            "SELECT atttypmod FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'vector'",
            (table.as_string(),),
        )
        return int(cursor.fetchone()[0])
