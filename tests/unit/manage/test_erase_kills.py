"""SIGKILL at any step of an erasure: whoever comes next finishes it, and no byte is left.

As tests/unit/remember/test_kills.py does with the writer.
"""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest

from owui_memory.config.settings import Valves
from owui_memory.manage.erasure.erasures import Erasures
from owui_memory.state import open_state
from tests.harness import traces
from tests.harness.kill_samples import Tried
from tests.harness.mortals import Mortals
from tests.harness.places import Place, opened
from tests.harness.remains import store_in
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.manage.kept import BOTH, CELLO, OTHER, Kept


class Scene:
    """A data folder with two users; one of them is erased, or one of her memories, by a process."""

    def __init__(self, mortals: Mortals, folder: Path, settings: dict[str, Any]) -> None:
        self.mortals, self.folder, self.settings = mortals, folder, settings

    def copy(self, name: str) -> Scene:
        folder = self.folder.with_name(name)
        shutil.copytree(self.folder, folder)
        return Scene(self.mortals, folder, self.settings)

    def runs(self, work: str, *, die_at: str = "") -> bool:
        """Whether it was killed; the steps that it went through else are `self.steps`."""
        end = self.mortals.run(work, self.folder, self.settings, die_at=die_at)
        self.steps = end.steps
        return end.killed

    @property
    def is_begun(self) -> bool:
        """Whether somebody else can know of it."""
        engine = open_state(self.folder)
        try:
            return bool(Erasures(engine).since(0))
        finally:
            engine.dispose()

    def texts(self, user: str) -> list[str]:
        store = store_in(self.folder)
        try:
            return sorted(row.payload["data"] for row in store.list({"user_id": user})[0])
        finally:
            store.close()

    def flaws(self, *left: str) -> list[str]:
        """What is not as it should be once it is over; `left`: what Ada still has."""
        found = [f"in {file}" for file in traces.in_files(self.folder)]
        if (mine := self.texts("ada")) != sorted(left):
            found.append(f"Ada has {mine}")
        if (others := self.texts("bob")) != [CELLO]:
            found.append(f"Bob has {others}")
        return found


@pytest.fixture
def scene(tmp_path: Path, scripted_llm: ScriptedLLM, mortals: Mortals) -> Scene:
    settings = scripted_llm.embeds()
    place = Place(tmp_path / "data")
    engine = opened(place.folder)
    kept = Kept(place, engine, Valves(**settings))
    kept.live()
    kept.notes(BOTH)
    kept.close()
    engine.dispose()
    return Scene(mortals, place.folder, settings)


@pytest.mark.slow
@pytest.mark.parametrize(("work", "left"), [("erase_user", []), ("forget_first", [OTHER])])
def test_whoever_comes_next_finishes_it(scene: Scene, work: str, left: list[str], tried: Tried) -> None:
    undisturbed = scene.copy("undisturbed")
    assert not undisturbed.runs(work)
    assert undisturbed.flaws(*left) == []
    steps = tried(undisturbed.steps)
    failed = {step: flaws for step in steps if (flaws := after_a_kill(scene, work, step, left))}
    assert failed == {}
    for called in ("SqliteStore.delete_all", "StoreSite.purge", "Erasures.update"):
        assert f"after {called} 1" in undisturbed.steps


def after_a_kill(scene: Scene, work: str, step: str, left: list[str]) -> list[str]:
    """The flaws at the end."""
    killed = scene.copy("killed")
    try:
        assert killed.runs(work, die_at=step), step
        if not killed.is_begun:
            return [] if killed.texts("ada") == sorted([BOTH, OTHER]) else ["something is gone already"]
        assert not killed.runs("go_on")
        return killed.flaws(*left)
    finally:
        shutil.rmtree(killed.folder)


def test_those_who_come_next_are_killed_too(scene: Scene) -> None:
    begun = "after Erasures.begin_user 1"
    assert scene.runs("erase_user", die_at=begun)
    kills = len(list(itertools.takewhile(lambda at: scene.runs("go_on", die_at=str(at)), itertools.count(1))))
    assert kills > 5
    assert scene.flaws() == []
