"""The course of people's lives with the filter, and what may come out of it: see the test that draws them."""

import re
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.harness.bodies import Turn, new_id
from tests.unit.interfaces.ledger import SAYINGS, Ledger, Own, Shared, word, words_in
from tests.unit.interfaces.servers import OwnChat, Servers, call, message, said_last

# Ids that something might take for others', for a pattern, for a path or for a query.
NAMES = ["ad", "ad", "ada1", "ada/1", "ad%", "a_a", "ada*", "ádá", "ada'--", 'a"d', "../ada", "{ada}"]
NOBODY = ["*", "team/design", "team/Design"]  # whom no user can be: what a team knows lies under such an id
FOLDERS = ["", "", "garden", "garden", "garden/2", "team:design"]
MODELS = ["plain", "plain", "plain", "tutor-maths", "tutor-maths", "tutor-math", "Tutor-maths"]
QUESTION = (
    "Which green locker holds paint and ladders, do I live in Berlin, near what, "
    "and which short answers do I prefer?"
)
PAGE = 4
TEAMS = ["design", "design", "design", "Design", "design-2"]


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


class Course(RuleBasedStateMachine):
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

    # Who and where

    def is_nobody(self, user: str) -> bool:
        return user == self.people[-1]

    def chat(self, user: str, chat_id: str = "") -> OwnChat:
        """A user's own course of a chat; a new one without an id."""
        email = f"Person-{self.people.index(user)}-{self.run}@Example.org"
        new = OwnChat(user, chat_id or new_id(), email=email)
        return self.chats.setdefault((user, chat_id), new) if chat_id else new

    def new_word(self) -> str:
        Course.said += 1
        self.words.append(word(Course.said))
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

    def explained(self, server: int, user: str, chat_id: str) -> set[str]:
        """What a user is told of the last answer in a chat; the message they know themselves."""
        first, _, rest = self.command(server, user, chat_id, "why").partition("\n")
        assert words_in(first) <= self.typed.get(user, set())
        assert words_in(rest) <= self.ledger.mine(user) | self.ledger.ours(user)
        return words_in(rest)

    def looks(self, user: str, chat_id: str, look: str | None) -> None:
        """At a list, on the other server than usual."""
        if look is not None:
            self.command(0, user, chat_id, look)

    def meant(self, user: str, chat_id: str, number: int) -> Own | None:
        """The own memory that is there under a number that this user has seen in this chat."""
        own, life, _ = self.seen.get((user, chat_id), {}).get(number, Seen())
        return own if own and own.alive and own.lives == life else None


class LivesInTeams(Course):
    """What they do with what a team knows."""

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
