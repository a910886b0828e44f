"""What the library backend asks of a vector store: mem0's own calls, and some that mem0 has no name for.

mem0 calls `insert` (see `Insert`), `update`, `delete`, `get`, `list` and `search`; the rest is for this
package. Each of our stores keeps to it, whatever mem0's class that it comes from does, and raises nothing
but MemoryFault.
"""

from __future__ import annotations

import builtins
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

Payload = Mapping[str, Any]
Vector = Sequence[float]
Filters = Mapping[str, Any]
# Memories with `id` and `payload`; what a search found has a `score` besides, higher being better.
Rows = Sequence[Any]


class Insert:
    """mem0's `insert`, for stores that have `put`."""

    def insert(
        self,
        vectors: Sequence[Vector],
        payloads: Sequence[Payload] | None = None,
        ids: Sequence[str] | None = None,
    ) -> None:
        """As `put`; without ids each gets one of its own."""
        payloads = [{}] * len(vectors) if payloads is None else payloads
        self.put([str(uuid.uuid4()) for _ in vectors] if ids is None else ids, vectors, payloads)

    def put(self, ids: Sequence[str], vectors: Sequence[Vector], payloads: Sequence[Payload]) -> None:
        """See `VectorStore.put`."""
        raise NotImplementedError


class VectorStore(Protocol):
    """One collection. Safe for many threads.

    Ids are UUIDs in text. Vectors are compared by cosine; those of another size than the collection's are
    refused with TellAdmin.
    """

    collection_name: str
    embedding_model_dims: int

    # Writing

    def put(self, ids: Sequence[str], vectors: Sequence[Vector], payloads: Sequence[Payload]) -> None:
        """Store memories; one whose id exists is replaced, so doing it once more changes nothing.

        All or none, but Qdrant takes a hundred at a time.
        """

    def update(self, vector_id: str, vector: Vector | None = None, payload: Payload | None = None) -> None:
        """Replace what is given, words included, keep what is None. Drop when there is no such memory."""

    def delete(self, vector_id: str) -> None:
        """Erase one memory; nothing happens when it is absent."""

    def delete_all(self, ids: Sequence[str]) -> None:
        """Erase all of these memories or none; those that are absent do not matter."""

    # Reading

    def get(self, vector_id: str) -> Any | None:
        """One memory by its id."""

    def get_all(self, vector_ids: Sequence[str]) -> Rows:
        """Those of these memories that there are, in no order."""

    def of_kind(self, user_id: str, kind: str, top_k: int) -> Rows:
        """A user's memories of one kind, newest first; found by index."""

    def list(self, filters: Filters | None = None, top_k: int | None = None) -> Sequence[Rows]:
        """`[rows]`, as mem0 expects it, in an order of the store's own; all when `top_k` is None."""

    def scan(self, after: Any | None, limit: int) -> tuple[Rows, Any | None]:
        """A page of all memories, whoever's, and what to give as `after` for the next; None: that was all.

        With payloads and without vectors. What is there from the first page to the last comes exactly once;
        what is put or deleted meanwhile may come or not. `after` is JSON-plain: a scan may go on in another
        process.
        """

    def count_rows(self) -> int:
        """How many memories the collection holds."""

    def search(
        self, query: str, vectors: Vector, top_k: int = 5, filters: Filters | None = None
    ) -> builtins.list[Any]:
        """The nearest to the one vector `vectors`; score is the cosine similarity."""

    def keyword_search(
        self, query: str, top_k: int = 5, filters: Filters | None = None
    ) -> builtins.list[Any] | None:
        """Those that share words with `query`; score is BM25, above 0. None: it was made without words."""

    def search_owners(
        self,
        query: str,
        vector: Vector,
        top_k: int,
        owners: Sequence[str],
        scopes: Collection[str] | None = None,
    ) -> builtins.list[tuple[Rows, Rows | None]]:
        """What `search` and `keyword_search` find of each of these users, in their order, in one go.

        scopes: only of what has one of these as its `scope`, "" being none. It may take longer.
        """

    # Housekeeping

    def purge(self) -> str:
        """See to it that files keep nothing of what was erased; what keeps it all the same, or "".

        Raises:
            Retry: they keep it for now, as somebody reads.
        """

    def list_cols(self) -> Any:
        """The names of all collections in this store; Qdrant's are in an object."""

    def reset(self) -> None:
        """Erase all memories; the collection stays usable, also for others who have it open."""

    def delete_col(self) -> None:
        """Erase the collection. What is asked of it afterwards is refused."""

    def col_info(self) -> Any:
        """Something about the collection; raises when it cannot be asked."""

    def close(self) -> None:
        """Release files and connections; twice is harmless."""
