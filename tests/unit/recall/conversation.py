"""A conversation with a real store behind it, as the inlet sees it turn by turn."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from owui_memory.backends.base import Backend
from owui_memory.config.settings import Valves
from owui_memory.core.change import Change
from owui_memory.core.exchange import Batch, Exchange
from owui_memory.interfaces.body import read_inlet, with_blocks
from owui_memory.recall.injected import Injected
from owui_memory.recall.recall import Recalled, Recaller
from owui_memory.recall.why import Explanations
from owui_memory.remember.apply import Changes
from owui_memory.remember.journal import Journal
from tests.harness.bodies import Chat
from tests.harness.bodies import Turn as Said
from tests.harness.places import library, opened
from tests.harness.samples import NOW
from tests.harness.scripted_llm import ScriptedLLM


class House:
    """A backend and a state database; `knows`, `corrects` and `forgets` go through the journal."""

    def __init__(self, llm: ScriptedLLM, folder: Path, backend: Backend | None = None) -> None:
        """`backend`: one that is open; else the library with its usual store."""
        self.settings = Valves(**llm.embeds("embed"))
        self.backend = backend or library(self.settings, folder)
        self.engine, self.folder = opened(folder), folder
        self.told, self.explanations = Injected(self.engine), Explanations(self.engine)
        self.recaller = Recaller(self.engine)
        self.changes = Changes(Journal(self.engine))
        self._batches = 0

    def knows(
        self, text: str, *, user: str = "ada", kind: str = "fact", chat: str = "", scope: str = ""
    ) -> str:
        """Remember something; its id."""
        (change,) = self._change(user, chat, scope, op="add", after=text, kind=kind)
        return change.memory_id

    def corrects(self, memory_id: str, text: str, *, user: str = "ada") -> None:
        self._change(user, "", op="replace", memory_id=memory_id, before="?", after=text)

    def forgets(self, memory_id: str, *, user: str = "ada") -> None:
        self._change(user, "", op="remove", memory_id=memory_id, before="?")

    def _change(self, user: str, chat: str, scope: str = "", **what: Any) -> list[Change]:
        self._batches += 1
        exchange = Exchange("k", user, chat, "", "", 1.0, scope=scope)
        batch = Batch(f"b{self._batches}", user, (exchange,), 1, 1.0)
        given = {"memory_id": "", "before": "", "after": "", **what}
        change = Change(batch=batch.name, position=0, user_id=user, **given)
        self.changes.make(self.backend, batch, lambda: [change])
        return Journal(self.engine).of_batch(batch.name)

    def close(self) -> None:
        self.backend.close()
        self.engine.dispose()


@dataclass
class Conversation:
    """Asks turn by turn; `prompt` is what the model gets."""

    house: House
    chat: Chat = field(default_factory=Chat)
    now: datetime = NOW

    def ask(self, text: str, **options: Any) -> list[dict[str, Any]]:
        """The messages that the model gets for the next user message; it answers "ok"."""
        said = self.chat.say(text, **options)
        prompt = self.prompt(said)
        said.outlet("ok")
        return prompt

    def prompt(self, said: Said) -> list[dict[str, Any]]:
        """The messages that the model gets for this turn."""
        recalled = self.recall(said)
        return list(with_blocks(said.inlet, recalled.blocks)["messages"])

    def recall(self, said: Said) -> Recalled:
        house = self.house
        turn = read_inlet(said.inlet, said.user)
        recalled = house.recaller.recall(house.backend, turn, house.settings, self.now)
        house.recaller.keep(turn, recalled)
        return recalled


def text_of(prompt: list[dict[str, Any]]) -> str:
    """A whole prompt as one text."""
    return "\n".join(f"{message['role']}: {message['content']}" for message in prompt)
