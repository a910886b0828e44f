"""A house with its queue and its writer: what is said is remembered when a test says so."""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from owui_memory.backends.base import Backend
from owui_memory.config.scoping import scope_of
from owui_memory.core.exchange import Exchange
from owui_memory.core.permission import Permission
from owui_memory.core.turn import Turn
from owui_memory.interfaces.body import read_inlet, with_blocks
from owui_memory.manage.erasure.erase import Eraser
from owui_memory.manage.memories import Asked, Control
from owui_memory.manage.outcomes import Imported
from owui_memory.observe.metrics import Metrics
from owui_memory.recall.recall import Recalled
from owui_memory.remember.journal import Journal
from owui_memory.remember.outbox import Outbox
from owui_memory.remember.writer import Writer
from owui_memory.state.permissions import Permissions
from tests.harness.bodies import Chat, told_text
from tests.harness.bodies import Turn as Said
from tests.unit.recall.conversation import House

_OWN = re.compile(r'^- (?:\((.*?)\) )?"(.*?)"(?: holds now, no longer "(.*)")?$', re.MULTILINE)
_OTHERS = re.compile(
    r'^- (?P<who>[^"(]*?, team \w+|A member of team \w+)(?: \((?P<when>.*?)\))?: "(?P<text>.*)"$',
    re.MULTILINE,
)
# Of a past chat: its day, and what was said there; what the user said counts as told of them.
_QUOTED = re.compile(r'^- (?:\[.*\]|(?P<who>user|assistant): "(?P<text>.*)")$', re.MULTILINE)


class Told(NamedTuple):
    """What a block tells: of the user (text to time), of others (text to who told it); and the block."""

    own: dict[str, str]
    others: dict[str, str]
    block: str


@dataclass
class Desk:
    """`now` is the time of whatever is said next."""

    house: House
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.outbox, self.journal = Outbox(self.house.engine), Journal(self.house.engine)
        self.decisions = Permissions(self.house.engine)
        settings = lambda: self.house.settings  # noqa: E731
        live: Any = None  # the batches are handed to it
        self._writer = Writer(self.outbox, live, self.journal, self.house.told, settings, Metrics())

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def inlet(self, said: Said) -> Told:
        """What the model is told with a message, and from then on."""
        recalled = self.recall(said)
        return _read(told_text(with_blocks(said.inlet, recalled.blocks)))

    def recall(self, said: Said) -> Recalled:
        self.later(seconds=1)
        turn = self.turn(said)
        self._allow(turn)
        recalled = self.house.recaller.recall(self.house.backend, turn, self.house.settings, self.now)
        self.house.recaller.keep(turn, recalled)
        return recalled

    def _allow(self, turn: Turn) -> None:
        given = Permission.of(turn, scope_of(turn, self.house.settings))
        self.decisions._coming[turn.user_id, turn.key] = replace(given, asked_at=self.now.timestamp())
        self.decisions.allow(turn.user_id, Permission.of(turn, ""))

    def turn(self, said: Said) -> Turn:
        return read_inlet(said.inlet, said.user)

    def outlet(self, said: Said, answer: str = "I see.") -> bool:
        """Its answer is there: the exchange waits to be remembered."""
        turn = self.turn(said)
        if turn.user_message_id:  # else it is no chat, and does not go on
            said.outlet(answer)
        return self.outbox.put(
            Exchange(
                key=turn.exchange_key,
                user_id=turn.user_id,
                chat_id=turn.chat_id,
                user_text=turn.text,
                assistant_text=answer,
                said_at=self.now.timestamp(),
                follows=turn.follows,
                scope=scope_of(turn, self.house.settings),
            )
        )

    def drain(self) -> None:
        """What waits is remembered."""
        while (batch := self.outbox.claim()) is not None:
            self._writer._settle(self.house.backend, batch)
        assert self.outbox.counts().dead == 0

    def says(self, chat: Chat, text: str, **options: Any) -> Told:
        """A message, its answer, and what comes of it."""
        said = chat.say(text, **options)
        told = self.inlet(said)
        self.outlet(said)
        self.drain()
        return told

    def asks(self, chat: Chat, text: str, **options: Any) -> Told:
        """A message, its answer, and nothing that comes of it yet."""
        said = chat.say(text, **options)
        told = self.inlet(said)
        self.outlet(said)
        return told

    def imports(self, user: str, rows: Sequence[Mapping[str, Any]]) -> Imported:
        asked = Asked(user, f"command-{uuid.uuid4().hex}", at=self.now.timestamp())
        return self.control().import_(asked, rows)

    def shares(self, user: str, text: str, team: str, *, name: str | None = None) -> None:
        """A user shares what one of their memories says; `name`: theirs."""
        known = {memory.text: memory.id for memory in self.house.backend.list_all(user)}
        asked = Asked(user, f"command-{uuid.uuid4().hex}", at=self.now.timestamp())
        asked = replace(asked, name=user.title() if name is None else name)
        self.control().share(asked, known[text], team)

    def control(self) -> Control:
        house = self.house
        eraser = Eraser(house.engine, house.folder, lambda: house.settings, lambda *_: house.backend)
        return Control(house.engine, _Live(house), lambda: house.settings, eraser)


@dataclass
class _Live:
    """The house's backend, as commands want it."""

    house: House

    def get(self) -> Backend:
        return self.house.backend

    @contextmanager
    def writing(self) -> Iterator[Backend]:
        yield self.house.backend


def edited(chat: Chat, text: str, ordinal: int = -1) -> Said:
    """Another version of the chat's last user message, or of an earlier one: Open WebUI's "Edit"."""
    before = [at for at, message in enumerate(chat.history) if message["role"] == "user"][ordinal]
    chat.history = chat.history[:before]
    return chat.say(text)


def _read(block: str) -> Told:
    quotes = list(_QUOTED.finditer(block))
    own = {match["text"]: "" for match in quotes if match["who"] == "user"}
    block_of_facts = _QUOTED.sub("", block)
    own |= {match[2]: match[1] or "" for match in _OWN.finditer(block_of_facts)}
    others = {match["text"]: match["who"] for match in _OTHERS.finditer(block_of_facts)}
    lines = [line for line in block_of_facts.split("\n") if line.startswith("- ")]
    told = len(own) + len(others) - sum(match["who"] == "user" for match in quotes)
    assert len(lines) == told, "every line was read"
    return Told(own, others, block)
