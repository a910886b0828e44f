"""What was said when: in order, told apart within a day, and whenever it was stored."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from owui_memory.core.memory import Memory
from owui_memory.recall.times import zone_of
from tests.harness.bodies import Chat
from tests.unit.recall.conversation import House
from tests.unit.recall.desk import Desk

LISBON, PORTO = "I live in Lisbon.", "I have moved to Porto."
QUESTION = "Where do I live now, in Lisbon or have I moved to Porto?"


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


def test_what_was_said_on_one_day_is_told_apart_and_in_order(desk: Desk) -> None:
    for text in (LISBON, PORTO):
        desk.says(Chat("ada"), text)
        desk.later(hours=1)
    assert list(desk.inlet(Chat("ada").say(QUESTION)).own.items()) == [
        (LISBON, "2 hours ago"),
        (PORTO, "an hour ago"),
    ]


@pytest.mark.parametrize("kinds", [("profile", "fact"), ("fact", "profile"), ("preference", "profile")])
def test_whatever_kind_it_is_of(desk: Desk, kinds: tuple[str, str]) -> None:
    for text, kind in zip((LISBON, PORTO), kinds, strict=True):
        desk.house.knows(text, kind=kind)
    assert list(desk.inlet(Chat("ada").say(QUESTION)).own) == [LISBON, PORTO]


def test_within_minutes_the_order_tells(desk: Desk) -> None:
    desk.says(Chat("ada"), LISBON)
    desk.says(Chat("ada"), PORTO)
    assert list(desk.inlet(Chat("ada").say(QUESTION)).own.items()) == [
        (LISBON, "just now"),
        (PORTO, "just now"),
    ]


def test_who_says_it_again_says_it_now(desk: Desk) -> None:
    for text in (LISBON, PORTO, LISBON):
        desk.says(Chat("ada"), text)
        desk.later(hours=5)
    assert list(desk.inlet(Chat("ada").say(QUESTION)).own.items()) == [
        (PORTO, "10 hours ago"),
        (LISBON, "5 hours ago"),
    ]


def test_what_waited_to_be_remembered_was_said_when_it_was_said(desk: Desk) -> None:
    desk.asks(Chat("ada"), LISBON)
    desk.later(days=3)
    desk.drain()
    assert desk.inlet(Chat("ada").say(QUESTION)).own == {LISBON: "3 days ago"}


def test_lines_stay_as_they_were_told(desk: Desk) -> None:
    desk.says(Chat("ada"), LISBON)
    chat = Chat("ada")
    blocks = [desk.asks(chat, QUESTION).block]
    for text in ("Write a poem about the sea.", QUESTION, "Thanks, that is all."):
        desk.later(days=2)
        blocks.append(desk.asks(chat, text).block)
    assert all(after.startswith(before) for before, after in pairwise(blocks))
    assert "just now" in blocks[0]


def test_a_correction_is_told_with_its_own_time(desk: Desk) -> None:
    town = desk.house.knows(LISBON)
    chat = Chat("ada")
    desk.asks(chat, QUESTION)
    desk.later(hours=4)
    desk.house.corrects(town, PORTO)
    desk.later(minutes=30)
    told = desk.inlet(chat.say(QUESTION))
    assert f'"{PORTO}" holds now, no longer "{LISBON}"' in told.block


def test_days_are_those_of_the_user(desk: Desk) -> None:
    desk.now = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)  # 23 o'clock in Tokyo
    desk.says(Chat("ada"), LISBON)
    desk.later(hours=26)
    said = Chat("ada").say(QUESTION)
    assert desk.inlet(said).own == {LISBON: "yesterday"}
    for zone, words in (
        ("Asia/Tokyo", "2 days ago"),
        ("../../etc/passwd", "yesterday"),
        ("x" * 90, "yesterday"),
    ):
        said = Chat("ada").say(QUESTION)
        said.inlet["metadata"]["variables"]["{{CURRENT_TIMEZONE}}"] = zone
        assert desk.inlet(said).own == {LISBON: words}


@pytest.mark.parametrize("name", ["", "Mars/Phobos", "/etc", "..", "\0", "Europe", "x" * 10_000])
def test_what_is_no_time_zone_is_utc(name: str) -> None:
    assert zone_of(name) is UTC


def test_a_clock_that_was_ahead_makes_nothing_newer(desk: Desk) -> None:
    desk.later(days=2)
    desk.says(Chat("ada"), LISBON)
    desk.later(days=-2)
    desk.says(Chat("ada"), PORTO)
    desk.later(minutes=10)
    told = desk.inlet(Chat("ada").say(QUESTION))
    assert list(told.own.items()) == [(LISBON, "recently"), (PORTO, "10 minutes ago")]


def test_what_was_imported_was_said_when_its_file_says(desk: Desk) -> None:
    rows = [
        {"memory": PORTO, "created_at": _ago(days=2)},
        {"memory": LISBON, "created_at": _ago(days=800), "updated_at": _ago(days=400)},
        {"memory": "I have a dog called Rex.", "created_at": _ago(days=-40)},
        {"memory": "I have a cat called Tom."},
    ]
    assert desk.imports("ada", [json.loads(json.dumps(row)) for row in rows]).added == 4
    told = desk.inlet(Chat("ada").say(f"{QUESTION} And what are my dog and my cat called?"))
    assert told.own == {
        LISBON: "1 year ago",
        PORTO: "2 days ago",
        "I have a dog called Rex.": "just now",
        "I have a cat called Tom.": "just now",
    }
    assert list(told.own)[:2] == [LISBON, PORTO]


def _ago(**time: float) -> str:
    return (datetime.now(UTC) - timedelta(**time)).isoformat()


def test_where_nothing_is_known_of_it_the_store_tells(desk: Desk) -> None:
    desk.house.backend.store("ada", Memory("", LISBON))
    desk.later(hours=2)
    assert desk.inlet(Chat("ada").say(QUESTION)).own == {LISBON: "2 hours ago"}
