"""Who asks to be forgotten is, whatever is under way, and so is a user who is erased."""

import threading

from owui_memory.core.scope import WEBUI, channel_owner
from owui_memory.manage.erasure.erasures import Erasures
from tests.harness.waiting import wait_until
from tests.unit.channels.room import Room
from tests.unit.channels.saying import said
from tests.unit.channels.test_reader import DEPLOYS, SHIPS, add, standup

HOME = "The user lives in Porto."


def test_who_is_forgotten_while_they_are_read(room: Room) -> None:
    standup(room)
    room.answers(add(SHIPS, 2), add(DEPLOYS, 3))
    with room.llm.hold("chat", when="New messages:") as gate:
        reading = threading.Thread(target=room.reads)
        reading.start()
        wait_until(lambda: gate.waiting > 0, what="the LLM reads it")
        room.hears(said("memory forget me", "m9", "grace"))
    reading.join()
    room.reads()
    assert room.knows() == []
    assert "heron release ships" not in room.everything()
    assert "I will do the deployments" not in room.everything()
    assert "'Grace'" not in room.everything()


def test_what_was_learned_of_and_from_somebody_goes(room: Room) -> None:
    room.channels.observe([said(f"memory link {room.channels.people.code('user-grace')}", "m1", "grace")])
    room.hears(
        said("I live in Porto and I do the deployments.", "m2", "grace"),
        said("The heron release ships on Friday, that is decided.", "m3", "linus"),
        said("Yes, the heron release ships on Friday.", "m4", "grace"),
    )
    room.answers(
        add(HOME, 1, about=1, kind="profile"), add("Grace does the deployments.", 1), add(SHIPS, 2, 3)
    )
    room.reads()
    assert room.knows("user-grace") == [HOME]
    assert len(room.knows()) == 2
    room.answers()
    room.hears(said("memory forget me", "m5", "grace"))
    room.reads()
    assert room.knows("user-grace") == []
    assert room.knows() == [], "what she said, too, though Linus says it as well"
    assert "Porto" not in room.everything()
    room.hears(said("I live in Rome.", "m6", "grace"))
    assert "Rome" not in room.everything()


def test_a_user_who_is_erased_is_forgotten_in_channels(room: Room) -> None:
    code = room.channels.people.code("user-grace")
    own = channel_owner(WEBUI, "c1")
    room.channels.observe([said(f"memory link {code}", "m1", "grace")])
    room.hears(said("Grace does the deployments.", "m2", "grace"))
    room.hears(said("The lemon cake is for Linus.", "m4", "linus"))
    room.answers(add("Grace does the deployments.", 1), add("The lemon cake is for Linus.", 2))
    room.reads()
    room.hears(said("The heron server is in Bonn.", "m3", "user-grace", channel="c1", source=WEBUI))
    room.answers(add("The heron server is in Bonn.", 1))
    room.reads()
    assert (room.knows(), room.knows(own)) == (
        ["Grace does the deployments.", "The lemon cake is for Linus."],
        ["The heron server is in Bonn."],
    )
    room.answers()
    receipt = room.eraser.erase_user("user-grace")
    assert receipt.counts["accounts in channels"] == 2
    room.reads()
    assert (room.knows(), room.knows(own)) == (["The lemon cake is for Linus."], [])
    assert not any(words in room.everything() for words in ("deployments", "Bonn"))
    assert Erasures(room.engine).newest() > 0
    room.hears(said("I am back.", "m5", "grace"), said("Me too.", "m6", "user-grace", source=WEBUI))
    assert not any(words in room.everything() for words in ("I am back", "Me too"))
