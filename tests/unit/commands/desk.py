"""Commands as a user gives them, carried out on an embedded store, without a server around."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from owui_memory.backends.backend_holder import BackendHolder
from owui_memory.backends.base import Backend
from owui_memory.backends.locations import Locations
from owui_memory.commands.commander import Commander
from owui_memory.config.settings import Valves
from owui_memory.core.exchange import Exchange
from owui_memory.core.scope import past_owner
from owui_memory.core.turn import Turn
from owui_memory.interfaces.body import read_inlet
from owui_memory.manage.erasure.erase import Eraser
from owui_memory.manage.erasure.forgetting import Forgetting
from owui_memory.manage.erasure.worker import ErasureWorker
from owui_memory.manage.migrate.reach import location_of_backend
from owui_memory.observe.metrics import Metrics
from owui_memory.remember.apply import Changes
from owui_memory.remember.episodes import Episodes
from owui_memory.remember.journal import Journal
from owui_memory.remember.outbox import Outbox
from owui_memory.remember.verbatim import decide_verbatim
from tests.harness.bodies import Chat
from tests.harness.places import library, opened
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until

_IDS = itertools.count(1)


class Desk:
    """One server's. Another one over the same folder is another server, or the same after a restart."""

    user = "ada"  # whoever is not named

    def __init__(self, folder: Path, settings: Valves) -> None:
        self.folder, self.settings = folder, settings
        self.engine: Engine = opened(folder)
        self.backend: Backend = library(settings, folder)
        Locations(self.engine, settings.collection).settle(location_of_backend(self.backend, settings))
        self.live = BackendHolder(folder, lambda *_: self.backend)
        self.live.use(settings)
        wait_until(lambda: self.live.current is not None, what="the backend is in use")
        self.metrics = Metrics()
        self.eraser = eraser = Eraser(self.engine, folder, lambda: self.settings, self._open, self.live)
        self.commander = Commander(self.engine, self.live, lambda: self.settings, self.metrics, eraser)
        self.forgetting = Forgetting(self.engine, eraser, lambda: self.settings)
        self.sweeper = ErasureWorker(eraser, lambda _user: None, self.metrics, self.forgetting)
        self.journal, self.outbox = Journal(self.engine), Outbox(self.engine)

    def _open(self, settings: Valves, folder: Path) -> Backend:
        return library(settings, folder)

    def begin(self, settings: Valves) -> None:
        """As a new one, for a user nobody else is."""
        self.user, self.settings = f"user-{next(_IDS)}", settings
        self.live._backend, self.live._fault = self.backend, None

    def ask(self, text: str, user: str = "", chat: str = "c", **turn: Any) -> str:
        """What the user reads."""
        return self.answer_to(self.turn(text, user, chat, **turn))

    def turn(self, text: str, user: str = "", chat: str = "c", **more: Any) -> Turn:
        user = user or self.user
        said = Chat(user).say(text)
        number = next(_IDS)
        changed = {"key": f"a{number}", "exchange_key": f"{user}\n{chat}\nm{number}", **more}
        changed = {"chat_id": chat, "user_message_id": f"m{number}", **changed}
        return replace(read_inlet(said.inlet, said.user), **changed)

    def answer_to(self, turn: Turn) -> str:
        return self.commander.give(turn) or self.commander.answer(turn.user_id, [turn.key])

    def knows(self, *texts: str, user: str = "") -> None:
        for text in texts:
            self.ask(f"/memory remember {text}", user, chat="elsewhere")

    def hears(self, said: str, answer: str = "", chat: str = "past", user: str = "", **more: Any) -> None:
        """A message of another chat, remembered without an LLM."""
        user, number = user or self.user, next(_IDS)
        key = f"{user}\n{chat}\nh{number}"
        self.outbox.put(Exchange(key, user, chat, said, answer, more.pop("said_at", 1.0), **more))
        batch = self.outbox.claim()
        assert batch is not None
        Episodes(self.engine).keep(self.backend, batch, lambda: None)
        Changes(self.journal).make(self.backend, batch, lambda: decide_verbatim(self.backend, batch))
        self.outbox.done(batch)

    def passages(self, user: str = "") -> list[str]:
        return sorted(memory.text for memory in self.backend.list_all(past_owner(user or self.user)))

    def waits(self, text: str) -> None:
        """A message that is not read yet."""
        user, number = self.user, next(_IDS)
        exchange = Exchange(f"{user}\nw\nw{number}", user, "w", text, "I see.", 1.0)
        self.outbox.put(exchange, wait_s=1000.0, batch_max=99)

    def texts(self, user: str = "") -> list[str]:
        return sorted(memory.text for memory in self.backend.list_all(user or self.user))

    def close(self) -> None:
        self.live.close()
        self.engine.dispose()


@contextmanager
def a_desk(folder: Path, llm: ScriptedLLM, **settings: Any) -> Iterator[Desk]:
    desk = Desk(folder, Valves(**{**llm.embeds(), **settings}))
    yield desk
    desk.close()
