"""What bots may send: read at the edge, with a sentence for whatever is wrong."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from owui_memory.channels.message import LONGEST_CHARS, MOST_AT_ONCE, ChannelMessage, read_messages
from owui_memory.core.errors import Drop
from owui_memory.core.memory import is_person, is_user
from owui_memory.core.scope import channel_in, channel_owner, is_source

WHOLE = {
    "channel": "general-id",
    "channel_name": "general",
    "id": "m1",
    "author": "u1",
    "author_name": "Ada",
    "time": "2026-05-28T09:00:00Z",
    "text": "We ship on Friday.",
    "reply_to": "m0",
    "deleted": False,
}
AT = datetime(2026, 5, 28, 9, tzinfo=UTC).timestamp()


def one(**changed: Any) -> ChannelMessage:
    messages, refused = read_messages({**WHOLE, **changed}, "discord")
    assert not refused, refused
    return messages[0]


def why(**changed: Any) -> str:
    messages, refused = read_messages({"messages": [WHOLE, {**WHOLE, **changed}]}, "discord")
    assert (len(messages), refused[0].index) == (1, 1)
    return refused[0].why


def test_a_message_is_read() -> None:
    expected = ChannelMessage(
        "discord", "general-id", "m1", "u1", "We ship on Friday.", AT, "Ada", "general", "m0"
    )
    assert one() == expected
    assert (
        one(time=AT) == one(time="2026-05-28T11:00:00+02:00") == one(time="2026-05-28T09:00:00") == expected
    )
    assert one(id=2**60, author=7, channel=0).id == str(2**60)
    assert one(text="a\0\ud800").text == "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
    assert one(author_name="A\nd\u202ea " * 99, channel_name=7).author_name == ("A d a " * 34)[:200].strip()
    assert abs(one(time=None).at - time.time()) < 60
    gone = one(deleted=True, text="what it said")
    assert (gone.text, gone.deleted) == ("", True)
    assert read_messages({"channel": "c", "id": "m", "deleted": True}, "discord")[0][0].author == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"id": ""}, "id must be a string"),
        ({"id": True}, "id must be a string"),
        ({"id": 2**70}, "id must be a string"),
        ({"id": ["m"]}, "id must be a string"),
        ({"channel": "c" * 501}, "channel must be a string"),
        ({"author": None}, "author must be a string"),
        ({"reply_to": {}}, "reply_to must be a string"),
        ({"text": None}, "text must be a string"),
        ({"text": "x" * (LONGEST_CHARS + 1)}, "more than 20,000 characters"),
        ({"deleted": "yes"}, "true or false"),
        *(
            ({"time": value}, "time must be")
            for value in (
                True,
                "soon",
                [],
                float("nan"),
                float("inf"),
                10**400,
                -1,
                0,
                1e11,
                "2999-01-01",
                "9" * 99,
            )
        ),
    ],
)
def test_what_is_wrong_is_told_and_harms_no_other(changed: dict[str, Any], said: str) -> None:
    assert said in why(**changed)


def test_a_body_that_is_no_message_is_refused() -> None:
    for body in (
        None,
        [],
        "x",
        7,
        {"messages": {}},
        {"messages": "x"},
        {"messages": [WHOLE] * (MOST_AT_ONCE + 1)},
    ):
        with pytest.raises(Drop):
            read_messages(body, "discord")
    assert [one.index for one in read_messages({"messages": [7, None, []]}, "discord")[1]] == [0, 1, 2]
    assert len(read_messages({}, "discord")[1]) == 1


def test_a_channel_has_an_id_of_its_own_that_no_person_can_have() -> None:
    odd = ("", "*", " ", "a b", "a\n", "x" * 201, "\ud800", "~", "a\u202e", "../..", "a/b")
    owners = {channel_owner("discord", one) for one in ("general", *odd)}
    assert len(owners) == 1 + len(odd)
    for owner in owners:
        assert is_user(owner)
        assert not is_person(owner)
        assert channel_in(owner).startswith("discord/")
        assert len(owner) <= 250
    assert channel_owner("discord", "general") == "channel/discord/general"
    hashed = channel_owner("discord", "a b")
    assert channel_owner("discord", hashed.rpartition("/")[2]) != hashed
    assert is_source("open-webui")
    assert not any(map(is_source, ("", "A", "a b", "a" * 41, "a/b", "ä")))
