"""A user's own switches, and that inlet and outlet obey them at once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from owui_memory.core.permission import Permission
from owui_memory.core.turn import Turn
from owui_memory.interfaces.body import read_inlet
from owui_memory.recall.injected import Injected
from owui_memory.state.permissions import Permissions
from owui_memory.state.switches_table import Switches
from tests.harness.bodies import Chat


def turn_in(chat: str, user: str = "ada", text: str = "Hello there.") -> Turn:
    said = Chat(user, chat).say(text)
    return read_inlet(said.inlet, said.user)


@pytest.fixture
def switches(engine: Engine) -> Switches:
    return Switches(engine)


def test_a_model_is_left_out_of_all_chats(switches: Switches, engine: Engine) -> None:
    switches.set_model("ada", "gpt-x", on=False)
    switches.set("ada", "c1", on=True)
    here, there = replace(turn_in("c1"), model="gpt-x"), replace(turn_in("c1"), model="llama")
    assert [switches.is_on("ada", "c1", one.model) for one in (here, there)] == [False, True]
    assert [Injected(engine).conversation(one).on for one in (here, there)] == [False, True]
    allowed = [Permissions(engine).allow("ada", Permission.of(one, "")) for one in (here, there)]
    assert allowed == [False, True]
    assert switches.is_on("bob", "c1", "gpt-x")
    assert (switches.models_off("ada"), list(switches.of_chats("ada"))) == (["gpt-x"], ["c1"])
    switches.set_model("ada", "gpt-x", on=True)
    assert (switches.is_on("ada", "c1", "gpt-x"), switches.models_off("ada")) == (True, [])


WHERE = st.sampled_from(["", "c1", "c2"])


@given(steps=st.lists(st.tuples(st.sampled_from(["ada", "bob"]), WHERE, st.booleans()), max_size=6))
def test_all_who_ask_get_the_same_answer(engine: Engine, steps: list[tuple[str, str, bool]]) -> None:
    switches, told, decisions = Switches(engine), Injected(engine), Permissions(engine)
    run = Chat().chat_id  # users of this example
    state: dict[tuple[str, str], bool] = {}
    for user, chat, on in steps:
        switches.set(f"{user}-{run}", chat, on=on)
        state[user, chat] = on
    for user in ("ada", "bob"):
        for chat in ("c1", "c2", ""):
            expected = state.get((user, chat), state.get((user, ""), True))
            turn = turn_in(chat or "c", f"{user}-{run}")
            turn = replace(turn, chat_id=chat)
            assert switches.is_on(turn.user_id, chat) == expected
            assert told.conversation(turn).on == expected
            assert decisions.allow(turn.user_id, Permission.of(turn, "")) == expected
            assert (decisions.allowed(turn.user_id, [turn.key]) is not None) == expected


def test_what_was_announced_is_taken_back(switches: Switches, engine: Engine) -> None:
    switches.set("ada", "c1", on=False)
    decisions, turn = Permissions(engine), turn_in("c1")
    decisions.remind(turn.user_id, Permission.of(turn, ""))
    assert not decisions.allow(turn.user_id, Permission.of(turn, ""))
    assert decisions.allowed("ada", [turn.key]) is None


def test_the_same_turn_once_more_is_allowed_still(engine: Engine) -> None:
    decisions, turn = Permissions(engine), turn_in("c1")
    assert decisions.allow(turn.user_id, Permission.of(turn, ""))
    assert decisions.allow(turn.user_id, Permission.of(turn, ""))
