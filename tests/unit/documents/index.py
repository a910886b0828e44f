"""A folder of documents and what is kept of them, for tests; backends that fail."""

import os
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.errors import Retry
from owui_memory.core.memory import Memory
from owui_memory.core.scope import documents_owner
from owui_memory.documents.folders import Folders
from owui_memory.documents.indexing import Indexing
from owui_memory.state.documents_table import DocumentsTable
from tests.harness.places import library
from tests.harness.scripted_llm import ScriptedLLM

LONG = "\n\n".join(
    f"## Part {number}\n\n"
    + " ".join(f"Sentence {number}.{at} tells of lamp number {at}." for at in range(12))
    for number in range(6)
)


class Index:
    """A folder of documents, and the store that follows it."""

    def __init__(self, engine: Engine, folder: Path, llm: ScriptedLLM) -> None:
        self.backend = library(Valves(**llm.embeds()), folder)
        self.engine, self.table = engine, DocumentsTable(engine)
        self.folders = Folders(folder / "documents")
        self.own = self.folders.root / "ada"
        self.own.mkdir(parents=True)

    def write(self, name: str, text: str, user: str = "ada") -> None:
        path = self.folders.root / user / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        later = time.time_ns() + len(text) * 1000  # another time, however quick the disk
        os.utime(path, ns=(later, later))

    def run(self, backend: Any = None) -> int:
        return Indexing(self.table).run(backend or self.backend, self.folders)

    def kept(self, user: str = "ada") -> list[Memory]:
        return sorted(self.backend.list_all(documents_owner(user)), key=lambda one: (one.chat, one.ordinal))

    def states(self) -> dict[str, str]:
        return {entry.path: entry.state for entry in self.table.of("ada")}


class There:
    """A backend that is in use."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def get(self) -> Any:
        return self._backend

    writing = get


class Failing:
    """A backend that fails with the n-th writing call, before or after it has written."""

    def __init__(self, backend: LibraryBackend, left: int, *, late: bool) -> None:
        self._backend, self._left, self._late = backend, left, late

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def _count(self, write: Any, *given: Any) -> Any:
        self._left -= 1
        if self._left < 0 and not self._late:
            raise Retry("the disk is away")
        result = write(*given)
        if self._left < 0:
            raise Retry("the disk is away")
        return result

    def store_all(self, *given: Any) -> Any:
        return self._count(self._backend.store_all, *given)

    def remove_all(self, *given: Any) -> Any:
        return self._count(self._backend.remove_all, *given)
