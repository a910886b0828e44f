"""The status of a running filter: the self-check, the models' health, and what today has cost."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owui_memory.app import Application
from owui_memory.config.environment import Environment
from owui_memory.config.settings import Valves
from owui_memory.core.events import Event, EventKind, Usage
from tests.harness.ollama import Ollama
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.observe.test_selfcheck import asked, settings_of


class Running:
    """A runtime whose settings a test changes as an admin does."""

    def __init__(self, folder: Path, settings: Valves) -> None:
        self.settings = settings
        self.runtime = Application(Environment({}, folder, "key"), lambda: self.settings, [])

    def save(self, **changes: str) -> None:
        self.settings = self.settings.model_copy(update=changes)
        self.runtime.live.use(self.settings)

    def part(self, name: str) -> dict[str, Any]:
        parts: Any = self.runtime.status()["parts"]
        return next((part for part in parts if part["name"] == name), {"ok": None, "detail": ""})


@pytest.fixture
def settings(scripted_llm: ScriptedLLM) -> Valves:
    return settings_of(scripted_llm, llm_prices="scripted-chat 1000 1000")


@contextlib.contextmanager
def running(folder: Path, settings: Valves) -> Iterator[Running]:
    started = Running(folder, settings)
    try:
        yield started
    finally:
        started.runtime.close()


def is_checked(running: Running) -> bool:
    return "LLM: " in running.part("self-check")["detail"]


def test_what_a_start_finds_and_costs(settings: Valves, scripted_llm: ScriptedLLM, tmp_path: Path) -> None:
    for start in (1, 2):
        with running(tmp_path, settings) as started:
            wait_until(lambda started=started: is_checked(started), what="the self-check")
            for _ in range(3):
                assert started.part("self-check")["ok"]
            assert len(asked(scripted_llm)) == start, "once a start, not once a status"
            assert "LLM openai scripted-chat: 1 calls, " in started.part("health")["detail"]
            told = started.part("costs")["detail"]
            tokens = start * (len(asked(scripted_llm)[0].text.split()) + 2) + (start - 1) * 22
            assert told.startswith("since the start scripted-chat: 1 calls, "), "for no exchange"
            assert told.endswith(f"today {3 * start - 2} calls, {tokens} tokens, about ${tokens / 1000:.3f}")
            for _ in range(2):  # what was spent just before the end is kept
                used = Usage("scripted-chat", 11, 0, False)
                started.runtime.emit(Event(EventKind.LLM_CALLED, usage=used))


def test_a_change_of_settings_is_checked_too_and_one_of_prices_is_not(
    settings: Valves, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    with running(tmp_path, settings) as started:
        wait_until(lambda: is_checked(started), what="the self-check")
        started.save(llm_prices="")
        assert started.part("costs")["detail"].endswith(" tokens")
        assert len(asked(scripted_llm)) == 1
        scripted_llm.when("self-check", "no JSON")
        started.save(llm_model="other")
        wait_until(lambda: started.part("backend")["ok"] is False, what="the new settings are checked")
        told = started.part("backend")
        assert told["detail"].startswith("the earlier settings stay in use: LLM: openai other answered in ")
        assert ", but not in JSON as it was asked to" in told["detail"]
        assert told["hint"] == "Set llm_model to a model that can answer in JSON."
        assert [chat.body["model"] for chat in asked(scripted_llm)] == ["scripted-chat", "other"]
        with Ollama("qwen3:8b") as server:
            started.save(embedder_provider="ollama", embedder_base_url=server.url, embedder_model="mini")
            wait_until(lambda: "Ollama" in started.part("backend")["detail"], what="these are tried")
        told = started.part("backend")
        assert told["detail"].endswith("has no model 'mini'; it has: qwen3:8b.")
        assert told["hint"].startswith("Pull it: ollama pull mini")
        assert started.part("self-check")["ok"], "that of the backend in use"
