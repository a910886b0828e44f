"""No turn is told what it says itself, nor what only a replaced version of a message said."""

import pytest

from owui_memory.core.change import Change
from owui_memory.core.exchange import Exchange
from owui_memory.core.memory import Memory
from owui_memory.core.turn import Turn
from owui_memory.interfaces.body import read_inlet
from owui_memory.recall.sources import Past, Step
from owui_memory.remember.journal import Journal
from tests.harness.bodies import Chat, recording
from tests.harness.hang import work_ends
from tests.unit.recall.conversation import House
from tests.unit.recall.desk import Desk, edited

BERLIN, HAMBURG, MUNICH = (f"My sister lives in {town}." for town in ("Berlin", "Hamburg", "Munich"))
QUESTION = "In which town does my sister live, and where lives my sister now?"


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


# An edited message -------------------------------------------------------------------------------------


def test_an_edited_message_is_not_told_what_it_said_before(desk: Desk) -> None:
    chat = Chat("ada")
    desk.says(chat, BERLIN)
    assert BERLIN in desk.inlet(Chat("ada").say(QUESTION)).own, "it is known elsewhere"
    assert desk.inlet(edited(chat, HAMBURG)).block == ""


@pytest.mark.parametrize("op", ["add", "replace"])
def test_nor_while_what_it_said_is_just_being_stored(desk: Desk, op: str) -> None:
    """It is in the store, and its batch is not marked as made yet."""
    chat = Chat("ada")
    known = desk.house.knows("My sister lives in Oslo.") if op == "replace" else ""
    desk.asks(chat, BERLIN)
    batch = desk.outbox.claim(8)
    message = batch.exchanges[0].message_id
    before = "My sister lives in Oslo." if known else ""
    change = Change(batch.name, 0, "ada", op, known, before, BERLIN, source=message)
    Journal(desk.house.engine).intend([change])
    if known:
        desk.house.backend.replace(known, BERLIN, expires="")
    else:
        desk.house.backend.store("ada", Memory("", BERLIN, batch=batch.name))
    assert BERLIN in desk.inlet(Chat("ada").say(QUESTION)).own
    assert BERLIN not in desk.inlet(edited(chat, HAMBURG)).block


def test_nor_are_other_messages_before_the_edit_is_remembered(desk: Desk) -> None:
    chat = Chat("ada")
    desk.says(chat, BERLIN)
    new = edited(chat, HAMBURG)
    desk.inlet(new)
    desk.outlet(new)
    assert desk.asks(chat, QUESTION).own == {}
    assert desk.inlet(Chat("ada").say(QUESTION)).own == {}
    desk.drain()
    assert set(desk.inlet(Chat("ada").say(QUESTION)).own) == {HAMBURG}


def test_the_replaced_version_may_be_remembered_late(desk: Desk) -> None:
    chat = Chat("ada")
    desk.asks(chat, BERLIN)
    new = edited(chat, HAMBURG)
    assert desk.inlet(new).block == ""
    desk.drain()  # before the new one has its answer
    assert desk.inlet(new.regenerated()).block == ""
    desk.outlet(new)
    assert desk.inlet(Chat("ada").say(QUESTION)).own == {}
    desk.drain()
    assert set(desk.inlet(Chat("ada").say(QUESTION)).own) == {HAMBURG}


def test_nor_while_the_answer_to_the_edited_message_is_to_come(desk: Desk) -> None:
    chat = Chat("ada")
    desk.says(chat, BERLIN)
    new = edited(chat, HAMBURG)
    desk.inlet(new)
    assert desk.inlet(Chat("ada").say(QUESTION)).own == {}
    bobs = Chat("bob")
    desk.says(bobs, BERLIN)
    assert BERLIN in desk.inlet(Chat("bob").say(QUESTION)).own, "another user's edits are not his"
    new.outlet("")  # it was stopped
    assert desk.inlet(chat.say(QUESTION)).own == {}


def test_an_edited_message_may_be_edited_again(desk: Desk) -> None:
    chat = Chat("ada")
    desk.says(chat, BERLIN)
    for text in (HAMBURG, MUNICH):
        new = edited(chat, text)
        assert desk.inlet(new).block == ""
        desk.outlet(new)
    assert desk.inlet(Chat("ada").say(QUESTION)).own == {}
    desk.drain()
    assert set(desk.inlet(Chat("ada").say(QUESTION)).own) == {MUNICH}


def test_a_message_in_the_middle_of_a_chat_is_edited(desk: Desk) -> None:
    chat = Chat("ada")
    for text in ("My dog is called Rex.", BERLIN, "My car is a green Volvo."):
        desk.says(chat, text)
    told = desk.inlet(edited(chat, HAMBURG + " And my dog Rex and my green Volvo?", 1))
    assert BERLIN not in told.block
    assert "My dog is called Rex." in told.own
    assert "My car is a green Volvo." in told.own, "what was said after it was said, too"


def test_what_was_told_in_another_chat_is_left_out_there_at_once(desk: Desk) -> None:
    chat, other = Chat("ada"), Chat("ada")
    desk.says(chat, BERLIN)
    assert BERLIN in desk.asks(other, QUESTION).own
    new = edited(chat, HAMBURG)
    desk.inlet(new)
    desk.outlet(new)
    assert BERLIN not in desk.asks(other, "Thanks, and where?").block
    desk.drain()
    told = desk.asks(other, QUESTION)
    assert HAMBURG in told.own
    assert BERLIN not in told.block


def test_what_another_message_said_too_stays(desk: Desk) -> None:
    chat = Chat("ada")
    desk.says(chat, BERLIN)
    desk.says(Chat("ada"), BERLIN)
    assert BERLIN in desk.inlet(edited(chat, HAMBURG)).own


def test_what_the_user_keeps_saying_in_the_edited_message_is_no_memory_of_it(desk: Desk) -> None:
    chat = Chat("ada")
    desk.says(chat, f"{BERLIN} My dog is called Rex.")
    assert desk.inlet(edited(chat, f"{HAMBURG} My dog is called Rex.")).block == ""


def test_a_correction_that_is_taken_back_leaves_what_was_there(desk: Desk) -> None:
    town = desk.house.knows("The user's sister lives in Berlin.", kind="profile")
    chat = Chat("ada")
    said = chat.say("She has moved to Hamburg.")
    desk.inlet(said)
    desk.outlet(said)
    _replaced(desk, town, "The user's sister lives in Hamburg.")
    told = desk.inlet(edited(chat, "She has moved to Munich, my sister."))
    assert set(told.own) == {"The user's sister lives in Berlin."}


def _replaced(desk: Desk, memory_id: str, text: str) -> None:
    """What waits replaces a memory, as an LLM decides."""
    batch = desk.outbox.claim()
    before = desk.house.backend.get(memory_id)
    (exchange,) = batch.exchanges
    change = Change(
        batch=batch.name,
        position=0,
        user_id=batch.user_id,
        op="replace",
        memory_id=memory_id,
        before=before.text,
        after=text,
        source=exchange.message_id,
        said_at=exchange.said_at,
    )
    desk.house.changes.make(desk.house.backend, batch, lambda: [change])
    desk.outbox.done(batch)


# Another answer to the same message --------------------------------------------------------------------


def test_another_answer_is_not_told_what_its_message_says(desk: Desk) -> None:
    chat = Chat("ada")
    said = chat.say(BERLIN)
    assert desk.inlet(said).block == ""
    desk.outlet(said)
    desk.drain()
    assert desk.inlet(said.regenerated()).block == ""
    assert desk.inlet(said).block == "", "a retry"


def test_what_the_message_says_opens_the_gate_to_nothing(desk: Desk) -> None:
    """The unrelated one comes near enough to be told once the gate is open."""
    desk.house.knows("The user's sister is called Ana.")
    desk.house.settings = desk.house.settings.model_copy(update={"relevance_threshold": 1.0})
    said = Chat("ada").say(BERLIN)
    first = desk.recall(said)
    desk.outlet(said)
    desk.drain()
    again = desk.recall(said.regenerated())
    assert first.blocks.system == again.blocks.system == ""
    assert again.why.evidence == first.why.evidence
    assert [one.score for one in again.why.weighed] == pytest.approx([one.score for one in first.why.weighed])


def test_it_lifts_no_neighbour(desk: Desk) -> None:
    chat = Chat("ada")
    first = chat.say(BERLIN)
    desk.inlet(first)
    desk.outlet(first)
    desk.drain()
    desk.says(chat, "My car is a green Volvo.")
    (volvo,) = desk.recall(first.regenerated()).why.weighed
    alone = desk.recall(Chat("ada").say(BERLIN)).why.weighed
    assert volvo.score < next(one.score for one in alone if one.memory_id == volvo.memory_id)


def test_a_second_model_beside_is_told_the_same(desk: Desk) -> None:
    desk.house.knows("The user's sister is called Ana.")
    said = Chat("ada").say(f"{BERLIN} What is my sister called?")
    told = desk.inlet(said)
    desk.outlet(said)
    desk.drain()
    beside = said.regenerated()
    beside.inlet["model"] = "another"
    assert "Ana" in told.block
    assert desk.inlet(beside) == told


def test_what_was_known_before_is_told_again_with_another_answer(desk: Desk) -> None:
    desk.says(Chat("ada"), BERLIN)
    said = Chat("ada").say(f"{BERLIN} What about my sister?")
    told = desk.inlet(said)
    assert BERLIN in told.own
    desk.outlet(said)
    desk.drain()
    assert desk.inlet(said.regenerated()) == told


def test_a_correction_is_not_told_with_another_answer_to_the_message_that_made_it(desk: Desk) -> None:
    town = desk.house.knows("The user's sister lives in Berlin.")
    said = Chat("ada").say("My sister lives in Hamburg now.")
    told = desk.inlet(said)
    assert "Berlin" in told.block
    desk.outlet(said)
    _replaced(desk, town, "The user's sister lives in Hamburg.")
    assert desk.inlet(said.regenerated()) == told


def test_the_same_call_through_the_api_again(desk: Desk) -> None:
    call = recording("api-no-chat-id.inlet")
    turn = read_inlet(**call)
    house = desk.house
    for _ in range(3):
        recalled = house.recaller.recall(house.backend, turn, house.settings, desk.now)
        house.recaller.keep(turn, recalled)
        assert not recalled.blocks
        _put(desk, turn)
        desk.drain()
    other = read_inlet(Chat(turn.user_id).say("Am I allergic to peanuts?").inlet, call["user"])
    assert "peanuts" in house.recaller.recall(house.backend, other, house.settings, desk.now).blocks.system


def _put(desk: Desk, turn: Turn) -> None:
    desk.outbox.put(Exchange(turn.exchange_key, turn.user_id, "", turn.text, "I see.", desk.now.timestamp()))


# The past of a memory ----------------------------------------------------------------------------------


def step(id_: int, sources: str, before: str = "", *, changed: bool = True) -> Step:
    return Step(id_, changed, before, frozenset(sources.split()), float(id_))


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ((), "C"),  # nobody knows where it is from
        ((step(1, "a"),), ""),
        ((step(1, "b"),), "C"),
        ((step(1, "a b"),), "C"),  # it may be from either
        ((step(1, ""),), "C"),  # from no message
        ((step(1, "b"), step(2, "a", "B")), "B"),
        ((step(1, "b"), step(2, "a", "B"), step(3, "x", "A")), "B"),
        ((step(1, "a"), step(2, "b", "A")), "C"),  # another message has changed it since
        ((step(1, "a"), step(2, "b", changed=False)), "C"),  # or has said it again
        ((step(1, "b"), step(2, "a", changed=False)), "C"),
        ((step(1, "a", "A"),), "A"),  # known from elsewhere, and changed
    ],
)
def test_what_a_memory_says_without_some_messages(steps: tuple[Step, ...], text: str) -> None:
    assert Past(steps).text_without({"a", "x"}, "C") == text


def test_what_was_forgotten_and_brought_back_keeps_its_past(desk: Desk) -> None:
    chat = Chat("ada")
    desk.says(chat, BERLIN)
    (known,) = desk.house.backend.list_all("ada")
    desk.house._change("ada", "", op="remove", memory_id=known.id, before=BERLIN)
    desk.later(hours=3)
    desk.house.changes.undo(desk.house.backend, desk.journal.of_memory(known.id)[-1])
    assert desk.inlet(Chat("ada").say(QUESTION)).own == {BERLIN: "3 hours ago"}
    assert desk.inlet(edited(chat, HAMBURG)).own == {}


def test_a_memory_that_was_changed_often() -> None:
    steps = tuple(Step(n, True, "x", frozenset({"m"}), 1.0) for n in range(200_000))
    with work_ends():
        Past(steps).text_without({"m"}, "y")
