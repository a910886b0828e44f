"""What is forgotten is hidden at once, brought back by `undo` for a while, and then nowhere."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from owui_memory.core.change import FORGET
from owui_memory.core.memory import Memory
from owui_memory.state import commands, journal
from tests.harness import traces
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.traces import RARE
from tests.unit.commands.desk import Desk, a_desk

DOG, CITY = f"My dog {RARE} is called Rex.", "I live in Lisbon."


def pass_minutes(desk: Desk, minutes: float) -> None:
    """What was decided so far was decided earlier."""
    with desk.engine.begin() as connection:
        connection.execute(update(journal).values(at=journal.c.at - minutes * 60))


def forgets_the_newest(desk: Desk) -> str:
    desk.ask("/memory")
    return desk.ask("/memory forget 1")


def settle(desk: Desk) -> None:
    """As the sweeper does, and until the files are rewritten."""
    for _ in range(3):
        desk.sweeper.look()
    assert desk.metrics.last_error is None


def without_ids(memory: Memory) -> dict[str, Any]:
    return {
        name: getattr(memory, name)
        for name in ("text", "kind", "scope", "expires", "chat", "ordinal", "created_at")
    }


def test_it_is_hidden_at_once_and_undo_brings_it_back_as_it_was(desk: Desk) -> None:
    desk.backend.store(
        "ada", Memory("", DOG, kind="plan", expires="2099-01-01", chat="old", ordinal=7, scope="folder:f")
    )
    time.sleep(0.01)
    desk.knows(CITY)
    before = [without_ids(memory) for memory in desk.backend.list_all("ada")]
    desk.ask("/memory")
    answer = desk.ask("/memory forget 2")
    assert "`/memory undo` brings it back within 10 minutes" in answer
    assert desk.texts() == [CITY]
    assert [found.memory.text for found in desk.backend.search("ada", DOG, 10)] == [CITY]
    assert RARE not in desk.ask("/memory export")
    settle(desk)
    assert "remembered again" in desk.ask("/memory undo")
    assert [without_ids(memory) for memory in desk.backend.list_all("ada")] == before


def test_several_are_told_of_as_several(desk: Desk) -> None:
    desk.knows(DOG, CITY)
    desk.ask("/memory")
    answer = desk.ask("/memory forget 1 2")
    assert "`/memory undo` brings them back within 10 minutes; after that, they are erased for good" in answer
    undone = desk.ask("/memory undo")
    assert undone.count("remembered again") == 2
    assert "Another `/memory undo` takes back the one before it" in undone


def test_after_the_time_it_is_nowhere_and_undo_says_that_it_is_too_late(desk: Desk) -> None:
    desk.knows(CITY, DOG)
    desk.ask("/memory")
    desk.waits(f"As I said: {DOG}")
    desk.ask("/memory forget 1")
    assert desk.outbox.waiting_of("ada") == 0, "it would be learned anew"
    pass_minutes(desk, 9.5)
    settle(desk)
    assert traces.in_files(desk.folder)
    pass_minutes(desk, 1)
    settle(desk)
    assert traces.in_files(desk.folder) == []
    assert "too late" in desk.ask("/memory undo")
    assert desk.texts() == [CITY]
    assert "no longer remembered" in desk.ask("/memory undo"), "it goes on to the change before"
    assert desk.texts() == []
    assert "no change" in desk.ask("/memory undo")


def test_what_came_after_it_is_taken_back_first(desk: Desk) -> None:
    desk.knows(DOG)
    forgets_the_newest(desk)
    desk.knows(CITY)
    pass_minutes(desk, 11)
    settle(desk)
    assert CITY[:-1] in desk.ask("/memory undo")
    assert "too late" in desk.ask("/memory undo")


def test_brought_back_it_stays(desk: Desk) -> None:
    desk.knows(DOG)
    forgets_the_newest(desk)
    desk.ask("/memory undo")
    pass_minutes(desk, 60)
    settle(desk)
    assert desk.texts() == [DOG]
    forgets_the_newest(desk)
    pass_minutes(desk, 60)
    settle(desk)
    assert desk.texts() == []
    assert traces.in_files(desk.folder) == []


def test_said_again_meanwhile_it_stays(desk: Desk) -> None:
    desk.knows(DOG)
    forgets_the_newest(desk)
    pass_minutes(desk, 11)
    desk.knows(DOG)
    desk.waits(f"I said: {DOG}")
    settle(desk)
    assert desk.texts() == [DOG]
    assert desk.outbox.waiting_of("ada") == 1
    assert "no longer remembered" in desk.ask("/memory undo")


def test_a_restart_or_another_server_goes_on(desk: Desk) -> None:
    desk.knows(CITY, DOG)
    forgets_the_newest(desk)
    other = Desk(desk.folder, desk.settings)
    other.sweeper.look()
    assert other.texts() == [CITY]
    assert "remembered again" in other.ask("/memory undo")
    other.ask("/memory")
    assert "Forgotten" in other.ask("/memory forget 1")
    pass_minutes(desk, 11)
    settle(other)
    settle(desk)
    assert traces.in_files(desk.folder) == []
    assert desk.texts() == [CITY]
    other.close()


def test_a_kill_between_the_note_and_the_removal_forgets_it_on_time(desk: Desk) -> None:
    """The command is never tried again."""
    desk.knows(DOG)
    (memory,) = desk.backend.list_all("ada")
    with desk.engine.begin() as connection:
        empty = dict.fromkeys(("after", "expires", "model", "refused"), "")
        row = {
            "batch": "command-x",
            "user_id": "ada",
            "memory_id": memory.id,
            "kind": "fact",
            **empty,
            "source": "m",
        }
        times = {"at": time.time(), "made": False}
        connection.execute(journal.insert().values(position=0, op="remove", before=DOG, **row, **times))
        times["made"] = True
        connection.execute(journal.insert().values(position=1, op=FORGET, before="", **row, **times))
    pass_minutes(desk, 11)
    settle(desk)
    assert desk.texts() == []
    assert traces.in_files(desk.folder) == []


@pytest.mark.parametrize("ahead_s", [3 * 24 * 3600.0, 7200.0])
def test_a_clock_that_was_ahead_keeps_nothing(desk: Desk, ahead_s: float) -> None:
    desk.knows(DOG)
    forgets_the_newest(desk)
    with desk.engine.begin() as connection:
        connection.execute(update(journal).values(at=journal.c.at + ahead_s))
    settle(desk)
    assert traces.in_files(desk.folder) == []


def test_at_once_where_the_setting_is_0(own_data_folder: Path, scripted_llm: ScriptedLLM) -> None:
    with a_desk(own_data_folder, scripted_llm, advanced="forget_undo_minutes=0") as desk:
        desk.knows(CITY, DOG)
        answer = forgets_the_newest(desk)
        assert "Rex" in answer
        assert "undo" not in answer
        settle(desk)
        assert traces.in_files(desk.folder) == []
        assert "too late" in desk.ask("/memory undo")


def test_the_answers_are_kept_no_longer_than_the_text(desk: Desk) -> None:
    desk.knows(DOG)
    desk.ask("/memory")
    turn = desk.turn("/memory forget 1")
    answer = desk.answer_to(turn)
    assert desk.answer_to(turn) == answer, "it is told again"
    pass_minutes(desk, 11)
    settle(desk)
    assert "send it again" in desk.answer_to(turn)
    with desk.engine.connect() as connection:
        assert not any(RARE in answer for answer in connection.scalars(select(commands.c.answer)))


def test_several_are_brought_back_together_and_only_once(desk: Desk) -> None:
    desk.knows(DOG, CITY)
    desk.ask("/memory")
    assert "brings them back" in desk.ask("/memory forget 1 2")
    undo = desk.turn("/memory undo")
    assert desk.answer_to(undo) == desk.answer_to(undo)
    assert desk.texts() == sorted([DOG, CITY])


def test_plain_words_are_as_good_as_a_command(desk: Desk) -> None:
    desk.knows(DOG, CITY)
    before = [without_ids(memory) for memory in desk.backend.list_all("ada")]
    desk.hears("Forget my dog Rex.", "OK.", said_at=time.time())
    assert desk.texts() == [CITY]
    settle(desk)
    assert "remembered again" in desk.ask("/memory undo")
    assert [without_ids(memory) for memory in desk.backend.list_all("ada")] == before
    desk.hears("Forget my dog Rex!", "OK.", said_at=time.time())
    pass_minutes(desk, 11)
    settle(desk)
    assert desk.texts() == [CITY]
    assert traces.in_files(desk.folder) == []


def test_what_the_user_did_not_ask_to_forget_stays_in_the_journal(desk: Desk) -> None:
    """A correction takes a memory away as well, and can be undone as before."""
    desk.knows(DOG)
    desk.ask("/memory")
    desk.ask("/memory edit 1 I have a cat.")
    pass_minutes(desk, 100)
    settle(desk)
    assert "as it was" in desk.ask("/memory undo")
    assert desk.texts() == [DOG]


def test_looking_costs_little_where_nothing_is_forgotten(desk: Desk) -> None:
    """The sweeper does it every two seconds: it reads on from where it was."""
    desk.knows(CITY)
    for _ in range(3):
        desk.forgetting.erase_due()
    desk.forgetting._newest[0] = (0.0, desk.forgetting._newest[0][1])
    desk.forgetting.erase_due()
    assert desk.forgetting._seen == desk.journal.newest_id()
    forgets_the_newest(desk)
    pass_minutes(desk, 11)
    desk.forgetting.erase_due()
    assert json.dumps([change.before for change in desk.journal.of_user("ada")]) == '["", "", ""]'
