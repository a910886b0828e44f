"""Each vector store, opened on something of its own, for tests that run over all of them."""

import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.harness.postgres import PASSWORD
from tests.harness.qdrant_server import QdrantServer

KINDS = ["sqlite", "qdrant", "embedded", "pgvector"]
DIMS = 4


@dataclass
class Place:
    """Where a store is; `open` opens it once more."""

    kind: str
    open: Callable[..., Any]


@contextlib.contextmanager
def place_of(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    name = f"memories_{uuid.uuid4().hex[:8]}"
    with contextlib.ExitStack() as opened:

        def opener(make: Callable[..., Any], **where: str) -> Callable[..., Any]:
            def open_(collection: str = name, dims: int = DIMS) -> Any:
                store = make(collection, dims, **where)
                opened.callback(store.close)
                return store

            return open_

        if kind == "sqlite":
            from owui_memory.stores.sqlite.store import SqliteStore

            yield Place(kind, opener(SqliteStore, path=str(folder / "memories.db")))
        elif kind == "pgvector":
            from owui_memory.stores.pgvector.store import PgvectorStore

            url = request.getfixturevalue("postgres").url.replace("@", f":{_quoted(PASSWORD)}@", 1)
            yield Place(kind, opener(PgvectorStore, connection_string=url))
        else:
            from owui_memory.stores.qdrant.store import QdrantStore

            if kind == "embedded":
                yield Place(kind, opener(QdrantStore, path=str(folder / "qdrant")))
            else:
                url = opened.enter_context(QdrantServer()).url
                yield Place(kind, opener(QdrantStore, url=url))


def _quoted(password: str) -> str:
    from urllib.parse import quote

    return quote(password, safe="")
