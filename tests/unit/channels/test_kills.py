"""SIGKILL at any step of reading channels: nothing is lost, nothing learned twice, nothing deleted stays."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from owui_memory.channels.channels import Channels
from owui_memory.channels.message import ChannelMessage
from owui_memory.config.settings import Valves
from owui_memory.remember.journal import Journal
from owui_memory.state import channel_authors, channel_memories, channel_messages, channels, open_state
from tests.harness.kill_samples import Tried, commit, sample
from tests.harness.mortals import Mortals
from tests.harness.remains import store_in
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.channels.room import GENERAL
from tests.unit.channels.saying import gone, said
from tests.unit.channels.test_reader import add

SHIPS, DEPLOYS, OWN = (
    "The heron release ships on Friday.",
    "Linus does the deployments.",
    "The user lives in Porto.",
)
TALK = (
    said("The heron release ships on Friday, that is decided.", "m1", "linus"),
    said("I live in Porto.", "m2", "grace"),
    said("I will do the deployments from now on.", "m3", "linus"),
)


@dataclass
class Scene:
    """A data folder in which channels wait to be read."""

    folder: Path
    settings: dict[str, Any]
    mortals: Mortals

    def hears(self, *messages: ChannelMessage) -> None:
        engine = open_state(self.folder)
        Channels(engine, Valves).observe(messages)
        engine.dispose()

    def goes_on(self) -> list[str]:
        end = self.mortals.run("read_channels", self.folder, self.settings)
        assert not end.killed
        return end.steps

    def survives_kills(self, tried: Tried) -> list[str]:
        """All steps; those that are tried have been."""
        undisturbed = self._copy("undisturbed")
        steps = undisturbed.goes_on()
        expected = undisturbed.remains()
        failed = {}
        for step in tried(steps):
            killed = self._copy("killed")
            assert self.mortals.run("read_channels", killed.folder, self.settings, die_at=step).killed, step
            killed.expire()
            killed.goes_on()
            if (remains := killed.remains()) != expected:
                failed[step] = remains
            shutil.rmtree(killed.folder)
        assert failed == {}, expected
        return steps

    def _copy(self, name: str) -> Scene:
        folder = self.folder.with_name(name)
        shutil.copytree(self.folder, folder)
        return Scene(folder, self.settings, self.mortals)

    def expire(self) -> None:
        """What the dead process held is free, as after 20 seconds."""
        engine = open_state(self.folder)
        with engine.begin() as connection:
            connection.execute(update(channels).values(held_until=0.0))
        engine.dispose()

    def remains(self) -> dict[str, Any]:
        """What there is, without ids."""
        engine, store = open_state(self.folder), store_in(self.folder)
        owners = (GENERAL, "user-grace")
        rows = {
            one.id: (owner, str(one.payload["data"]))
            for owner in owners
            for one in store.list({"user_id": owner})[0]
        }
        store.close()
        m, c = channel_memories.c, channel_messages.c
        with engine.connect() as connection:
            cites = connection.execute(select(m.memory_id, m.message_id, m.gone)).all()
            states = sorted(map(tuple, connection.execute(select(c.message_id, c.text, c.state, c.batch))))
        unmade = [
            one
            for owner in owners
            for one in Journal(engine).of_user(owner)
            if not one.made and not one.refused
        ]
        engine.dispose()
        told = sorted((*rows.get(id_, ("", "")), message, gone) for id_, message, gone in cites)
        return {"memories": sorted(rows.values()), "cites": told, "messages": states, "unmade": unmade}


@pytest.fixture
def scene(tmp_path: Path, scripted_llm: ScriptedLLM, mortals: Mortals) -> Scene:
    settings = {"channels": "on", **scripted_llm.embeds("embed"), **scripted_llm.reads()}
    operations = [add(SHIPS, 1), add(OWN, 2, about=1), add(DEPLOYS, 3)]
    scripted_llm.when("New messages:", {"operations": operations})
    scene = Scene(tmp_path / "data", settings, mortals)
    engine = open_state(scene.folder)
    row = {"source": "discord", "author": "grace", "name": "", "user_id": "user-grace"}
    with engine.begin() as connection:
        connection.execute(channel_authors.insert().values(**row, agreed_at=1.0, silent=False))
    engine.dispose()
    scene.hears(*TALK)
    return scene


def five(steps: Sequence[str]) -> list[str]:
    return sample(steps, seed=commit(), number=5)


def test_five_kills_lose_nothing(scene: Scene) -> None:
    steps = scene.survives_kills(five)
    for called in (
        "Claims.claim 1",
        "Llms.ask 1",
        "Journal.intend 2",
        "LibraryBackend.store 3",
        "Claims.done 1",
    ):
        assert f"after {called}" in steps
    remains = scene._copy("once more")
    remains.goes_on()
    owned = [("user-grace", OWN), (GENERAL, DEPLOYS), (GENERAL, SHIPS)]
    assert remains.remains()["memories"] == sorted(owned)


@pytest.mark.slow
def test_reading(scene: Scene, tried: Tried) -> None:
    scene.survives_kills(tried)


@pytest.mark.slow
def test_keeping_word_for_word(scene: Scene, tried: Tried) -> None:
    scene.settings = {**scene.settings, "llm_provider": "none"}
    steps = scene.survives_kills(tried)
    assert "after LibraryBackend.store_all 1" in steps


@pytest.mark.slow
def test_taking_away_what_was_deleted(scene: Scene, tried: Tried) -> None:
    scene.goes_on()
    scene.hears(gone("m1"), gone("m2"))
    steps = scene.survives_kills(tried)
    assert any("Erasures" in step for step in steps)
