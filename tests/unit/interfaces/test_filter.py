"""Whatever the server passes in, the filter never raises and never changes a message that is not its own."""

import asyncio
import copy
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from owui_memory.plugin import Pipeline
from owui_memory.state import open_state, outbox
from tests.harness.bodies import Chat, recording, recording_names, without_blocks
from tests.harness.pipelines_server import with_embedder
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until


class Running:
    """A started filter and the event loop it lives on."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.pipeline = Pipeline()
        self.run(self.pipeline.on_startup())

    def run(self, call: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(call)

    def inlet(self, body: Any, user: Any) -> Any:
        return self.run(self.pipeline.inlet(body, user))

    def outlet(self, body: Any, user: Any) -> Any:
        return self.run(self.pipeline.outlet(body, user))

    def part(self, name: str) -> dict[str, Any]:
        """One part of the status; not ok where it is not told, as before memory has started."""
        parts = {part["name"]: part for part in self.pipeline._chats.status()["parts"]}
        return parts.get(name) or {"name": name, "ok": None, "detail": f"only {sorted(parts)}", "hint": ""}

    def use(self, **changes: Any) -> None:
        """Settings."""
        self.pipeline.valves = self.pipeline.valves.model_copy(update=changes)

    def settle(self) -> None:
        """Until nothing waits to be remembered."""
        outbox = self.pipeline._runtime._outbox
        wait_until(lambda: outbox.counts().pending == 0, what="it is remembered")

    def rest(self) -> None:
        """Until what is done after an inlet is done."""
        pool = self.pipeline._runtime.state_pool
        together = threading.Barrier(pool._max_workers)
        for waiting in [pool.submit(together.wait) for _ in range(pool._max_workers)]:
            waiting.result()

    def close(self) -> None:
        self.run(self.pipeline.on_shutdown())
        self.loop.close()


@pytest.fixture
def filter_(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    for name, value in with_embedder(scripted_llm).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MEMORY_INLET_DEADLINE_MS", "10000")
    running = Running()
    wait_until(lambda: running.part("backend")["ok"], what="the backend is ready")
    yield running
    running.close()


def remember(running: Running, text: str, user: str = "ada") -> None:
    turn = Chat(user).say(text)
    running.inlet(turn.inlet, turn.user)
    running.outlet(turn.outlet("I see."), turn.user)
    running.settle()


def test_a_fact_told_in_one_chat_is_known_in_the_next(shared_filter: Running, user: str) -> None:
    remember(shared_filter, "My dog is called Rex.", user)
    turn = Chat(user).say("What is my dog called?")
    told = shared_filter.inlet(copy.deepcopy(turn.inlet), turn.user)
    assert [message["role"] for message in told["messages"]] == ["user"]
    assert '"My dog is called Rex."' in told["messages"][0]["content"]
    assert without_blocks(told) == turn.inlet
    assert {**told, "messages": []} == {**turn.inlet, "messages": []}


# Any JSON (without infinity, which has a test in test_intake.py), and JSON
# that is nearly what Open WebUI sends: recordings with pieces put in or taken out.
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield from places(value[key], (*path, key))


@st.composite
def damaged_calls(draw: st.DrawFn) -> dict[str, Any]:
    call = recording(draw(st.sampled_from(recording_names())))
    for _ in range(draw(st.integers(0, 3))):
        there = sorted(places(call), key=repr)
        if not there:
            break
        path = draw(st.sampled_from(there))
        holder = call
        for key in path[:-1]:
            holder = holder[key]
        if draw(st.booleans()):
            holder[path[-1]] = draw(JSON)
        else:
            del holder[path[-1]]
    return {"body": call.get("body"), "user": call.get("user")}


ANY_CALL = damaged_calls() | st.fixed_dictionaries({"body": JSON, "user": JSON})


@given(call=ANY_CALL)
def test_no_body_makes_it_raise_or_touch_what_is_not_its_own(
    shared_filter: Running, call: dict[str, Any]
) -> None:
    filter_ = shared_filter
    before = copy.deepcopy(call)
    told = filter_.inlet(call["body"], call["user"])
    assert call == before, "the caller's values are not touched"
    assert without_blocks(told) == without_blocks(before["body"])
    assert filter_.outlet(call["body"], call["user"]) == before["body"]
    last_error = filter_.part("last error")["detail"]
    assert "inside the filter" not in last_error, last_error


def test_ten_megabytes_pass(shared_filter: Running) -> None:
    for role in ("user", "system", "assistant"):
        turn = Chat("ada").say("What is my dog called?")
        turn.inlet["messages"].insert(0, {"role": role, "content": "x" * 10_000_000})
        assert without_blocks(shared_filter.inlet(turn.inlet, turn.user)) == turn.inlet
    turn = Chat("ada").say("y" * 10_000_000)
    assert shared_filter.inlet(turn.inlet, turn.user) == turn.inlet
    assert shared_filter.outlet(turn.outlet("ok"), turn.user)["messages"][-1]["content"] == "ok"
    assert shared_filter.pipeline._chats.status()["queue"]["pending"] == 0, "a pasted document is left out"


def test_what_is_said_while_the_plugin_stops_is_kept(
    filter_: Running, scripted_llm: ScriptedLLM, own_data_folder: Path
) -> None:
    busy, late = Chat("ada").say("My dog is called Rex."), Chat("bob").say("I live in Lisbon.")
    for turn in (busy, late):
        filter_.inlet(turn.inlet, turn.user)

    async def stop_and_say() -> None:
        with scripted_llm.hold("embeddings") as gate:
            await filter_.pipeline.outlet(busy.outlet("I see."), busy.user)
            await asyncio.to_thread(wait_until, lambda: gate.waiting, what="the writer is at work")
            stopping = asyncio.ensure_future(filter_.pipeline.on_shutdown())
            await asyncio.sleep(0)
            await filter_.pipeline.outlet(late.outlet("I see."), late.user)
            gate.release()
            await stopping

    filter_.run(stop_and_say())
    engine = open_state(own_data_folder)
    with engine.connect() as connection:
        kept = connection.scalars(select(outbox.c.user_id)).all()
    engine.dispose()
    assert sorted(kept) == ["ada", "bob"], "what came while it stopped is done, or waits for the next start"
