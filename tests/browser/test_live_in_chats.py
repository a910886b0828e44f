"""A status line and sources in a real Open WebUI, posted by the filter or emitted by the function."""

import re
from collections.abc import Callable, Iterator, Sequence

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.house import House
from tests.browser.pages import ROOT, Person
from tests.harness.waiting import wait_until

DOG = "My dog is called Rex: he is {{afraid}} of thunder."
USED = re.compile(r"^\d memor(y|ies) used$")


def line(person: Person) -> Locator:
    """The lines above answers that say what was used."""
    return person.page.get_by_role("button", name="Toggle status history")


def sources(person: Person) -> Locator:
    return person.page.get_by_role("button", name=re.compile(r"Toggle \d+ sources?"))


def say_until_shown(person: Person, texts: Sequence[str], look: Callable[[str], None]) -> str:
    """Say the first of these texts in a new chat, or a later one; returns that of which `look` saw something.

    What is posted to an Open WebUI that takes too long is dropped.
    """
    for text in texts:
        person.new_chat()
        person.say(text)
        try:
            look(text)
            return text
        except AssertionError:
            if text == texts[-1]:
                raise
    raise AssertionError("nothing to say")


@pytest.mark.usefixtures("unchanged_settings")
def test_a_line_and_sources_are_shown_and_gone_when_they_are_off(
    house: House, user: Person, screenshots: bool
) -> None:
    house.save_valves(
        webui_url=house.webui.url, webui_api_key=house.api_key(), page_url=f"{house.webui.url}/memory"
    )
    wait_until(lambda: "shown," in house.part("lines in chats"), what=lambda: f"it is on: {house.status()}")

    def learned(text: str) -> None:
        expect(line(user)).to_have_text(f"Remembered: {text[:-1]}")

    def used(_: str) -> None:
        expect(line(user)).to_have_text(USED)
        expect(sources(user)).to_be_visible()

    dog = say_until_shown(user, (DOG, DOG.replace("Rex", "Max")), learned)
    say_until_shown(user, ("What is my dog called?", "Do you know what my dog is called?"), used)
    user.reload('"statusHistory"', '"sources"')
    expect(line(user)).to_have_text(USED)
    sources(user).click()
    if screenshots:
        user.keep_screenshot("live.png", height=480)
    user.page.get_by_role("button", name=re.compile(dog[:20])).click()
    dialog = user.page.get_by_role("dialog")
    expect(dialog.get_by_text(dog).last).to_be_visible()
    expect(dialog.locator(f"a[href='{house.webui.url}/memory/']").first).to_be_visible()

    user.new_chat(temporary=True)
    user.say("What is my dog called?")
    user.new_chat()
    user.say("/memory notes off")
    user.new_chat()
    user.say("What is my old dog called?")
    silent = user.page.url
    user.say("/memory notes on")
    # What is posted comes in order.
    say_until_shown(user, ("What is my young dog called?", "Which name has my young dog?"), used)
    user.page.goto(silent)
    expect(user.last_answer()).to_be_visible()
    expect(line(user)).to_have_count(0)
    expect(sources(user)).to_have_count(0)


@pytest.fixture
def function(house: House) -> Iterator[str]:
    content = (ROOT / "single_file" / "memory_function.py").read_text()
    function_id = house.add_function(
        content, url=house.pipelines.url, key=house.pipelines.key, deadline_ms=10000
    )
    yield function_id
    house.delete_function(function_id)


@pytest.mark.usefixtures("unchanged_settings")
def test_the_function_works_alone_beside_the_filter_and_without_its_server(
    house: House, new_person: Callable[[str], Person], function: str, screenshots: bool
) -> None:
    user = new_person("Bob")
    house.save_valves(pipelines=["no-model"])
    user.new_chat()
    user.say("I am allergic to peanuts.", unseen=True)
    assert house.recalled(user.account, "What am I allergic to?") == "", "its chip is off"

    user.new_chat()
    switch_on(user)
    if screenshots:
        user.keep_screenshot("function.png", height=400)
    user.say(DOG)
    user.new_chat()
    switch_on(user)
    user.say("What is my dog called?")
    assert "Rex" in user.asked_model("What is my dog called?").text
    expect(line(user)).to_have_text(USED)
    expect(sources(user)).to_be_visible()
    assert DOG in user.say("/memory")

    house.set_user_valves(function, user.account, memory="recall only", notes=False)
    user.new_chat()
    switch_on(user)
    user.say("I live in Porto. What is my dog's name?")
    assert "Rex" in user.asked_model("I live in Porto. What is my dog's name?").text
    expect(line(user)).to_have_count(0)
    assert "Porto" not in user.say("/memory")

    house.set_user_valves(function, user.account, memory="on", notes=True)
    house.save_valves(pipelines=["*"])
    user.new_chat()
    switch_on(user)
    user.say("Which dog do I have?")
    assert user.asked_model("Which dog do I have?").text.count("<user_memories>") == 1, "told once"
    expect(line(user), "the filter, which was first, shows nothing here").to_have_count(0)

    house.save_valves(pipelines=["no-model"])
    house.set_valves(function, url="http://127.0.0.1:9")
    user.new_chat()
    switch_on(user)
    assert user.say("Which dog did I have?", unseen=True), "the chat goes on"


def switch_on(person: Person) -> None:
    """The chip in the chat's input, among the integrations."""
    person.page.get_by_role("button", name="Integrations").click()
    memory = person.page.get_by_role("menuitemcheckbox", name="Memory")
    expect(memory).to_have_attribute("aria-checked", "false")
    memory.click()
    expect(memory).to_have_attribute("aria-checked", "true")
    person.page.keyboard.press("Escape")
    expect(memory).to_be_hidden()
