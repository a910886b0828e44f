"""What a data folder holds, read from its files, and whether all of it fits together."""

import contextlib
import sqlite3
from pathlib import Path

from owui_memory.core.change import Change
from owui_memory.core.scope import past_owner
from owui_memory.remember.backlog import Counts
from owui_memory.remember.journal import Journal
from owui_memory.remember.outbox import Outbox
from owui_memory.state import open_state
from owui_memory.state.episodes_table import EpisodesTable, Kept
from owui_memory.stores.sqlite.store import SqliteStore
from tests.harness.scripted_answers import DIMENSIONS

Told = tuple[str, str, str, str, bool, bool, bool]  # a change without ids and times


class Remains:
    """A snapshot of user ada's. Nobody else needs to have the folder open."""

    def __init__(self, folder: Path) -> None:
        engine = open_state(folder)
        try:
            self.counts: Counts = Outbox(engine).counts()
            self.changes: list[Change] = Journal(engine).of_user("ada")
            self.kept: Kept = EpisodesTable(engine).kept("ada")
        finally:
            engine.dispose()
        store = store_in(folder)
        try:
            self.passages = sorted(
                (row.id, str(row.payload["data"]), row.payload["place"])
                for row in store.list({"user_id": past_owner("ada")})[0]
            )
            self.memories = {row.id: str(row.payload["data"]) for row in store.list({"user_id": "ada"})[0]}
        finally:
            store.close()

    @property
    def texts(self) -> list[str]:
        return sorted(self.memories.values())

    @property
    def told(self) -> list[Told]:
        """The journal without what differs from run to run."""
        return [
            (c.op, c.before, c.after, c.source, bool(c.refused), c.made, bool(c.undoes)) for c in self.changes
        ]

    def flaws(self, known: dict[str, str]) -> list[str]:
        """What does not fit, where there were the memories `known` (text by id) before the journal began."""
        found = []
        if self.counts != Counts(pending=0, dead=0):
            found.append(f"left in the queue: {self.counts}")
        if unmade := [c for c in self.changes if not (c.made or c.refused)]:
            found.append(f"intended and never made: {unmade}")
        if (replayed := _replayed(self.changes, known)) != self.memories:
            found.append(f"the journal says {replayed}, the store holds {self.memories}")
        if self.kept.passages != len(self.passages):
            found.append(f"{self.kept.passages} passages are counted, and {len(self.passages)} are there")
        return found


def store_in(folder: Path, collection: str = "memories") -> SqliteStore:
    """The embedded store of a data folder, whatever name the scripted embedder's collection has there."""
    file = folder / "memories.db"
    name = collection
    if file.exists():
        with contextlib.closing(sqlite3.connect(file)) as memories:
            found = memories.execute(
                "SELECT name FROM memory_collections WHERE name = ? OR name GLOB ? ORDER BY name DESC",
                (collection, f"{collection}_*_{DIMENSIONS}"),
            ).fetchall()
        name = found[0][0] if found else collection
    return SqliteStore(name, DIMENSIONS, str(file))


def expire_claims(folder: Path) -> None:
    """As if a claim's time had passed since its process died."""
    with contextlib.closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as state:
        state.execute("UPDATE outbox SET claim_expires = 0 WHERE state = 'claimed'")


def _replayed(changes: list[Change], known: dict[str, str]) -> dict[str, str]:
    memories = dict(known)
    for change in changes:
        if change.made and change.op in ("add", "replace"):
            memories[change.memory_id] = change.after
        elif change.made and change.op == "remove":
            memories.pop(change.memory_id, None)
    return memories
