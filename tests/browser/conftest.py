"""One house and one Chromium for all browser tests; each test has users of its own."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.house import House
from tests.browser.pages import PATIENCE_MS, Person, new_window
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def house(_running_llm: ScriptedLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House.build(tmp_path_factory.mktemp("house"), _running_llm)
    try:
        yield house.start()
    finally:
        house.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def admin(house: House, chromium: Browser) -> Person:
    """The first to sign up, in the browser."""
    page = new_window(chromium).new_page()
    person = Person.sign_up_first(house, page, "Ada", "ada@example.com")
    house.admin = person.account
    return person


@pytest.fixture
def new_person(
    house: House, chromium: Browser, admin: Person, scripted_llm: ScriptedLLM
) -> Iterator[Callable[[str], Person]]:
    """Make a user and sign them in, in a window of their own."""
    contexts = []

    def make(name: str = "Bob") -> Person:
        context = new_window(chromium)
        contexts.append(context)
        return Person.sign_in(house, context.new_page(), house.new_account(name))

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def user(new_person: Callable[[str], Person]) -> Person:
    return new_person("Bob")


@pytest.fixture
def unchanged_settings(house: House) -> Iterator[None]:
    """The settings after the test are those before it, and so is the backend in use."""
    before, backend = house.valves(), house.backend()
    yield
    house.save_valves(**before)
    wait_until(
        lambda: house.is_ready() and house.backend() == backend,
        what=lambda: f"the backend before the test is in use again: {house.status()}",
    )


@pytest.fixture
def screenshots() -> bool:
    """Whether docs/images is to be written anew (`make screenshots`)."""
    return os.environ.get("UPDATE_SCREENSHOTS") == "1"
