"""Within half a minute the status says that memory does not work, and why; and that it does again."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from owui_memory.config.settings import Valves
from owui_memory.core.errors import NotReady
from owui_memory.core.permission import Permission
from owui_memory.interfaces import routes
from owui_memory.interfaces.body import read_inlet, read_outlet
from owui_memory.observe.inquiry import Inquiry
from tests.harness.bodies import Chat
from tests.harness.hang import returns
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.observe.test_selfcheck import settings_of
from tests.unit.observe.test_status import Running, is_checked, running

SOON_S = 30.0


@pytest.fixture
def settings(scripted_llm: ScriptedLLM) -> Valves:
    return settings_of(scripted_llm, advanced="batch_idle_seconds=0")


def told(started: Running) -> dict[str, Any]:
    """The status but for the key, which is wrong on purpose; it never hangs."""
    with returns():
        answer: Any = started.runtime.status()
    return {part["name"]: part for part in answer["parts"] if not part["ok"] and part["name"] != "key"}


def say(started: Running, text: str) -> None:
    """As the filter does with one turn."""
    chat = Chat("ada").say(text)
    turn, answered = read_inlet(chat.inlet, chat.user), read_outlet(chat.outlet("I see."), chat.user)
    assert answered is not None
    started.runtime.keeper.allow(turn.user_id, Permission.of(turn, ""))
    started.runtime.keeper.keep(answered)


Fault = Callable[[ScriptedLLM], AbstractContextManager[Any]]


@contextlib.contextmanager
def nonsense(llm: ScriptedLLM) -> Any:
    llm.when(lambda request: request.endpoint == "chat", "I would rather not say.")
    yield
    llm._rules.pop(0)


FAULTS: dict[str, Fault] = {
    "the embedder is down": lambda llm: llm.fault("embeddings", status=503),
    "the embedder is cut": lambda llm: llm.fault("embeddings", cut=True),
    "the embedder talks nonsense": lambda llm: llm.fault("embeddings", broken_json=True),
    "the embedder has another size": lambda llm: llm.fault("embeddings", dims=7),
    "the LLM is down": lambda llm: llm.fault("chat", status=503),
    "the LLM refuses": lambda llm: llm.fault("chat", status=401),
    "the LLM talks nonsense": nonsense,
}
HANGS: dict[str, Fault] = {  # until a request to it times out
    "the embedder hangs": lambda llm: llm.hold("embeddings"),
    "the LLM hangs": lambda llm: llm.hold("chat"),
}


@pytest.mark.parametrize("faults", [FAULTS, pytest.param(HANGS, marks=pytest.mark.slow)])
def test_a_model(
    settings: Valves, scripted_llm: ScriptedLLM, tmp_path: Path, faults: dict[str, Fault]
) -> None:
    with running(tmp_path, settings) as started:
        wait_until(lambda: is_checked(started), what="the self-check")
        for number, (name, fault) in enumerate(faults.items()):
            well = lambda name=name: f"after {name}: {told(started)}"  # noqa: E731
            wait_until(lambda: not told(started), within=90, what=well)
            with fault(scripted_llm):
                say(started, f"I live in Lisbon, in house {number}.")
                wrong = wait_until(lambda: told(started), within=SOON_S, what=f"it is told that {name}")
                assert "Lisbon" not in json.dumps(wrong)
        wait_until(lambda: not told(started), within=90, what=lambda: f"well: {told(started)}")


@pytest.fixture
def verbatim(settings: Valves) -> Valves:
    return settings.model_copy(update={"llm_provider": "none"})


def remembered(started: Running, *facts: str) -> None:
    for fact in facts:
        say(started, fact)
    wait_until(lambda: not started.runtime._outbox.counts().pending, what="it is remembered")


def test_a_store_that_was_emptied(verbatim: Valves, tmp_path: Path) -> None:
    with running(tmp_path, verbatim) as started:
        wait_until(lambda: started.part("self-check")["ok"], what="the self-check")
        remembered(started, "I live in Lisbon.", "My dog is called Rex.")
        assert not told(started)
    for file in tmp_path.glob("memories.db*"):
        file.unlink()
    with running(tmp_path, verbatim) as started:
        wrong = wait_until(lambda: told(started).get("self-check"), within=SOON_S, what="it is told")
        assert "the store holds 0 memories" in wrong["detail"]
        assert "Put back a copy" in wrong["hint"]
        remembered(started, "I play the cello.")
    with running(tmp_path, verbatim) as started:
        wrong = wait_until(lambda: told(started).get("self-check"), within=SOON_S, what="it is still told")
        assert "of the last 3 memories that the journal knows of, 2 are not there" in wrong["detail"]


def test_another_place_takes_over_though_nothing_is_there_yet(verbatim: Valves, tmp_path: Path) -> None:
    changes = {
        "other": {"collection": "other"},
        "other_embed": {"embedder_model": "other-embed"},
        "qdrant": {"vector_store": "qdrant", "vector_store_url": str(tmp_path / "qdrant")},
    }
    with running(tmp_path, verbatim) as started:
        wait_until(lambda: started.part("self-check")["ok"], what="the self-check")
        remembered(started, "I live in Lisbon.", "My dog is called Rex.")
        for named, change in changes.items():
            started.save(**change)
            wait_until(
                lambda named=named: named in started.part("store")["detail"] and not told(started),
                within=SOON_S,
                what=lambda: f"it is in use: {started.part('store')}, {told(started)}",
            )


def test_a_new_store_and_one_whose_users_were_erased_are_fine(verbatim: Valves, tmp_path: Path) -> None:
    for _ in range(2):
        with running(tmp_path, verbatim) as started:
            wait_until(lambda: started.part("self-check")["ok"], what="the self-check")
            assert not told(started)
            remembered(started, "I live in Lisbon.")
            started.runtime.commander.tools.control._eraser.erase_user("ada")


# The route ----------------------------------------------------------------------------------------


class Broken:
    def status(self) -> dict[str, Any]:
        raise RuntimeError("I live in Lisbon.")

    def numbers(self) -> bytes:
        raise NotReady("Memory is still starting.", hint="Wait some seconds.")


def test_whoever_asks_gets_json() -> None:
    app = Starlette(routes=[Mount("/memory", routes=routes.watching("key", Broken()))])

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/memory/status", headers={"Authorization": "Bearer key"})

    answer = asyncio.run(get())
    assert answer.status_code == 200
    assert answer.json()["ok"] is False
    assert "RuntimeError" in answer.json()["parts"][0]["detail"]
    assert "Lisbon" not in answer.text


def test_a_question_that_hangs_is_asked_once_and_answers_later() -> None:
    asked: list[int] = []
    go = threading.Event()

    def ask() -> str:
        asked.append(1)
        assert go.wait(60)
        return "well"

    inquiry = Inquiry("test", ask)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            inquiry.answer(0.01)
    wait_until(lambda: asked, what="it is asked")
    assert len(asked) == 1
    go.set()
    assert inquiry.answer(60) == "well"
    with pytest.raises(RuntimeError):  # what is raised is raised here
        Inquiry("test", Broken().status).answer(60)
