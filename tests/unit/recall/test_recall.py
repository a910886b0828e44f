"""A prompt grows at its end only: what was told stays where it was, and what is new comes later."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from owui_memory.core.errors import Drop
from owui_memory.interfaces.body import read_inlet
from owui_memory.interfaces.cli.why import show
from owui_memory.recall import injected as told_module
from owui_memory.recall.block import without_block
from tests.harness.bodies import Chat, recording
from tests.harness.samples import NOW
from tests.unit.recall.conversation import Conversation, House, text_of

DOG, CAT, TOWN = (
    "The user's dog is called Rex.",
    "The user's cat is called Tom.",
    "The user lives in Lisbon.",
)


def test_the_first_turn_is_told_in_the_system_prompt(house: House, talk: Conversation) -> None:
    house.knows(DOG)
    system, asked = talk.ask("What is my dog called?", system="Be terse.")
    assert (system["role"], asked["content"]) == ("system", "What is my dog called?")
    assert DOG in system["content"]


def test_without_a_system_prompt_none_is_made(house: House, talk: Conversation) -> None:
    """One would take the place of the model's own, which Ollama keeps in its Modelfile."""
    house.knows(TOWN, kind="profile")
    house.knows(DOG)
    (asked,) = first = talk.ask("What is my dog called?")
    assert asked["role"] == "user"
    assert without_block(asked["content"]) == "What is my dog called?"
    assert DOG in asked["content"]
    assert TOWN in asked["content"], "the profile, too"
    second = talk.ask("Write a poem about the sea.")
    assert second[:1] == first, "what was told stays where it was"
    assert [message["role"] for message in second] == ["user", "assistant", "user"]


def test_what_comes_up_later_is_told_with_its_message(house: House, talk: Conversation) -> None:
    house.knows(DOG)
    house.knows(CAT)
    house.settings = house.settings.model_copy(update={"memories_per_turn": 1})
    first = talk.ask("What is my dog called?")
    second = talk.ask("And what is the name of my cat?")
    third = talk.ask("Write a poem about the sea.")
    assert CAT not in text_of(first)
    assert second[:1] == first
    assert CAT in second[-1]["content"]
    assert without_block(second[-1]["content"]) == "And what is the name of my cat?"
    assert third[: len(second)] == second, "what was told stays where it was"
    assert third[-1]["content"] == "Write a poem about the sea."


def test_nothing_is_told_twice(house: House, talk: Conversation) -> None:
    house.knows(DOG)
    for question in ("What is my dog called?", "What is my dog called, again?", "My dog, what is it called?"):
        prompt = talk.ask(question)
    assert text_of(prompt).count(DOG) == 1


def test_nothing_relevant_nothing_told(house: House, talk: Conversation) -> None:
    house.knows(DOG)
    assert talk.ask("Convert thirty miles into kilometres.") == [
        {"role": "user", "content": "Convert thirty miles into kilometres."}
    ]


def test_a_question_for_all_of_it(house: House, talk: Conversation) -> None:
    house.knows(DOG)
    assert DOG in text_of(talk.ask("What do you know about me?"))


def test_another_answer_to_the_same_message_gets_the_same_prompt(house: House, talk: Conversation) -> None:
    house.knows(DOG)
    house.knows(TOWN)
    talk.ask("Where do I live, in which town?")
    said = talk.chat.say("What is my dog called?")
    first = talk.prompt(said)
    assert talk.prompt(said) == first
    assert talk.prompt(said.regenerated()) == first


def test_nor_do_other_answers_bring_what_had_no_place_before(house: House, talk: Conversation) -> None:
    for number in range(20):
        house.knows(f"The user's parcel of the {number}. day lies in the cellar.")
    talk.ask("Where lies my parcel of the 3. day?")
    said = talk.chat.say("Where lies my parcel of the 17. day?")
    first = talk.prompt(said)
    assert talk.prompt(said.regenerated()) == first


def test_what_was_learned_since_comes_with_another_answer(house: House, talk: Conversation) -> None:
    house.knows(DOG)
    said = talk.chat.say("What are my dog and my cat called?")
    assert CAT not in text_of(talk.prompt(said))
    house.knows(CAT)
    assert CAT in text_of(talk.prompt(said.regenerated()))


def test_two_chats_know_nothing_of_each_other(house: House, talk: Conversation) -> None:
    house.knows(DOG)
    talk.ask("What is my dog called?")
    other = Conversation(house)
    assert DOG in other.ask("What is my dog called?")[0]["content"]


def test_another_version_of_a_message_is_another_place(house: House, talk: Conversation) -> None:
    house.knows(DOG)
    house.knows(TOWN)
    talk.ask("Hello there, good morning.")
    before = list(talk.chat.history)
    assert DOG in text_of(talk.ask("What is my dog called?"))
    talk.chat.history = before
    edited = talk.ask("In which town do I live?")
    assert DOG not in text_of(edited)
    assert TOWN in edited[-1]["content"]


def test_relative_times_do_not_change_inside_a_chat(house: House, talk: Conversation) -> None:
    house.knows(DOG)
    first = talk.ask("What is my dog called?")
    talk.now = NOW + timedelta(days=400)
    assert talk.ask("Thanks, that is what I wanted to know.")[:1] == first


def test_a_corrected_memory_is_told_as_a_correction(house: House, talk: Conversation) -> None:
    town = house.knows(TOWN)
    first = talk.ask("In which town do I live?")
    house.corrects(town, "The user lives in Porto.")
    second = talk.ask("Write a poem about the sea.")
    assert second[:1] == first
    assert (
        '"The user lives in Porto." holds now, no longer "The user lives in Lisbon."' in second[-1]["content"]
    )
    third = talk.ask("In which town do I live?")
    assert third[: len(second)] == second
    assert text_of(third).count("Porto") == 1, "the correction is told once"


def test_a_forgotten_memory_disappears_at_once_and_its_correction_too(
    house: House, talk: Conversation
) -> None:
    house.knows(DOG)
    town = house.knows(TOWN)
    assert TOWN in text_of(talk.ask("In which town do I live, and what is my dog called?"))
    house.corrects(town, "The user lives in Porto.")
    talk.ask("Write a poem about the sea.")
    house.forgets(town)
    prompt = text_of(talk.ask("In which town do I live?"))
    assert "Lisbon" not in prompt
    assert "Porto" not in prompt
    assert DOG in prompt


def test_a_conversation_of_which_all_was_forgotten_has_no_block(house: House, talk: Conversation) -> None:
    dog = house.knows(DOG)
    talk.ask("What is my dog called?")
    house.forgets(dog)
    assert [message["role"] for message in talk.ask("What is my dog called?")] == [
        "user",
        "assistant",
        "user",
    ]


def test_what_others_changed_in_mem0_is_noticed_after_a_while(
    house: House, talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    dog = house.knows(DOG)
    for question in ("What is my dog called?", "Thanks for telling me, really."):
        talk.ask(question)
    house.backend.remove(dog)
    monkeypatch.setattr("owui_memory.recall.standing._CHECK_EVERY_S", 0.0)
    assert DOG not in text_of(talk.ask("And how old might it be?"))


# What is always told ----------------------------------------------------------------------------------


def test_the_profile_is_told_whatever_is_asked(house: House, talk: Conversation) -> None:
    house.knows(TOWN, kind="profile")
    house.knows("The user wants short answers.", kind="preference")
    house.knows(DOG)
    (asked,) = talk.ask("Write a poem about the sea.")
    assert "short answers" in asked["content"]
    assert TOWN in asked["content"]
    assert DOG not in asked["content"]


def test_the_profile_is_told_once(house: House, talk: Conversation) -> None:
    house.knows(TOWN, kind="profile")
    talk.ask("In which town do I live?")
    prompt = talk.ask("In which town do I live, again?")
    assert text_of(prompt).count(TOWN) == 1


def test_the_profile_is_as_it_is_now(house: House) -> None:
    town = house.knows(TOWN, kind="profile")
    assert TOWN in text_of(Conversation(house).ask("Write a poem."))
    house.corrects(town, "The user lives in Porto.")
    assert "Porto" in text_of(Conversation(house).ask("Write a poem."))
    house.forgets(town)
    assert len(Conversation(house).ask("Write a poem.")) == 1


def test_the_profile_keeps_to_its_budget(house: House, talk: Conversation) -> None:
    for number in range(40):
        house.knows(f"The user speaks the language number {number} of the world.", kind="profile")
    text = text_of(talk.ask("Write a poem about the sea."))
    assert 3 < text.count("language number") < 15
    house.settings = house.settings.model_copy(update={"advanced": "profile_token_budget=0"})
    assert len(Conversation(house).ask("Write a poem about the sea.")) == 1


def test_wishes_leave_room_for_who_the_user_is(house: House, talk: Conversation) -> None:
    for kind, text in (("profile", TOWN), ("profile", "The user is a nurse called Ada.")):
        house.knows(text, kind=kind)
    for number in range(12):
        wish = f"The user wants answers of type {number} to be short, with examples and without any tables."
        house.knows(wish, kind="preference")
    text = text_of(talk.ask("Write a poem about the sea."))
    assert TOWN in text
    assert "a nurse called Ada" in text
    assert 2 < text.count("answers of type") < 12


def test_nobody_gets_anothers_profile(house: House) -> None:
    house.knows(TOWN, kind="profile", user="bob")
    assert len(Conversation(house, Chat("ada")).ask("Write a poem.")) == 1


# Where it stands --------------------------------------------------------------------------------------


def test_what_is_searched_for_on_the_web_holds_no_memories(house: House, talk: Conversation) -> None:
    """Open WebUI sends the last message to a search engine, and to a model that makes queries of it."""
    house.knows(DOG)
    talk.ask("Hello there, good morning.")
    said = talk.chat.say("What is my dog called?")
    said.inlet["features"]["web_search"] = True
    prompt = talk.prompt(said)
    assert DOG in prompt[0]["content"]
    assert prompt[-1]["content"] == "What is my dog called?"


def test_all_in_the_system_prompt_where_the_admin_wants_it(house: House, talk: Conversation) -> None:
    house.settings = house.settings.model_copy(update={"placement": "system", "memories_per_turn": 1})
    house.knows(DOG)
    house.knows(CAT)
    talk.ask("What is my dog called?")
    prompt = talk.ask("And what is the name of my cat?")
    assert prompt[0]["content"].index("Rex") < prompt[0]["content"].index("Tom")
    assert prompt[-1]["content"] == "And what is the name of my cat?"


def test_a_conversation_that_holds_too_much_is_told_anew(house: House, talk: Conversation) -> None:
    house.settings = house.settings.model_copy(update={"memory_token_budget": 120, "memories_per_turn": 1})
    towns = [
        start + end
        for start in ("Nor", "Sud", "Wes", "Ost", "Alt", "Neu")
        for end in ("burg", "feld", "au", "heim", "dorf", "tal")
    ]
    for town in towns:
        house.knows(f"The user's grey parcel from {town} lies in the shelf of the cellar.")
    held = []
    for town in towns:
        prompt = text_of(talk.ask(f"In which shelf of the cellar lies my grey parcel from {town}?"))
        assert f"parcel from {town} lies" in prompt
        held.append(prompt.count("lies in the shelf"))
    assert max(held) < len(towns)
    assert any(after < before for before, after in pairwise(held)), "it began anew"


def test_an_api_call_without_a_chat_is_known_by_what_was_said(
    house: House, talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.knows("The user is allergic to peanuts.", user="ada")
    call = recording("api-no-chat-id.inlet")
    turn = replace(read_inlet(**call), user_id="ada", text="Am I allergic to peanuts?")
    recalled = house.recaller.recall(house.backend, turn, house.settings, NOW)
    house.recaller.keep(turn, recalled)
    assert [line.memory_id for line in house.told.conversation(turn).lines] != []
    now = told_module.time.time()
    monkeypatch.setattr(told_module.time, "time", lambda: now + 25 * 3600)
    assert house.told.conversation(turn).lines == (), "a day later it is another conversation"


# What is searched for ---------------------------------------------------------------------------------


def test_a_short_message_leans_on_the_one_before(house: House, talk: Conversation) -> None:
    house.settings = house.settings.model_copy(update={"memories_per_turn": 1})
    house.knows("The user's older dog is called Rex.")
    house.knows("The user's younger dog is called Tom.")
    assert "Rex" in text_of(talk.ask("What is the name of my older dog?"))
    house.settings = house.settings.model_copy(update={"memories_per_turn": 2})
    assert "Tom" in text_of(talk.ask("And the younger?"))


def test_the_last_message_is_searched_for_alone(house: House, talk: Conversation) -> None:
    house.knows(DOG)
    talk.ask("What is my dog called?")
    fresh = Conversation(house)
    fresh.ask("Tell me about penguins, please, in two sentences.")
    assert DOG in text_of(fresh.ask("Now what is my dog called, as you may know?"))


# Why --------------------------------------------------------------------------------------------------


def test_each_turn_can_be_explained(house: House, talk: Conversation) -> None:
    dog, cat = house.knows(DOG), house.knows(CAT)
    house.settings = house.settings.model_copy(update={"memories_per_turn": 1})
    talk.ask("What is my dog called?")
    talk.ask("Convert thirty miles into kilometres.")
    first, second = house.explanations.of_chat(talk.chat.chat_id)
    assert first.query == "What is my dog called?"
    assert first.evidence >= first.threshold
    assert {one.memory_id: one.outcome for one in first.weighed} == {dog: "told", cat: "others are better"}
    assert {one.outcome for one in second.weighed} == {"not relevant"}
    assert second.evidence < second.threshold
    talk.ask("What was my dog called, once more?")
    third = house.explanations.of_chat(talk.chat.chat_id)[-1]
    assert {one.memory_id: one.outcome for one in third.weighed}[dog] == "told before"


def test_half_as_many_are_told_later(house: House, talk: Conversation) -> None:
    for number in range(20):
        house.knows(f"The user's parcel of the {number}. day lies in the cellar.")
    house.settings = house.settings.model_copy(update={"memories_per_turn": 6})
    assert text_of(talk.ask("Where lies my parcel of the 3. day?")).count("lies in the cellar") == 6
    assert text_of(talk.ask("Where lies my parcel of the 17. day?")).count("lies in the cellar") <= 9


def test_it_can_be_read_on_the_command_line(
    house: House, talk: Conversation, capsys: pytest.CaptureFixture[str]
) -> None:
    house.settings = house.settings.model_copy(update={"memories_per_turn": 1})
    house.knows(TOWN, kind="profile")
    house.knows(DOG)
    cat = house.knows(CAT)
    talk.ask("What is my dog called?")
    house.forgets(cat)
    show(house.engine, talk.chat.chat_id, to_json=False)
    told = capsys.readouterr().out
    assert '1. "What is my dog called?"' in told
    assert f'always told: "{TOWN}"' in told
    assert f'told: "{DOG}"' in told
    assert "others are better: (forgotten)" in told
    show(house.engine, talk.chat.chat_id, to_json=True)
    explained = json.loads(capsys.readouterr().out)
    weighed = explained[0]["weighed"][0]
    assert explained[0]["memories"][weighed["memory_id"]].startswith('"')
    with pytest.raises(Drop, match="Nothing is known of chat no-such-chat"):
        show(house.engine, "no-such-chat", to_json=False)
