"""What was decided is made once, whatever happens in between, and can be taken back."""

from dataclasses import replace
from typing import Any

import pytest

from owui_memory.core.change import Change
from owui_memory.core.memory import Memory
from owui_memory.remember.apply import Changes
from owui_memory.remember.journal import Journal
from owui_memory.remember.verbatim import decide_verbatim
from tests.unit.remember.mind import Mind, add, batch, exchange, remove, replaces

ADD = add("The user likes tea.")
REPLACE = replaces(1, "The user lives in Porto.")
REMOVE = remove(1)


@pytest.mark.parametrize("operation", [ADD, REPLACE, REMOVE], ids=["add", "replace", "remove"])
@pytest.mark.parametrize("crash", ["before it is made", "before it is marked"])
def test_a_crash_between_makes_each_change_once(
    mind: Mind, monkeypatch: pytest.MonkeyPatch, operation: dict[str, Any], crash: str
) -> None:
    mind.knows("The user lives in Lisbon.")
    told = batch("I live in Porto and like tea.")

    def die(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if crash == "before it is made":
            patch.setattr(Changes, "_made", die)
        else:
            patch.setattr(Journal, "made", die)
        with pytest.raises(KeyboardInterrupt):
            mind.hears(told, operation)
    mind.llm.clear()
    assert mind.reconciles(replace(told, attempts=2)) == 1
    assert mind.llm.chats() == [], "what was decided is not decided again"
    expected = {
        "add": ["The user likes tea.", "The user lives in Lisbon."],
        "replace": ["The user lives in Porto."],
        "remove": [],
    }
    assert mind.texts() == expected[operation["op"]]
    assert [change.made for change in mind.changes()] == [True]


def test_a_new_date_alone_is_a_change(mind: Mind) -> None:
    plan = mind.knows("The user has an exam.", expires="2999-01-01")
    put_off = {"op": "replace", "id": 1, "text": "The user has an exam.", "expires": "2999-02-01"}
    mind.hears(batch("My exam was put off to the first of February 2999."), put_off)
    memory = mind.backend.get(plan)
    assert memory.expires == "2999-02-01"


@pytest.mark.parametrize("operation", [ADD, REPLACE, REMOVE], ids=["add", "replace", "remove"])
def test_every_change_can_be_undone_once(mind: Mind, operation: dict[str, Any]) -> None:
    mind.knows("The user lives in Lisbon.")
    mind.hears(batch("I live in Porto and like tea."), operation)
    change = mind.changes()[0]
    for _ in range(2):
        mind.making.undo(mind.backend, change)
    assert mind.texts() == ["The user lives in Lisbon."]
    assert [item.undoes for item in mind.changes()] == [0, change.id]


@pytest.mark.parametrize("operation", [ADD, REPLACE, REMOVE], ids=["add", "replace", "remove"])
def test_a_crash_in_an_undo_is_mended(
    mind: Mind, monkeypatch: pytest.MonkeyPatch, operation: dict[str, Any]
) -> None:
    mind.knows("The user lives in Lisbon.")
    mind.hears(batch("I live in Porto and like tea."), operation)
    change = mind.changes()[0]
    with monkeypatch.context() as patch:
        patch.setattr(Changes, "_made", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            mind.making.undo(mind.backend, change)
    assert mind.making.undo(mind.backend, change)
    assert mind.texts() == ["The user lives in Lisbon."]


# An edited message takes back what only its earlier version said ------------------------------------

REX = add("The user's dog is called Rex.")


def retract(mind: Mind, message: str) -> int:
    return mind.making.retract(mind.backend, "ada", {message})


def test_what_a_message_added_is_taken_back_once(mind: Mind) -> None:
    mind.hears(batch(exchange("My dog is called Rex.", name="m1")), REX)
    assert [retract(mind, "m1"), retract(mind, "m1")] == [1, 0]
    assert mind.texts() == []
    assert [(change.op, change.undoes) for change in mind.changes()] == [("add", 0), ("remove", 1)]


def test_what_a_message_replaced_comes_back(mind: Mind) -> None:
    known = mind.knows("The user lives in Lisbon.", expires="2999-01-01")
    mind.hears(batch(exchange("I moved to Porto.", name="m1")), REPLACE)
    assert retract(mind, "m1") == 1
    memory = mind.backend.get(known)
    assert (memory.text, memory.expires) == ("The user lives in Lisbon.", "2999-01-01")


def test_what_a_message_removed_comes_back(mind: Mind) -> None:
    mind.knows("The user lives in Lisbon.")
    mind.hears(batch(exchange("Forget where I live.", name="m1")), REMOVE)
    assert mind.texts() == []
    assert retract(mind, "m1") == 1
    assert mind.texts() == ["The user lives in Lisbon."]


@pytest.mark.parametrize(
    ("first", "then", "operations", "undone", "left"),
    [
        (REX, "Rex, as my dog is called, is ill.", [], 0, ["The user's dog is called Rex."]),
        (REX, "What is my dog called? Is it Rex?", [], 1, []),
        (add("The user lives in Lisbon."), "I moved to Porto.", [REPLACE], 0, ["The user lives in Porto."]),
    ],
    ids=["says it too", "only asks", "has changed it"],
)
def test_what_another_message_has_said_or_changed_since_stays(
    mind: Mind,
    first: dict[str, Any],
    then: str,
    operations: list[dict[str, Any]],
    undone: int,
    left: list[str],
) -> None:
    own = "My dog is called Rex." if first is REX else "I live in Lisbon."
    mind.hears(batch(exchange(own, name="m1"), name="b1"), first)
    mind.hears(batch(exchange(then, name="m2"), name="b2"), *operations)
    assert retract(mind, "m1") == undone
    assert mind.texts() == left


def test_what_may_have_come_from_either_of_two_messages_stays(mind: Mind) -> None:
    same = [exchange("My dog is called Rex.", name=name) for name in ("m1", "m2")]
    mind.hears(batch(*same), REX)
    assert mind.changes()[0].source == "m1 m2"
    assert retract(mind, "m1") == 0


def test_of_two_messages_read_together_the_right_one_is_taken_back(mind: Mind) -> None:
    said = batch(exchange("My dog is called Rex.", name="m1"), exchange("I like green tea.", name="m2"))
    mind.hears(said, REX, add("The user likes green tea."))
    assert retract(mind, "m1") == 1
    assert mind.texts() == ["The user likes green tea."]


def test_nobody_elses_message_and_no_wildcard_is_taken_for_it(mind: Mind) -> None:
    mind.hears(batch(exchange("My dog is called Rex.", name="m1")), REX)
    assert mind.making.retract(mind.backend, "bob", {"m1"}) == 0
    assert retract(mind, "%") == 0
    assert mind.texts() == ["The user's dog is called Rex."]


def test_what_a_persona_was_told_is_its_own_again_when_it_comes_back(mind: Mind) -> None:
    """Forgotten by plain words, without an LLM, and brought back."""
    mind.backend.store("ada", Memory("", "The shed is green.", batch="before", scope="persona:tutor"))
    told = batch(replace(exchange("Forget the shed."), scope="persona:tutor"))
    mind.making.make(mind.backend, told, lambda: decide_verbatim(mind.backend, told))
    assert mind.texts() == []
    (removal,) = mind.changes()
    mind.making.undo(mind.backend, removal)
    (back,) = mind.backend.list_all("ada")
    assert (back.text, back.scope) == ("The shed is green.", "persona:tutor")


def test_nothing_that_is_taken_back_stores_a_secret(mind: Mind) -> None:
    """Even where an earlier version has written one down."""
    dog = mind.knows("My dog is called Rex.")
    secret = "My password is hunter2-Xy7!"
    forgotten = Change(
        batch="b0",
        position=0,
        user_id="ada",
        op="replace",
        memory_id=dog,
        before=secret,
        after="Rex",
        made=True,
    )
    mind.journal.intend([forgotten])
    (kept,) = mind.changes()
    mind.making.undo(mind.backend, kept)
    assert len(mind.texts()) == 1
    assert "hunter2" not in " ".join(mind.texts())
    assert "hunter2" not in mind.changes()[-1].after
