"""Somebody who keeps the memories of a desk in order, and what its user has told."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from owui_memory.core.change import Change
from owui_memory.core.chat_servers import AnsweredBy
from owui_memory.core.memory import Memory
from owui_memory.remember.reflector import Reflector
from owui_memory.state import metadata
from owui_memory.state.reflections_table import Reflections
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request
from tests.unit.commands.desk import Desk, a_desk

REX, REX_4, PORTO = "I have a dog named Rex.", "My dog Rex is 4 years old.", "I live in Porto."
OTHERS = [f"I like the city of {city}." for city in ("Riga", "Oslo", "Bonn", "Pisa", "Faro", "Lund", "Gent")]


def is_reflection(request: Request) -> bool:
    return '"contradictions"' in request.said_by("system")


class House:
    """A desk with somebody who keeps its memories in order."""

    def __init__(self, desk: Desk, llm: ScriptedLLM) -> None:
        self.desk, self.llm, self.table = desk, llm, Reflections(desk.engine)
        self.reflector = Reflector(desk.live, desk.journal, lambda: desk.settings, desk.metrics)
        self.meanwhile: Callable[[], object] = lambda: None

    def reflects(self, user: str = "ada", /, **by_text: Any) -> bool:
        """The LLM answers this, with texts in place of numbers: see `_numbered`."""

        def answer(request: Request) -> str:
            self.meanwhile()
            return json.dumps(_numbered({"merge": [], **by_text}, request.said_by("user")))

        self.llm.when(is_reflection, answer)
        self.table.note(user, "", AnsweredBy())
        return self.reflector.look()

    def asked(self) -> list[Request]:
        return [request for request in self.llm.chats() if is_reflection(request)]

    def rows(self) -> str:
        """All that the state database says, but for what people typed."""
        with self.desk.engine.connect() as connection:
            tables = (table for table in metadata.sorted_tables if table.name not in ("commands", "shown"))
            return repr([connection.execute(select(table)).all() for table in tables])


def _numbered(value: Any, prompt: str) -> Any:
    """With the numbers that texts have in a prompt: `#text` stands for that."""
    if isinstance(value, dict):
        return {name: _numbered(one, prompt) for name, one in value.items()}
    if isinstance(value, list):
        return [_numbered(one, prompt) for one in value]
    if not isinstance(value, str) or not value.startswith("#"):
        return value
    line = next((line for line in prompt.splitlines() if line.endswith(value[1:])), "999.")
    return int(line.partition(".")[0])


@contextmanager
def a_house(folder: Path, llm: ScriptedLLM, **settings: Any) -> Iterator[House]:
    with a_desk(folder, llm, **{**llm.reads("m"), "episodes": "off", **settings}) as desk:
        texts = (REX, REX_4, PORTO, *OTHERS)
        desk.backend.prepare(texts)
        ids = [desk.backend.store("ada", Memory("", text, batch="before")) for text in texts]
        added = zip(ids, texts, strict=True)
        desk.journal.intend(
            [
                Change("before", at, "ada", "add", id_, "", text, made=True)
                for at, (id_, text) in enumerate(added)
            ]
        )
        yield House(desk, llm)
