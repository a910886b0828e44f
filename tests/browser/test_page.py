"""The page of memories in a browser: signed in both ways, and its changes hold in the next chat."""

import re
from collections.abc import Callable
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.house import House
from tests.browser.pages import IMAGES, WINDOW, Person, new_window

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
VIEWS = ("", "timeline", "chats", "files", "digests", "why", "switches", "sharing", "keys", "import")
ADMINS_VIEWS = ("admin", "users", "queue", "settings")
PHONE = {"width": 360, "height": 740}


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, and a page that is wider than its window."""
    page.evaluate(AXE)  # as the browser's own tools do: the page's policy lets no script of ours in
    found = page.evaluate(
        "() => axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.target)]))"
    )
    wide = page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth")
    return [*map(str, found), *(["wider than the window"] if wide else [])]


def expect_list(page: Page, *texts: str) -> None:
    """The memories of the page are these, in this order."""
    expect(page.locator("#list .cards > li > .text")).to_have_text(list(texts), use_inner_text=True)


def test_changes_hold_in_the_next_chat(house: House, user: Person, screenshots: bool) -> None:
    for fact in ("I live in Lisbon, near the river.", "I am allergic to peanuts."):
        user.new_chat()
        user.say(fact)
    page, errors, ours = user.page, list[str](), house.pipelines.url

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and message.location["url"].startswith(ours):
            errors.append(message.text)

    page.on("console", note)
    page.goto(f"{house.pipelines.page_url}/")  # with Open WebUI's session: it is the same host
    expect(page.get_by_role("heading", name="My memories")).to_be_visible()
    expect_list(page, "I am allergic to peanuts.", "I live in Lisbon, near the river.")
    if screenshots:
        user.keep_screenshot("page.png", height=720)
    page.get_by_role("searchbox").press_sequentially("river", delay=20)
    expect(page).to_have_url(re.compile("q=river&"))  # once the last answer is there
    expect(page.locator("#list .count")).to_contain_text("of 2")
    card = page.locator("#list li", has_text="Lisbon")
    card.locator("summary").click()
    card.get_by_label("Text").fill("I live in Porto, near the river.")
    card.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Changed.")
    page.goto(f"{house.pipelines.page_url}/")  # out of the search
    card = page.locator("#list li", has_text="peanuts")
    card.locator("summary").click()
    card.get_by_role("button", name="Forget", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Forgotten.")
    expect_list(page, "I live in Porto, near the river.")

    user.new_chat()
    user.say("Where do I live, and what am I allergic to?")
    told = user.asked_model("Where do I live, and what am I allergic to?").text
    assert "Porto" in told
    assert "Lisbon" not in told
    assert "peanuts" not in told

    page.goto(f"{house.pipelines.page_url}/timeline")
    page.get_by_role("link", name="Open chat").first.click()
    expect(page.locator("#chat-input")).to_be_visible()
    if screenshots:
        page.goto(f"{house.pipelines.page_url}/timeline")
        user.keep_screenshot("page-timeline.png", height=640)
    assert errors == []


def test_a_link_of_the_chat_signs_in_once(house: House, user: Person, chromium: Browser) -> None:
    user.new_chat()
    user.say("/memory remember My dog is called Rex.")
    user.say("/memory page")
    address = user.last_answer().get_by_role("link").get_attribute("href")
    assert address
    other = new_window(chromium, locale="de-DE")
    try:
        page = other.new_page()
        page.goto(address)
        expect(page.get_by_text("Dieser Link meldet dich als Bob an.")).to_be_visible()
        page.get_by_role("button", name="Anmelden").click()
        expect(page.get_by_role("heading", name="Meine Erinnerungen")).to_be_visible()
        expect_list(page, "My dog is called Rex.")
        page.get_by_role("button", name="Abmelden").click()
        expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
        page.goto(address)
        expect(page.get_by_role("alert")).to_contain_text("schon benutzt")
    finally:
        other.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    house: House, admin: Person, new_person: Callable[[str], Person], scheme: str, screenshots: bool
) -> None:
    user = new_person("Bob")
    user.new_chat()
    user.say("My cat is called Mia, and I moved to Porto in May.")
    user.page.emulate_media(color_scheme=scheme)
    found: dict[str, list[str]] = {}
    for person, views in ((user, VIEWS), (admin, ADMINS_VIEWS)):
        page = person.page
        for view in views:
            page.goto(f"{house.pipelines.page_url}/{view}")
            expect(page.locator("main h1")).to_be_visible()
            for summary in page.locator("summary").all():
                summary.click()
            found[view] = violations(page)
            page.set_viewport_size(PHONE)
            found[f"{view} on a phone"] = violations(page)
            if screenshots and (view, scheme) == ("", "dark"):
                page.screenshot(path=IMAGES / "page-phone.png", animations="disabled")
            page.set_viewport_size(WINDOW)
    user.page.get_by_role("button", name="Sign out").click()
    expect(user.page.get_by_role("heading", name="Sign in")).to_be_visible()
    found["sign-in"] = violations(user.page)
    assert {view: wrong for view, wrong in found.items() if wrong} == {}
