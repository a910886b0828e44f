"""Past chats in commands: found, forgotten, brought back, switched off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from owui_memory.state import journal
from owui_memory.state.episodes_table import EpisodesTable
from tests.harness import traces
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.traces import RARE
from tests.unit.commands.desk import Desk, a_desk

RACE = f"a {RARE.lower()}"
DOG, VET = f"My dog, {RACE}, is called Rex.", f"Rex, your dog, {RACE}, needs a shot."
TEA = "I like green tea."


@pytest.fixture
def desk(own_data_folder: Path, scripted_llm: ScriptedLLM) -> Iterator[Desk]:
    with a_desk(own_data_folder, scripted_llm) as desk:
        yield desk


def test_with_a_fact_go_the_passages_that_say_it_and_undo_brings_both_back(desk: Desk) -> None:
    desk.hears(DOG, VET)
    desk.hears(TEA, "Green tea has less caffeine.", chat="other")
    desk.hears("What does Rex eat, my dog?", "Meat, mostly.", chat="other")
    before = desk.passages()
    stored = desk.backend.list_all("past/ada")
    desk.ask("/memory search dog")
    desk.ask("/memory forget 1")
    assert desk.texts() == [TEA]
    assert desk.passages() == sorted([TEA, "Green tea has less caffeine.", "Meat, mostly."])
    assert EpisodesTable(desk.engine).kept("ada") == (3, 1)
    desk.ask("/memory undo")
    assert desk.texts() == sorted([DOG, TEA])
    assert desk.passages() == before
    kept = {one.id: (one.text, one.chat, one.ordinal, one.role, one.batch) for one in stored}
    back = desk.backend.list_all("past/ada")
    assert {one.id: (one.text, one.chat, one.ordinal, one.role, one.batch) for one in back} == kept


def test_nothing_of_it_is_left_when_it_can_be_undone_no_more(desk: Desk) -> None:
    desk.hears(DOG, VET)
    desk.ask("/memory forget dog rex")
    with desk.engine.begin() as connection:
        connection.execute(update(journal).values(at=journal.c.at - 3600))
    for _ in range(3):
        desk.sweeper.look()
    assert desk.metrics.last_error is None
    assert traces.in_files(desk.folder) == []


def test_an_edited_fact_takes_what_it_said_before_along(desk: Desk) -> None:
    desk.hears(DOG, VET)
    desk.ask("/memory")
    desk.ask("/memory edit 1 My dog is called Max.")
    assert desk.passages() == []


def test_a_wish_in_a_chat_takes_passages_along_and_itself(desk: Desk) -> None:
    desk.hears(DOG, VET)
    desk.hears(TEA, "It has less caffeine.")
    desk.hears(
        f"Forget that my dog, {RACE}, is called Rex.",
        f"I no longer know that your dog, {RACE}, is called Rex.",
    )
    assert desk.texts() == [TEA]
    assert desk.passages() == sorted([TEA, "It has less caffeine."])


def test_forgetting_everything_takes_all_passages(desk: Desk) -> None:
    desk.hears(DOG, VET)
    desk.hears("What is a quark?", "An elementary particle of matter.", user="bob")
    desk.ask("/memory forget everything yes")
    assert desk.passages() == []
    assert len(desk.passages("bob")) == 2
    assert traces.in_files(desk.folder) == []
