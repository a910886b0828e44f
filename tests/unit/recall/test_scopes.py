"""Folders, personas and teams: everybody is told what is theirs to see in this chat, and nothing else."""

import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from owui_memory.commands.parse import is_command
from owui_memory.config.policy import decide
from owui_memory.config.scoping import scope_of
from owui_memory.config.settings import Valves
from owui_memory.core.memory import Memory
from owui_memory.core.scope import read_teams, scope_for, team_owner, writing_view
from owui_memory.core.turn import Turn
from owui_memory.interfaces.body import read_inlet, with_blocks
from tests.harness.bodies import Chat, inlet_body, recording, user_of
from tests.harness.samples import NOW
from tests.unit.recall.conversation import House

LOCKER = re.compile(r"locker number (\d+)")
TEAMS = {"design": ("ada", "bob"), "sales": ("bob", "cleo")}


def asked(user: str, *, folder: str = "", model: str = "plain", text: str = "") -> Turn:
    """A first message of a new chat."""
    body = inlet_body(text or "Which locker numbers are there?", user_id=user, model=model)
    body["metadata"]["folder_id"] = folder or None
    return read_inlet(body, user_of(user))


def told(house: House, turn: Turn) -> set[str]:
    """The numbers of the lockers that the model gets to know of."""
    recalled = house.recaller.recall(house.backend, turn, house.settings, NOW)
    prompt = with_blocks({"messages": [{"role": "user", "content": turn.text}]}, recalled.blocks)["messages"]
    return set(LOCKER.findall("\n".join(message["content"] for message in prompt)))


def learns(house: House, turn: Turn, number: str, kind: str) -> None:
    scope = scope_of(turn, house.settings)
    house.knows(f"The locker number {number} is green.", user=turn.user_id, kind=kind, scope=scope)


def shares(house: House, team: str, number: str) -> None:
    house.backend.store(team_owner(team), Memory("", f"The locker number {number} is green."))


@dataclass(frozen=True)
class Said:
    """A statement, and where it was made."""

    number: str
    who: str
    folder: str
    model: str
    kind: str

    def is_for(self, who: str, folder: str, model: str) -> bool:
        """By the words of the documentation, not by the code."""
        if self.who != who:
            return False
        if self.model.startswith("tutor"):
            return self.model == model
        return not self.folder or self.kind in ("profile", "preference") or self.folder == folder


people = st.sampled_from(["ada", "bob", "cleo"])
folders = st.sampled_from(["", "garden", "thesis"])
models = st.sampled_from(["plain", "tutor-maths", "tutor-latin"])
kinds = st.sampled_from(["profile", "preference", "fact", "plan"])
statements = st.lists(st.tuples(people, folders, models, kinds), max_size=8)
shared = st.lists(st.sampled_from(sorted(TEAMS)), max_size=3)
views = st.lists(st.tuples(people, folders, models), min_size=1, max_size=4)


@settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(statements, shared, views)
def test_nobody_is_told_what_is_not_theirs_and_everybody_what_is(
    house: House, statements: list[Any], shared: list[str], views: list[Any]
) -> None:
    run = uuid.uuid4().hex[:6]
    teams = "; ".join(
        f"{team}-{run}: {' '.join(f'{who}-{run}' for who in who_is_in)}" for team, who_is_in in TEAMS.items()
    )
    house.settings = house.settings.model_copy(
        update={
            "folder_memories": "own",
            "personas": "tutor-*",
            "teams": teams,
            "memories_per_turn": 50,
            "relevance_threshold": 0.0,
            "memory_token_budget": 16000,
            "advanced": "profile_token_budget=4000",
        }
    )
    said = [Said(str(100 + n), *one) for n, one in enumerate(statements)]
    for one in said:
        turn = asked(f"{one.who}-{run}", folder=one.folder, model=one.model)
        learns(house, turn, one.number, one.kind)
    for n, team in enumerate(shared):
        shares(house, f"{team}-{run}", str(200 + n))
    for who, folder, model in views:
        mine = {one.number for one in said if one.is_for(who, folder, model)}
        ours = {str(200 + n) for n, team in enumerate(shared) if who in TEAMS[team]}
        seen = told(house, asked(f"{who}-{run}", folder=folder, model=model))
        assert seen == mine | ours


def test_where_a_memory_comes_from_is_told(house: House) -> None:
    house.settings = house.settings.model_copy(
        update={"folder_memories": "own", "personas": "tutor", "teams": "design: ada"}
    )
    learns(house, asked("ada", folder="garden"), "1", "fact")
    learns(house, asked("ada", model="tutor"), "2", "fact")
    shares(house, "design", "3")
    turn = asked("ada", folder="garden", model="tutor")
    recalled = house.recaller.recall(house.backend, turn, house.settings, NOW)
    block = recalled.blocks.system
    assert re.search(r'- \([^)]*this project\) "The locker number 1 ', block)
    assert re.search(r'- \([^)]*said to this model\) "The locker number 2 ', block)
    assert re.search(r'- A member of team design \(recently\): "The locker number 3 ', block)


def test_without_the_settings_nothing_is_set_apart(house: House) -> None:
    learns(house, asked("ada", folder="garden", model="tutor"), "1", "fact")
    assert told(house, asked("ada")) == {"1"}


def test_who_leaves_a_team_sees_nothing_of_it_any_more(house: House) -> None:
    house.settings = house.settings.model_copy(update={"teams": "design: ada bob@example.com"})
    shares(house, "design", "1")
    assert told(house, asked("ada")) == {"1"}
    assert told(house, asked("bob")) == {"1"}, "by e-mail address"
    house.settings = house.settings.model_copy(update={"teams": "design: ada"})
    assert told(house, asked("bob")) == set()


def goes_on(house: House, chat: Chat, *, model: str = "plain", folder: str = "") -> set[str]:
    """The numbers that the model gets to know of with the chat's next message."""
    said = chat.say("Which locker numbers are there?", model=model)
    said.inlet["metadata"]["folder_id"] = folder or None
    turn = read_inlet(said.inlet, said.user)
    recalled = house.recaller.recall(house.backend, turn, house.settings, NOW)
    house.recaller.keep(turn, recalled)
    prompt = with_blocks(said.inlet, recalled.blocks)["messages"]
    said.outlet("Some.")
    return set(LOCKER.findall("\n".join(message["content"] for message in prompt)))


def test_a_chat_that_goes_on_elsewhere_is_not_told_again_what_it_was_told_there(house: House) -> None:
    house.settings = house.settings.model_copy(update={"folder_memories": "own", "personas": "tutor"})
    learns(house, asked("ada"), "1", "fact")
    learns(house, asked("ada", folder="garden"), "2", "fact")
    learns(house, asked("ada", model="tutor"), "3", "fact")
    chat = Chat("ada")
    assert goes_on(house, chat, model="tutor", folder="garden") == {"1", "2", "3"}
    assert goes_on(house, chat, folder="garden") == {"1", "2"}
    assert goes_on(house, chat, folder="thesis") == {"1"}
    assert goes_on(house, chat, model="tutor", folder="garden") == {"1", "2", "3"}, "it is still there"
    assert goes_on(house, chat) == {"1"}


def test_a_chat_that_goes_on_when_its_user_has_left_a_team(house: House) -> None:
    house.settings = house.settings.model_copy(update={"teams": "design: ada"})
    shares(house, "design", "1")
    learns(house, asked("ada"), "2", "fact")
    chat = Chat("ada")
    assert goes_on(house, chat) == {"1", "2"}
    assert goes_on(house, chat) == {"1", "2"}
    house.settings = house.settings.model_copy(update={"teams": "design: bob"})
    assert goes_on(house, chat) == {"2"}


def test_what_a_team_knows_no_more_is_not_told_again_to_any_of_its_chats(house: House) -> None:
    house.settings = house.settings.model_copy(update={"teams": "design: ada"})
    owner = team_owner("design")
    green = house.knows("The locker number 1 is green.", user=owner)
    house.knows("The locker number 2 is red.", user=owner)
    chat = Chat("ada")
    for _ in range(2):  # the second time, what was told has been looked at
        assert goes_on(house, chat) == {"1", "2"}
    house.forgets(green, user=owner)
    assert goes_on(house, chat) == {"2"}


def test_nobody_can_be_a_team() -> None:
    turn = asked(team_owner("design"))
    decision = decide(turn, Valves())
    assert (decision.read, decision.write) == (False, False)
    assert not is_command(asked(team_owner("design"), text="/memory"))
    assert is_command(asked("design", text="/memory"))


def test_a_folder_is_read_from_a_real_body() -> None:
    kept = recording("folder-chat.inlet")
    turn = read_inlet(kept["body"], kept["user"])
    assert turn.folder == kept["body"]["metadata"]["folder_id"]
    assert turn.email == kept["user"]["email"]


class TestWriting:
    def test_what_a_persona_is_told_changes_only_what_it_was_told(self) -> None:
        view = writing_view("persona:tutor")
        assert view.sees("persona:tutor")
        assert not view.sees("")

    def test_in_a_folder_what_is_known_everywhere_may_be_corrected(self) -> None:
        view = writing_view("folder:garden")
        assert view.sees("folder:garden")
        assert view.sees("")
        assert not view.sees("folder:thesis")

    def test_nothing_changes_what_a_team_knows(self) -> None:
        assert not any(writing_view(scope).sees("team:design") for scope in ("", "folder:x", "persona:x"))

    @pytest.mark.parametrize(
        ("scope", "kind", "kept"),
        [
            ("folder:garden", "fact", "folder:garden"),
            ("folder:garden", "plan", "folder:garden"),
            ("folder:garden", "profile", ""),
            ("folder:garden", "preference", ""),
            ("persona:tutor", "profile", "persona:tutor"),
            ("", "fact", ""),
        ],
    )
    def test_who_the_user_is_holds_in_every_project(self, scope: str, kind: str, kept: str) -> None:
        assert scope_for(scope, kind) == kept


class TestTeams:
    def test_names_and_people(self) -> None:
        teams = read_teams(" design: Ada@Example.org bob ;; sales:eve@example.org; empty:")
        assert teams == {
            "design": {"ada@example.org", "bob"},
            "sales": {"eve@example.org"},
            "empty": frozenset(),
        }

    @pytest.mark.parametrize("text", ["ada", "de sign: ada", ": ada", "a: x; a: y"])
    def test_what_cannot_be_meant_is_refused_in_a_sentence(self, text: str) -> None:
        with pytest.raises(ValueError, match="teams must be like 'design: "):
            Valves(teams=text)
