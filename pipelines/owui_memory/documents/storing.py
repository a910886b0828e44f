"""Brings passages of documents into the store, those of several small ones at once: each document alone would
cost a call of the embedder and four transactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..backends.base import Backend
from ..core.errors import ClaimLost, Drop
from ..core.memory import Memory
from ..core.scope import documents_owner
from ..remember import admission
from ..state.documents_table import DocumentsTable, Entry
from .passages import BATCH

_AT_ONCE = 8  # passages that are embedded together: between them others have their turn


@dataclass(slots=True)
class _Written:
    """A document on its way. stale: passages that are stored, and were not in its text up to now."""

    entry: Entry
    placed: float  # Unix time since which its file lies there
    stale: dict[str, Memory]
    new: list[Memory] = field(default_factory=list)
    count: int = 0
    is_known: bool = False
    is_whole: bool = False
    why: str = ""  # it cannot be kept


class Storing:
    """One user's documents: of each `begin`, `add` for its passages, `end` or `give_up`; then `flush`.

    Methods raise what the backend and the state database raise; the same documents again go on there.
    """

    def __init__(
        self, backend: Backend, table: DocumentsTable, user_id: str, yields: Callable[[], None]
    ) -> None:
        """yields: called before each passage, and before some are embedded."""
        self._backend, self._table, self._yields = backend, table, yields
        self._user_id, self._owner = user_id, documents_owner(user_id)
        self._written: list[_Written] = []

    def begin(self, entry: Entry, placed: float) -> None:
        """A document that was read. placed: since when its file lies there, Unix time."""
        there = self._backend.added_by(self._owner, BATCH + entry.document_id)
        self._written.append(_Written(entry, placed, {one.id: one for one in there}))

    def add(self, passage: Memory) -> None:
        """The next passage of the document that was begun last."""
        self._yields()
        one = self._written[-1]
        if one.why:
            return
        one.count += 1
        there = one.stale.pop(passage.id, None)
        if there is None or (there.scope, there.title) != (passage.scope, passage.title):
            one.new.append(passage)
            if sum(len(each.new) for each in self._written) >= _AT_ONCE:
                self.flush()

    def end(self) -> None:
        """The document has no more passages."""
        one = self._written[-1]
        one.is_whole = True
        if not one.count:
            self.give_up("there is no text in it")

    def give_up(self, why: str) -> None:
        """The document that was begun last cannot be kept."""
        self._written[-1].why = why
        self._written[-1].is_whole = True

    def fail(self, entry: Entry, why: str) -> None:
        """A document that could not be read."""
        clear(self._backend, entry)
        self._table.put([replace(entry, state="failed", detail=why)])

    def flush(self) -> None:
        """Store what there is.

        Raises:
            ClaimLost: the user was erased meanwhile; nothing of these documents stays.
        """
        written = self._written
        if not written:
            return
        self._yields()
        # Known before their passages are, so that none is left behind whatever ends the work.
        self._table.put([replace(one.entry, digest="", size=-1) for one in written if not one.is_known])
        for one in written:
            one.is_known = True
        self._store([one for one in written if not one.why])
        self._check_erased(written)
        whole = [one for one in written if one.is_whole]
        for one in whole:
            if one.why:
                clear(self._backend, one.entry)
            elif one.stale:
                self._backend.remove_all(self._owner, one.stale)
        self._table.put([_settled(one) for one in whole])
        self._written = [one for one in written if not one.is_whole]

    def _check_erased(self, written: list[_Written]) -> None:
        if self._table.was_erased(self._user_id, min(one.placed for one in written)):
            for one in written:
                clear(self._backend, one.entry)
            self._table.remove(self._user_id, [one.entry.document_id for one in written])
            raise ClaimLost("The user was erased.")

    def _store(self, written: list[_Written]) -> None:
        """Where the embedder refuses a text, the document that has it is told apart from the others."""
        new = [each for one in written for each in one.new]
        if not new:
            return
        try:
            admission.store_all(self._backend, self._owner, new)
        except Drop as why:
            if len(written) > 1:
                for one in written:
                    self._store([one])
            else:
                written[0].why = str(why)
        for one in written:
            one.new = []


def _settled(one: _Written) -> Entry:
    if one.why:
        return replace(one.entry, state="failed", detail=one.why)
    return replace(one.entry, passages=one.count)


def clear(backend: Backend, entry: Entry) -> None:
    """Take away the passages of a document."""
    owner = documents_owner(entry.user_id)
    told = [one.id for one in backend.added_by(owner, BATCH + entry.document_id)]
    backend.remove_all(owner, told)
