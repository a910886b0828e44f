"""`show_memory_notes` in a real Open WebUI: a folded line under the answer, which a click opens."""

import pytest
from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.pages import Person

DOG = "My dog is called Rex and he is afraid of [thunder](http://evil.example)."
CELLO = "I play the cello in a quartet."


@pytest.mark.usefixtures("unchanged_settings")
def test_a_note_is_folded_and_tells_what_was_used_and_learned(
    house: House, user: Person, screenshots: bool
) -> None:
    house.save_valves(show_memory_notes=True)
    user.new_chat()
    user.say("Good morning.")
    for fact in (DOG, CELLO):
        user.new_chat()
        user.say(fact)

    user.new_chat()
    user.say("What is my dog called?")
    answer = user.last_answer()
    summary = answer.get_by_text("Memory: 1 used, 1 learned")
    expect(summary).to_be_visible()
    expect(answer.get_by_text("Used for this answer")).to_be_hidden()

    summary.click()
    expect(answer.get_by_text("Used for this answer")).to_be_visible()
    expect(answer.locator("li")).to_have_text([f"“{DOG}”", f"new: “{CELLO}”"], use_inner_text=True)
    expect(answer.locator("a")).to_have_count(0)
    expect(answer).not_to_contain_text("<details", use_inner_text=True)

    user.say("And how old is he?")
    told = user.asked_model("And how old is he?")
    assert "Used for this answer" not in told.text, "the model never sees a note"
    user.reload("Used for this answer")
    expect(user.page.get_by_text("Memory: 1 used, 1 learned")).to_be_visible()

    if screenshots:
        user.new_chat()
        user.say("My daughter Mia starts school next week.")
        user.new_chat()
        user.say("What does Mia start next week?")
        user.last_answer().get_by_text("Memory: 1 used, 1 learned").click()
        user.keep_screenshot("notes.png", height=520)
