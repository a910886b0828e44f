"""Two servers on one state database and one store, as their users see them."""

import contextlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from owui_memory.config.environment import Environment
from owui_memory.interfaces.cli.instance import Instance
from owui_memory.interfaces.cli.moving import export
from owui_memory.state import open_state
from tests.harness.bodies import Body, Chat, Turn, told_text, without_blocks
from tests.harness.waiting import wait_until
from tests.unit.interfaces.test_filter import Running


class Servers:
    """Whatever is done through one of them, `number` says through which."""

    def __init__(self) -> None:
        self._all = [Running(), Running()]
        for one in self._all:
            wait_until(lambda one=one: one.part("backend")["ok"], what="the backend is ready")

    def use(self, **changes: Any) -> None:
        """Settings of both."""
        for one in self._all:
            one.use(**changes)

    def inlet(self, number: int, turn: Turn) -> Body:
        body: Body = self._all[number].inlet(turn.inlet, turn.user)
        self._all[number].rest()
        return body

    def outlet(self, number: int, body: Body, user: dict[str, Any]) -> Body:
        answered: Body = self._all[number].outlet(body, user)
        self.drain()
        return answered

    def told(self, number: int, turn: Turn) -> str:
        """The blocks of memories that the model gets with a message; nothing else is added to it."""
        sent = self.inlet(number, turn)
        rest = without_blocks(sent)["messages"]
        assert rest[-1] == turn.inlet["messages"][-1]
        assert [one for one in rest if one not in turn.inlet["messages"]] == []
        return told_text(sent)

    def answer(self, number: int, turn: Turn) -> str:
        """What the user reads in the end after a command; "" where it is taken for a message."""
        sent = self.inlet(number, turn)
        asked = said_last(sent)
        if asked == turn.text:
            return ""
        if asked != "Reply with: OK":
            return asked  # an API call
        return said_last(self.outlet(number, turn.outlet("OK", sent=sent), turn.user))

    def drain(self) -> None:
        """Until all that was said is remembered."""
        outbox = self._all[0].pipeline._runtime._outbox
        wait_until(lambda: outbox.counts() == (outbox.counts().__class__(0, 0)), every=0.002, what="drained")

    def exported(self, user: str, file: Path) -> str:
        """As the admin's command line writes it."""
        environment = Environment.read(os.environ)
        engine = open_state(environment.data_dir)
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                export(Instance(engine, environment), str(file), user)
        finally:
            engine.dispose()
        return file.read_text()

    def close(self) -> None:
        for one in self._all:
            one.close()


@contextmanager
def running() -> Iterator[Servers]:
    servers = Servers()
    try:
        yield servers
    finally:
        servers.close()


@dataclass
class OwnChat(Chat):
    """A chat of somebody with an e-mail address of their own."""

    email: str = ""

    @property
    def user(self) -> dict[str, Any]:
        return {**super().user, "email": self.email}


def said_last(body: Body) -> str:
    return str(body["messages"][-1]["content"])


def message(chat: Chat, text: str, *, folder: str = "", **options: Any) -> Turn:
    """The next message of a chat, which lies in a folder now."""
    turn = chat.say(text, **options)
    turn.inlet["metadata"]["folder_id"] = folder or None
    return turn


def call(chat: Chat, text: str, **options: Any) -> Turn:
    """A request through the API, which belongs to no chat."""
    turn = message(chat, text, **options)
    metadata = turn.inlet["metadata"]
    for name in ("message_id", "user_message_id", "user_message"):
        metadata.pop(name, None)
    metadata["chat_id"] = ""
    return turn
