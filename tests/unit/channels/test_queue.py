"""What is said waits on disk until it is read: once, in its order, bounded, whatever comes in between."""

import time
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from owui_memory.channels import claims, queue
from owui_memory.channels.claims import Claim, Claims
from owui_memory.channels.queue import ASIDE, ChannelQueue
from owui_memory.core.errors import ClaimLost
from owui_memory.core.scope import channel_owner
from owui_memory.state import channel_authors, channel_days, channel_memories, channel_messages, channels
from tests.unit.channels.saying import gone, said

GENERAL = channel_owner("discord", "general")


def rows(engine: Engine, owner: str = GENERAL) -> list[tuple[str, str, str]]:
    """Id, text and state of what is kept."""
    c = channel_messages.c
    wanted = select(c.message_id, c.text, c.state).where(c.user_id == owner).order_by(c.message_id)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(wanted)]


def claimed(engine: Engine) -> Claim:
    claim = Claims(engine).claim(GENERAL)
    assert claim is not None
    return claim


def change(engine: Engine, statement: Any) -> None:
    with engine.begin() as connection:
        connection.execute(statement)


def test_each_message_is_kept_once_and_its_last_text_counts(engine: Engine) -> None:
    kept = ChannelQueue(engine)
    assert kept.put([said("one", "m1"), said("two", "m2")]) == (2, 0, ())
    assert kept.put([said("one", "m1"), said("two", "m2")]) == (0, 2, ())
    assert kept.put([said("three", "m3"), said("3", "m3"), said("other", "m1", channel="b")]) == (2, 1, ())
    assert kept.put([said("uno", "m1")]) == (1, 0, ())
    assert rows(engine) == [("m1", "uno", "unread"), ("m2", "two", "unread"), ("m3", "3", "unread")]
    assert rows(engine, channel_owner("discord", "b")) == [("m1", "other", "unread")]


def test_what_was_set_aside_is_read_once_more(engine: Engine) -> None:
    kept = ChannelQueue(engine)
    kept.put([said("one", "m1"), said("two", "m2", channel="b"), said("three", "m3")])
    aside = channel_messages.c.message_id.in_(("m1", "m2"))
    change(engine, update(channel_messages).where(aside).values(state=ASIDE, attempts=4))
    assert [one.aside for one in kept.standing()] == [1, 1]
    assert kept.read_aside(GENERAL) == 1
    assert kept.read_aside(GENERAL) == 0
    assert rows(engine) == [("m1", "one", "unread"), ("m3", "three", "unread")]
    assert rows(engine, channel_owner("discord", "b")) == [("m2", "two", ASIDE)]
    assert [one.id for one in claimed(engine).messages] == ["m1", "m3"]


def test_a_channel_keeps_its_name_when_the_last_message_of_a_request_tells_none(engine: Engine) -> None:
    kept = ChannelQueue(engine)
    kept.put([said("one", "m1"), said("two", "m2", channel_name="")])
    assert [one.name for one in kept.standing()] == ["General"]
    kept.put([said("three", "m3", channel_name="Renamed"), said("", "m2", channel_name="", deleted=True)])
    assert [one.name for one in kept.standing()] == ["Renamed"]


def test_a_deleted_message_stays_away_whichever_comes_first(engine: Engine) -> None:
    kept = ChannelQueue(engine)
    kept.put([said("one", "m1"), gone("m1"), said("one", "m1")])
    kept.put([gone("m2")])
    kept.put([said("two", "m2")])
    kept.put([said("three", "m3")])
    assert kept.put([gone("m3")]) == (1, 0, ())
    assert kept.put([gone("m3"), said("three again", "m3")]) == (0, 2, ())
    assert rows(engine) == [(f"m{number}", "", "deleted") for number in (1, 2, 3)]


def test_what_nobody_may_read_is_not_kept(engine: Engine) -> None:
    kept = ChannelQueue(engine)
    kept.put([said("one", "m1", "u2")])
    silent = {
        "source": "discord",
        "author": "u2",
        "name": "",
        "user_id": "",
        "agreed_at": 0.0,
        "silent": True,
    }
    change(engine, insert(channel_authors).values(silent))
    assert kept.put([said("two", "m2", "u2"), said("three", "m3")]).accepted == 2
    change(engine, update(channels).values(paused=True))
    kept.put([said("four", "m4")])
    assert [id_ for id_, _, _ in rows(engine)] == ["m1", "m3"]
    assert Claims(engine).due(time.time() + 7200) == []


def test_the_queue_is_bounded_and_what_does_not_fit_is_told(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST_OF_A_CHANNEL", 3)
    monkeypatch.setattr(queue, "MOST_OF_ALL", 5)
    kept = ChannelQueue(engine)
    many = [said(f"text {number}", f"m{number}") for number in range(5)]
    assert kept.put(many) == (3, 0, (3, 4))
    assert kept.put([*many, said("x", "m0", channel="b")]) == (1, 3, (3, 4)), "others still fit"
    assert kept.put([said("y", f"m{number}", channel="c") for number in range(4)]) == (1, 0, (1, 2, 3))
    assert kept.put([gone("m0"), said("changed", "m1")]).full == (), "those make no more"
    claim = claimed(engine)
    Claims(engine).done(claim, {})
    assert kept.put(many).full == ()


def test_a_batch_is_due_by_number_or_by_age(engine: Engine) -> None:
    kept, now = ChannelQueue(engine), time.time()
    kept.put([said(f"text {number}", f"m{number}") for number in range(claims.DUE_MESSAGES - 1)])
    assert Claims(engine).due(now) == []
    assert Claims(engine).due(now + claims.DUE_S + 60) == [GENERAL]
    kept.put([said("the last", "m999")])
    assert Claims(engine).due(now) == [GENERAL]
    claim = claimed(engine)
    assert Claims(engine).claim(GENERAL) is None, "one at a time"
    assert Claims(engine).due(now) == []
    Claims(engine).leave(claim, 3600.0, "nobody can read it now")
    assert Claims(engine).due(time.time() + 60) == []
    (standing,) = kept.standing()
    assert (standing.unread, standing.detail) == (claims.DUE_MESSAGES, "nobody can read it now")


def test_messages_are_read_in_the_order_in_which_they_were_said(engine: Engine) -> None:
    kept = ChannelQueue(engine)
    kept.put([said("x" * 20_000, f"m{number}") for number in (40, 10, 30)])
    kept.put([said("x", f"m{number}") for number in (20, 50)])
    assert [one.id for one in claimed(engine).messages] == ["m10", "m20", "m30", "m40", "m50"]
    kept.put([said("x" * 20_000, f"m{number}", channel="b") for number in range(100, 150)])
    b = Claims(engine).claim(channel_owner("discord", "b"))
    assert [one.id for one in b.messages] == [f"m{number}" for number in range(100, 116)], (
        "as much as is read"
    )


def test_who_was_killed_leaves_a_batch_that_is_read_first(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = ChannelQueue(engine)
    kept.put([said("one", "m2"), said("two", "m3")])
    first = claimed(engine)
    kept.put([said("earlier", "m1")])
    change(engine, update(channels).values(held_until=1.0))
    assert Claims(engine).due(time.time()) == [GENERAL], "at once, though only three wait"
    second = claimed(engine)
    assert (second.name, second.messages, second.attempts) == (first.name, first.messages, 2)
    with pytest.raises(ClaimLost):
        first.renew()
    with pytest.raises(ClaimLost):
        Claims(engine).done(first, {})
    Claims(engine).done(second, {(GENERAL, "memory"): {"m2"}})
    assert [state for _, _, state in rows(engine)] == ["unread", "read", "read"]
    assert claimed(engine).name != first.name


def test_what_changes_while_it_is_read_is_seen(engine: Engine) -> None:
    kept, all_ = ChannelQueue(engine), Claims(engine)
    kept.put([said(f"text {number}", f"m{number}") for number in range(4)])
    claim = claimed(engine)
    all_.confirm(claim)
    kept.put([said("another", "m1"), gone("m2")])
    with pytest.raises(ClaimLost):
        all_.confirm(claim)
    all_.done(claim, {(GENERAL, "a"): {"m0"}, (GENERAL, "b"): {"m1", "m0"}, ("ada", "c"): {"m2"}})
    assert [state for _, _, state in rows(engine)] == ["read", "unread", "deleted", "read"]
    c = channel_memories.c
    with engine.connect() as connection:
        cited = set(map(tuple, connection.execute(select(c.user_id, c.memory_id, c.message_id, c.gone))))
    assert cited == {
        (GENERAL, "a", "m0", False),
        (GENERAL, "b", "m0", False),
        (GENERAL, "b", "m1", True),
        ("ada", "c", "m2", True),
    }
    kept.put([said("yet another", "m0")])
    with engine.connect() as connection:
        assert set(connection.scalars(select(c.gone).where(c.memory_id == "a"))) == {True}


def test_a_batch_is_split_or_set_aside(engine: Engine) -> None:
    kept, all_ = ChannelQueue(engine), Claims(engine)
    kept.put([said(f"text {number}", f"m{number}") for number in range(5)])
    claim = claimed(engine)
    all_.disband(claim, 2)
    half = claimed(engine)
    assert len(half.messages) in (2, 3)
    assert half.attempts == 1
    all_.leave(half, 0.0, "", ASIDE)
    other = claimed(engine)
    assert {one.id for one in (*half.messages, *other.messages)} == {f"m{number}" for number in range(5)}
    (standing,) = kept.standing()
    assert standing.aside == len(half.messages)


def test_old_messages_go_once_they_are_read(engine: Engine) -> None:
    kept, day_s = ChannelQueue(engine), 24 * 3600.0
    kept.put([said("one", "m1"), said("two", "m2"), gone("m3")])
    Claims(engine).done(claimed(engine), {})
    kept.put([said("new", "m4")])
    c = channel_messages.c
    change(engine, update(channel_messages).values(put_at=time.time() - 31 * day_s))
    assert kept.prune(30) == 3
    assert rows(engine) == [("m4", "new", "unread")]
    change(
        engine, update(channel_messages).where(c.message_id == "m4").values(put_at=time.time() - 61 * day_s)
    )
    assert kept.prune(30) == 1


def test_days_are_counted(engine: Engine) -> None:
    kept = ChannelQueue(engine)
    kept.put([said("one", "m1"), said("two", "m2")])
    kept.put([said("two", "m2"), said("three", "m3")])
    kept.count(GENERAL, calls=1, input_tokens=70, output_tokens=7)
    kept.count(GENERAL, calls=1, input_tokens=30)
    assert kept.used_today(GENERAL) == 107
    with engine.connect() as connection:
        (row,) = connection.execute(select(channel_days)).all()
    assert tuple(row)[2:] == (3, 2, 100, 7, 0)
