"""With mem0's server and platform, too, what was told is looked at again, and the profile is told."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.backends.contract import REMOTES, opened
from tests.unit.recall.conversation import Conversation, House, text_of

DOG = "The user's dog is called Rex."


@pytest.fixture(params=REMOTES)
def house(request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[House]:
    with opened(request.param, request, scripted_llm, tmp_path) as case:
        house = House(scripted_llm, tmp_path, case.backend)
        with contextlib.closing(house):
            yield house


@pytest.fixture(autouse=True)
def _always_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("owui_memory.recall.standing._CHECK_EVERY_S", 0.0)


def test_what_others_removed_is_told_no_longer(house: House, talk: Conversation) -> None:
    dog = house.knows(DOG)
    assert DOG in text_of(talk.ask("What is my dog called?"))

    house.backend.remove(dog)

    assert DOG not in text_of(talk.ask("And how old might it be?"))


def test_what_others_changed_is_corrected(house: House, talk: Conversation) -> None:
    dog = house.knows(DOG)
    talk.ask("What is my dog called?")

    house.backend.replace(dog, "The user's dog is called Max.", expires="")

    assert "Max" in text_of(talk.ask("And how old might it be?"))


def test_the_profile_is_told_whatever_is_asked(house: House, talk: Conversation) -> None:
    house.knows("The user wants short answers.", kind="preference")

    assert "short answers" in text_of(talk.ask("What do whales eat?"))
