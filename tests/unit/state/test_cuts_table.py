"""What is kept of long chats goes with them, and its user is told once."""

import time
from pathlib import Path

from owui_memory.state import deletions, open_state, put_row
from owui_memory.state.cuts_table import CutsTable, Place

PLACE = Place("ada", "chat", 2000)


def test_an_abstract_that_was_under_way_does_not_come_back(tmp_path: Path) -> None:
    engine = open_state(tmp_path)
    table, read_at = CutsTable(engine), time.time()
    with engine.begin() as connection:
        put_row(connection, deletions, {"user_id": "ada", "chat_id": "chat", "at": time.time(), "done": True})
    assert not table.put(PLACE, "first", "{}", read_at)
    table.use(PLACE, "first", read_at)
    assert table.of_chat(PLACE) == []
    table.use(PLACE, "first", time.time() + 1)
    assert table.put(Place("ada", "other", 2000), "first", "{}", read_at)
    assert [one.position for one in table.of_chat(PLACE)] == ["first"], "the chat was restored"
    engine.dispose()


def test_the_user_is_told_once_whatever_the_number_of_cuts(tmp_path: Path) -> None:
    engine = open_state(tmp_path)
    table, told = CutsTable(engine), 0
    for number in range(30):
        table.use(PLACE, f"position {number}", time.time())
        told += table.tell("ada", "chat")
    assert told == 1
    engine.dispose()
