"""What was deleted, changed or is to be forgotten goes, with what only it said; the rest stays."""

from typing import Any

import pytest
from sqlalchemy import update

from owui_memory.channels import claims
from owui_memory.channels.erasing import erase_channel
from owui_memory.core.errors import Retry
from owui_memory.state import channel_messages
from tests.unit.channels.room import GENERAL, Opened, Room
from tests.unit.channels.saying import gone, said
from tests.unit.channels.test_reader import add

SHIPS, DEPLOYS = "The heron release ships on Friday.", "Grace does the deployments."
NEST = "The heron nest is in the plane tree."


@pytest.fixture
def told(room: Room) -> Room:
    """One memory of one message, one that two authors say, one of an author who agreed, about themselves."""
    room.agrees("grace", "user-grace")
    room.hears(
        said("The heron release ships on Friday, that is decided.", "m1", "linus"),
        said("I will do the deployments from now on.", "m2", "grace"),
        said("So Grace does the deployments.", "m3", "linus"),
        said("I live in Porto.", "m4", "grace"),
    )
    own = add("The user lives in Porto.", 4, about=1)
    room.answers(add(SHIPS, 1), add(DEPLOYS, 2, 3), own)
    room.reads()
    assert (room.knows(), room.knows("user-grace")) == ([DEPLOYS, SHIPS], ["The user lives in Porto."])
    room.answers()
    return room


def test_what_only_a_deleted_message_said_goes(told: Room) -> None:
    told.hears(gone("m1"), gone("m2"))
    assert "that is decided" not in told.everything()
    told.reads()
    assert told.knows() == [DEPLOYS]
    assert told.cites(DEPLOYS) == {"m3"}
    assert SHIPS not in told.everything()
    told.hears(gone("m3"), gone("m4"))
    told.reads()
    assert (told.knows(), told.knows("user-grace")) == ([], [])
    assert "deployments" not in told.everything()


def test_a_message_that_is_not_kept_any_more_can_be_deleted(told: Room) -> None:
    with told.engine.begin() as connection:
        connection.execute(update(channel_messages).values(put_at=1.0))
    assert told.channels.queue.prune(30) == 4
    assert told.knows() == [DEPLOYS, SHIPS]
    told.hears(gone("m1"))
    told.reads()
    assert told.knows() == [DEPLOYS]


def test_another_text_takes_the_place_of_what_was_said(told: Room) -> None:
    told.answers(add(SHIPS, 1))
    told.hears(said("The heron release ships on Friday, that is decided!", "m1", "linus"))
    told.reads()
    assert told.knows() == [DEPLOYS, SHIPS], "learned anew"
    told.answers(add("The heron release ships on Monday.", 1))
    told.hears(said("The heron release ships on Monday, that is decided.", "m1", "linus"))
    told.reads()
    assert told.knows() == [DEPLOYS, "The heron release ships on Monday."]
    assert SHIPS not in told.everything()


def test_a_channel_is_erased_with_all_of_it(told: Room) -> None:
    told.hears(said("Something about the heron that waits.", "m8"))
    told.hears(said("The heron nest is in the plane tree.", "m9", channel="other"))
    receipt = erase_channel(told.engine, told.eraser.erase_user, "discord", "general")
    assert receipt.total > 4
    assert told.knows() == []
    assert told.knows("user-grace") == ["The user lives in Porto."]
    texts = told.everything()
    for text in (SHIPS, DEPLOYS, "that waits", "'grace'"):
        assert text not in texts.replace("INSERT INTO channel_authors", "") or text == "'grace'"
    assert set(told.states()) == {"m9"}
    told.hears(said("A new beginning for the heron.", "m10"))
    assert told.states()["m10"] == "unread"


def test_passages_are_made_anew_without_what_was_deleted(opens: Opened) -> None:
    room = opens(llm_provider="none")
    room.hears(*(said(f"The heron number {one} eats fish and frogs.", f"m{one}") for one in range(3)))
    room.reads()
    (before,) = room.knows()
    room.hears(gone("m1"))
    room.reads()
    (after,) = room.knows()
    assert after == before.replace("U1: The heron number 1 eats fish and frogs. ", "")
    assert room.cites(after) == {"m0", "m2"}
    assert "number 1 eats" not in room.everything()


@pytest.mark.parametrize("change", ["edited", "deleted", "forgotten"])
def test_what_changes_while_an_llm_reads_is_read_as_it_is(room: Room, change: str) -> None:
    """The first answer is of what was; the next one must not be."""
    fish = "The heron eats fish."
    room.hears(said("The heron nest is in the plane tree.", "m1"), said(fish, "m2", "linus"))
    changed = []

    def answer(request: Any) -> dict[str, Any]:
        if not changed:
            changed.append(change)
            if change == "edited":
                room.hears(said("The heron nest is in the oak tree.", "m1"))
            elif change == "deleted":
                room.hears(gone("m1"))
            else:
                room.channels.people.forget("discord", "u1")
        if "1. Linus" in request.text:
            return {"operations": [add(fish, 1)]}
        where = "oak" if "oak tree" in request.text else "plane"
        return {"operations": [add(f"The heron nest is in the {where} tree.", 1), add(fish, 2)]}

    room.llm.when("New messages:", answer)
    room.reads()
    nest = ["The heron nest is in the oak tree."] if change == "edited" else []
    assert room.knows() == [fish, *nest]
    assert "plane" not in room.everything()


def test_what_changes_after_it_was_decided_is_looked_at_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.hears(said("The heron nest is in the plane tree.", "m1"))
    room.answers(add(NEST, 1))
    store = room.backend.store

    def deleted_meanwhile(user_id: str, new: Any) -> str:
        room.hears(gone("m1"))
        return store(user_id, new)

    monkeypatch.setattr(room.backend, "store", deleted_meanwhile)
    room.reads()
    assert room.knows() == []
    assert "plane tree" not in room.everything()


def test_a_store_that_is_away_is_waited_for(told: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> Any:
        raise Retry("The store is away.")

    with monkeypatch.context() as patch:
        patch.setattr(told.backend, "get_all", away)
        told.hears(gone("m1"))
        told.reads()
        assert SHIPS in told.knows()
    told.reads()
    assert told.knows() == [DEPLOYS]


def test_a_channel_that_is_erased_while_it_is_read_stays_away(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.hears(said("The heron nest is in the plane tree.", "m1"), said("Herons eat fish.", "m2"))
    room.answers(add(NEST, 1), add("Herons eat fish.", 2))
    store, times = room.backend.store, []

    def erased_meanwhile(user_id: str, new: Any) -> str:
        if not times:
            times.append(1)
            room.eraser._live = None  # another server's, which knows nothing of who writes here
            erase_channel(room.engine, room.eraser.erase_user, "discord", "general")
        return store(user_id, new)

    monkeypatch.setattr(room.backend, "store", erased_meanwhile)
    room.reads()
    assert room.knows() == []
    assert "plane tree" not in room.everything()
    assert claims.Claims(room.engine).claim(GENERAL) is None
