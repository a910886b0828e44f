"""A clock that was wrong by days and is put right holds nothing up, gives nothing up and loses nothing."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from owui_memory.backends.locations import PUT_RIGHT_S, Locations, location_of
from owui_memory.config.settings import Valves
from owui_memory.core.change import Change
from owui_memory.core.exchange import Batch, Exchange
from owui_memory.core.permission import Permission
from owui_memory.interfaces.body import read_inlet, read_outlet
from owui_memory.manage.command_log import CommandLog
from owui_memory.manage.erasure import erase as erasing
from owui_memory.manage.erasure.erase import Eraser
from owui_memory.manage.erasure.erasures import DONE, Erasures
from owui_memory.manage.erasure.retention import prune
from owui_memory.observe.metrics import Metrics
from owui_memory.remember.journal import Journal
from owui_memory.remember.keeper import Keeper
from owui_memory.remember.outbox import Outbox, is_overdue
from owui_memory.remember.spill import Spill, Spilled
from owui_memory.remember.turns import CLAIM_S, PAUSE_MOST_S
from owui_memory.state import outbox
from owui_memory.state.clock import is_later
from owui_memory.state.permissions import Permissions
from tests.harness.bodies import Chat
from tests.harness.places import Place
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.interfaces.test_filter import Running, filter_, remember

__all__ = ["filter_"]

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
JUMPS = (-2 * DAY_S, 7 * HOUR_S)


class Clock:
    """The wall clock of this machine, which tests put wrong; the monotonic one goes on."""

    def __init__(self) -> None:
        self.wrong_by = 0.0

    def time(self) -> float:
        return _time() + self.wrong_by


_time = time.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock.time)
    return clock


def exchange(key: str, chat: str = "c", *, said_at: float = 0.0, follows: str = "") -> Exchange:
    said_at = said_at or time.time()
    return Exchange(f"ada\n{chat}\n{key}", "ada", chat, "I live in Lisbon.", "", said_at, follows=follows)


def waits_for_its_chat(queue: Outbox) -> float:
    queue.put(exchange("1"), wait_s=30, batch_max=8)
    return 30


def is_gathered(queue: Outbox) -> float:
    queue.put(exchange("1"), wait_s=30, batch_max=8)
    queue.put(exchange("2"), wait_s=30, batch_max=8)
    return 30


def was_claimed_by_who_died(queue: Outbox) -> float:
    queue.put(exchange("1"))
    assert queue.claim()
    return CLAIM_S


def is_to_be_tried_again(queue: Outbox) -> float:
    queue.put(exchange("1"))
    batch = queue.claim()
    assert batch
    queue.retry(replace(batch, attempts=20), "down")
    return PAUSE_MOST_S


def is_postponed(queue: Outbox) -> float:
    queue.put(exchange("1"))
    batch = queue.claim()
    assert batch
    queue.postpone(batch, "unreadable", 20)
    return PAUSE_MOST_S


@pytest.mark.parametrize("wrong_by", JUMPS)
@pytest.mark.parametrize(
    "done_while_wrong",
    [waits_for_its_chat, is_gathered, was_claimed_by_who_died, is_to_be_tried_again, is_postponed],
)
def test_the_queue_goes_on(
    engine: Engine, clock: Clock, done_while_wrong: Callable[[Outbox], float], wrong_by: float
) -> None:
    queue = Outbox(engine)
    clock.wrong_by = wrong_by
    wait_s = done_while_wrong(queue)
    clock.wrong_by = wait_s + 1  # put right, and so much later
    batch = queue.claim()
    assert batch.exchanges[0].message_id == "1"


@pytest.mark.parametrize("wait_s", [30, HOUR_S])
def test_what_waits_by_right_goes_on_waiting(engine: Engine, clock: Clock, wait_s: float) -> None:
    queue = Outbox(engine)
    queue.put(exchange("1"), wait_s=wait_s, batch_max=8)
    assert queue.claim() is None
    clock.wrong_by = wait_s - 1
    assert queue.claim() is None
    clock.wrong_by = wait_s + 1
    assert queue.claim() is not None


@pytest.mark.parametrize("wrong_by", JUMPS)
def test_nobody_takes_a_batch_from_themselves(engine: Engine, clock: Clock, wrong_by: float) -> None:
    queue = Outbox(engine)
    queue.put(exchange("1"))
    batch = queue.claim()
    clock.wrong_by = wrong_by
    assert queue.claim(in_hand=[batch.name]) is None
    queue.renew(batch)
    assert Outbox(engine).claim() is None, "renewed, it is nobody else's"
    assert queue.done(batch)


@pytest.mark.parametrize("wrong_by", JUMPS)
def test_an_edited_message_counts(engine: Engine, clock: Clock, wrong_by: float) -> None:
    queue = Outbox(engine)
    clock.wrong_by = wrong_by
    queue.put(exchange("original", follows="start"))
    clock.wrong_by = 0.0
    assert queue.put(exchange("edited", follows="start"))
    with engine.connect() as connection:
        states = dict(connection.execute(select(outbox.c.key, outbox.c.state)).all())
    assert states == {"ada\nc\noriginal": "done", "ada\nc\nedited": "pending"}


@pytest.mark.parametrize("wrong_by", [0.0, 2 * DAY_S])
def test_an_answer_to_the_original_that_comes_late_does_not(
    engine: Engine, clock: Clock, wrong_by: float
) -> None:
    """Both were said before the clock was put right."""
    queue = Outbox(engine)
    clock.wrong_by = wrong_by
    original, edited = exchange("original", follows="start"), exchange("edited", follows="start")
    queue.put(edited)
    clock.wrong_by = 0.0
    assert not queue.put(original)


@pytest.mark.parametrize(
    ("hours", "attempts", "waited_h", "overdue"),
    [
        (48, 1, 50, False),  # the clock has jumped, or no server ran
        (48, 200, 50, False),
        (48, 600, 50, True),
        (48, 600, 40, False),
        (48, 600, -48, False),
        (48, 1300, -48, True),  # by then it was tried for days
        (1, 2, 1.1, False),
        (1, 12, 1.1, True),
        (0, 1, 0, True),
    ],
)
def test_how_long_something_was_tried(hours: float, attempts: int, waited_h: float, overdue: bool) -> None:
    batch = Batch("b", "ada", (exchange("1"),), attempts, time.time() - waited_h * HOUR_S)
    assert is_overdue(batch, hours) is overdue


@pytest.mark.parametrize("wrong_by", JUMPS)
def test_a_command_is_carried_out(engine: Engine, clock: Clock, wrong_by: float) -> None:
    said = Chat("ada").say("/memory")
    turn, orders = read_inlet(said.inlet, said.user), CommandLog(engine)
    clock.wrong_by = wrong_by
    orders.give(turn)
    assert orders.take("ada", turn.exchange_key) is not None
    clock.wrong_by = 16
    assert CommandLog(engine).take("ada", turn.exchange_key) is not None, "who had it has died"


@pytest.mark.parametrize("wrong_by", JUMPS)
def test_a_place_is_held_by_nobody_who_is_gone(engine: Engine, clock: Clock, wrong_by: float) -> None:
    places, place = Locations(engine, "memories"), location_of(Valves())
    places.settle(place)
    clock.wrong_by = wrong_by
    assert places.hold(place, "one", 60)
    clock.wrong_by = 61
    assert not Erasures(engine).copying()
    assert places.hold(place, "two", 60)


@pytest.mark.parametrize("wrong_by", [-2 * DAY_S, 2 * DAY_S])
def test_what_was_taken_away_does_not_come_back(engine: Engine, clock: Clock, wrong_by: float) -> None:
    """From a place that was left while the clock was wrong."""
    left_at = time.time() + wrong_by
    removal = Change("b", 0, "ada", "remove", "gone", "I live in Lisbon.", "", made=True)
    Journal(engine).intend([removal])
    assert Locations(engine, "memories").removed_since(left_at) == {"gone"}
    assert 2 * DAY_S < PUT_RIGHT_S


@pytest.mark.parametrize("wrong_by", [-2 * DAY_S, 2 * DAY_S])
def test_an_answer_is_remembered_while_the_clock_is_put_right(
    engine: Engine, clock: Clock, wrong_by: float
) -> None:
    said = Chat("ada").say("I live in Lisbon.")
    turn = read_inlet(said.inlet, said.user)
    clock.wrong_by = wrong_by
    Permissions(engine).allow(turn.user_id, Permission.of(turn, ""))
    clock.wrong_by = 0.0
    prune(engine)
    assert Permissions(engine).allowed("ada", [turn.key]) is not None


@pytest.mark.parametrize("wrong_by", JUMPS)
def test_what_was_spilled_is_stored(engine: Engine, tmp_path: Path, clock: Clock, wrong_by: float) -> None:
    said = Chat("ada").say("I live in Lisbon.")
    turn, answered = read_inlet(said.inlet, said.user), read_outlet(said.outlet("I see."), said.user)
    assert answered is not None
    before = Spill(tmp_path)
    clock.wrong_by = wrong_by
    before.accept(Spilled.decision(turn.user_id, Permission.of(turn, "")))
    clock.wrong_by = 0.0
    before.accept(Spilled.exchange(answered))
    assert before.write()
    queue, restarted = Outbox(engine), Spill(tmp_path)
    keeper = Keeper(engine, queue, restarted, Valves, Metrics(), lambda: None)
    keeper.take_in()
    assert queue.counts().pending == 1
    assert not restarted.has("ada")


def eraser_of(engine: Engine, folder: Path) -> Eraser:
    return Eraser(engine, folder, Valves, lambda *_: pytest.fail("there is no place"))


@pytest.mark.parametrize("wrong_by", JUMPS)
def test_an_erasure_is_looked_at_again_when_it_has_settled(
    engine: Engine, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, wrong_by: float
) -> None:
    eraser = eraser_of(engine, tmp_path)
    clock.wrong_by = wrong_by
    eraser.forget("ada", ["1" * 32])
    clock.wrong_by = 0.0
    assert eraser.go_on() == [], "not sooner, whatever the clock says"
    monkeypatch.setattr(erasing, "SETTLED_S", 0.0)
    (_,) = eraser.go_on()
    assert [one.passes for one in Erasures(engine).since(0)] == [DONE]


def test_an_erasure_of_before_the_start_is_settled_by_then(
    engine: Engine, tmp_path: Path, clock: Clock
) -> None:
    eraser_of(engine, tmp_path).forget("ada", ["1" * 32])
    clock.wrong_by = 60.0
    assert len(eraser_of(engine, tmp_path).go_on()) == 1


@pytest.mark.parametrize(
    ("one", "other", "later"),
    [(2.0, 1.0, True), (1.0, 2.0, False), (9e9, 1.0, False), (9e9, 8e9, True), (1.0, 9e9, False)],
)
def test_what_was_said_later(one: float, other: float, later: bool) -> None:
    assert is_later(one, other, now=1000.0) is later


def test_a_filter_remembers_before_and_after(
    filter_: Running, scripted_llm: ScriptedLLM, clock: Clock, own_data_folder: Path
) -> None:
    clock.wrong_by = 2 * DAY_S
    remember(filter_, "My dog is called Rex.")
    said = Chat("ada").say("I live in Lisbon.")
    filter_.inlet(said.inlet, said.user)
    clock.wrong_by = 0.0
    filter_.outlet(said.outlet("I see."), said.user)
    remember(filter_, "My cat is called Tom.")
    engine = Place(own_data_folder).open()
    assert [change.after for change in Journal(engine).of_user("ada")] == [
        "My dog is called Rex.",
        "I live in Lisbon.",
        "My cat is called Tom.",
    ]
    engine.dispose()
