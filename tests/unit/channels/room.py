"""A server's channels for tests: a queue, a reader, a library and a scripted LLM."""

from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from owui_memory.backends.backend_holder import BackendHolder
from owui_memory.backends.locations import Locations
from owui_memory.channels import claims
from owui_memory.channels.channels import Channels
from owui_memory.channels.erasing import Sweeping
from owui_memory.channels.message import ChannelMessage
from owui_memory.channels.reader import ChannelReader
from owui_memory.config.settings import Valves
from owui_memory.core.scope import channel_owner
from owui_memory.manage.erasure.erase import Eraser
from owui_memory.manage.migrate.reach import location_of_backend
from owui_memory.observe.costs import Costs
from owui_memory.observe.metrics import Metrics
from owui_memory.remember.journal import Journal
from owui_memory.state import channel_authors, channel_memories, channel_messages, channels
from tests.harness.places import library, opened
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until

GENERAL = channel_owner("discord", "general")


class Room:
    """Opened once more over the same folder, it is the same server after a restart."""

    def __init__(self, folder: Path, llm: ScriptedLLM, **settings: Any) -> None:
        models = {**llm.embeds(), **llm.reads("scripted-chat"), "llm_api_key": "k"}
        self.settings = Valves(**{**models, "channels": "on", **settings})
        self.llm, self.engine = llm, opened(folder)
        self.costs = Costs()
        self.backend = library(self.settings, folder, self.costs)
        Locations(self.engine, self.settings.collection).settle(
            location_of_backend(self.backend, self.settings)
        )
        self.live = BackendHolder(folder, lambda *_: self.backend)
        self.live.use(self.settings)
        wait_until(lambda: self.live.current is not None, what="the backend is in use")
        self.metrics, self.journal = Metrics(), Journal(self.engine)
        self.eraser = Eraser(self.engine, folder, lambda: self.settings, self._open, self.live)
        self.channels = Channels(self.engine, lambda: self.settings)
        self.reader = ChannelReader(
            self.live,
            self.channels.queue,
            self.journal,
            lambda: self.settings,
            self.metrics,
            Sweeping(self.engine, self.live, self.eraser.forget),
        )

    def _open(self, settings: Valves, folder: Path) -> Any:
        return library(settings, folder)

    def hears(self, *messages: ChannelMessage) -> None:
        self.channels.observe(messages)

    def reads(self) -> None:
        """All that waits, as if it had waited for long."""
        self.makes_due()
        while self.reader.look():
            pass

    def makes_due(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(channels).values(held_until=0.0))
            waiting = channel_messages.c.state == "unread"
            connection.execute(
                update(channel_messages)
                .where(waiting)
                .values(put_at=channel_messages.c.put_at - 2 * claims.DUE_S)
            )

    def answers(self, *operations: dict[str, Any]) -> None:
        """What the LLM makes of each batch from now on."""
        self.llm.when("New messages:", {"operations": list(operations)})

    def asked(self) -> list[str]:
        """What the LLM was asked about channels, in order."""
        return [one.text for one in self.llm.chats() if "New messages:" in one.text]

    def knows(self, owner: str = GENERAL) -> list[str]:
        return sorted(one.text for one in self.backend.list_all(owner))

    def cites(self, text: str) -> set[str]:
        """The messages that a memory is made of."""
        ids = [one.id for one in self.backend.list_all(GENERAL) if one.text == text]
        return self._column(channel_memories.c.message_id, channel_memories.c.memory_id.in_(ids))

    def states(self) -> dict[str, str]:
        c = channel_messages.c
        with self.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(select(c.message_id, c.state))}

    def agrees(self, author: str, user_id: str) -> None:
        row = {"source": "discord", "author": author, "name": "", "user_id": user_id}
        with self.engine.begin() as connection:
            connection.execute(insert(channel_authors).values(**row, agreed_at=1.0, silent=False))

    def everything(self) -> str:
        """All texts that the state database holds."""
        raw = self.engine.raw_connection()
        try:
            return "\n".join(raw.iterdump())
        finally:
            raw.close()

    def _column(self, column: Any, *which: Any) -> set[str]:
        with self.engine.connect() as connection:
            return set(connection.scalars(select(column).where(*which)))

    def close(self) -> None:
        self.live.close()
        self.engine.dispose()


Opened = Callable[..., Room]


def closed(rooms: Collection[Room]) -> None:
    for room in rooms:
        with suppress(Exception):
            room.close()
