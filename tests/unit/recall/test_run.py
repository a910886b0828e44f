"""Recalls at once are bounded: one too many is not begun, and says why; and others can wait for their end."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from owui_memory.backends.backend_holder import BackendHolder
from owui_memory.config.settings import Valves
from owui_memory.core.events import Event
from owui_memory.recall.run import Run
from tests.harness.places import library
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until


def test_one_too_many_is_not_begun(scripted_llm: ScriptedLLM, tmp_path: Path) -> None:
    settings = Valves(**scripted_llm.embeds("scripted-embed"))
    live = BackendHolder(tmp_path, lambda *_: library(settings, tmp_path))
    live.use(settings)
    wait_until(lambda: live.current)
    gate, told = threading.Event(), list[Event]()
    waits: Any = lambda *_: gate.wait(60)  # noqa: E731 - what it recalls nobody asks here
    run = Run(live, waits, told.append, at_once=1)
    turn: Any = None
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
    live.close()
