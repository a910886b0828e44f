"""Keeps the store in step with the folders: what is new is read, what has changed is read again in part,
what is gone is erased."""

from __future__ import annotations

import hashlib
import heapq
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

from ..backends.base import Backend
from ..core.errors import Drop, MemoryFault
from ..core.memory import Memory
from ..state.documents_table import DocumentsTable, Entry, id_of
from .extraction import Document, Extraction
from .folders import File, Folders, is_saved
from .passages import passages, title_of
from .storing import Storing, clear

_CHUNK = 1 << 20
_YIELDS_S = 0.1  # before a passage, at most
# Of a user's files, so many are read before all folders are looked at anew. The share is for large folders,
# at which a look takes longer, and so many rounds read all that was there at first.
_LEAST_OF_ROUND, _SHARE_OF_ROUND = 100, 50


@dataclass(slots=True)
class _Waiting:
    """A user's files that wait in a round. files: with what is known of each, the newest last."""

    user_id: str
    storing: Storing
    files: list[tuple[File, Entry | None]]
    is_all: bool
    read: int = 0  # bytes in this round

    @property
    def turn(self) -> tuple[int, str]:
        """The least is next: of users of whom little was read in this round, and of short files."""
        return self.read + self.files[-1][0].size, self.user_id


class Indexing:
    """Of all users' documents. For one thread."""

    def __init__(
        self,
        table: DocumentsTable,
        is_busy: Callable[[], bool] = lambda: False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """is_busy: whether a message waits for its memories, which needs the same interpreter."""
        self._table, self._is_busy, self._stopped = table, is_busy, stopped

    def run(self, backend: Backend, folders: Folders) -> int:
        """Bring the store in step; how many documents were new, changed or gone.

        Raises:
            MemoryFault: what the backend raises. The same call later goes on there.
            OSError: the folder cannot be read.
        What ends the work for one user is raised when all others have had theirs. Users take turns, each with
        the newest files first, so that nobody waits for another's thousands.
        """
        with closing(Extraction()) as extraction:
            return _Run(self._table, backend, folders, extraction, self._is_busy, self._stopped).all()


@dataclass(slots=True)
class _Run:
    """Bringing the store in step once. missed: what ended the work, by user."""

    table: DocumentsTable
    backend: Backend
    folders: Folders
    extraction: Extraction
    is_busy: Callable[[], bool]
    stopped: Callable[[], bool]
    missed: dict[str, Exception] = field(default_factory=dict)

    def all(self) -> int:
        count = 0
        for _ in range(_SHARE_OF_ROUND + 1):
            waiting, gone = self._look()
            count += gone + self._round(waiting)
            if self.stopped() or all(one.is_all or one.user_id in self.missed for one in waiting):
                break
        for error in self.missed.values():
            raise error
        return count

    def _look(self) -> tuple[list[_Waiting], int]:
        """Whose files wait to be read, and how many documents are gone, which are erased."""
        there = set(self.folders.users())
        waiting = []
        count = 0
        for user_id in sorted(there.union(self.table.users()).difference(self.missed)):
            try:
                if user_id in there:
                    self.folders.remove_digests(user_id, partial(self._stays, user_id))
                known = {entry.path: entry for entry in self.table.of(user_id)}
                found = {file.path: file for file in self.folders.files(user_id)} if user_id in there else {}
                count += self._gone(user_id, [one for path, one in known.items() if path not in found])
                most = max(_LEAST_OF_ROUND, len(found) // _SHARE_OF_ROUND + 1)
                new = list(islice(self._new(user_id, found.values(), known), most + 1))
                if new:
                    storing = Storing(self.backend, self.table, user_id, self._let_others_go_first)
                    waiting.append(_Waiting(user_id, storing, new[:most][::-1], is_all=len(new) <= most))
            except Exception as error:  # noqa: BLE001 - raised when others have had their turns
                self.missed[user_id] = error
        return waiting, count

    def _stays(self, user_id: str, placed: float) -> bool:
        return not self.table.was_erased(user_id, placed)

    def _new(
        self, user_id: str, files: Collection[File], known: dict[str, Entry]
    ) -> Iterator[tuple[File, Entry | None]]:
        """What has to be read, the newest first."""
        changed = [
            (file, entry)
            for file in files
            if (entry := known.get(file.path)) is None
            or (entry.size, entry.changed) != (file.size, file.changed)
        ]
        for file, entry in sorted(changed, key=lambda one: -one[0].placed):
            if self._stays(user_id, file.placed):
                yield file, entry
            elif is_saved(file.path):  # what is to be erased is not read anew
                self.folders.remove(user_id, file.path)

    def _round(self, waiting: Iterable[_Waiting]) -> int:
        """Read these; how many documents were new or changed."""
        count = 0
        turns = [(one.turn, one) for one in waiting]
        heapq.heapify(turns)
        while turns:
            _, one = heapq.heappop(turns)
            try:
                if not self.stopped():
                    file, entry = one.files.pop()
                    one.read += file.size
                    count += self._file(one, file, entry)
                if one.files and not self.stopped():
                    heapq.heappush(turns, (one.turn, one))
                else:
                    one.storing.flush()
            except Exception as error:  # noqa: BLE001 - raised when others have had their turns
                self.missed[one.user_id] = error
        return count

    def _let_others_go_first(self) -> None:
        until = time.monotonic() + _YIELDS_S
        while self.is_busy() and not self.stopped() and time.monotonic() < until:
            time.sleep(_YIELDS_S / 20)

    def _gone(self, user_id: str, entries: list[Entry]) -> int:
        for entry in entries:
            clear(self.backend, entry)
        self.table.remove(user_id, [entry.document_id for entry in entries])
        return len(entries)

    def _file(self, one: _Waiting, file: File, before: Entry | None) -> bool:
        """Read a user's file; whether its words are new or have changed."""
        user_id, storing, digest = one.user_id, one.storing, ""
        entry = Entry(
            user_id, id_of(user_id, file.path), file.path, file.size, file.changed, "", at=time.time()
        )
        try:
            if file.is_too_big:
                raise Drop("it is too big")
            with self.folders.opened(user_id, file.path) as opened:
                digest = _digest(opened)
                if before is not None and before.digest == digest and before.state != "failed":
                    self.table.put([replace(before, size=file.size, changed=file.changed)])
                    return False  # only touched
                with _of_the_file():
                    document = self.extraction.read(file.path, opened)
                    title = title_of(entry, document)
        except OSError as error:
            storing.fail(entry, f"it cannot be opened: {os.strerror(error.errno or 0)}")
            return True
        except Drop as why:
            storing.fail(replace(entry, digest=digest), str(why))
            return True
        entry = replace(entry, digest=digest, title=title, address=document.address)
        storing.begin(entry, file.placed)
        try:
            for passage in _cut(entry, document, file.scope):
                storing.add(passage)
        except Drop as why:
            storing.give_up(str(why))
        else:
            storing.end()
        return True


def _cut(entry: Entry, document: Document, scope: str) -> Iterator[Memory]:
    with _of_the_file():
        yield from passages(entry, document, scope)


@contextmanager
def _of_the_file() -> Iterator[None]:
    """What nobody foresaw is the fault of one file, which a stranger may have made: Drop instead."""
    try:
        yield
    except (MemoryFault, OSError):
        raise
    except Exception as error:
        raise Drop("it cannot be understood") from error


def _digest(file: int) -> str:
    found = hashlib.blake2b(digest_size=16)
    while some := os.read(file, _CHUNK):
        found.update(some)
    os.lseek(file, 0, os.SEEK_SET)
    return found.hexdigest()
