"""What an LLM wants to put in a memory's place stands beside it where its user corrects nothing."""

from typing import Any

import pytest

from owui_memory.core.memory import Memory
from owui_memory.remember.corrections import contradicts, denial_of, stands_beside
from tests.unit.remember.mind import Mind, add, batch, exchange, remove


def knows(mind: Mind, text: str, kind: str = "fact") -> str:
    return mind.backend.store("ada", Memory("", text, batch="before", kind=kind))


def replacement(text: str, **more: Any) -> dict[str, Any]:
    return {"op": "replace", "id": 1, "text": text, **more}


@pytest.mark.parametrize(
    ("known", "said", "text"),
    [
        ("The user has done 10 problems.", "15 problems done!", "The user has done 15 problems."),
        ("The user had read ten pages.", "I'm at page twelve.", "The user had read twelve pages."),
        (
            "On 2026-03-01 the user ran 5 km in 31:20.",
            "Ran 5 km in 29:40 today.",
            "On 2026-03-08 the user ran 5 km in 29:40.",
        ),
        ("Der Nutzer hat 10 Aufgaben gelöst.", "Heute 15 geschafft!", "Der Nutzer hat 15 Aufgaben gelöst."),
        ("用户做完了10道题。", "今天做完了15道题。", "用户做完了15道题。"),
        ("Пользователь решил 10 задач.", "Решил уже 15 задач.", "Пользователь решил 15 задач."),
        (
            "The user has written Flask routes.",
            "I have never written any Flask routes.",
            "The user has never written Flask routes.",
        ),
        ("Der Nutzer hat geraucht.", "Ich habe nie geraucht.", "Der Nutzer hat nie geraucht."),
    ],
)
def test_another_count_or_a_denial_takes_no_ones_place(mind: Mind, known: str, said: str, text: str) -> None:
    knows(mind, known)
    assert mind.hears(batch(said), replacement(text)) == 1
    assert mind.texts() == sorted([known, text])


@pytest.mark.parametrize(
    ("known", "said", "text", "kind"),
    [
        ("The user has done 10 problems.", "Actually, it was 12.", "The user has done 12 problems.", "fact"),
        ("The user has done 10 problems.", "I meant 12, not 10.", "The user has done 12.", "fact"),
        ("Der Nutzer hat 10 gelöst.", "Ich meinte 12, nicht 10.", "Der Nutzer hat 12 gelöst.", "fact"),
        ("The review is on 2026-03-01.", "It was moved to May 5.", "The review is on 2026-05-05.", "fact"),
        ("The exam is on 2998-03-09.", "My exam is on 16 March.", "The exam is on 2998-03-16.", "plan"),
        ("The user is 34.", "I'm 35.", "The user is 35.", "profile"),
        ("The user wants 5 options.", "Give me 3 options.", "The user wants 3 options.", "preference"),
        ("The user lives in Graz.", "We live in Ulm since May.", "The user lives in Ulm.", "fact"),
        ("The user smokes.", "I don't smoke any more.", "The user does not smoke.", "fact"),
        ("The user drives.", "I don't drive, I take the bus.", "The user does not drive.", "fact"),
    ],
)
def test_what_the_user_corrects_or_changes_is_replaced(
    mind: Mind, known: str, said: str, text: str, kind: str
) -> None:
    knows(mind, known, kind)
    assert mind.hears(batch(said), replacement(text)) == 1
    assert mind.texts() == [text]


def test_what_is_denied_without_an_explanation_is_not_removed(mind: Mind) -> None:
    knows(mind, "The user has written Flask routes.")
    said = "I have never written any Flask routes."
    assert mind.hears(batch(said), remove(1)) == 1
    assert mind.texts() == [said, "The user has written Flask routes."]


def test_where_the_denial_is_added_the_removal_is_refused(mind: Mind) -> None:
    knows(mind, "The user has written Flask routes.")
    denial = add("The user also said that they have never written Flask routes.")
    made = mind.hears(batch("I have never written Flask routes."), remove(1), denial)
    assert made == 1
    assert len(mind.texts()) == 2
    assert next(change.refused for change in mind.changes()).startswith("the user denies it")


def test_these_deny_nothing_or_explain_it() -> None:
    for said in [
        "I don't have a dog any more.",
        "Don't remember that I have a dog.",
        "My dog died.",
        "I don't have a dog, I have a cat.",
        "Do I not have a dog?",
    ]:
        assert denial_of(Memory("", "The user has a dog."), [said]) == ""


def test_these_deny() -> None:
    for known, said in [
        ("The user has a dog called Rex.", "I never had a dog."),
        ("The user has been to Rome.", "I've never been to Rome."),
        ("用户写过 Flask 路由。", "我从来没有写过 Flask 路由。"),
        ("El usuario ha estado en Roma.", "Nunca he estado en Roma."),
    ]:
        assert denial_of(Memory("", known), [said]) == said


def test_a_denial_of_something_else_denies_nothing() -> None:
    assert denial_of(Memory("", "The user has a dog called Rex."), ["I have no time."]) == ""
    assert not stands_beside(
        Memory("", "The user lives in Graz."), "The user lives in Ulm.", ["I live in Ulm."]
    )
    assert not contradicts("The user has a dog.", "The user has no car.")


def test_what_contradicts_itself_in_one_batch_is_one_memory(mind: Mind) -> None:
    said = batch(exchange("I've been to Rome.", name="m1"), exchange("I've never been to Rome.", name="m2"))
    made = mind.hears(said, add("The user has been to Rome."), add("The user has never been to Rome."))
    assert made == 1
    assert mind.texts() == ["The user has been to Rome. The user has never been to Rome."]


@pytest.mark.parametrize(
    ("given", "kept"), [("profile", "profile"), (None, "fact"), (["x"], "fact"), ("y", "fact")]
)
def test_a_replacement_may_change_the_kind(mind: Mind, given: Any, kept: str) -> None:
    known = knows(mind, "The user may move to Porto.")
    mind.hears(batch("We moved to Porto."), replacement("The user lives in Porto.", kind=given))
    memory = mind.backend.get(known)
    assert (memory.text, memory.kind) == ("The user lives in Porto.", kept)
    (change,) = mind.changes()
    assert mind.making.undo(mind.backend, change)
    memory = mind.backend.get(known)
    assert memory.text == "The user may move to Porto."


def test_what_is_undone_has_its_kind_again(mind: Mind) -> None:
    mind.hears(batch("I may move."), {"op": "add", "text": "The user may move to Porto.", "kind": "fact"})
    mind.hears(batch("We moved.", name="b2"), replacement("The user lives in Porto.", kind="profile"))
    added, replaced = mind.changes()
    assert mind.making.undo(mind.backend, replaced)
    memory = mind.backend.get(added.memory_id)
    assert (memory.text, memory.kind) == ("The user may move to Porto.", "fact")


def test_a_change_is_of_the_time_of_its_message(mind: Mind) -> None:
    said = batch(
        exchange("My dog is called Rex.", name="m1", said_at=100.0),
        exchange("I work as a nurse in Porto.", name="m2", said_at=200.0),
    )
    mind.hears(said, add("The user's dog is called Rex."))
    assert mind.changes()[0].said_at == 100.0
