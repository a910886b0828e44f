"""Recalls at once are bounded: one too many is not begun, and says why; others can wait for their end."""

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from owui_memory.backends.backend_holder import BackendHolder
from owui_memory.config.settings import Valves
from owui_memory.core.events import Event
from owui_memory.recall.run import Run
from tests.harness.places import library
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until


@pytest.fixture
def settings(scripted_llm: ScriptedLLM) -> Valves:
    return Valves(**scripted_llm.embeds("scripted-embed"))


@pytest.fixture
def live(settings: Valves, tmp_path: Path) -> Iterator[BackendHolder]:
    live = BackendHolder(tmp_path, lambda *_: library(settings, tmp_path))
    live.use(settings)
    wait_until(lambda: live.current)
    yield live
    live.close()


def turn_of(user: str) -> Any:
    """All of a turn that matters here."""
    return SimpleNamespace(user_id=user)


def test_one_too_many_is_not_begun(settings: Valves, live: BackendHolder) -> None:
    gate, told = threading.Event(), list[Event]()
    waits: Any = lambda *_: gate.wait(60)  # noqa: E731 - what it recalls nobody asks here
    run = Run(live, waits, told.append, at_once=1)
    turn = turn_of("ada")
    run.wait(60)  # there is none
    first = run.begin(turn, settings)
    waiting = threading.Thread(target=run.wait, args=(60,))
    waiting.start()
    assert run.begin(turn, settings).outcome().missed == "too many requests wait for the backend"
    assert [one.code for one in told] == ["busy"]
    assert waiting.is_alive(), "what gives way to recalls waits for this one"
    gate.set()
    wait_until(lambda: first.future and first.future.done())
    waiting.join(30)
    assert not waiting.is_alive()
    assert run.begin(turn, settings).future
    run.close()


@pytest.mark.parametrize(("waits_for_servers", "at_once"), [(False, 2), (True, 5)])
def test_what_needs_the_processor_alone_is_done_in_turn(
    settings: Valves, live: BackendHolder, waits_for_servers: bool, at_once: int
) -> None:
    gate, begun, told = threading.Event(), list[str](), list[Event]()

    def recall(turn: Any, _: Valves) -> Any:
        begun.append(turn.user_id)
        gate.wait(60)

    run = Run(live, recall, told.append, at_once=5)
    users = ["ada", "bob", "cleo", "dora", "emil"]
    recalling = [run.begin(turn_of(user), settings if waits_for_servers else Valves()) for user in users]
    wait_until(lambda: len(begun) == at_once)
    last = recalling[-1]
    assert last.outcome().missed == "the deadline of 800 ms passed"
    assert last.future
    assert last.future.cancelled() is not waits_for_servers, "nobody waits for it any more"
    gate.set()
    wait_until(lambda: not run.is_used)
    assert sorted(begun) == sorted(users if waits_for_servers else users[:4])
    run.close()


def test_one_user_leaves_turns_to_the_others(settings: Valves, live: BackendHolder) -> None:
    gate, told = threading.Event(), list[Event]()
    waits: Any = lambda *_: gate.wait(60)  # noqa: E731 - what it recalls nobody asks here
    run = Run(live, waits, told.append, at_once=64)
    flood = [run.begin(turn_of("ada"), settings) for _ in range(20)]
    assert sum(one.future is not None for one in flood) == 16
    assert run.begin(turn_of("bob"), settings).future
    gate.set()
    wait_until(lambda: not run.is_used)
    assert run.begin(turn_of("ada"), settings).future, "once the earlier ones are done"
    run.close()
