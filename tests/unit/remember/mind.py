"""A backend with its journal, and a model that answers what the test says."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from owui_memory.config.settings import Valves
from owui_memory.core.change import Change
from owui_memory.core.exchange import Batch, Exchange
from owui_memory.core.memory import Memory
from owui_memory.remember.apply import Changes
from owui_memory.remember.journal import Journal
from owui_memory.remember.reconcile import Reconciler
from owui_memory.state import metadata
from tests.harness.places import library, opened
from tests.harness.samples import NOW
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import is_ours

SAID_AT = NOW.timestamp()


def exchange(
    text: str, *, name: str = "m1", user: str = "ada", answer: str = "I see.", said_at: float = SAID_AT
) -> Exchange:
    return Exchange(f"{user}\nc\n{name}", user, "c", text, answer, said_at, "Europe/Lisbon")


def batch(*said: str | Exchange, name: str = "b1", user: str = "ada", answer: str = "I see.") -> Batch:
    """Exchanges, or texts of a batch's only exchange, whose message has the batch's name."""
    exchanges = tuple(
        one if isinstance(one, Exchange) else exchange(one, name=name, user=user, answer=answer)
        for one in said
    )
    return Batch(name, user, exchanges, attempts=1, waiting_since=SAID_AT)


def add(text: str, **more: Any) -> dict[str, Any]:
    """An operation as a model writes it."""
    return {"op": "add", "text": text, **more}


def replaces(number: int, text: str, **more: Any) -> dict[str, Any]:
    return {"op": "replace", "id": number, "text": text, **more}


def remove(number: int) -> dict[str, Any]:
    return {"op": "remove", "id": number}


class Mind:
    """A backend with its journal, and a model that answers what the test says."""

    def __init__(self, llm: ScriptedLLM, folder: Path) -> None:
        self.llm, self.folder = llm, folder
        self.settings = Valves(**llm.embeds("embed"), **llm.reads(), extraction_rules="Never keep recipes.")
        self.backend = library(self.settings, folder)
        self.engine: Engine = opened(folder)
        self.journal = Journal(self.engine)
        self.making = Changes(self.journal)
        self.injected: list[str] = []
        llm.clear()

    def hears(self, batch: Batch, *operations: dict[str, Any]) -> int:
        self.llm.clear()
        self.llm.when(is_ours, json.dumps({"operations": list(operations)}))
        return self.reconciles(batch)

    def reconciles(self, batch: Batch) -> int:
        """How many changes a batch has made in the end."""
        rules = self.settings.extraction_rules
        reconciler = Reconciler(self.backend, self.journal, batch, rules, self.injected)
        changes = self.making.make(self.backend, batch, reconciler.decide)
        return sum(not change.refused and change.op != "heard" for change in changes)

    def knows(self, text: str, *, user: str = "ada", expires: str = "") -> str:
        return self.backend.store(user, Memory("", text, batch="before", expires=expires))

    def texts(self, user: str = "ada") -> list[str]:
        rows = self.backend._memory.vector_store.list(filters={"user_id": user})[0]
        return sorted(row.payload["data"] for row in rows)

    def changes(self) -> list[Change]:
        return self.journal.of_user("ada")

    def forget(self) -> None:
        """Begin anew: nothing in the store, nor in the state database but its version."""
        self.backend._memory.vector_store.reset()
        with self.engine.begin() as connection:
            for table in metadata.sorted_tables:
                if table.name != "schema_version":
                    connection.execute(table.delete())
        self.injected = []

    def close(self) -> None:
        self.backend.close()
        self.engine.dispose()
