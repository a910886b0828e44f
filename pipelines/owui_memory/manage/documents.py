"""What is known of a user's documents: listed, found, forgotten."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from ..backends.backend_holder import BackendHolder
from ..core.locales import message
from ..core.locales.refused import Refused
from ..core.memory import Memory
from ..core.scope import EVERYONE, documents_owner
from ..documents.digest_files import DigestFiles
from ..documents.folders import Folders, is_saved
from ..documents.inbox import Inbox
from ..documents.passages import BATCH
from ..documents.storing import clear
from ..state.documents_table import DocumentsTable, Entry
from .fitting import found

_CANDIDATES = 100  # of a search, by meaning and by words
_BEGINNINGS = 50  # documents


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document and the passages of it that fit, best first."""

    entry: Entry
    passages: tuple[Memory, ...]


class Documents:
    """For all users. Methods block, and raise the errors of `core/errors.py`."""

    def __init__(
        self, engine: Engine, live: BackendHolder, folder: Callable[[], Path | None] = lambda: None
    ) -> None:
        """folder: where documents lie, None where none are read."""
        self._table, self._live, self._folder = DocumentsTable(engine), live, folder
        self._digests = DigestFiles(folder)

    @property
    def are_read(self) -> bool:
        """Whether the admin has documents read."""
        return self._folder() is not None

    def inbox(self) -> Inbox | None:
        """Where files are sent to; None where no documents are read."""
        folder = self._folder()
        return Inbox(folder) if folder is not None else None

    def all(self, user_id: str) -> list[Entry]:
        """A user's own and then everyone's, what was read last first, but for those that were forgotten."""
        return [
            entry
            for owner in (user_id, EVERYONE)
            for entry in sorted(self._table.of(owner), key=lambda one: -one.at)
            if entry.state != "forgotten"
        ]

    def found(self, user_id: str, query: str) -> list[FoundDocument]:
        """The documents with passages that fit some words or a sentence, that of the best first."""
        owners = map(documents_owner, (user_id, EVERYONE))
        by_document: dict[str, list[Memory]] = {}
        for one in found(self._live.get(), owners, query, _CANDIDATES):
            by_document.setdefault(one.memory.chat, []).append(one.memory)
        entries = {entry.document_id: entry for entry in self.all(user_id)}
        return [
            FoundDocument(entries[id_], tuple(passages))
            for id_, passages in by_document.items()
            if id_ in entries
        ]

    def passages(self, user_id: str, query: str) -> Iterator[Memory]:
        """Passages that fit some words, best first; without words, how documents begin.

        Those that came last are first, a user's own before everyone's. Each is fetched when it is asked for:
        no store can be asked for the first passage alone.
        """
        if query:
            for one in self.found(user_id, query):
                yield from one.passages
            return
        read = (one for one in self.all(user_id) if one.passages)
        newest = sorted(read, key=lambda one: (one.user_id == EVERYONE, -one.changed))[:_BEGINNINGS]
        backend = self._live.get()
        for entry in newest:
            of_it = backend.added_by(documents_owner(entry.user_id), BATCH + entry.document_id)
            if of_it:
                yield min(of_it, key=lambda one: one.ordinal)

    def forget(self, user_id: str, ids: Collection[str]) -> Sequence[Entry]:
        """Take away what is kept of a user's own documents, until their files change; which they were.

        Raises:
            Refused: that is done, but a file that a program has sent cannot be deleted.
        """
        entries, left = self._forgotten(user_id, ids)
        if left is not None:
            raise Refused(message("document's file stays", why=os.strerror(left.errno or 0)))
        return entries

    def forget_all(self, user_id: str) -> None:
        """The same for all of a user's; a file that cannot be deleted hinders nothing else."""
        self._forgotten(user_id, {entry.document_id for entry in self._table.of(user_id)})

    def _forgotten(self, user_id: str, ids: Collection[str]) -> tuple[Sequence[Entry], OSError | None]:
        entries = [entry for entry in self._table.of(user_id) if entry.document_id in ids]
        left: OSError | None = None
        if (folder := self._folder()) is not None:
            for entry in filter(lambda one: is_saved(one.path), entries):
                try:
                    Folders(folder).remove(user_id, entry.path)
                except OSError as error:  # mounted read-only, perhaps
                    left = error
        self._digests.forget(user_id, self._texts(entries))
        self._clear(entries)  # where this fails, they are as they were
        self._table.forget(user_id, [entry.document_id for entry in entries])
        self._clear(entries)  # what was being read
        return entries, left

    def _texts(self, entries: Sequence[Entry]) -> Iterator[str]:
        """What their passages say."""
        backend = self._live.get()
        for entry in entries:
            of_it = backend.added_by(documents_owner(entry.user_id), BATCH + entry.document_id)
            yield from (passage.text for passage in of_it)

    def _clear(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            clear(self._live.get(), entry)
