"""Commands, each carried out once, and what their numbers mean; on SQLite and on PostgreSQL."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, update

from owui_memory.core.errors import ClaimLost
from owui_memory.core.turn import Turn
from owui_memory.interfaces.body import read_inlet
from owui_memory.manage import command_log as orders
from owui_memory.manage.command_log import EXPIRED, CommandLog
from owui_memory.manage.erasure.retention import prune
from owui_memory.state import commands, shown
from tests.harness.bodies import Chat


def turn_of(text: str = "/memory", user: str = "ada") -> Turn:
    said = Chat(user).say(text)
    return read_inlet(said.inlet, said.user)


def test_one_has_it_until_it_is_answered_and_all_get_the_answer(engine: Engine) -> None:
    first, second = CommandLog(engine), CommandLog(engine)
    turn = turn_of("/memory undo")
    other = replace(turn, key="another answer to come")
    first.give(turn)
    second.give(other)
    key = first.of_turn("ada", [turn.key])
    assert key == second.of_turn("ada", ["", other.key]) == turn.exchange_key
    order = first.take("ada", key)
    assert (order.text, order.user_id, order.attempts) == ("/memory undo", "ada", 1)
    assert second.take("ada", key) is None
    assert second.answer_to("ada", key) == ""
    first.answered(order, "Taken back.")
    assert second.answer_to("ada", key) == "Taken back."
    assert second.take("ada", key) is None


def test_a_command_is_nobody_elses(engine: Engine) -> None:
    turn = turn_of()
    CommandLog(engine).give(turn)
    assert CommandLog(engine).of_turn("bob", [turn.key]) == ""


def test_who_stood_still_is_told_and_cannot_answer(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    turn = turn_of()
    kept = CommandLog(engine)
    kept.give(turn)
    monkeypatch.setattr(orders, "_HELD_S", -1.0)
    frozen = kept.take("ada", turn.exchange_key)
    again = kept.take("ada", turn.exchange_key)
    assert frozen is not None
    assert again.attempts == 2
    with pytest.raises(ClaimLost):
        kept.renew(frozen)
    kept.renew(again)
    kept.answered(frozen, "late")
    assert kept.answer_to("ada", turn.exchange_key) == ""


def test_what_could_not_be_done_may_be_tried_at_once(engine: Engine) -> None:
    turn = turn_of()
    kept = CommandLog(engine)
    kept.give(turn)
    order = kept.take("ada", turn.exchange_key)
    assert order is not None
    kept.released(order)
    assert kept.take("ada", turn.exchange_key) is not None


def test_old_answers_and_those_before_something_was_forgotten_are_gone(engine: Engine) -> None:
    kept = CommandLog(engine)
    for user in ("ada", "bob"):
        turn = turn_of("/memory remember my PIN is 1234", user)
        kept.give(turn)
        order = kept.take(user, turn.exchange_key)
        assert order is not None
        kept.answered(order, "Remembered: my PIN is 1234")
    assert kept.erase_answers("ada") == 1
    with engine.connect() as connection:
        rows = connection.execute(select(commands.c.user_id, commands.c.text, commands.c.answer)).all()
    assert sorted(rows) == [("ada", "", ""), ("bob", "", "Remembered: my PIN is 1234")]
    with engine.begin() as connection:
        connection.execute(update(commands).values(asked_at=commands.c.asked_at - 25 * 3600))
    prune(engine)
    with engine.connect() as connection:
        assert set(connection.scalars(select(commands.c.answer))) == {""}
    assert kept.answer_to(order.user_id, order.key) == EXPIRED


def test_numbers_mean_what_was_seen_last_in_this_chat(engine: Engine) -> None:
    kept = CommandLog(engine)
    kept.show("ada", "c", ["a", "b"])
    kept.show("ada", "other", ["x"])
    kept.show("bob", "c", ["y"])
    kept.show("ada", "c", ["c"], first=3, anew=False)
    assert kept.shown("ada", "c") == {"1": "a", "2": "b", "3": "c"}
    kept.show("ada", "c", ["d"])
    assert kept.shown("ada", "c") == {"1": "d"}
    assert kept.shown("carol", "c") == {}
    with engine.connect() as connection:
        assert len(connection.execute(select(shown)).all()) == 3


def test_a_secret_in_a_command_is_never_kept(engine: Engine) -> None:
    """Its chat may be stopped before it is carried out: then it stays for a day."""
    said = turn_of("/memory remember my bank password is hunter2")
    CommandLog(engine).give(said)
    with engine.connect() as connection:
        rows = [str(row) for row in connection.execute(select(commands))]
    assert rows
    assert not any("hunter2" in row for row in rows)
