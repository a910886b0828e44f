"""Random chats of two people in a team: messages, edits, other answers and models, API calls, shares, and a
writer that comes when it comes.

After each inlet every line of the block is held against what was said: it must be from a message that counts,
and in the group of who said it.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.harness.bodies import Chat
from tests.harness.bodies import Turn as Said
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.interfaces.ledger import word, words_in
from tests.unit.interfaces.servers import call
from tests.unit.recall.conversation import House
from tests.unit.recall.desk import Desk, Told, edited

QUESTION = "Which green locker holds paint and tools, do I live in Berlin, near what?"
SAYINGS = ("The green locker {} holds paint, brushes and tools.", "I live in Berlin, near {}.")
OPEN = {
    "memories_per_turn": 50,
    "relevance_threshold": 0.0,
    "memory_token_budget": 16000,
    "advanced": "profile_token_budget=4000",
    "episodes": "off",  # quotes are another group of lines
}

people = st.sampled_from(["ada", "bob"])
chats = st.integers(0, 1)
sayings = st.sampled_from(SAYINGS)
back = st.integers(1, 3)  # messages, from the chat's last one on


@dataclass(eq=False)
class Message:
    """A user message, as somebody who looks over their shoulder knows it. `follows`: the answer before."""

    user: str
    words: set[str]
    said: Said
    chat: str
    follows: str
    answered: bool = False
    asked: bool = False


@dataclass
class Ledger:
    """All messages, in the order in which they were first asked; and what was shared, by whom."""

    messages: list[Message] = field(default_factory=list)
    shared: dict[str, set[str]] = field(default_factory=lambda: {"ada": set(), "bob": set()})
    taken_back: dict[str, set[str]] = field(default_factory=lambda: {"ada": set(), "bob": set()})

    def is_replaced(self, one: Message) -> bool:
        later = self.messages[self.messages.index(one) + 1 :]
        return bool(one.chat) and any((o.chat, o.follows) == (one.chat, one.follows) for o in later)

    def versions(self, one: Message) -> list[Message]:
        return [o for o in self.messages if one.chat and (o.chat, o.follows) == (one.chat, one.follows)]

    def stands(self, who: str, word: str) -> bool:
        """Whether somebody says this in a message whose newest remembered version it is."""
        sayers = (o for o in self.messages if o.user == who and word in o.words and o.answered)
        return any(not any(v.answered for v in self.later_versions(o)) for o in sayers)

    def later_versions(self, one: Message) -> list[Message]:
        later = self.messages[self.messages.index(one) + 1 :]
        return [o for o in later if o in self.versions(one)]

    def may_be_told(self, one: Message) -> set[str]:
        """What another message of the user has said, that is not replaced."""
        others = (o for o in self.messages if o.user == one.user and o not in (one, *self.versions(one)))
        return {w for o in others if not self.is_replaced(o) and o.answered for w in o.words}


class Chats(RuleBasedStateMachine):
    """`house` is set by the test."""

    house: House
    runs = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1
        run = f"r{self.runs}"
        self.users = {name: f"{name}{run}" for name in ("ada", "bob")}
        teams = f"{run}: {' '.join(self.users.values())}"
        self.house.settings = self.house.settings.model_copy(update={**OPEN, "teams": teams})
        self.team = run
        self.desk, self.ledger = Desk(self.house), Ledger()
        self.chats = {(name, n): Chat(user) for name, user in self.users.items() for n in range(2)}
        self.said: dict[int, list[Message]] = {}
        self.count = 0

    @initialize()
    def begin(self) -> None:
        for who in ("ada", "bob"):
            self.say(who, 0, SAYINGS[0])
            self.say(who, 1, SAYINGS[1])
        self.writer_comes()
        self.share("ada", 0)
        self.ask("bob", 0)

    # What happens

    @rule(who=people, chat=chats, saying=sayings)
    def say(self, who: str, chat: int, saying: str) -> None:
        self.takes_turn(self.message(who, self.chats[who, chat].say(saying.format(self.new_word()))))

    @rule(who=people, chat=chats)
    def ask(self, who: str, chat: int) -> None:
        self.takes_turn(self.message(who, self.chats[who, chat].say(f"{QUESTION} ({self.new_number()})")))

    @rule(who=people, chat=chats, number=st.integers(0, 20))
    def say_again(self, who: str, chat: int, number: int) -> None:
        """What somebody has said before."""
        texts = [one.said.text for one in self.ledger.messages if one.words]
        self.takes_turn(self.message(who, self.chats[who, chat].say(texts[number % len(texts)])))

    @rule(who=people, chat=chats, back=back, saying=sayings, stopped=st.booleans())
    def edit(self, who: str, chat: int, back: int, saying: str, *, stopped: bool) -> None:
        one = self.chats[who, chat]
        count = sum(message["role"] == "user" for message in one.history)
        if count:
            said = edited(one, saying.format(self.new_word()), -min(back, count))
            self.takes_turn(self.message(who, said), stopped=stopped)

    @rule(number=st.integers(0, 30), model=st.sampled_from(["", "another"]))
    def answer_again(self, number: int, model: str) -> None:
        """Any message's, also one's that was replaced since."""
        one = self.ledger.messages[number % len(self.ledger.messages)]
        again = one.said.regenerated() if one.chat else one.said
        if model and one.chat:
            again.inlet["model"] = model
        self.check(one, self.desk.inlet(again))

    @rule(who=people, saying=sayings)
    def call_through_the_api(self, who: str, saying: str) -> None:
        said = call(Chat(self.users[who]), saying.format(self.new_word()))
        one = self.message(who, said)
        one.chat = ""
        self.takes_turn(one)

    @rule(who=people)
    def ask_in_a_new_chat(self, who: str) -> None:
        said = Chat(self.users[who]).say(QUESTION)
        self.takes_turn(self.message(who, said))

    @rule(who=people, number=st.integers(0, 10))
    def share(self, who: str, number: int) -> None:
        texts = sorted(memory.text for memory in self.house.backend.list_all(self.users[who]))
        if texts:
            text = texts[number % len(texts)]
            self.desk.shares(self.users[who], text, self.team, name=who.title())
            self.ledger.shared[who] |= words_in(text)
            self.ledger.taken_back[who] -= words_in(text)

    @rule()
    def writer_comes(self) -> None:
        self.desk.drain()
        for who, shared in self.ledger.shared.items():
            self.ledger.taken_back[who] |= {word for word in shared if not self.ledger.stands(who, word)}

    # What is held against it

    def message(self, who: str, said: Said) -> Message:
        follows = self.desk.turn(said).follows
        one = Message(who, words_in(said.text), said, said.chat.chat_id, follows)
        self.ledger.messages.append(one)
        return one

    def takes_turn(self, one: Message, *, stopped: bool = False) -> None:
        self.check(one, self.desk.inlet(one.said))
        if stopped:
            one.said.outlet("")
        else:
            self.desk.outlet(one.said)
            one.answered = True

    def check(self, one: Message, told: Told) -> None:
        own = {word for text in told.own for word in words_in(text)}
        others = {word for text in told.others for word in words_in(text)}
        other = "bob" if one.user == "ada" else "ada"
        assert own <= self.ledger.may_be_told(one)
        assert others <= self.ledger.shared[other] - self.ledger.taken_back[other]
        assert set(told.others.values()) <= {f"{other.title()}, team {self.team}"}
        assert words_in(told.block) == own | others, "corrections say nothing else"

    def new_word(self) -> str:
        return word(self.runs * 10_000 + self.new_number())

    def new_number(self) -> int:
        self.count += 1
        return self.count


@pytest.mark.parametrize("examples", [3, pytest.param(12, marks=pytest.mark.slow)])
def test_nothing_replaced_nothing_of_its_own_and_nothing_of_anothers_is_told(
    scripted_llm: ScriptedLLM, tmp_path: Path, examples: int
) -> None:
    house = House(scripted_llm, tmp_path)

    class Here(Chats):
        pass

    Here.house, Here.runs = house, 0
    found: Any = settings(
        max_examples=int(os.environ.get("EXAMPLES", examples)),
        stateful_step_count=20,
        deadline=None,
        derandomize="EXAMPLES" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(Here, settings=found)
    finally:
        house.close()
