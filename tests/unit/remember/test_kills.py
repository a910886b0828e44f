"""SIGKILL at any step of the writer: nothing is lost, nothing is made twice.

A first process goes through a scene undisturbed and tells its steps. Then, for each step that is tried (a
sample, or all with `--every-kill`), a process is killed there, another one goes on, and the folder must hold
what the undisturbed one left.
"""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.exchange import Exchange
from owui_memory.core.memory import Memory
from owui_memory.remember.outbox import Outbox
from owui_memory.state import open_state
from tests.harness.kill_samples import Tried
from tests.harness.mortals import Mortals
from tests.harness.remains import Remains, expire_claims
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.remember.story import CAT, DOG, EDITED, FARO, FIRST, KNOWN, PORTO, TEA, follow_the_story, said


@dataclass
class Scene:
    """A data folder before something happens, what happens in it, and what it must hold afterwards."""

    folder: Path
    settings: dict[str, Any]
    mortals: Mortals
    tried: Tried  # of all steps
    work: str = "drain"
    known: dict[str, str] = field(default_factory=dict)

    def knows(self, *texts: str) -> None:
        backend = LibraryBackend.open(Valves(**self.settings), self.folder)
        for text in texts:
            self.known[backend.store("ada", Memory("", text, batch="before"))] = text
        backend.close()

    def hears(self, *exchanges: Exchange) -> None:
        engine = open_state(self.folder)
        for exchange in exchanges:
            assert Outbox(engine).put(exchange)
        engine.dispose()

    def goes_on(self) -> list[str]:
        """Undisturbed to its end; the steps it went through."""
        end = self.mortals.run(self.work, self.folder, self.settings)
        assert not end.killed
        return end.steps

    def is_killed(self, step: str) -> bool:
        """False where it came to its end without that step."""
        killed = self.mortals.run(self.work, self.folder, self.settings, die_at=step).killed
        expire_claims(self.folder)
        return killed

    def copy(self, name: str) -> Scene:
        folder = self.folder.with_name(name)
        shutil.copytree(self.folder, folder)
        return Scene(folder, self.settings, self.mortals, self.tried, self.work, self.known)

    def survives_a_kill_anywhere(self, *texts: str) -> list[str]:
        """All its steps; those that are tried have been."""
        undisturbed = self.copy("undisturbed")
        steps = undisturbed.goes_on()
        expected = Remains(undisturbed.folder)
        assert expected.texts == sorted(texts)
        assert expected.flaws(self.known) == []
        failed = {step: self._flaws_after_a_kill(step, expected) for step in self.tried(steps)}
        assert {step: flaws for step, flaws in failed.items() if flaws} == {}
        return steps

    def _flaws_after_a_kill(self, step: str, expected: Remains) -> list[str]:
        killed = self.copy("killed")
        assert killed.is_killed(step), step
        killed.goes_on()
        flaws = killed.flaws(expected)
        shutil.rmtree(killed.folder)
        return flaws

    def flaws(self, expected: Remains) -> list[str]:
        """What differs from a folder where nothing went wrong."""
        remains = Remains(self.folder)
        flaws = remains.flaws(self.known)
        if remains.texts != expected.texts:
            flaws.append(f"the store holds {remains.texts}")
        if remains.passages != expected.passages:
            flaws.append(f"the passages are {remains.passages}, not {expected.passages}")
        if remains.told != expected.told:
            flaws.append(f"the journal tells {remains.told}, not {expected.told}")
        return flaws


@pytest.fixture
def scene(tmp_path: Path, scripted_llm: ScriptedLLM, mortals: Mortals, tried: Tried) -> Scene:
    settings = {**scripted_llm.embeds("embed"), **scripted_llm.reads()}
    follow_the_story(scripted_llm)
    return Scene(tmp_path / "data", settings, mortals, tried)


@pytest.mark.slow
def test_reconcile(scene: Scene) -> None:
    scene.knows(*KNOWN)
    scene.hears(said(FIRST, name="m1", at=1.0))
    steps = scene.survives_a_kill_anywhere(DOG, PORTO, TEA)
    for called in ("Llms.ask", "Journal.intend", "SqliteStore.update"):
        assert f"after {called} 1" in steps
    assert (steps[0], steps[-1]) == ("before Outbox.claim 1", "after Outbox.done 1")


@pytest.mark.slow
def test_an_edited_message(scene: Scene) -> None:
    """All that its first version did is taken back, then it is remembered itself."""
    scene.knows(*KNOWN)
    scene.hears(said(FIRST, name="m1", at=1.0))
    scene.goes_on()
    scene.hears(said(EDITED, name="m2", at=2.0))
    steps = scene.survives_a_kill_anywhere(CAT, DOG, FARO, TEA)
    assert steps.count("after Journal.made 4") == 1, "three changes are taken back, then two are made"


@pytest.mark.slow
def test_undo(scene: Scene) -> None:
    scene.knows(*KNOWN)
    scene.hears(said(FIRST, name="m1", at=1.0))
    scene.goes_on()
    scene.work = "undo"
    scene.survives_a_kill_anywhere(*KNOWN)


@pytest.mark.slow
def test_verbatim(scene: Scene) -> None:
    scene.settings["llm_provider"] = "none"
    scene.knows("I like green tea.")
    scene.hears(said("I like green tea. I live in Lisbon. My dog is called Rex.", name="m1", at=1.0))
    scene.survives_a_kill_anywhere("I like green tea.", "I live in Lisbon.", "My dog is called Rex.")


@pytest.mark.slow
def test_mem0s_own_extraction(scene: Scene) -> None:
    scene.settings["extraction"] = "mem0"
    scene.hears(said("I live in Lisbon. My dog is called Rex.", name="m1", at=1.0))
    steps = scene.survives_a_kill_anywhere("User live in Lisbon.", "User's dog is called Rex.")
    assert "after SqliteStore.put 2" in steps  # what was said comes first


@pytest.mark.parametrize("each", [pytest.param(1, marks=pytest.mark.slow), 12])
def test_every_process_is_killed_some_steps_later_than_the_one_before(scene: Scene, each: int) -> None:
    scene.knows(*KNOWN)
    scene.hears(said(FIRST, name="m1", at=1.0))
    kills = len(list(itertools.takewhile(scene.is_killed, map(str, itertools.count(each, each)))))
    assert kills > 5 / each
    remains = Remains(scene.folder)
    assert remains.texts == sorted([DOG, PORTO, TEA])
    assert remains.flaws(scene.known) == []


def test_a_decision_in_the_journal_is_not_asked_for_again(scene: Scene, scripted_llm: ScriptedLLM) -> None:
    scene.knows(*KNOWN)
    scene.hears(said(FIRST, name="m1", at=1.0))
    assert scene.is_killed("after Journal.intend 1")
    assert len(scripted_llm.chats()) == 1
    scene.goes_on()
    assert len(scripted_llm.chats()) == 1
