"""The page alone in a browser, as people use it: by keyboard, in two tabs, twice, back, and too late."""

import json
import re
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from owui_memory.interfaces.web.routes import ROUTES
from tests.browser.pages import new_window
from tests.browser.test_page import VIEWS, expect_list, violations
from tests.harness.waiting import wait_until
from tests.unit.interfaces.web.visitors import Visitors, visitors
from tests.unit.manage.history.test_formats import FIXTURES, ltm

NARROW = {"width": 320, "height": 640}
CHAT = "0a1b2c3d-1111-2222-3333-444455556666"
ODD = (
    "W" * 1000,
    f"{'x' * 300} https://example.com/{'a' * 200}",
    "أنا أعيش في القاهرة وأحب القهوة بدون سكر",
    "אני גר בחיפה עם Rex הכלב שלי (בן 7)",
    "I like \u202etext that is turned round",
    f"z{chr(0x301) * 200}algo is a word that I like",
    "My " + "\N{NO-BREAK SPACE}".join(["family"] * 140),
    "<img src=x onerror=alert(1)></textarea><script>alert(1)</script> is what I like",
)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    with visitors(tmp_path_factory.mktemp("page"), episodes="on") as some:
        yield some


class Tabs:
    """The windows of one user in one browser."""

    def __init__(self, at: Visitors, chromium: Browser, user: str, **more: Any) -> None:
        self.at, self.user, self.url = at, user, f"{at.at.url}/memory/"
        self.context = new_window(chromium, **more)
        self.sign_in()

    def sign_in(self) -> None:
        cookie = {"name": "token", "value": self.at.webui.knows(self.user), "url": self.at.at.url}
        self.context.add_cookies([cookie])

    def open(self, view: str = "") -> Page:
        page = self.context.new_page()
        page.goto(self.url + view)
        return page


@pytest.fixture
def tabs(at: Visitors, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Tabs]:
    one = Tabs(at, chromium, request.node.name)
    at.knows(one.user, "I live in Porto.", "My dog is called Rex.", "I like green tea.")
    yield one
    one.context.close()


def expect_done(page: Page, text: str) -> None:
    """The page that comes after something was done says so, and its scripts have run."""
    expect(page.get_by_role("status")).to_contain_text(text)
    page.wait_for_load_state()


def test_by_keyboard_alone(tabs: Tabs) -> None:
    page = tabs.open()
    press = page.keyboard.press
    press("Tab")
    expect(page.get_by_role("link", name="Skip")).to_be_focused()
    press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("tea")
    expect(page).to_have_url(re.compile("q=tea"))
    for _ in range(10):
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
        press("Tab")
    press("Enter")
    press("Tab")
    press("Control+A")
    page.keyboard.type("I like black tea.")
    press("Tab")
    press("Enter")
    expect_done(page, "Changed.")
    expect_list(page, "I like black tea.")  # what was searched for is shown again
    page.get_by_role("button", name="Undo").first.focus()
    press("Enter")
    expect_done(page, "taken back")
    expect_list(page, "I like green tea.")


def test_what_was_done_is_told_once(tabs: Tabs) -> None:
    page = tabs.open()
    page.locator("#new").fill("I own a bicycle.")
    page.get_by_role("button", name="Remember").click()
    expect_done(page, "Remembered.")
    page.reload()
    expect(page.get_by_role("heading", name="My memories")).to_be_visible()
    expect(page.get_by_role("status")).to_have_count(0)


def test_a_double_click_changes_one_thing(tabs: Tabs, monkeypatch: pytest.MonkeyPatch) -> None:
    clicked_twice = threading.Event()
    for name in ("undo", "forget"):
        route = ROUTES["POST", name]

        def slowly(visit, view=route.view):
            clicked_twice.wait(60)
            return view(visit)

        monkeypatch.setitem(ROUTES, ("POST", name), replace(route, view=slowly))
    page = tabs.open()
    page.get_by_role("button", name="Undo").last.dblclick(delay=80)
    clicked_twice.set()
    expect_done(page, "taken back")
    expect_list(page, "My dog is called Rex.", "I live in Porto.")
    clicked_twice.clear()
    card = page.locator("#list li", has_text="Rex")
    card.locator("summary").click()
    card.get_by_role("button", name="Forget", exact=True).dblclick(delay=80)
    clicked_twice.set()
    expect_done(page, "Forgotten.")
    expect_list(tabs.open(), "I live in Porto.")


def test_two_tabs_and_the_way_back(tabs: Tabs) -> None:
    one, other = tabs.open(), tabs.open()
    for page in (one, other):
        page.locator("#list li", has_text="Rex").locator("summary").click()
    card = one.locator("#list li", has_text="Rex")
    card.get_by_role("button", name="Forget", exact=True).click()
    expect_done(one, "Forgotten.")
    card = other.locator("#list li", has_text="Rex")
    card.get_by_label("Text").fill("My dog is called Max.")
    card.get_by_role("button", name="Save").click()
    expect(other.get_by_role("alert")).to_contain_text("no longer exists")
    expect(other.get_by_role("textbox")).to_have_value("My dog is called Max.")
    other.go_back()
    expect(other.locator("#list .text")).to_have_text(["I like green tea.", "I live in Porto."])
    other.get_by_role("searchbox").fill("tea")
    expect(other).to_have_url(re.compile("q=tea"))
    other.go_back()
    expect(other.locator("#list .text")).to_have_count(2)
    expect(other.get_by_role("searchbox")).to_have_value("")
    one.get_by_role("button", name="Sign out").click()
    expect(one.get_by_role("heading", name="Sign in")).to_be_visible()
    one.go_back()
    expect(one.get_by_role("heading", name="Sign in")).to_be_visible()


def test_after_the_session_nothing_typed_is_lost(tabs: Tabs) -> None:
    page = tabs.open()
    page.locator("#new").fill("I wrote this with care.")
    tabs.context.clear_cookies()
    page.get_by_role("button", name="Remember").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_value("I wrote this with care.")
    tabs.sign_in()
    page = tabs.open()
    tabs.context.clear_cookies()
    page.get_by_role("searchbox").fill("tea")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_search_that_is_refused_says_so(tabs: Tabs) -> None:
    page = tabs.open()
    page.route("**/memory/?q=*", lambda route: route.fulfill(status=503, body="<p>Too much at once.</p>"))
    page.get_by_role("searchbox").fill("tea")
    expect(page.get_by_text("Too much at once.")).to_be_visible()
    page.unroute("**/memory/?q=*")
    page.reload()
    expect_list(page, "I like green tea.")


def test_odd_texts_on_a_narrow_screen(at: Visitors, chromium: Browser) -> None:
    rows = "\n".join(json.dumps({"memory": text, "user_id": "x"}) for text in ODD)
    assert f"{len(ODD)} memories added" in at.at.command(f"/memory import {rows}", user="odile")
    at.at.remember(
        f"I moved to {'Llanfair' * 40} in May.", user="odile", headers={"X-OpenWebUI-Chat-Id": CHAT}
    )
    at.at.chat("What do I like?", user="odile")
    by_http = at.browser("odile")
    by_http.send_document(f"{'W' * 200}.md", f"# {'H' * 300}\n\n{'y' * 3000}".encode())
    by_http.send_form("switch", of="model", chat="m" * 100, on="no")
    by_http.send_form("make-key", name="k" * 60)
    assert by_http.upload(b'{"memory": "I sail.", "user_id": "x"}', f"{'n' * 150}.jsonl")
    found: dict[str, list[str]] = {}
    for language in ("en-US", "de-DE"):
        odile = Tabs(at, chromium, "odile", viewport=NARROW, locale=language)
        for view in (*VIEWS, f"chats?chat={CHAT}", "why?id=1", "nothing", "?done=forgotten&batch=x"):
            page = odile.open(view)
            for summary in page.locator("summary").all():
                summary.click()
            found[f"{language} {view}"] = violations(page)
            page.close()
        odile.context.close()
    assert {view: wrong for view, wrong in found.items() if wrong} == {}


def test_undo_in_an_old_tab_takes_back_what_it_shows(tabs: Tabs) -> None:
    one, other = tabs.open(), tabs.open()
    card = one.locator("#list li", has_text="Rex")
    card.locator("summary").click()
    card.get_by_label("Text").fill("My dog is called Max.")
    card.get_by_role("button", name="Save").click()
    expect(one.get_by_role("status")).to_contain_text("Changed.")
    tabs.at.knows(tabs.user, "I own a bicycle.")
    card = other.locator("#list li", has_text="Porto")
    card.locator("summary").click()
    card.get_by_role("button", name="Forget", exact=True).click()
    expect(other.get_by_role("status")).to_contain_text("Forgotten.")
    one.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(one.get_by_role("status")).to_contain_text("taken back")
    expect_list(one, "My dog is called Rex.", "I own a bicycle.", "I like green tea.")
    shown = other.locator("section", has=other.get_by_role("heading", name="Last change"))
    expect(shown).to_contain_text("I live in Porto.")
    shown.get_by_role("button", name="Undo").click()
    expect(other.get_by_role("status")).to_contain_text("taken back")
    expect(other.locator("#list .text")).to_contain_text(["I live in Porto."])


def test_each_programs_archive_by_the_form(tabs: Tabs, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "nora.zip", "w") as packed:
        for file in ltm(tmp_path).rglob("*.db"):
            packed.write(file, file.relative_to(tmp_path))
    archives = {
        FIXTURES / "chatgpt.json": "ChatGPT",
        FIXTURES / "claude.json": "Claude",
        FIXTURES / "gemini.json": "Gemini",
        FIXTURES / "open_webui.json": "Open WebUI",
        FIXTURES / "letta.json": "Letta",
        FIXTURES / "mem0.json": "mem0",
        tmp_path / "nora.zip": "text-generation-webui",
    }
    page = tabs.open("import")
    for archive, label in archives.items():
        page.goto(f"{tabs.url}import")
        page.locator("#file").set_input_files(archive)
        page.get_by_role("button", name="See what it would bring").click()
        expect(page.get_by_role("heading", name=f"Import: {label}", exact=True)).to_be_visible()
    page.get_by_role("button", name="Import it").click()
    expect_done(page, "remembered")
    page.goto(f"{tabs.url}import")
    wait_until(lambda: page.reload() and not page.locator("progress").count(), what="it is remembered")
    page.goto(f"{tabs.url}chats?q=folkboat")
    expect(page.locator("blockquote").first).to_contain_text("I sail a folkboat.")
    page.goto(f"{tabs.url}import")
    page.get_by_role("button", name="Take all of it back").click()
    expect_done(page, "taken back")
    page.goto(f"{tabs.url}chats?q=folkboat")
    expect(page.get_by_text("0 chats")).to_be_visible()
