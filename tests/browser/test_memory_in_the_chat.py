"""What people see of memory in a real Open WebUI, and what the model is told."""

from collections.abc import Callable

import pytest

from scripts.up import ASK, TELL
from tests.browser.house import DEMO, House
from tests.browser.pages import Person, PipelinesSettings
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until

FACT = "I am allergic to peanuts and I live in Lisbon."
QUESTION = "Where do I live, and what am I allergic to?"
BLOCK = "<user_memories>"

NewPerson = Callable[[str], Person]


def test_a_fact_told_in_one_chat_is_known_in_the_next(admin: Person, scripted_llm: ScriptedLLM) -> None:
    admin.new_chat()
    admin.say(FACT)

    admin.new_chat()
    answer = admin.say(QUESTION)

    told = admin.asked_model(QUESTION).text
    assert BLOCK in told
    assert "peanuts" in told
    assert "peanuts" in answer


def test_the_model_is_not_offered_open_webuis_own_memory_tools(user: Person) -> None:
    user.new_chat()
    user.say("Good morning!")

    body = user.asked_model("Good morning!").body
    offered = [tool["function"]["name"] for tool in body.get("tools", [])]
    assert [name for name in offered if "memor" in name] == []
    assert offered, "other tools stay"


def test_the_demo_model_shows_what_it_was_given(new_person: NewPerson, screenshots: bool) -> None:
    eva = new_person("Eva")
    eva.new_chat(**DEMO)
    assert "no memories" in eva.say(TELL)
    eva.new_chat(**DEMO)
    eva.say("I am learning to play the cello.")

    eva.new_chat(**DEMO)
    answer = eva.say(ASK)

    assert TELL in answer
    if screenshots:
        eva.open_sidebar()
        eva.keep_screenshot("chat.png")


def test_what_one_user_said_is_not_told_to_another(new_person: NewPerson) -> None:
    told, other = new_person("Carol"), new_person("Dan")
    told.new_chat()
    told.say(FACT)

    other.new_chat()
    answer = other.say(QUESTION)

    assert BLOCK not in other.asked_model(QUESTION).text
    assert "peanuts" not in answer


def test_a_temporary_chat_is_not_remembered(house: House, user: Person) -> None:
    user.new_chat(temporary=True)
    user.say(FACT)

    assert house.chats(user.account) == []
    assert "peanuts" not in house.recalled(user.account, QUESTION)
    user.new_chat()
    user.say(QUESTION)
    assert "peanuts" not in user.asked_model(QUESTION).text


def test_a_model_without_the_memory_capability_gets_no_block(house: House, user: Person) -> None:
    user.new_chat()
    user.say(FACT)
    assert "peanuts" in house.recalled(user.account, QUESTION)

    user.new_chat(model=house.new_model("forgetful", {"memory": False}))
    user.say(QUESTION)

    assert BLOCK not in user.asked_model(QUESTION).text


def test_with_the_users_memory_switch_off_nothing_is_told_and_nothing_remembered(
    house: House, user: Person
) -> None:
    user.new_chat()
    user.say(FACT)
    user.switch_memory(False)

    user.new_chat()
    user.say(QUESTION)
    user.new_chat()
    user.say("My sister is called Joana.")

    assert BLOCK not in user.asked_model(QUESTION).text
    known = house.recalled(user.account, "What is my sister called, and what am I allergic to?")
    assert "peanuts" in known
    assert "Joana" not in known


@pytest.mark.usefixtures("unchanged_settings")
def test_settings_changed_in_the_admin_panel_take_effect(
    admin: Person, user: Person, screenshots: bool
) -> None:
    user.new_chat()
    user.say(FACT)

    settings = PipelinesSettings(admin)
    if screenshots:
        admin.keep_screenshot("settings.png", height=1600)
    settings.fill("Memories per message", "")
    assert "fill out" in settings.objection("Memories per message"), "an empty number is not saved"
    settings.fill("Memories per message", "0")
    assert "success" in settings.save()

    ladder = "Which way does a ladder stand best?"
    user.new_chat()
    user.say("My ladder leans on the left wall.")
    user.new_chat()
    user.say(ladder)
    told = user.asked_model(ladder).text
    assert "peanuts" in told, "who the user is is not counted"
    assert "left wall" not in told

    settings = PipelinesSettings(admin)
    assert settings.value("Memories per message") == "0"
    settings.fill("Memories per message", "5")
    settings.save()

    again = "Which wall does my ladder lean on?"
    user.new_chat()
    user.say(again)
    assert "left wall" in user.asked_model(again).text


@pytest.mark.usefixtures("unchanged_settings")
def test_a_setting_that_cannot_be_meant_is_refused(admin: Person, house: House) -> None:
    before = house.valves()

    settings = PipelinesSettings(admin)
    settings.fill("Deadline (ms)", "soon")
    said = settings.save()

    # Open WebUI 0.12.4 shows its own words for every refusal: it has closed the answer before reading it.
    assert "success" not in said
    assert house.valves() == before
    again = PipelinesSettings(admin)
    assert again.value("Deadline (ms)") == str(before["inlet_deadline_ms"])
    refusal = "NOT SAVED: inlet_deadline_ms must be a whole number from 50 to 10000, not 'soon'."
    assert refusal in again.field("Deadline (ms)").inner_text()


@pytest.mark.usefixtures("unchanged_settings")
def test_a_backend_that_is_not_there_leaves_the_chat_working(
    house: House, admin: Person, user: Person
) -> None:
    settings = PipelinesSettings(admin)
    settings.choose("Store", "qdrant")
    settings.fill("Store's address", "http://127.0.0.1:9")
    assert "success" in settings.save()

    user.new_chat()

    assert user.say("Hello, are you there?", settle=False) == "Hello from the model."
    wait_until(lambda: not house.status()["ok"], what="the status tells that the store is not there")


@pytest.mark.usefixtures("unchanged_settings")
def test_a_backend_that_stops_leaves_the_chat_working_and_loses_nothing(
    house: House, user: Person, scripted_llm: ScriptedLLM
) -> None:
    house.save_valves(
        collection="stopped", **{**scripted_llm.embeds("scripted-embed"), "embedder_api_key": "embedder-key"}
    )
    user.new_chat()
    user.say(FACT)
    wait_until(
        lambda: "stopped" in house.part("store"),
        what=lambda: f"the new collection is in use: {house.status()}",
    )

    with scripted_llm.fault("embeddings", status=503):
        user.new_chat()
        assert user.say(QUESTION, settle=False) == "Hello from the model."
        assert user.say("My sister is called Joana.", settle=False) == "Hello from the model."

    house.wait_until_remembered()
    wait_until(
        lambda: "Joana" in house.recalled(user.account, "What is my sister called?"),
        what="what was said meanwhile is known",
    )
    assert house.status()["queue"]["dead"] == 0
