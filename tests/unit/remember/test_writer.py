"""The writer drains the queue into a real mem0 on a real store; the embedder is the scripted server."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from owui_memory.backends.backend_holder import BackendHolder
from owui_memory.backends.base import Backend
from owui_memory.config.settings import Valves
from owui_memory.core.errors import Retry
from owui_memory.core.exchange import Exchange
from owui_memory.core.memory import Memory
from owui_memory.observe.metrics import Metrics
from owui_memory.recall.injected import Injected
from owui_memory.remember.backlog import Counts
from owui_memory.remember.journal import Journal
from owui_memory.remember.outbox import Outbox
from owui_memory.remember.writer import Writer
from owui_memory.state import open_state
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import is_ours
from tests.harness.waiting import wait_until
from tests.unit.remember.workbench import Bench, OpenBench


def test_statements_are_remembered_word_for_word_and_once(bench: Bench) -> None:
    lisbon, lockers = "I live in Lisbon.", ["My locker is number 17.", "My locker is number 18."]
    said = {
        "ada": ([f"{lisbon} What is the weather? My dog is called Rex."], [lisbon, "My dog is called Rex."]),
        "bob": ([lisbon, f"Hello! {lisbon}"], [lisbon]),
        "cleo": ([" ".join(lockers)], lockers),
    }
    for user, (texts, _) in said.items():
        for number, text in enumerate(texts):
            bench.say(text, key=f"{user} {number}", user=user)
    bench.drain()
    assert {user: bench.texts(user) for user in said} == {user: kept for user, (_, kept) in said.items()}
    for number, again in enumerate(("i live in Lisbon", "I live, in Lisbon!")):
        bench.say(again, key=f"again {number}", user="bob")
        bench.drain()
    assert bench.texts("bob") == [lisbon], "it is known"


def test_what_is_not_worth_remembering_leaves_no_fact_and_is_counted(bench: Bench) -> None:
    bench.say("Hi there!", key="1")
    bench.say("What is the capital of France?", key="2")
    bench.say("Write a poem about autumn.", key="3")
    bench.drain()
    bench.writer.stop(5)
    assert bench.texts() == []
    assert bench.outbox.counts() == Counts(pending=0, dead=0)
    counts = bench.metrics.counts()
    assert counts["not worth remembering: a greeting or a crumb"] == 1
    assert counts["not worth remembering: only a question"] == 1
    assert counts["not worth remembering: nothing stated"] == 1
    assert counts["exchanges remembered"] == 0


def test_after_a_crash_between_two_statements_only_the_missing_one_is_added(bench: Bench) -> None:
    bench.say("I live in Lisbon. My dog is called Rex.")
    batch = bench.outbox.claim()
    bench.backend.store("ada", Memory("", "I live in Lisbon.", batch=batch.name))
    bench.outbox.retry(batch, "crashed")
    bench.drain()
    assert bench.texts() == ["I live in Lisbon.", "My dog is called Rex."]


def test_a_passing_failure_is_tried_again(bench: Bench, scripted_llm: ScriptedLLM) -> None:
    bench.say("I live in Lisbon.")
    with scripted_llm.fault("embeddings", status=503):
        bench.writer.start()
        wait_until(lambda: bench.metrics.last_error, what="the first try failed")
    bench.drain()
    assert bench.texts() == ["I live in Lisbon."]
    assert bench.metrics.counts()["memories changed"] == 1


def test_what_goes_on_failing_is_dead_after_its_time(bench: Bench, scripted_llm: ScriptedLLM) -> None:
    bench.settings = bench.settings.model_copy(update={"advanced": "retry_max_hours=0.0"})
    scripted_llm.add_fault("embeddings", status=503)
    bench.say("I live in Lisbon.")
    bench.drain()
    assert bench.outbox.counts() == Counts(pending=0, dead=1)


def test_what_can_never_work_is_dead_at_once(bench: Bench, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_fault("embeddings", status=400)
    bench.say("I live in Lisbon.")
    bench.drain()
    assert bench.outbox.counts() == Counts(pending=0, dead=1)


def test_nothing_is_claimed_while_there_is_no_backend(tmp_path: Path, settings: Valves) -> None:
    opened = threading.Event()

    def never(*_: object) -> Backend:
        opened.set()
        raise Retry("The store cannot be reached.")

    engine = open_state(tmp_path)
    outbox, live = Outbox(engine), BackendHolder(tmp_path, never)
    outbox.put(Exchange("k", "ada", "c", "I live in Lisbon.", "", 1.0))
    writer = Writer(outbox, live, Journal(engine), Injected(engine), lambda: settings, Metrics())
    live.use(settings)
    writer.start()
    assert opened.wait(60)
    writer.stop(10)
    batch = outbox.claim()
    live.close()
    engine.dispose()
    assert batch.attempts == 1, "no try was spent"


@pytest.mark.parametrize("extraction", ["reconcile", "mem0"])
def test_the_llm_is_asked_only_about_what_is_worth_it(
    settings: Valves, scripted_llm: ScriptedLLM, extraction: str, open_bench: OpenBench
) -> None:
    llm = scripted_llm.reads("m")
    settings = settings.model_copy(update={**llm, "llm_api_key": "k", "extraction": extraction})
    bench = open_bench(settings)
    scripted_llm.clear()
    scripted_llm.when(is_ours, {"operations": []})
    bench.say("What is the capital of France?", key="1")
    bench.say("```python\nx = 1\n```", key="2")
    bench.drain()
    assert scripted_llm.chats() == [], "a batch with nothing left is done without a call"
    bench.say("Hi there!", key="3")
    bench.say("I live in Lisbon.", key="4")
    bench.drain()
    (asked,) = scripted_llm.chats()
    assert "I live in Lisbon." in asked.text
    assert "Hi there!" not in asked.text
    assert bench.texts() == (["User live in Lisbon."] if extraction == "mem0" else [])
    counts = bench.metrics.counts()
    assert counts["not worth remembering: only a question"] == 1
    assert counts["not worth remembering: only code, logs or quotes"] == 1
    assert counts["exchanges remembered"] == 1


def test_ids_that_mem0_does_not_tell_are_looked_for(with_llm: Valves, open_bench: OpenBench) -> None:
    bench = open_bench(with_llm.model_copy(update={"extraction": "mem0"}))
    extract = bench.backend.extract

    def tells_no_ids(*values: Any, **named: Any) -> list[Memory]:
        return [replace(memory, id="") for memory in extract(*values, **named)]

    bench.backend.extract = tells_no_ids
    bench.say("I live in Lisbon.")
    bench.drain()
    (change,) = bench.journal.of_user("ada")
    assert [memory.id for memory in bench.backend.list_all("ada")] == [change.memory_id]
