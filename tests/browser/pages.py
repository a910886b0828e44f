"""Open WebUI 0.12.4's pages as a person uses them: one method for one thing a person does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from owui_memory.recall.block import without_block
from tests.browser.house import DEMO, MODEL, PASSWORD, Account, House
from tests.harness.scripted_requests import Request
from tests.harness.waiting import wait_until

ROOT = Path(__file__).parent.parent.parent
IMAGES = ROOT / "docs" / "images"

WINDOW = {"width": 1280, "height": 800}
PATIENCE_MS = 120_000  # only a bound: a machine may be as busy as ten


def new_window(chromium: Browser, **more: Any) -> BrowserContext:
    """A window of its own: it knows of no other's sessions. more: how it differs from the others."""
    context = chromium.new_context(**{"viewport": WINDOW, "locale": "en-US", **more})
    context.set_default_timeout(PATIENCE_MS)
    # Open WebUI keeps a draft of an input, its chips included, half a second later: into the next chat.
    context.add_init_script("sessionStorage.clear()")
    return context


class Person:
    """A signed-in user with a browser window of their own."""

    def __init__(self, house: House, page: Page, account: Account) -> None:
        self.house = house
        self.page = page
        self.account = account
        self._suggests = True  # whether the chat's model says what else could be asked

    # In and out

    @classmethod
    def sign_up_first(cls, house: House, page: Page, name: str, email: str) -> Person:
        """The first visitor of a new Open WebUI makes the administrator's account."""
        page.goto(f"{house.webui.url}/")
        page.get_by_role("button", name="Get started").click()
        page.get_by_label("Name").fill(name)
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").first.fill(PASSWORD)
        page.get_by_role("button", name="Create Admin Account").click()
        release_notes = page.get_by_role("button", name="Okay, Let's Go!")
        release_notes.click()
        expect(release_notes).to_be_hidden()  # once it is saved that they were seen
        account = Account(name, email)
        house.sign_in(account)
        return cls(house, page, account)

    @classmethod
    def sign_in(cls, house: House, page: Page, account: Account) -> Person:
        page.goto(f"{house.webui.url}/auth")
        page.get_by_label("Email").fill(account.email)
        page.get_by_label("Password").first.fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("#chat-input")).to_be_visible()
        return cls(house, page, account)

    # Chats

    def new_chat(self, *, model: str = MODEL, model_name: str = "", temporary: bool = False) -> None:
        """An empty chat; `model_name` is needed where the model is not shown by its id."""
        query = f"?models={model}" + ("&temporary-chat=true" if temporary else "")
        # A message gets no answer before the page listens to its server, whose version it asks for then.
        with self.page.expect_response("**/api/version"):
            self.page.goto(f"{self.house.webui.url}/{query}")
        self._suggests = model != DEMO["model"]
        selected = self.page.get_by_role("button", name=f"Selected model: {model_name or model}")
        expect(selected).to_be_visible()
        if temporary:
            expect(self.page.get_by_text("Temporary Chat").first).to_be_visible()

    def say(self, text: str, *, settle: bool = True, unseen: bool = False) -> str:
        """Send a message; returns the answer as the filter has left it, after it is remembered.

        unseen: it reaches no filter.
        """
        before = self.house.outlets()
        answers = self._answers()
        number = answers.count()
        self.page.locator("#chat-input").click()
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Enter")
        answer = answers.nth(number)
        expect(answer.get_by_role("button", name="Regenerate")).to_be_visible()
        if self._suggests:  # this comes after what the filter has made of the answer
            expect(answer.get_by_role("button", name="Follow up: ")).to_be_visible()
        if not unseen:
            self.house.wait_for_outlet(before)
        if settle:
            self.house.wait_until_remembered()
        return answer.locator("#response-content-container").inner_text()

    def last_answer(self) -> Locator:
        """The text of the newest answer, as it is shown."""
        return self._answers().last.locator("#response-content-container")

    def reload(self, *kept: str) -> None:
        """Load the chat anew once Open WebUI has kept these of its texts, which it shows before."""
        expect(self.page).to_have_url(re.compile("/c/"))
        chat_id = self.page.url.rpartition("/c/")[2]
        wait_until(
            lambda: all(text in self.house.chat(self.account, chat_id) for text in kept),
            what=lambda: f"{kept} kept of {self.house.chat(self.account, chat_id)}",
        )
        self.page.reload()

    def _answers(self) -> Locator:
        return self.page.locator("div[id^='message-']:not(.user-message):not(#message-input-container)")

    def asked_model(self, text: str) -> Request:
        """The request with which the model was asked for the answer to `text`."""
        asked = [
            request
            for request in self.house.llm.requests
            if request.endpoint == "chat" and without_block(request.last_user_text) == text
        ]
        assert len(asked) == 1, f"{len(asked)} requests for {text!r}"
        return asked[0]

    def open_sidebar(self) -> None:
        """The list of chats, once Open WebUI has given them their titles."""
        self.page.get_by_role("button", name="Open Sidebar").first.click()
        expect(self.page.get_by_role("button", name="Voice mode")).to_be_visible()
        expect(self.page.get_by_text("Loading...")).to_be_hidden()

    # Settings

    def switch_memory(self, on: bool) -> None:
        """Settings > Personalization > Memory."""
        self.page.goto(f"{self.house.webui.url}/")
        self.page.get_by_role("button", name="User menu").first.click()
        self.page.get_by_role("menuitem", name="Settings", exact=True).click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("tab", name="Personalization").click()
        switch = dialog.locator("#tab-personalization").get_by_role("switch").first
        expect(switch).to_have_attribute("aria-checked", str(not on).lower())
        with self.page.expect_response("**/users/user/settings/update"):  # "Save" only says so
            switch.click()
        expect(switch).to_have_attribute("aria-checked", str(on).lower())
        dialog.get_by_role("button", name="Save").click()
        expect(self.toast()).to_contain_text("saved")

    def toast(self) -> Locator:
        return self.page.locator("[data-sonner-toast]").first

    def keep_screenshot(self, name: str, *, height: int = 560) -> None:
        """Into docs/images, for the README: a window of this height, in pixels."""
        IMAGES.mkdir(parents=True, exist_ok=True)
        usual = self.page.viewport_size
        assert usual
        self.page.set_viewport_size({"width": usual["width"], "height": height})
        self.page.screenshot(path=IMAGES / name, animations="disabled")
        self.page.set_viewport_size(usual)


class PipelinesSettings:
    """Admin Panel > Settings > Pipelines, with the filter's settings on it."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page
        self.page.goto(f"{person.house.webui.url}/admin/settings/pipelines")
        self.dialog = self.page.get_by_role("dialog")
        pipeline = self.dialog.get_by_label("Pipeline", exact=True)
        shown = pipeline.evaluate("select => select.selectedOptions[0].label.trim()")
        if shown != "memory_filter (filter)":  # chosen again, what is filled in would be overwritten
            pipeline.select_option("memory_filter (filter)")
        expect(self.field("Memory on")).to_be_visible()

    def field(self, title: str) -> Locator:
        """One setting, from its title to its widget."""
        label = self.dialog.locator("label", has_text=re.compile(f"(^|: ){re.escape(title)}$"))
        return label.locator("xpath=ancestor::div[contains(@class, 'setting-row')]/..")

    def value(self, title: str) -> str:
        return self.field(title).locator("input").input_value()

    def fill(self, title: str, text: str) -> None:
        """A text or a number; an unset one is first switched from None to Custom."""
        unset = self.field(title).locator("button", has_text="None")
        if unset.count():
            unset.click()
        self.field(title).locator("input").fill(text)

    def choose(self, title: str, value: str) -> None:
        self.field(title).locator("select").select_option(value)

    def switch(self, title: str, on: bool) -> None:
        switch = self.field(title).get_by_role("switch")
        if (switch.get_attribute("aria-checked") == "true") != on:
            switch.click()

    def objection(self, title: str) -> str:
        """What the browser says at the field when it is to be saved."""
        self.dialog.get_by_role("button", name="Save").click()
        return str(self.field(title).locator("input").evaluate("field => field.validationMessage"))

    def save(self) -> str:
        """What Open WebUI says to it."""
        self.dialog.get_by_role("button", name="Save").click()
        return self.person.toast().inner_text()


class PipelinesSource:
    """The upper part of Admin Panel > Settings > Pipelines, where pipelines come from."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page
        self.page.goto(f"{person.house.webui.url}/admin/settings/pipelines")
        self.dialog = self.page.get_by_role("dialog")

    def upload(self, file: Path) -> str:
        """Choose a file and upload it; what Open WebUI says to it."""
        self.choose(file)
        self.dialog.get_by_role("button", name="Upload", exact=True).click()
        return self._told()

    def choose(self, file: Path) -> None:
        """Choose a file, and no more."""
        with self.page.expect_file_chooser() as chooser:
            self.dialog.get_by_role("button", name="Select a .py file").click()
        chooser.value.set_files(file)
        expect(self.dialog.get_by_text("1 pipeline(s) selected")).to_be_visible()

    def install(self, url: str) -> str:
        """Have it fetched from an address; what Open WebUI says to it."""
        self.dialog.get_by_placeholder("Enter GitHub Raw URL").fill(url)
        self.dialog.get_by_role("button", name="Install", exact=True).click()
        return self._told()

    def _told(self) -> str:
        told = self.person.toast().inner_text()
        self.person.house.list_models_anew()
        return told
