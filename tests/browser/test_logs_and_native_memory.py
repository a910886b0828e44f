"""What else `make up` promises: logs that hold nobody's words, and a native memory page that works."""

from collections.abc import Callable

from tests.browser.house import DEMO, House
from tests.browser.pages import Person

SECRET_WORD = "Zwetschgenknoedel"


def test_the_logs_hold_nothing_that_was_said(house: House, new_person: Callable[[str], Person]) -> None:
    eva = new_person("Eva")
    eva.new_chat(**DEMO)
    eva.say(f"My cat is called {SECRET_WORD}.")
    eva.new_chat(**DEMO)
    assert SECRET_WORD in eva.say("What is my cat called?")

    for log in house.logs():
        assert log.stat().st_size > 0
        assert SECRET_WORD.encode() not in log.read_bytes(), log.name


def test_open_webuis_own_memory_page_can_add(house: House, user: Person) -> None:
    added = house.add_native_memory(user.account, "I collect stamps.")
    assert added["content"] == "I collect stamps."
    assert "stamps" not in house.recalled(user.account, "What do I collect?")
