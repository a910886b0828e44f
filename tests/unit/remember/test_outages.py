"""Whatever fails for a while, what was said is remembered afterwards: all of it, and once."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from owui_memory.config.settings import Valves
from owui_memory.remember import failing
from owui_memory.stores.sqlite.driver import connect
from tests.harness.pipelines_server import free_port
from tests.harness.remains import expire_claims
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.remember.story import follow_the_story
from tests.unit.remember.workbench import Tale

pytestmark = pytest.mark.usefixtures("quick")

Outage = Callable[[ScriptedLLM], AbstractContextManager[Any]]


@contextlib.contextmanager
def told(llm: ScriptedLLM, answer: str) -> Iterator[None]:
    llm.when(lambda _request: True, answer)
    yield
    llm._rules.pop(0)


# What the writer makes of them; what each fault is taken for: tests/unit/models/test_faults.py.
OUTAGES: dict[str, Outage] = {
    "slow": lambda llm: llm.hold("chat"),
    "401": lambda llm: llm.fault("chat", status=401),
    "500": lambda llm: llm.fault("chat", status=500),
    "cut": lambda llm: llm.fault("chat", cut=True),
    "nothing said": lambda llm: told(llm, " "),
    "no JSON": lambda llm: told(llm, "I would remember where the user lives."),
    "another shape": lambda llm: told(llm, '{"operations": [{"op": "keep", "text": "All."}]}'),
    "no embedder": lambda llm: llm.fault("embeddings", status=500),
    "a cut embedder": lambda llm: llm.fault("embeddings", cut=True),
    "an embedder's broken JSON": lambda llm: llm.fault("embeddings", broken_json=True),
    "vectors of another size": lambda llm: llm.fault("embeddings", dims=7),
}


@pytest.mark.parametrize(
    ("extraction", "outage"),
    [
        ("reconcile", "slow"),
        ("reconcile", "401"),
        ("reconcile", "cut"),
        ("mem0", "slow"),
        ("mem0", "500"),
        ("reconcile", "nothing said"),
        ("reconcile", "another shape"),
        ("mem0", "no JSON"),
        ("reconcile", "vectors of another size"),
        ("verbatim", "a cut embedder"),
        ("mem0", "no embedder"),
        ("mem0", "an embedder's broken JSON"),
    ],
)
def test_an_outage_of_a_model(
    tmp_path: Path,
    with_llm: Valves,
    scripted_llm: ScriptedLLM,
    extraction: str,
    outage: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failing, "_DOUBTFUL_TRIES", 1000)  # however long this test takes
    tale = Tale.begin(tmp_path, with_llm.model_copy(update={"extraction": extraction}))
    with OUTAGES[outage](scripted_llm):
        tale.bench.fails(2)
        assert tale.bench.texts() == sorted(tale.known.values())
    tale.ends_well()


def test_nobody_listens_where_the_llm_should_be(tmp_path: Path, with_llm: Valves) -> None:
    port = free_port()
    down = {"llm_base_url": f"http://127.0.0.1:{port}/v1"}
    tale = Tale.begin(tmp_path, with_llm.model_copy(update=down))
    tale.bench.fails(3)
    with ScriptedLLM(port=port) as llm:
        follow_the_story(llm)
        tale.ends_well()
        assert len(llm.chats()) == 1


@pytest.fixture
def second() -> Iterator[ScriptedLLM]:
    with ScriptedLLM() as llm:
        follow_the_story(llm)
        yield llm


@pytest.fixture
def with_two(with_llm: Valves, second: ScriptedLLM) -> Valves:
    fallback = {
        "fallback_llm_provider": "vllm",
        "fallback_llm_base_url": second.base_url,
        "fallback_llm_model": "two",
    }
    return with_llm.model_copy(update=fallback)


@pytest.mark.parametrize(("extraction", "outage"), [("reconcile", "slow"), ("mem0", "500")])
def test_the_second_llm_stands_in(
    tmp_path: Path, with_two: Valves, scripted_llm: ScriptedLLM, extraction: str, outage: str
) -> None:
    """What a slow first one answers afterwards, changes nothing."""
    timeout_s = 1 if outage == "slow" else 20
    tale = Tale.begin(tmp_path, with_two.model_copy(update={"extraction": extraction}), timeout_s=timeout_s)
    with OUTAGES[outage](scripted_llm):
        tale.bench.drain()
    tale.ends_well()
    assert "failed remembering" not in tale.bench.metrics.counts()


def test_both_llms_until_the_second_is_back(
    tmp_path: Path, with_two: Valves, scripted_llm: ScriptedLLM, second: ScriptedLLM
) -> None:
    tale = Tale.begin(tmp_path, with_two)
    with OUTAGES["500"](scripted_llm):
        with OUTAGES["cut"](second):
            tale.bench.fails(2)
        tale.ends_well()
    (model,) = {change.model for change in tale.bench.journal.of_user("ada")}
    assert model == "two"


def test_a_dead_llm_is_left_alone_while_the_work_waits(
    tmp_path: Path, with_llm: Valves, scripted_llm: ScriptedLLM
) -> None:
    tale = Tale.begin(tmp_path, with_llm, pause_s=3600)
    with scripted_llm.fault("chat", status=503):
        tale.bench.fails(8)
    assert len(scripted_llm.chats()) == 3
    tale.bench.close()
    assert tale.bench.outbox.counts().pending == 1


# Files that somebody else holds --------------------------------------------------------------------


@contextlib.contextmanager
def held(file: Path) -> Iterator[None]:
    """By a backup, say: others may read it, and not write."""
    # Two SQLite libraries in one process do not see each other's locks.
    connection = connect(str(file)) if file.name == "memories.db" else sqlite3.connect(file)
    with contextlib.closing(connection) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.execute("ROLLBACK")


@pytest.mark.parametrize("extraction", ["reconcile", "mem0"])
def test_a_file_that_somebody_holds(tmp_path: Path, with_llm: Valves, extraction: str) -> None:
    tale = Tale.begin(tmp_path, with_llm.model_copy(update={"extraction": extraction}))
    with held(tmp_path / "memories.db"):
        tale.bench.fails(3)
    tale.ends_well()


def test_a_state_database_that_somebody_holds_while_the_llm_thinks(
    tmp_path: Path, with_llm: Valves, scripted_llm: ScriptedLLM
) -> None:
    """Neither what was decided nor that it failed can be written down: the claim expires."""
    tale = Tale.begin(tmp_path, with_llm, timeout_s=20)
    event.listen(
        tale.bench.engine, "checkout", lambda connection, *_: connection.execute("PRAGMA busy_timeout = 50")
    )
    with scripted_llm.hold("chat") as thinking:
        tale.bench.start()
        wait_until(lambda: thinking.waiting, what="it thinks")
        with held(tmp_path / "state.db"):
            thinking.release()
            tale.bench.fails(1)
            wait_until(lambda: tale.bench.metrics.counts().get("failed queue", 0), what="the queue fails")
            wait_until(lambda: not tale.bench.writer._claimed, what="it lets go")
    expire_claims(tmp_path)
    tale.ends_well()
