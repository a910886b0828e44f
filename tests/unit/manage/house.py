"""A server's backend with its mover, without the server."""

from functools import partial
from pathlib import Path
from typing import Any

from owui_memory.backends import open_backend
from owui_memory.backends.backend_holder import BackendHolder
from owui_memory.backends.base import Backend
from owui_memory.backends.locations import Location, Locations, naming
from owui_memory.config.settings import Valves
from owui_memory.core.change import Change
from owui_memory.core.memory import Check, Memory
from owui_memory.manage.migrate.mover import Mover
from owui_memory.remember.journal import Journal
from tests.harness.places import opened
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until

DOG, CAT, TOWN, CELLO = (
    *("My dog is called Rex.", "Mein Käter heißt Tom 🐈.", "I live in Lisbon."),
    "I play the cello.",
)


class House:
    """May be left and entered again, as a server is restarted."""

    def __init__(self, folder: Path, llm: ScriptedLLM, small: ScriptedLLM) -> None:
        self.folder, self.llm, self.small = folder, llm, small
        self.enter()

    def enter(self) -> None:
        self.engine = opened(self.folder)
        self.locations = Locations(self.engine, "memories")
        self.mover = Mover(self.engine, self.folder, self.open_backend)
        self.live = BackendHolder(self.folder, self.open_backend, bring=self.mover.bring)

    def open_backend(self, settings: Valves, data_dir: Path) -> Backend:
        return open_backend(settings, data_dir, named=partial(naming, self.engine, data_dir))

    def leave(self) -> None:
        self.live.close()
        self.engine.dispose()

    close = leave

    # Settings

    def with_model(self, model: str = "first", **others: Any) -> Valves:
        """The embedder of the usual size."""
        return self._with(self.llm, model, others)

    def with_small_model(self, model: str = "small", **others: Any) -> Valves:
        """An embedder of another size."""
        return self._with(self.small, model, others)

    @staticmethod
    def _with(llm: ScriptedLLM, model: str, others: dict[str, Any]) -> Valves:
        return Valves(**{**llm.embeds(model), **others})

    def use(self, settings: Valves) -> None:
        """Save settings, and wait until memories are served from where they say."""
        self.live.use(settings)
        wait_until(lambda: self.serves(settings), what=lambda: f"{settings} serve: {self.live.fault}")

    def serves(self, settings: Valves) -> bool:
        current = self.live.current
        home = self.locations.home()
        if current is None or home is None or self.live.fault:
            return False
        return getattr(current, "_settings", settings) == settings and self._leads(settings, home)

    @staticmethod
    def _leads(settings: Valves, home: Location) -> bool:
        return all(str(getattr(settings, name)).rstrip("/") == value for name, value in home.settings.items())

    # Memories

    @property
    def backend(self) -> Backend:
        return self.live.get()

    def remember(self, *texts: str, user: str = "ada") -> list[str]:
        """Ids of the new memories."""
        return [self.backend.store(user, Memory("", text, batch="b", chat="c")) for text in texts]

    def found(self, query: str, user: str = "ada") -> set[str]:
        return {item.memory.text for item in self.live.get().search(user, query, 5)}

    def texts(self, user: str = "ada") -> list[str]:
        """All that is served."""
        backend: Any = self.live.get()
        return sorted(memory.text for memory in backend.list_all(user))

    def memory(self, text: str, user: str = "ada") -> Memory:
        """The one that says this."""
        (memory,) = (memory for memory in self.backend.list_all(user) if memory.text == text)
        return memory

    def forget(self, memory: Memory, user: str = "ada") -> None:
        """As the writer does, which notes it."""
        removal = Change("b2", 0, user, "remove", memory.id, memory.text, "", made=True)
        Journal(self.engine).intend([removal])
        self.backend.remove(memory.id)

    def state(self) -> Check | None:
        return next(iter(self.mover.part()), None)
