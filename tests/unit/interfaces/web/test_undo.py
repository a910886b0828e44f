""" "Undo" takes back the change that it stands beside, whatever was changed since in other tabs and chats."""

import json
import re

import pytest

from tests.unit.interfaces.web.visitors import Browser, Visitors, batch_of, texts


def ids(browser: Browser) -> dict[str, str]:
    """Of the memories, by their texts."""
    return {row["memory"]: row["id"] for row in map(json.loads, browser.get("export").text.splitlines())}


def beside_the_last_change(browser: Browser) -> str:
    """What the form below "Last change" takes back."""
    found = re.search(r'name="batch" value="([^"]+)"', browser.get("./").text.partition('id="undoing"')[2])
    return found[1] if found else ""


def test_a_change_is_taken_back_after_others(house: Visitors) -> None:
    one, other = house.browser("vera"), house.browser("vera")
    house.knows("vera", "I have a dog.", "I have a cat.")
    edited = batch_of(one.send_form("edit", id=ids(one)["I have a dog."], text="I have two dogs."))
    other.send_form("forget", id=ids(other)["I have a cat."])
    house.knows("vera", "I have a parrot.")
    assert one.send_form("undo", batch=edited).headers["location"] == "./?done=undone"
    assert sorted(texts(one)) == ["I have a dog.", "I have a parrot."]
    again = one.send_form("undo", batch=edited)
    assert (again.status_code, "That was taken back already." in again.text) == (422, True)
    assert sorted(texts(one)) == ["I have a dog.", "I have a parrot."]


def test_what_was_changed_again_is_left_alone_and_told(house: Visitors) -> None:
    one, other = house.browser("wanda", language="de"), house.browser("wanda")
    house.knows("wanda", "I have a dog.")
    first = batch_of(one.send_form("edit", id=ids(one)["I have a dog."], text="I have two dogs."))
    second = batch_of(other.send_form("edit", id=ids(one)["I have two dogs."], text="I have three dogs."))
    answer = one.send_form("undo", batch=first)
    assert answer.status_code == 422
    assert "Was du hier siehst, wurde inzwischen noch einmal geändert." in answer.text
    assert texts(one) == ["I have three dogs."]
    for batch, left in ((second, "I have two dogs."), (first, "I have a dog.")):  # one after the other
        assert one.send_form("undo", batch=batch).headers["location"] == "./?done=undone"
        assert texts(one) == [left]


def test_the_last_change_is_shown_before_it_is_taken_back(house: Visitors) -> None:
    xena = house.browser("xena")
    assert "There is nothing to undo." in xena.get("./").text
    house.knows("xena", "I have a <b>dog</b>.")
    shown = xena.get("./").text.partition('id="undoing"')[2]
    assert "<ins>I have a &lt;b&gt;dog&lt;/b&gt;.</ins>" in shown
    batch = beside_the_last_change(xena)
    house.knows("xena", "I have a cat.")
    assert beside_the_last_change(xena) != batch
    xena.send_form("undo", batch=batch)
    assert texts(xena) == ["I have a cat."]


@pytest.mark.parametrize("batch", ["", "command-page-x", "'; --", "x" * 5_000, "another's"])
def test_what_is_no_change_of_ones_own_is_refused(house: Visitors, batch: str) -> None:
    yara = house.browser("yara")
    house.knows("yara", "I have a dog.")
    if batch == "another's":
        batch = beside_the_last_change(yara)
        yara = house.browser("zora")
    assert yara.send_form("undo", batch=batch).status_code == 422
    assert texts(house.browser("yara")) == ["I have a dog."]
