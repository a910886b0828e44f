"""Plays a scenario: the user and the assistant towards the server, and the LLM that it asks."""

import json
import re
from dataclasses import dataclass, field

from owui_memory.language.secrets import masked
from tests.harness.bodies import Chat, Turn
from tests.harness.pipelines_server import PipelinesServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request, is_ours, text_of
from tests.harness.talk import held, recalled, take

from .story import SOMEBODY_ELSES, Message, Operation, Scenario, Shown

_NUMBERED = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)
_WHOLE_CHARS = 2000  # of a message; of a longer one the prompt has parts
_OPENING_CHARS = 60


def read_prompt(request: Request) -> tuple[Shown, str]:
    """The numbered memories in a prompt, and its new messages."""
    asked = next(text_of(message) for message in request.messages if message["role"] == "user")
    memories, heading, new = asked.partition("\nNew messages:\n")
    assert heading, "the prompt has another form now"
    listed = memories.partition("Memories:")[2]
    return {int(number): text for number, text in _NUMBERED.findall(listed)}, new + "\n"


@dataclass
class Heard:
    """A message that the server was sent, and how often a prompt has shown it since."""

    message: Message
    text: str
    shown: int = 0

    def stands_in(self, new: str) -> bool:
        """Without its secrets, which no LLM is shown."""
        text, _ = masked(self.text)
        if len(self.text) > _WHOLE_CHARS:
            return f"User: {self.text[:_OPENING_CHARS]}" in new
        return f"User: {text}\n" in new


@dataclass
class Model:
    """The LLM of one scenario: of each message in a prompt, it makes what the scenario says."""

    somebody_elses_id: str
    heard: list[Heard] = field(default_factory=list)  # since the queue was last empty
    calls: int = 0
    unexpected: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> str:
        self.calls += 1
        shown, new = read_prompt(request)
        found = [heard for heard in self.heard if heard.stands_in(new)]
        if not found:
            self.unexpected.append(new)
        operations: list[Operation] = []
        for heard in found:
            heard.shown += 1
            if 0 < heard.shown <= len(heard.message.raw):
                return heard.message.raw[heard.shown - 1].replace(SOMEBODY_ELSES, self.somebody_elses_id)
            operations += [each for decided in heard.message.decisions for each in decided.operations(shown)]
        return json.dumps({"operations": operations}, ensure_ascii=False)

    def check(self) -> None:
        """Every message was read as often as it should be, and nothing else was."""
        assert [(heard.text, heard.shown) for heard in self.heard] == [
            (heard.text, heard.message.calls) for heard in self.heard
        ]
        assert not self.unexpected
        self.heard.clear()


@dataclass
class Play:
    """One scenario on a server, for a user who is new there."""

    scenario: Scenario
    server: PipelinesServer
    model: Model
    user: str
    chats: dict[str, Chat] = field(default_factory=dict)
    last: dict[str, Turn] = field(default_factory=dict)  # of each chat

    def run(self) -> None:
        for message in self.scenario.messages:
            turn = self._turn(message)
            self.model.heard.append(Heard(message, turn.text))
            take(self.server, turn, message.answer)
            self.last[message.chat] = turn
            if not self.scenario.at_once:
                self._settle()
        if self.scenario.at_once:
            self._settle()
            assert self.model.calls == len(self.chats)
        self._check_memory()

    def _turn(self, message: Message) -> Turn:
        chat = self.chats.setdefault(message.chat, Chat(self.user))
        if message.again:
            return self.last[message.chat].regenerated()
        if message.edits:
            chat.history = self.last[message.chat].history
        return chat.say(message.text)

    def _settle(self) -> None:
        self.server.wait_until_drained()
        self.model.check()

    def _check_memory(self) -> None:
        assert sorted(held(self.server, self.user)) == sorted(self.scenario.holds)
        for asked, told, untold in self.scenario.recalls:
            block = recalled(self.server, asked, user=self.user)
            assert [words for words in told if words not in block] == [], block
            assert [words for words in untold if words in block] == [], block


def play(
    scenario: Scenario, server: PipelinesServer, llm: ScriptedLLM, *, user: str, somebody_elses_id: str
) -> None:
    """Say everything, then compare what memory holds and what is recalled with what the scenario says."""
    model = Model(somebody_elses_id)
    llm.when(is_ours, model.answer)
    Play(scenario, server, model, user).run()
