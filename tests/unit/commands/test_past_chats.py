"""Past chats in commands: found, forgotten, brought back, switched off."""

import json
from pathlib import Path

import pytest
from sqlalchemy import update

from owui_memory.core.scope import past_owner
from owui_memory.recall.select import INJECTED
from owui_memory.state import journal, recalls
from owui_memory.state.episodes_table import EpisodesTable
from tests.harness import traces
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.traces import RARE
from tests.unit.commands.desk import Desk, a_desk

RACE = f"a {RARE.lower()}"
DOG, VET = f"My dog, {RACE}, is called Rex.", f"Rex, your dog, {RACE}, needs a shot."
TEA = "I like green tea."


def test_with_a_fact_go_the_passages_that_say_it_and_undo_brings_both_back(desk: Desk) -> None:
    desk.hears(DOG, VET)
    desk.hears(TEA, "Green tea has less caffeine.", chat="other")
    desk.hears("What does Rex eat, my dog?", "Meat, mostly.", chat="other")
    before = desk.passages()
    stored = desk.backend.list_all("past/ada")
    desk.ask("/memory search dog")
    desk.ask("/memory forget 1")
    assert desk.texts() == [TEA]
    assert desk.passages() == sorted([TEA, "Green tea has less caffeine."])
    assert EpisodesTable(desk.engine).kept("ada") == (2, 1)
    desk.ask("/memory undo")
    assert desk.texts() == sorted([DOG, TEA])
    assert desk.passages() == before
    kept = {one.id: (one.text, one.chat, one.ordinal, one.role, one.batch) for one in stored}
    back = desk.backend.list_all("past/ada")
    assert {one.id: (one.text, one.chat, one.ordinal, one.role, one.batch) for one in back} == kept


def test_undo_brings_an_answer_back_with_what_it_is_found_by(desk: Desk) -> None:
    desk.hears("Which bakery near the station opens at six?", "Try Luna, opposite the north exit.")
    before = desk.backend.list_all(past_owner("ada"))
    desk.ask("/memory chats")
    desk.ask("/memory forget chat 1")
    assert desk.passages() == []
    desk.ask("/memory undo")
    back = desk.backend.list_all(past_owner("ada"))
    assert {(one.text, one.lead) for one in back} == {(one.text, one.lead) for one in before}
    assert any(one.lead for one in back)


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


CHAT = "11111111-2222-3333-4444-555555555555"


def test_chats_are_listed_with_a_link_and_found_by_words(desk: Desk) -> None:
    desk.hears("Which hotel in Porto has a garden?", "The Bellevue has one.", chat=CHAT, said_at=86_400.0)
    desk.hears("What does a quark weigh?", "A few MeV, say physicists.", chat="other", said_at=2 * 86_400.0)
    desk.hears("Is bob's hotel in Porto?", "Nobody knows where it is.", user="bob")
    listed = desk.ask("/memory chats")
    assert listed.index("quark") < listed.index("hotel"), "newest first"
    assert f"(/c/{CHAT})" in listed
    assert "02.01.1970" in listed or "1970-01-02" in listed
    found = desk.ask("/memory chats hotel in Porto")
    assert "Which hotel in Porto has a garden?" in found
    assert "quark" not in found
    assert "bob" not in found
    assert "No" in desk.ask("/memory chats unicorn horn polish")


def test_a_list_of_facts_says_how_much_is_kept_of_chats_and_shows_none(desk: Desk) -> None:
    desk.hears(DOG, VET)
    listed = desk.ask("/memory")
    assert VET not in listed
    assert "2 passages of 1 chat" in listed
    assert "2 passages of 1 chat" in desk.ask("/memory status")


def test_a_search_tells_facts_and_what_was_said_apart(desk: Desk) -> None:
    desk.hears(DOG, VET)
    found = desk.ask("/memory search dog Rex")
    facts, _, said = found.partition("From past chats")
    assert "assistant" not in facts
    assert "assistant: Rex" in said
    assert "can be forgotten" in desk.ask("/memory edit 2 My cat is called Tom.")


def test_a_chat_is_forgotten_by_its_number_and_comes_back(desk: Desk) -> None:
    desk.hears(DOG, VET)
    desk.hears("What does a quark weigh?", "A few MeV, say physicists.", chat="other")
    before = desk.passages()
    assert "Say which chat" in desk.ask("/memory forget chat 1")
    listed = desk.turn("/memory chats quark")
    assert "quark" in desk.answer_to(listed)
    assert "/memory forget chat 1" in desk.ask("/memory forget 1"), "a chat is no memory"
    assert "2 passages" in desk.ask("/memory forget chat 1")
    assert not any("quark" in text for text in desk.passages())
    assert "quark" not in desk.answer_to(listed), "nor does an earlier answer say it any more"
    assert len(desk.passages()) == 2
    assert len(desk.texts()) == 1, "facts stay"
    assert "2 passages" in desk.ask("/memory undo")
    assert desk.passages() == before


@pytest.mark.parametrize("command", ["/memory episodes off", "/memory chats off", "/memory episoden aus"])
def test_a_user_may_switch_it_off_and_on(desk: Desk, command: str) -> None:
    desk.ask(command)
    desk.hears(DOG, VET)
    assert desk.passages() == []
    assert len(desk.texts()) == 1, "facts are learned all the same"
    assert "switched that off" in desk.ask("/memory")
    desk.ask("/memory episodes on")
    desk.hears("What does a quark weigh?", "A few MeV, say physicists.", chat="other")
    assert len(desk.passages()) == 2


def test_where_the_admin_has_it_off_commands_say_so(own_data_folder: Path, scripted_llm: ScriptedLLM) -> None:
    with a_desk(own_data_folder, scripted_llm, episodes="off") as desk:
        assert "not kept on this server" in desk.ask("/memory chats")
        assert "not kept on this server" in desk.ask("/memory episodes on")


def test_passages_are_not_imported_as_facts(desk: Desk) -> None:
    row = '{"memory": "Rex needs a shot.", "metadata": {"kind": "episode"}}'
    assert "past chat" in desk.ask(f"/memory import {row}")
    assert desk.texts() == []


def test_why_tells_of_quotes_who_said_them(desk: Desk) -> None:
    desk.hears(DOG, VET)
    passage = next(one for one in desk.backend.list_all("past/ada") if one.text == VET)
    explanation = {
        "query": "What does my dog need?",
        "evidence": 1,
        "threshold": 0.5,
        "weighed": [],
        "at": 1.0,
        "quoted": [{"memory_id": passage.id, "meaning": 0.7, "keyword": 1, "score": 1, "outcome": INJECTED}],
    }
    with desk.engine.begin() as connection:
        row = {"user_id": "ada", "chat_id": "c", "explanation": json.dumps(explanation), "at": 1.0}
        connection.execute(recalls.insert().values(**row))
    answer = desk.ask("/memory why")
    assert "Quoted from past chats" in answer
    assert "assistant: Rex, your dog" in answer
    assert "very near" in answer


def test_what_a_folders_chat_forgets_stays_in_chats_of_others(desk: Desk) -> None:
    desk.hears(DOG, VET, scope="folder:f")
    desk.hears(DOG, VET, chat="persona", scope="persona:p")
    desk.hears(f"Forget that my dog, {RACE}, is called Rex.", chat="here", scope="folder:f")
    assert [one.scope for one in desk.backend.list_all("past/ada")] == ["persona:p"] * 2


def test_an_answer_that_is_found_by_what_is_forgotten_goes_with_it(desk: Desk) -> None:
    """The question that it answers is kept with it, unseen."""
    desk.hears("I was diagnosed with asthma.", "That must be hard. Take your time, and talk to friends.")
    desk.hears("My boss Harold is loud.", "Ask him for a quiet hour.", chat="other")
    desk.ask("/memory search asthma")
    desk.ask("/memory forget 1")
    kept = [memory.looked_for for memory in desk.backend.list_all("past/ada")]
    assert not any("asthma" in text for text in kept)
    assert len(kept) == 2
    desk.ask("/memory search Harold")
    desk.ask("/memory forget 2")
    assert desk.texts() == ["My boss Harold is loud."], "the quote was meant"
    assert desk.backend.list_all("past/ada") == []
