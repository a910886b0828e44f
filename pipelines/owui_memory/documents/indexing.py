"""Keeps the store in step with the folders: what is new is read, what has changed is read again in part,
what is gone is erased."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..backends.base import BulkBackend
from ..core.errors import Drop, MemoryFault
from ..core.memory import Memory
from ..state.documents_table import DocumentsTable, Entry, id_of
from .extraction import Document, Extraction
from .folders import File, Folders, is_saved
from .passages import passages, title_of
from .storing import Storing, clear

_CHUNK = 1 << 20
_YIELDS_S = 0.1  # before a passage, at most


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

    def run(self, backend: BulkBackend, folders: Folders) -> int:
        """Bring the store in step; how many documents were new, changed or gone.

        Raises:
            MemoryFault: what the backend raises. The same call later goes on there.
            OSError: the folder cannot be read.
        What ends the work for one user is raised when all others have had theirs.
        """
        extraction = Extraction()
        count = 0
        missed: Exception | None = None
        try:
            there = set(folders.users())
            for user_id in sorted(there.union(self._table.users())):
                try:
                    if user_id in there:
                        count += self._user(backend, folders, extraction, user_id)
                    else:
                        count += self._gone(backend, user_id, self._table.of(user_id))
                except Exception as error:  # noqa: BLE001 - raised below
                    missed = missed or error
        finally:
            extraction.close()
        if missed is not None:
            raise missed
        return count

    def _user(self, backend: BulkBackend, folders: Folders, extraction: Extraction, user_id: str) -> int:
        folders.remove_digests(user_id, lambda placed: not self._table.was_erased(user_id, placed))
        known = {entry.path: entry for entry in self._table.of(user_id)}
        there = {file.path: file for file in folders.files(user_id)}
        count = self._gone(backend, user_id, [one for path, one in known.items() if path not in there])
        storing = Storing(backend, self._table, user_id, self._let_others_go_first)
        for path, file in there.items():
            if self._stopped():
                break
            entry = known.get(path)
            if entry is not None and (entry.size, entry.changed) == (file.size, file.changed):
                continue
            if self._table.was_erased(user_id, file.placed):  # what is to be erased is not read anew
                if is_saved(path):
                    folders.remove(user_id, path)
                continue
            count += self._file(storing, folders, extraction, user_id, file, entry)
        storing.flush()
        return count

    def _let_others_go_first(self) -> None:
        until = time.monotonic() + _YIELDS_S
        while self._is_busy() and not self._stopped() and time.monotonic() < until:
            time.sleep(_YIELDS_S / 20)

    def _gone(self, backend: BulkBackend, user_id: str, entries: list[Entry]) -> int:
        for entry in entries:
            clear(backend, entry)
        self._table.remove(user_id, [entry.document_id for entry in entries])
        return len(entries)

    def _file(
        self,
        storing: Storing,
        folders: Folders,
        extraction: Extraction,
        user_id: str,
        file: File,
        before: Entry | None,
    ) -> bool:
        """Read a file; whether its words are new or have changed."""
        entry = Entry(
            user_id, id_of(user_id, file.path), file.path, file.size, file.changed, "", at=time.time()
        )
        digest = ""
        try:
            if file.is_too_big:
                raise Drop("it is too big")
            with folders.opened(user_id, file.path) as opened:
                digest = _digest(opened)
                if (
                    before is not None and before.digest == digest and before.state != "failed"
                ):  # only touched
                    self._table.put([replace(before, size=file.size, changed=file.changed)])
                    return False
                with _of_the_file():
                    document = extraction.read(file.path, opened)
                    title = title_of(entry, document)
        except OSError as error:
            storing.fail(entry, f"it cannot be opened ({os.strerror(error.errno or 0)})")
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
        raise Drop(f"it cannot be read ({type(error).__name__})") from error


def _digest(file: int) -> str:
    found = hashlib.blake2b(digest_size=16)
    while some := os.read(file, _CHUNK):
        found.update(some)
    os.lseek(file, 0, os.SEEK_SET)
    return found.hexdigest()
