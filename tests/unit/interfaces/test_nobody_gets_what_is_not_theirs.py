"""Random people, folders, personas and teams, two servers, and nobody gets what is not theirs.

After each step, whatever came out of it is searched for the words of statements (`ledger.py`). Where the
documentation promises all of somebody's memories, all of them must be there.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from owui_memory.core.locales import ENGLISH
from owui_memory.manage import outcomes
from tests.harness.bodies import new_id
from tests.harness.pipelines_server import with_embedder
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.interfaces.course import (
    NAMES,
    NOBODY,
    PAGE,
    QUESTION,
    LivesInTeams,
    any_word,
    chats,
    folders,
    glances,
    kinds,
    members_,
    models,
    numbers,
    people,
    servers_,
    teams_,
)
from tests.unit.interfaces.ledger import SAYINGS, words_in
from tests.unit.interfaces.servers import Servers, call, message, running, said_last

_UNDONE = re.compile(
    r"^\| (.*) \| (no longer remembered|remembered again|as it was before) \|$", re.MULTILINE
)
_COUNTED = re.compile(r"(\d+) memor(?:y|ies)")


def _has_exported(machine: Lives) -> bool:
    """No lambda: Hypothesis parses a lambda's source, which Python 3.11 may fail at beside other threads."""
    return bool(machine.exports)


class Lives(LivesInTeams):
    """What people do, with as many servers."""

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

    # Steps

    @rule(server=servers_, who=people, chat=chats, folder=folders, model=models, kind=kinds)
    def say(self, server: int, who: int, chat: int, folder: str, model: str, kind: str) -> None:
        user, chat_id, new = self.people[who], self.chat_ids[chat], self.new_word()
        turn = message(self.chat(user, chat_id), SAYINGS[kind].format(new), folder=folder, model=model)
        self.takes_turn(server, user, turn, folder, model)
        if self.ledger.is_on(user, chat_id) and not self.is_nobody(user):
            self.ledger.learns(user, new, kind, folder, model)

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

    # In and out

    @rule(server=servers_, who=people, chat=chats)
    def export(self, server: int, who: int, chat: int) -> None:
        user = self.people[who]
        answer = self.command(server, user, self.chat_ids[chat], "export")
        if self.is_nobody(user):
            return
        assert words_in(answer) == self.ledger.mine(user)
        self.exports += [line for line in answer.splitlines() if line.startswith("{")]

    @precondition(_has_exported)
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
            assert _COUNTED.search(answer)[1] == str(count)

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
    for name, value in with_embedder(scripted_llm).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MEMORY_INLET_DEADLINE_MS", "10000")
    monkeypatch.setenv("MEMORY_EPISODES", "off")  # whose passages are whose: test_mixed_paths
    monkeypatch.setattr(outcomes, "PAGE", PAGE)
    with running() as servers:
        yield servers


@pytest.mark.parametrize("examples", [1, pytest.param(12, marks=pytest.mark.slow)])
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
