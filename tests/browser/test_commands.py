"""`/memory` in a real Open WebUI: the user reads the exact answer, whatever the model says."""

from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.pages import Person

CITY = "I live in Lisbon, near the river."
ALLERGY = "I am allergic to peanuts."
HOSTILE = (
    "I like | pipes, `code`, [links](http://evil.example), <img src=x onerror=alert(1)>, $x^2$, \\(y\\), "
    "\\[z\\], {{HTML_FILE_ID_1}}, www.evil.example, ![x](http://evil.example/x.png) and *stars* & "
    "&lt;b&gt; [1]."
)


def test_commands_are_answered_exactly(house: House, user: Person, screenshots: bool) -> None:
    for fact in (CITY, ALLERGY):
        user.new_chat()
        user.say(fact)

    user.new_chat()
    user.say(f"/memory remember {HOSTILE}")
    user.say("/memory")

    answer = user.last_answer()
    table = answer.locator("table")
    expect(table).to_be_visible()
    told = table.locator("tbody tr td:nth-child(2)")
    expect(told).to_have_text([HOSTILE, ALLERGY, CITY], use_inner_text=True)
    expect(answer.locator("table img, table code, table strong, table em, .katex")).to_have_count(0)
    links = [link.get_attribute("href") for link in table.locator("a").all()]
    assert links, "memories from other chats name them"
    assert all(link and link.startswith("/c/") for link in links)

    assert user.say("/memory forget 1").startswith("Forgotten: ")
    user.say("What do I not eat?")
    told = user.asked_model("What do I not eat?")
    assert "/memory" not in told.text
    assert "Forgotten" not in told.text

    user.reload("Forgotten: ")
    expect(user.page.get_by_text("Forgotten: ")).to_be_visible()
    user.new_chat()
    user.say("Where do I live?")
    user.say("/memory why")
    why = user.last_answer()
    expect(why.get_by_text("Used for the answer")).to_be_visible()
    expect(why.locator("ul").first.locator("li", has_text=CITY)).to_be_visible()
    if screenshots:
        user.keep_screenshot("why.png", height=760)
        user.new_chat()
        user.say("/memory remember My dog is called Rex and he is very old.")
        user.say("/memory")
        user.keep_screenshot("commands.png", height=700)
