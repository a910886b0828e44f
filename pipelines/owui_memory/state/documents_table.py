"""Which documents are known, of whom, and what became of each; no text of theirs."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import Engine, and_, delete, func, select, update

from . import count_up, documents, put_row, reading, was_erased

State = Literal["read", "failed", "forgotten"]

_COUNTED: tuple[Any, ...] = (  # as `Known` has it
    func.count().filter(documents.c.state == "read"),
    func.count().filter(documents.c.state == "failed"),
    func.sum(documents.c.passages),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file below a user's folder. `path`: from there on; `size` in bytes; `changed` in nanoseconds.

    digest: of its bytes. passages: how many are kept of it. detail: why it could not be read. at: Unix time.
    """

    user_id: str
    document_id: str
    path: str
    size: int
    changed: int
    digest: str
    title: str = ""
    address: str = ""
    passages: int = 0
    state: State = "read"
    detail: str = ""
    at: float = 0.0


class Known(NamedTuple):
    """How many documents are read, how many cannot be, and how many passages are kept."""

    documents: int = 0
    failed: int = 0
    passages: int = 0


def id_of(user_id: str, path: str) -> str:
    """The id of the document at a path below a user's folder."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{user_id}/{path}"))


class DocumentsTable:
    """For all users. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = engine, reading(engine)

    def of(self, user_id: str) -> list[Entry]:
        """A user's, by path."""
        mine = select(documents).where(documents.c.user_id == user_id).order_by(documents.c.path)
        with self._reading.connect() as connection:
            return [Entry(**row) for row in connection.execute(mine).mappings()]

    def users(self) -> list[str]:
        """Of whom documents are known."""
        with self._reading.connect() as connection:
            return list(connection.scalars(select(documents.c.user_id).distinct()))

    def put(self, entries: Sequence[Entry]) -> None:
        """What became of a user's documents, in place of what was known."""
        if not entries:
            return
        with self._engine.begin() as connection:
            for entry in entries:
                put_row(connection, documents, asdict(entry))
            count_up(connection, entries[0].user_id)

    def remove(self, user_id: str, ids: Collection[str]) -> None:
        """These are gone."""
        with self._engine.begin() as connection:
            mine = and_(documents.c.user_id == user_id, documents.c.document_id.in_(ids))
            connection.execute(delete(documents).where(mine))
            count_up(connection, user_id)

    def forget(self, user_id: str, ids: Collection[str]) -> None:
        """Nothing but the paths of these stays; they are not read again until their files change."""
        with self._engine.begin() as connection:
            mine = and_(documents.c.user_id == user_id, documents.c.document_id.in_(ids))
            blank = {"title": "", "address": "", "passages": 0, "detail": "", "state": "forgotten"}
            connection.execute(update(documents).where(mine).values(**blank))
            count_up(connection, user_id)

    def known(self, user_ids: Collection[str] | None = None) -> Known:
        """How much there is of these users, or of all."""
        counted = select(*_COUNTED).select_from(documents)
        if user_ids is not None:
            counted = counted.where(documents.c.user_id.in_(user_ids))
        with self._reading.connect() as connection:
            number, wrong, passages = connection.execute(counted).one()
        return Known(int(number or 0), int(wrong or 0), int(passages or 0))

    def folders(self) -> dict[str, Known]:
        """How much there is of each user, and of everyone's folder."""
        counted = select(documents.c.user_id, *_COUNTED).group_by(documents.c.user_id)
        with self._reading.connect() as connection:
            return {user_id: Known(*map(int, counts)) for user_id, *counts in connection.execute(counted)}

    def was_erased(self, user_id: str, since: float) -> bool:
        """Whether all of a user's was erased after a Unix time."""
        with self._reading.connect() as connection:
            return was_erased(connection, user_id, since)
