"""What waits in the spill comes into the database: all of it, in turn with other work; no ban is undone."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from owui_memory.config.settings import Valves
from owui_memory.core.permission import Permission
from owui_memory.core.turn import Turn
from owui_memory.interfaces.body import read_inlet
from owui_memory.observe.metrics import Metrics
from owui_memory.remember import keeper as keeping
from owui_memory.remember import spill as spilling
from owui_memory.remember.keeper import Keeper
from owui_memory.remember.outbox import Outbox
from owui_memory.remember.spill import Spill, Spilled
from owui_memory.state import open_state, outbox
from owui_memory.state.permissions import Permissions
from tests.harness.bodies import Chat


class Shelf:
    """A keeper, and what it has to do with."""

    def __init__(self, folder: Path) -> None:
        self.engine: Engine = open_state(folder)
        self.outbox, self.spill, self.woken = Outbox(self.engine), Spill(folder), 0
        self.keeper = Keeper(self.engine, self.outbox, self.spill, Valves, Metrics(), self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def said(self) -> list[str]:
        """What came to the queue, in this order."""
        with self.engine.connect() as connection:
            kept = connection.execute(select(outbox.c.exchange).order_by(outbox.c.id)).scalars()
            return [json.loads(one)["user_text"] for one in kept]

    def turn(self, text: str = "I live in Lisbon.") -> Turn:
        said = Chat("ada").say(text)
        return read_inlet(said.inlet, said.user)

    def spilled(self, text: str) -> Spilled:
        turn = self.turn(text)
        return Spilled("ada", (turn.key,), 1.0, Permission.of(turn, ""), text, "ok")


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    shelf.engine.dispose()


def test_a_long_spill_is_brought_in_turn_with_other_work(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_BRINGS_S", 0.0)
    shelf.spill.accept(Spilled.decision("ada", Permission.of(shelf.turn("What is new?"), "")))
    for number in range(3):
        shelf.spill.accept(replace(shelf.spilled(f"I have {number} dogs."), at=number + 1.0))
    shelf.keeper.is_ill = True
    for brought in range(4):
        shelf.woken = 0
        shelf.keeper.take_in()
        assert shelf.said() == [f"I have {number} dogs." for number in range(brought)]
        assert shelf.woken, "the writer comes back at once"
        assert shelf.keeper.is_ill, "what is said now waits its turn"
        shelf.spill.accept(replace(shelf.spilled(f"I have {brought} cats."), at=0.5 + brought / 10))
    for _ in range(6):
        shelf.keeper.take_in()
    assert shelf.said()[3:] == [f"I have {number} cats." for number in range(4)]
    assert not shelf.keeper.is_ill
    assert not shelf.spill.has("ada")


def test_a_ban_comes_between_and_no_permission_is_left(shelf: Shelf) -> None:
    """The permission was read before, and is brought after it."""
    turn = shelf.turn()
    shelf.spill.accept(Spilled.decision("ada", Permission.of(turn, "")))
    pending = shelf.spill.pending

    def forbidden() -> Iterator[tuple[str, Spilled]]:
        for name, record in pending():
            shelf.keeper.announce_ban(turn)
            shelf.keeper.forbid(turn)
            yield name, record

    shelf.spill.pending = forbidden
    shelf.keeper.take_in()
    assert Permissions(shelf.engine).allowed("ada", [turn.key]) is None


def test_what_can_neither_be_stored_nor_set_aside_is_kept(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf.outbox, "put", lambda *_, **__: 1 / 0)
    blocked = tmp_path / spilling.FOLDER
    blocked.write_text("no folder")
    shelf.spill.accept(shelf.spilled("I live in Lisbon."))
    for _ in range(6):
        shelf.keeper.take_in()
    assert (shelf.spill.waiting().exchanges, shelf.spill.waiting().unfit) == (1, 0)
    blocked.unlink()
    shelf.keeper.take_in()
    assert (shelf.spill.waiting().exchanges, shelf.spill.waiting().unfit) == (0, 1)
    assert len(list(blocked.glob("*.unfit"))) == 1
