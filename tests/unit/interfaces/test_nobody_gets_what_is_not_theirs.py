"""Random people, folders, personas and teams, two servers, and nobody gets what is not theirs.

After each step, whatever came out of it is searched for the words of statements (`ledger.py`). Where the
documentation promises all of somebody's memories, all of them must be there.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from owui_memory.core.locales import ENGLISH
from owui_memory.manage import outcomes
from tests.harness.bodies import Turn, new_id
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.interfaces.ledger import SAYINGS, Ledger, Own, Shared, word, words_in
from tests.unit.interfaces.servers import OwnChat, Servers, call, message, running, said_last

# Ids that something might take for others', for a pattern, for a path or for a query.
NAMES = ["ad", "ad", "ada1", "ada/1", "ad%", "a_a", "ada*", "ádá", "ada'--", 'a"d', "../ada", "{ada}"]
NOBODY = ["*", "team/design", "team/Design"]  # whom no user can be: what a team knows lies under such an id
FOLDERS = ["", "", "garden", "garden", "garden/2", "team:design"]
MODELS = ["plain", "plain", "plain", "tutor-maths", "tutor-maths", "tutor-math", "Tutor-maths"]
TEAMS = ["design", "design", "design", "Design", "design-2"]
QUESTION = (
    "Which green locker holds paint and ladders, do I live in Berlin, near what, "
    "and which short answers do I prefer?"
)
PAGE = 4

SETTINGS = {
    "folder_memories": "own",
    "personas": "tutor-*",
    "memories_per_turn": 50,
    "relevance_threshold": 0.0,
    "memory_token_budget": 16000,
    "advanced": "profile_token_budget=4000",
    "show_memory_notes": True,
}

_ROW = re.compile(r"^\| (\d+) \| .*$", re.MULTILINE)
_UNDONE = re.compile(
    r"^\| (.*) \| (no longer remembered|remembered again|as it was before) \|$", re.MULTILINE
)
_COUNTED = re.compile(r"(\d+) memor(?:y|ies)")

servers_ = st.integers(0, 1)
people = st.sampled_from([0, 0, 0, 1, 1, 1, 2, 2, 3])  # the last one is nobody
chats = st.sampled_from([0, 0, 0, 1, 1])
glances = st.sampled_from(["", "team", "team", None])  # at a list, before one of its numbers is used
folders = st.sampled_from(FOLDERS)
models = st.sampled_from(MODELS)
kinds = st.sampled_from(sorted(SAYINGS))
numbers = st.sampled_from([1, 1, 2, 2, 3, 4, 5])
teams_ = st.sampled_from(TEAMS)
any_word = st.integers(1, 10)  # counted from the last one
members_ = st.lists(st.tuples(people, teams_, st.booleans()), min_size=2, max_size=6)


class Seen(NamedTuple):
    """What stands at a number: a memory of the user's own in one of its lives, or a team's."""

    own: Own | None = None
    life: int = 0
    shared: Shared | None = None


class Lives(RuleBasedStateMachine):
    """Some people's lives with the filter. Chats' ids are the same for all of them."""

    servers: Servers
    scratch: Path
    runs = 0
    said = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1
        self.run = f"r{self.runs}"
        self.ledger = Ledger()
        self.chat_ids = [new_id() for _ in range(2)]
        self.chats: dict[tuple[str, str], OwnChat] = {}
        self.seen: dict[tuple[str, str], dict[int, Seen]] = {}
        self.typed: dict[str, set[str]] = {}
        self.words: list[str] = []
        self.last_command: dict[str, tuple[Turn, str]] = {}
        self.exports: list[str] = []

    @initialize(
        name=st.sampled_from(NAMES),
        nobody=st.sampled_from(NOBODY),
        members=members_,
        said=st.lists(st.tuples(folders, models, kinds), min_size=3, max_size=5),
        shared=st.lists(st.tuples(st.integers(0, 2), teams_), min_size=1, max_size=3),
        stay=st.booleans(),
    )
    def begin(
        self,
        name: str,
        nobody: str,
        members: list[tuple[int, str, bool]],
        said: list[tuple[str, str, str]],
        shared: list[tuple[int, str]],
        *,
        stay: bool,
    ) -> None:
        self.people = [f"{self.run}{name}" for name in ("ada", "Ada", name)]
        self.people.append(nobody + self.run if nobody.startswith("team/") else nobody)
        self.change_teams([(who, team, False) for who, team in shared])
        for number, (folder, model, kind) in enumerate(said):
            self.say(0, number % 3, 0, folder, model, kind)
        for who in range(3):  # all of them with the same words, in chats of the same id
            self.ask(0, who, 1, "", "plain")
            self.ask_in_a_new_chat(0, who, "", "plain")
            self.search(1, who, 1, 1)
        self.goes_on_elsewhere()
        self.changes_what_the_other_server_knows()
        self.withdraws_what_another_was_told()
        for who, team in shared:
            self.share(1, who, 0, 1, team, "")
        self.change_teams([*members, *((who, team, True) for who, team in shared if stay)])

    # What happens to all, for chance seldom brings it about

    def goes_on_elsewhere(self) -> None:
        """A chat in a folder, and with a persona, that both have memories of their own, leaves them."""
        self.say(0, 0, 0, "garden", "tutor-maths", "fact")
        self.say(0, 0, 0, "garden", "plain", "fact")
        user, elsewhere = self.people[0], [("", "plain"), ("garden/2", "tutor-math"), ("", "plain")]
        chat = self.chat(user)
        for folder, model in [("garden", "tutor-maths")] * 2 + elsewhere:
            self.takes_turn(0, user, message(chat, QUESTION, folder=folder, model=model), folder, model)

    def changes_what_the_other_server_knows(self) -> None:
        """What one server has just told is taken back on the other."""
        user = self.people[0]
        chat = self.chat(user)
        self.remember(0, 0, 0, "preference")
        for _ in range(2):
            self.takes_turn(1, user, message(chat, QUESTION), "", "")
        self.ask_in_a_new_chat(1, 0, "", "plain")
        self.undo(0, 0, 0)
        self.takes_turn(1, user, message(chat, QUESTION), "", "")
        self.ask_in_a_new_chat(1, 0, "", "plain")

    def withdraws_what_another_was_told(self) -> None:
        self.change_teams([(0, "design", False), (1, "design", True)])
        self.remember(0, 0, 0, "fact")
        self.share(0, 0, 0, 1, "design", "")
        self.withdraw_what_others_were_told(0, 0, 1, 1)

    # Who and where

    def is_nobody(self, user: str) -> bool:
        return user == self.people[-1]

    def chat(self, user: str, chat_id: str = "") -> OwnChat:
        """A user's own course of a chat; a new one without an id."""
        email = f"Person-{self.people.index(user)}-{self.run}@Example.org"
        new = OwnChat(user, chat_id or new_id(), email=email)
        return self.chats.setdefault((user, chat_id), new) if chat_id else new

    def new_word(self) -> str:
        Lives.said += 1
        self.words.append(word(Lives.said))
        return self.words[-1]

    def some_word(self, user: str, number: int) -> str:
        """One of the user's own, or one that anybody has had."""
        mine = [one for one in self.words if one in self.ledger.mine(user)]
        if number % 2 and mine:
            return mine[-min(number, len(mine))]
        return self.words[-min(number, len(self.words))] if self.words else word(0)

    def change_teams(self, members: list[tuple[int, str, bool]]) -> None:
        """Each is in by id or by e-mail address."""
        self.ledger.members = {f"{team}{self.run}": set() for team in TEAMS}
        listed: dict[str, list[str]] = {team: [] for team in self.ledger.members}
        for number, team, by_mail in members:
            user = self.people[number]
            if not self.is_nobody(user):
                self.ledger.members[f"{team}{self.run}"].add(user)
                address = self.chat(user).email.upper() if by_mail else user
                listed[f"{team}{self.run}"].append(address)
        teams = "; ".join(f"{team}: {' '.join(people)}" for team, people in listed.items())
        self.servers.use(**SETTINGS, teams=teams)

    # What comes out

    def told(self, server: int, turn: Turn) -> set[str]:
        return words_in(self.servers.told(server, turn))

    def may_be_told(self, user: str, folder: str, model: str) -> set[str]:
        return self.ledger.told(user, folder, model) | self.ledger.corrected(user, folder, model)

    def command(self, server: int, user: str, chat_id: str, text: str, model: str = "plain") -> str:
        """The answer; in it nothing but what is or was this user's, or is their teams'.

        chat_id: "api" for a request that belongs to no chat, "temporary" for one that is not kept.
        """
        text = f"/memory {text}".strip()
        if chat_id == "api":
            turn = call(self.chat(user), text, model=model)
        elif chat_id == "temporary":
            turn = self.chat(user, f"temporary:{new_id()}").say(text)
        else:
            turn = message(self.chat(user, chat_id), text, model=model)
            turn.outlet("OK")
            self.last_command[user] = turn, ""
        answer = self.servers.answer(server, turn)
        if chat_id not in ("api", "temporary"):
            self.last_command[user] = turn, answer
        if self.is_nobody(user):
            assert words_in(answer) == set()
            return ""
        assert answer
        if not text.startswith("/memory why"):
            theirs = self.ledger.once_mine(user) | self.ledger.ours(user)
            assert words_in(answer) <= theirs | words_in(text)
        self.notes_numbers(user, chat_id, answer, anew="page" not in text)
        return answer

    def notes_numbers(self, user: str, chat_id: str, answer: str, *, anew: bool) -> None:
        """What the user sees with a number: theirs in some lists, their teams' in others."""
        rows = [(int(row[1]), words_in(row[0])) for row in _ROW.finditer(answer)]
        if "the first of these lines" in answer:
            exported = [line for line in answer.splitlines() if line.startswith("{")]
            rows = [(number, words_in(line)) for number, line in enumerate(exported, 1)]
        if not rows:
            return
        ours = [one for one in self.ledger.shared if one.team in self.ledger.teams_of(user)]
        of_teams = "`" not in answer and ", newest first" in answer and " of " in answer.split(",")[0]
        seen: dict[int, Seen] = {} if anew else self.seen.get((user, chat_id), {})
        for number, words in rows:
            (only,) = words
            own = next(iter(self.ledger.find(user, only)), None)
            shared = next((one for one in ours if one.alive and one.word == only), None)
            seen[number] = Seen(shared=shared) if of_teams else Seen(own, own.lives if own else 0)
        self.seen[user, chat_id] = seen

    # Steps

    @rule(server=servers_, who=people, chat=chats, folder=folders, model=models, kind=kinds)
    def say(self, server: int, who: int, chat: int, folder: str, model: str, kind: str) -> None:
        user, chat_id, new = self.people[who], self.chat_ids[chat], self.new_word()
        turn = message(self.chat(user, chat_id), SAYINGS[kind].format(new), folder=folder, model=model)
        self.takes_turn(server, user, turn, folder, model)
        if self.ledger.is_on(user, chat_id) and not self.is_nobody(user):
            self.ledger.learns(user, new, kind, folder, model)

    def takes_turn(self, server: int, user: str, turn: Turn, folder: str, model: str) -> set[str]:
        """A message and its answer, with the note below it; what the model was told."""
        told = self.told(server, turn)
        self.typed.setdefault(user, set()).update(words_in(turn.text))
        on = self.ledger.is_on(user, turn.chat.chat_id) and not self.is_nobody(user)
        assert told <= (self.may_be_told(user, folder, model) if on else set())
        answered = self.servers.outlet(1 - server, turn.outlet("I see."), turn.user)
        note = words_in(said_last(answered))
        assert note <= (self.ledger.once_mine(user) | told | words_in(turn.text))
        if self.is_nobody(user):
            assert note == set()
        return told

    @rule(server=servers_, who=people, chat=chats, folder=folders, model=models)
    def ask(self, server: int, who: int, chat: int, folder: str, model: str) -> None:
        user = self.people[who]
        turn = message(self.chat(user, self.chat_ids[chat]), QUESTION, folder=folder, model=model)
        self.takes_turn(server, user, turn, folder, model)

    @rule(server=servers_, who=people, folder=folders, model=models)
    def ask_in_a_new_chat(self, server: int, who: int, folder: str, model: str) -> None:
        user = self.people[who]
        chat = self.chat(user)
        told = self.takes_turn(
            server, user, message(chat, QUESTION, folder=folder, model=model), folder, model
        )
        if self.is_nobody(user) or not self.ledger.is_on(user, chat.chat_id):
            return
        assert told == self.ledger.told(user, folder, model)
        self.chats[user, chat.chat_id] = chat
        answer = self.explained(server, user, chat.chat_id)
        assert len(told) > 15 or told <= answer

    @rule(server=servers_, who=people, folder=folders, model=models, number=any_word)
    def ask_through_the_api(self, server: int, who: int, folder: str, model: str, number: int) -> None:
        user = self.people[who]
        question = f"What of {self.some_word(user, number)}? {QUESTION}"
        told = self.told(server, call(self.chat(user), question, folder=folder, model=model))
        on = self.ledger.is_on(user, "") and not self.is_nobody(user)
        assert told <= (self.may_be_told(user, folder, model) if on else set())

    @rule(server=servers_, who=people, chat=st.sampled_from([0, 0, 1, "api", "temporary"]))
    def list_all(self, server: int, who: int, chat: int | str) -> None:
        user = self.people[who]
        self.lists_all(server, user, self.chat_ids[chat] if isinstance(chat, int) else chat)

    def lists_all(self, server: int, user: str, chat_id: str) -> None:
        answer = self.command(server, user, chat_id, "")
        found = words_in(answer)
        pages = int(match[1]) if (match := re.search(r"^Page 1 of (\d+)", answer, re.MULTILINE)) else 1
        for page in range(2, pages + 1):
            found |= words_in(self.command(1 - server, user, chat_id, f"page {page}"))
        assert found == self.ledger.mine(user)

    @rule(server=servers_, who=people, chat=chats, number=any_word)
    def search(self, server: int, who: int, chat: int, number: int) -> None:
        user, wanted = self.people[who], self.some_word(self.people[who], number)
        answer = self.command(server, user, self.chat_ids[chat], f"search locker {wanted}")
        if answer.startswith("No memory matches"):  # it names what was looked for
            assert wanted not in self.ledger.mine(user)
            return
        assert words_in(answer) <= self.ledger.mine(user)
        assert wanted in words_in(answer) or wanted not in self.ledger.mine(user)

    @rule(server=servers_, who=people, chat=chats)
    def why(self, server: int, who: int, chat: int) -> None:
        self.explained(server, self.people[who], self.chat_ids[chat])

    def explained(self, server: int, user: str, chat_id: str) -> set[str]:
        """What a user is told of the last answer in a chat; the message they know themselves."""
        first, _, rest = self.command(server, user, chat_id, "why").partition("\n")
        assert words_in(first) <= self.typed.get(user, set())
        assert words_in(rest) <= self.ledger.mine(user) | self.ledger.ours(user)
        return words_in(rest)

    @rule(server=servers_, who=people, chat=chats, kind=kinds)
    def remember(self, server: int, who: int, chat: int, kind: str) -> None:
        user, new = self.people[who], self.new_word()
        if self.command(server, user, self.chat_ids[chat], f"remember {SAYINGS[kind].format(new)}"):
            self.ledger.learns(user, new, kind)

    @rule(server=servers_, who=people, chat=chats, number=numbers, look=glances)
    def edit(self, server: int, who: int, chat: int, number: int, look: str | None) -> None:
        user, chat_id = self.people[who], self.chat_ids[chat]
        self.looks(user, chat_id, look)
        meant = self.meant(user, chat_id, number)
        new = self.new_word()
        saying = SAYINGS[meant.kind if meant else "fact"].format(new)
        answer = self.command(server, user, chat_id, f"edit {number} {saying}")
        assert answer.startswith("Changed.") == bool(meant)
        if meant:
            meant.says(new)

    def looks(self, user: str, chat_id: str, look: str | None) -> None:
        """At a list, on the other server than usual."""
        if look is not None:
            self.command(0, user, chat_id, look)

    def meant(self, user: str, chat_id: str, number: int) -> Own | None:
        """The own memory that is there under a number that this user has seen in this chat."""
        own, life, _ = self.seen.get((user, chat_id), {}).get(number, Seen())
        return own if own and own.alive and own.lives == life else None

    @rule(server=servers_, who=people, chat=chats, number=numbers, look=glances)
    def forget(self, server: int, who: int, chat: int, number: int, look: str | None) -> None:
        user, chat_id = self.people[who], self.chat_ids[chat]
        self.looks(user, chat_id, look)
        meant = self.meant(user, chat_id, number)
        answer = self.command(server, user, chat_id, f"forget {number}")
        assert answer.startswith("Forgotten: ") == bool(meant)
        if meant:
            assert meant.word in words_in(answer)
            meant.alive = False  # for some minutes it can be brought back

    @rule(server=servers_, who=people, chat=chats, number=any_word)
    def forget_by_a_word(self, server: int, who: int, chat: int, number: int) -> None:
        user, wanted = self.people[who], self.some_word(self.people[who], number)
        self.command(server, user, self.chat_ids[chat], f"forget {wanted}")
        if len(found := self.ledger.find(user, wanted)) == 1:
            found[0].alive = False

    @rule(
        server=servers_,
        who=people,
        chat=chats,
        folder=folders,
        model=models,
        number=any_word,
        regrets=st.booleans(),
    )
    def ask_to_forget(
        self, server: int, who: int, chat: int, folder: str, model: str, number: int, *, regrets: bool
    ) -> None:
        user, wanted = self.people[who], self.some_word(self.people[who], number)
        turn = message(self.chat(user, self.chat_ids[chat]), f"Forget {wanted}.", folder=folder, model=model)
        self.takes_turn(server, user, turn, folder, model)
        found = self.ledger.find(user, wanted)
        seen_there = wanted in self.may_be_told(user, folder, model)
        if len(found) == 1 and seen_there and self.ledger.is_on(user, self.chat_ids[chat]):
            found[0].alive = False
        if regrets:
            self.undo(server, who, chat)
            self.ask_in_a_new_chat(server, who, folder, model)

    @rule(server=servers_, who=people, chat=chats, sure=st.integers(0, 3))
    def forget_everything(self, server: int, who: int, chat: int, sure: int) -> None:
        user, chat_id = self.people[who], self.chat_ids[chat]
        answer = self.command(server, user, chat_id, "forget everything" + " yes" * (sure == 0))
        if not answer:
            return
        told = match[1] if (match := _COUNTED.search(answer)) else "0"
        assert int(told) == len([one for one in self.ledger.own if one.owner == user and one.alive])
        if sure == 0:
            self.ledger.forgets_everything(user)
            self.typed.pop(user, None)
            self.last_command.pop(user)  # nothing is known of it either
            self.seen = {key: seen for key, seen in self.seen.items() if key[0] != user}
            for other in range(3):
                self.team(1 - server, other, chat)

    @rule(server=servers_, who=people, chat=chats)
    def undo(self, server: int, who: int, chat: int) -> None:
        user = self.people[who]
        answer = self.command(server, user, self.chat_ids[chat], "undo")
        for text, what in _UNDONE.findall(answer):
            (only,) = words_in(text)
            self.ledger.undone(user, what, only)

    # Teams

    @rule(server=servers_, who=people, chat=chats)
    def team(self, server: int, who: int, chat: int) -> None:
        user = self.people[who]
        answer = self.command(server, user, self.chat_ids[chat], "team")
        assert self.is_nobody(user) or words_in(answer) == self.ledger.ours(user)

    @rule(server=servers_, who=people, chat=chats, number=numbers, team=teams_, look=glances)
    def share(self, server: int, who: int, chat: int, number: int, team: str, look: str | None) -> None:
        user, chat_id, team = self.people[who], self.chat_ids[chat], f"{team}{self.run}"
        self.looks(user, chat_id, look)
        meant = self.meant(user, chat_id, number)
        known = [one for one in self.ledger.shared if one.alive and meant and one.word == meant.word]
        if any((one.team, one.by) != (team, user) for one in known):
            return  # one word would name two memories of teams
        answer = self.command(server, user, chat_id, f"share {number} {team}")
        may = bool(meant) and team in self.ledger.teams_of(user)
        assert answer.startswith(f"Team {team} now knows: ") == may
        if may and meant and not known:
            self.ledger.shared.append(Shared(team, meant.word, user))

    @rule(server=servers_, who=people, chat=chats, number=numbers, look=glances)
    def withdraw(self, server: int, who: int, chat: int, number: int, look: str | None) -> None:
        user, chat_id = self.people[who], self.chat_ids[chat]
        self.looks(user, chat_id, look)
        shared = self.seen.get((user, chat_id), {}).get(number, Seen()).shared
        answer = self.command(server, user, chat_id, f"withdraw {number}")
        may = shared is not None and shared.alive and shared.by == user
        assert answer.startswith("Withdrawn: ") == may
        if may and shared:
            shared.alive = False

    @rule(server=servers_, who=people, other=people, number=numbers)
    def withdraw_what_others_were_told(self, server: int, who: int, other: int, number: int) -> None:
        user = self.people[other]
        chat = self.chat(user)
        for _ in range(2):
            self.takes_turn(server, user, message(chat, QUESTION), "", "")
        self.withdraw(1 - server, who, 0, number, "team")
        self.takes_turn(server, user, message(chat, QUESTION), "", "")

    @rule(members=members_)
    def others_are_in_teams(self, members: list[tuple[int, str, bool]]) -> None:
        self.change_teams(members)

    @rule(server=servers_, who=people, members=members_, folder=folders, model=models)
    def go_on_where_others_are_in_teams(
        self, server: int, who: int, members: list[tuple[int, str, bool]], folder: str, model: str
    ) -> None:
        """A chat that was told what a team knew goes on elsewhere, and its user asks what it was told."""
        user = self.people[who]
        chat = self.chat(user)
        for number in (server, 1 - server):
            self.takes_turn(number, user, message(chat, QUESTION, folder=folder, model=model), folder, model)
            self.change_teams(members)
            self.explained(number, user, chat.chat_id)
        self.takes_turn(server, user, message(chat, QUESTION), "", "")

    # In and out

    @rule(server=servers_, who=people, chat=chats)
    def export(self, server: int, who: int, chat: int) -> None:
        user = self.people[who]
        answer = self.command(server, user, self.chat_ids[chat], "export")
        if self.is_nobody(user):
            return
        assert words_in(answer) == self.ledger.mine(user)
        self.exports += [line for line in answer.splitlines() if line.startswith("{")]

    @precondition(lambda self: self.exports)
    @rule(server=servers_, who=people, chat=chats, first=st.integers(0, 20))
    def import_what_another_exported(self, server: int, who: int, chat: int, first: int) -> None:
        user = self.people[who]
        first %= len(self.exports)
        rows = self.exports[first : first + 3]
        held = self.ledger.mine(user)
        answer = self.command(server, user, self.chat_ids[chat], "import\n" + "\n".join(rows))
        for row in rows if answer else ():
            (only,) = words_in(row)
            if only not in held:
                held.add(only)
                self.ledger.learns(user, only, json.loads(row)["metadata"].get("kind", "fact"))

    @rule(server=servers_, who=people, other=people, chat=chats, team=teams_)
    def import_for_another(self, server: int, who: int, other: int, chat: int, team: str) -> None:
        """Rows that name somebody else, a team, a folder and the batch of what another has shared."""
        user, new = self.people[who], self.new_word()
        row = {
            "memory": SAYINGS["fact"].format(new),
            "user_id": f"team/{team}{self.run}" if other == who else self.people[other],
            "metadata": {
                "scope": f"team:{team}{self.run}",
                "batch": f"shared by {self.people[other]}",
                "user_id": self.people[other],
            },
        }
        if self.command(server, user, self.chat_ids[chat], f"import\n{json.dumps(row)}"):
            self.ledger.learns(user, new, "fact")

    @rule(who=people)
    def export_on_the_command_line(self, who: int) -> None:
        user = self.people[who]
        if self.is_nobody(user):
            return  # an admin may name a team's id
        file = self.scratch / f"{new_id()}.jsonl"
        assert words_in(self.servers.exported(user, file)) == self.ledger.mine(user)

    # The rest

    @rule(server=servers_, who=people, chat=chats)
    def status(self, server: int, who: int, chat: int) -> None:
        user = self.people[who]
        if answer := self.command(server, user, self.chat_ids[chat], "status"):
            count = len([one for one in self.ledger.own if one.owner == user and one.alive])
            assert _COUNTED.search(answer)[1] == str(count)  # type: ignore[index]

    @rule(server=servers_, who=people, chat=chats, on=st.booleans(), always=st.booleans())
    def switch(self, server: int, who: int, chat: int, *, on: bool, always: bool) -> None:
        user, chat_id = self.people[who], self.chat_ids[chat]
        self.command(server, user, chat_id, ("on" if on else "off") + " always" * always)
        self.ledger.switches(user, "" if always else chat_id, on=on)

    @rule(server=servers_, who=people, by=people)
    def answer_of_the_same_command(self, server: int, who: int, by: int) -> None:
        """Once more on any server, and by somebody else, who says it was theirs."""
        user, other = self.people[who], self.people[by]
        if user not in self.last_command:
            return
        turn, answer = self.last_command[user]
        body = turn.outlet("OK")
        again = said_last(self.servers.outlet(server, body, self.chat(other).user))
        nothing = (
            "OK" if self.is_nobody(other) else ENGLISH.say("not now")
        )  # the model's answer is never the user's
        assert again in ((answer, _DONE_BEFORE) if user == other and answer else (nothing,))


_DONE_BEFORE = "This command has been carried out already. To see its answer again, send it again."


@pytest.fixture
def servers(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in {
        "PROVIDER": "openai",
        "BASE_URL": scripted_llm.base_url,
        "API_KEY": "k",
        "MODEL": "scripted-embed",
    }.items():
        monkeypatch.setenv(f"MEMORY_EMBEDDER_{name}", value)
    monkeypatch.setenv("MEMORY_INLET_DEADLINE_MS", "10000")
    monkeypatch.setenv("MEMORY_EPISODES", "off")  # whose passages are whose: test_mixed_paths
    monkeypatch.setattr(outcomes, "PAGE", PAGE)
    with running() as servers:
        yield servers


@pytest.mark.parametrize("examples", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_nobody_gets_what_is_not_theirs_through_any_route(
    servers: Servers, tmp_path: Path, examples: int
) -> None:
    class Here(Lives):
        pass

    Here.servers, Here.scratch = servers, tmp_path
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples,
            stateful_step_count=35,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate,),  # shrinking takes minutes: let it, when something is found
            suppress_health_check=list(HealthCheck),
        ),
    )
