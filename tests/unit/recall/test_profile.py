"""Who the user is and how they want to be answered share a budget, and neither pushes the other out."""

import pytest

from owui_memory.core.memory import Memory
from owui_memory.recall.profile import within


def memories(letters: str) -> list[Memory]:
    """One a letter: w, a wish; p, who the user is."""
    kinds = {"w": "preference", "p": "profile"}
    return [Memory(f"{kinds[one][:2]}{at}", one, kind=kinds[one]) for at, one in enumerate(letters)]


@pytest.mark.parametrize(
    ("there", "room", "told"),
    [
        ("wwwwwpp", 40, "wwpp"),  # five wishes leave name and job in
        ("wwwwwpp", 60, "wwwwpp"),
        ("wpppppp", 40, "wppp"),
        ("pppppp", 40, "pppp"),
        ("wwwwww", 40, "wwww"),
        ("wp", 40, "wp"),
        ("wwpp", 10, "w"),  # half of it is too little for either
        ("wwpp", 0, ""),
        ("", 40, ""),
    ],
)
def test_each_half_is_used_by_the_other_where_it_is_left(there: str, room: int, told: str) -> None:
    assert "".join(one.text for one in within(memories(there), room, lambda _: 10)) == told


def test_what_is_too_long_leaves_room_for_the_next() -> None:
    there = [Memory("1", "x" * 30, kind="profile"), Memory("2", "x" * 9, kind="profile")]
    assert within(there, 20, lambda memory: len(memory.text)) == there[1:]
