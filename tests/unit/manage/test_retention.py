"""What is kept for a while only is gone after it, however often the server is started."""

import io
import itertools
import os
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Engine, Float, Integer, Table, func, select

from owui_memory.config.settings import Valves
from owui_memory.core.turn import HASHED
from owui_memory.manage.erasure import worker as sweeping
from owui_memory.manage.erasure.erase import Eraser
from owui_memory.manage.erasure.retention import RULES, Rule, prune, prune_all
from owui_memory.manage.erasure.worker import ErasureWorker
from owui_memory.observe.metrics import Metrics
from owui_memory.state import commands, cuts, erasures, injected, metadata, outbox, recalls
from owui_memory.state.episodes_table import EpisodesTable
from tests.harness.places import opened
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.traces import RARE
from tests.harness.waiting import wait_until
from tests.unit.commands.desk import a_desk
from tests.unit.interfaces.test_filter import Running

DAY_S = 24 * 3600.0
PRIVACY = Path(__file__).parent.parent.parent.parent / "docs" / "privacy.md"

# Until it is forgotten or erased, or no text and no user's.
ALWAYS = {"journal", "versions", "switches", "noted", "locations", "llm_days", "api_keys", "note_switches"}
ALWAYS |= {"episodes", "episode_switches"}  # for as long as the setting episode_days says, where it does
ALWAYS |= {
    "digests",
    "reflections",
    "page_sessions",
    "webui_seen",
    "documents",
}  # until replaced, over, or gone there
ALWAYS |= {"channels", "channel_memories", "channel_days", "channel_authors"}  # until their channel is erased
ALWAYS |= {"channel_messages"}  # for as long as the setting channel_days says

_numbers = itertools.count()


def put(engine: Engine, table: Table, column: str, at: float, **values: Any) -> None:
    """A row that is as old as `column` says."""
    row: dict[str, Any] = {}
    for one in table.columns:
        if one.name == "id":
            continue
        kinds = {Boolean: False, Integer: 2, Float: time.time()}
        row[one.name] = next((value for kind, value in kinds.items() if isinstance(one.type, kind)), "x")
        if one.name in ("key", "memory_id", "chat_id", "batch", "model", "import_id"):
            row[one.name] = f"{one.name}-{next(_numbers)}"
    with engine.begin() as connection:
        connection.execute(table.insert().values(**{**row, column: at, **values}))


# Which rows each rule is for.
FITTING: dict[str, dict[str, Any]] = {
    "outbox": {"state": "done"},
    "erasures": {"passes": 2},
    "deletions": {"done": True},
}


def fitting(rule: Rule) -> dict[str, Any]:
    if rule.column.table in (injected, cuts) and rule.kept_s < 2 * DAY_S:
        return {"chat_id": f"{HASHED}{next(_numbers)}"}
    if rule.column.table is commands and not rule.blank:
        return {"text": "", "answer": ""}
    return FITTING.get(rule.column.table.name, {})


def count(engine: Engine, table: Table) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_each_is_kept_as_long_as_that_and_no_longer(engine: Engine) -> None:
    for rule in RULES:
        table, now = rule.column.table, time.time()
        for age in (rule.kept_s - 60, rule.kept_s + 60, rule.kept_s * 3):
            put(engine, table, rule.column.name, now - age, **fitting(rule))
        assert (prune(engine), prune(engine)) == (2, 0), rule
        if not rule.blank:
            assert count(engine, table) == 1, rule
        with engine.begin() as connection:
            blank = select(*(table.c[name] for name in rule.blank)).order_by(rule.column)
            rows = connection.execute(blank).all() if rule.blank else []
            connection.execute(table.delete())
        assert rows == ([tuple(rule.blank.values())] * 2 + [("x", "x")] if rule.blank else []), rule


def test_what_is_not_over_stays(engine: Engine) -> None:
    old = time.time() - 500 * DAY_S
    for state in ("pending", "claimed", "dead"):
        put(engine, outbox, "created_at", old, state=state)
    put(engine, erasures, "asked_at", old, passes=1)
    assert prune(engine) == 0


def test_many_rows_go_in_parts(engine: Engine) -> None:
    with engine.begin() as connection:
        row = {"user_id": "ada", "explanation": "{}", "at": 1.0}
        connection.execute(recalls.insert(), [{**row, "chat_id": str(one)} for one in range(1201)])
    put(engine, recalls, "at", time.time())
    assert prune(engine) == 1201
    assert count(engine, recalls) == 1


def test_every_table_with_a_time_has_a_rule_and_is_told_of() -> None:
    ruled = {rule.column.table.name for rule in RULES}
    assert ruled | ALWAYS == {table.name for table in metadata.sorted_tables}
    assert all(isinstance(rule.column.type, Float) for rule in RULES)
    text = PRIVACY.read_text()
    for table in metadata.sorted_tables:
        assert f"`{table.name}`" in text, table.name


def test_a_server_that_is_started_often_prunes(
    own_data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "_EVERY_S", 0.01)
    for _ in range(2):
        running = Running()
        engine = running.pipeline._runtime._engine
        put(engine, recalls, "at", time.time() - 8 * DAY_S)
        put(engine, recalls, "at", time.time() - 100 * DAY_S)
        sweeper = running.pipeline._runtime._sweeper
        sent = running.pipeline._runtime.page.uploads.keep("ada", io.BytesIO(b"x"))
        os.utime(sent, (1, 1))

        def is_pruned(engine: Engine = engine, sweeper: ErasureWorker = sweeper, sent: Path = sent) -> bool:
            sweeper._prune_at = 0.0  # again, where the first look of the start came after it
            return count(engine, recalls) == 0 and not sent.exists()

        wait_until(is_pruned, what="pruned")
        running.close()


@pytest.mark.parametrize(("fails", "times"), [(False, [0, 3600, 7200]), (True, [0, 60, 120, 180])])
def test_it_is_pruned_once_an_hour_and_sooner_after_a_failure(
    tmp_path: Path, fails: bool, times: list[float]
) -> None:
    engine, pruned, now = opened(tmp_path), [], 0.0

    def prune_it() -> None:
        pruned.append(now)
        if fails:
            raise ZeroDivisionError

    eraser = Eraser(engine, tmp_path, Valves, lambda *_: pytest.fail("nothing is to be erased"))
    worker = ErasureWorker(eraser, lambda _: None, Metrics(), None, prune_it, lambda: now)
    for at in range(0, 200, 10) if fails else range(0, 3 * 3600, 600):
        now = at
        worker.look()
    assert pruned == times
    engine.dispose()


def test_what_was_said_long_ago_is_erased_and_facts_stay(
    own_data_folder: Path, scripted_llm: ScriptedLLM
) -> None:
    with a_desk(own_data_folder, scripted_llm, episode_days=30) as desk:
        now = time.time()
        desk.hears(f"My dog is a {RARE}.", "What a lovely dog it must be.", said_at=now - 31 * 86_400)
        desk.hears("I live in Lisbon.", "The trams of Lisbon are old.", said_at=now - 29 * 86_400)
        desk.hears("I live in Porto.", "The bridges of Porto are old.", user="bob", said_at=now - 90 * 86_400)
        prune_all(desk.engine, desk.eraser, lambda: desk.settings.model_copy(update={"episode_days": 0}))
        assert len(desk.passages()) == 4, "0: for ever"
        assert prune_all(desk.engine, desk.eraser, lambda: desk.settings) == 4
        assert desk.passages() == ["I live in Lisbon.", "The trams of Lisbon are old."]
        assert desk.passages("bob") == []
        assert EpisodesTable(desk.engine).kept() == (2, 1)
        assert len(desk.texts()) == 2
        assert prune_all(desk.engine, desk.eraser, lambda: desk.settings) == 0
