"""The queue: put once, claimed by one, never lost, in readable states."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, text

from owui_memory.core.errors import ClaimLost
from owui_memory.core.exchange import Batch, Exchange
from owui_memory.remember import outbox as module
from owui_memory.remember.backlog import Counts
from owui_memory.remember.outbox import Outbox
from owui_memory.state import erasures, outbox
from tests.harness.places import on_postgres, opened

WAITS: dict[str, Any] = {"wait_s": 30, "batch_max": 8}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Each kind of state database."""
    folder = tmp_path_factory.mktemp("state")
    with ExitStack() as stack:
        if request.param == "sqlite":
            engine = opened(folder)
        else:
            postgres = request.getfixturevalue("postgres")
            engine = stack.enter_context(on_postgres(postgres, folder, empty=False)).open()
        yield engine
        engine.dispose()


@pytest.fixture
def engine(database: Engine) -> Engine:
    """With nothing in it of the test before."""
    with database.begin() as connection:
        for table in (outbox, erasures):
            connection.execute(table.delete())
    return database


@pytest.fixture
def queue(engine: Engine) -> Outbox:
    return Outbox(engine)


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let it be so many seconds later than when the test began."""
    now = time.time()
    return lambda seconds: monkeypatch.setattr(module.time, "time", lambda: now + seconds)


def exchange(key: str, *, user: str = "ada", chat: str = "c1", answer: str = "ok") -> Exchange:
    return Exchange(key, user, chat, f"I said {key}.", answer, said_at=1.0)


def claimed(queue: Outbox) -> Batch:
    batch = queue.claim()
    assert batch is not None
    return batch


def keys(batch: Batch | None) -> list[str]:
    return [] if batch is None else [item.key for item in batch.exchanges]


def answers(batch: Batch) -> list[tuple[str, bool]]:
    return [(one.assistant_text, one.again) for one in batch.exchanges]


def rows(engine: Engine, columns: str) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"select {columns} from outbox order by id"))]


def expire(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("update outbox set claim_expires = 0"))


# Whose turn it is ---------------------------------------------------------------------------------


def test_a_key_is_put_once_even_after_it_is_done(queue: Outbox, engine: Engine) -> None:
    assert queue.put(exchange("k"))
    assert not queue.put(exchange("k"))
    queue.done(claimed(queue))
    assert not queue.put(exchange("k", answer="regenerated"))
    assert queue.claim() is None
    assert rows(engine, "key, state, exchange") == [("k", "done", None)], "its text is forgotten"
    assert queue.counts() == Counts(pending=0, dead=0)


def test_a_batch_is_one_chat_in_order(queue: Outbox) -> None:
    for key, chat in (("1", "c1"), ("2", "c1"), ("3", "c2"), ("4", "c1")):
        queue.put(exchange(key, chat=chat))
    found = []
    while batch := queue.claim():
        found.append(keys(batch))
        queue.done(batch)
    assert found == [["1", "2"], ["3"], ["4"]]


def test_a_user_is_worked_on_by_one_at_a_time(queue: Outbox) -> None:
    for key, user, chat in (("1", "ada", "c1"), ("2", "ada", "c2"), ("3", "bob", "c3")):
        queue.put(exchange(key, user=user, chat=chat))
    first = claimed(queue)
    assert [keys(first), keys(queue.claim()), keys(queue.claim())] == [["1"], ["3"], []]
    queue.done(first)
    assert keys(queue.claim()) == ["2"]


def test_many_threads_claim_each_exchange_once(queue: Outbox) -> None:
    for number in range(24):
        queue.put(exchange(str(number), user=f"u{number % 6}", chat=f"c{number}"))
    found: list[str] = []

    def work() -> None:
        while batch := queue.claim():
            found.extend(keys(batch))
            queue.done(batch)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work()
    assert sorted(found, key=int) == [str(number) for number in range(24)]


# What fails ---------------------------------------------------------------------------------------


def test_what_was_given_up_is_kept_with_its_reason_and_holds_nothing_up(
    queue: Outbox, engine: Engine
) -> None:
    queue.put(exchange("1"))
    queue.dead(claimed(queue), "the store is gone")
    queue.put(exchange("2"))
    assert keys(queue.claim()) == ["2"]
    assert queue.counts() == Counts(pending=1, dead=1)
    state, error, kept = rows(engine, "state, error, exchange")[0]
    assert (state, error, json.loads(kept)["user_text"]) == ("dead", "the store is gone", "I said 1.")


def test_nothing_of_a_user_overtakes_what_waits_for_its_retry(
    queue: Outbox, pass_time: Callable[[float], None]
) -> None:
    queue.put(exchange("1"))
    first = claimed(queue)
    queue.retry(first, "down")
    queue.put(exchange("2", chat="c2"))
    queue.put(exchange("3", user="bob"))
    assert [keys(queue.claim()), keys(queue.claim())] == [["3"], []], "another user does not wait"
    pass_time(2)
    again = claimed(queue)
    assert (again.name, keys(again), again.attempts) == (first.name, ["1"], 2), "it is the same batch"
    queue.done(again)
    assert keys(queue.claim()) == ["2"]


def test_pauses_grow_up_to_a_limit(queue: Outbox, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr(module.time, "time", lambda: now)
    queue.put(exchange("k"))
    for attempt in range(14):
        queue.retry(claimed(queue), "down")
        ready_at = rows(engine, "ready_at")[0][0]
        most = min(2.0**attempt, 300.0)
        assert most / 2 <= ready_at - now <= most + 1e-6
        now = ready_at
    with engine.begin() as connection:
        connection.execute(text("update outbox set attempts = 9999"))
    queue.retry(claimed(queue), "still down")
    assert queue.pending_batches()[0].error == "still down", "the ten thousandth try, too"


def test_a_crashed_claim_comes_back_as_the_same_batch(
    queue: Outbox, pass_time: Callable[[float], None]
) -> None:
    queue.put(exchange("1"))
    lost = claimed(queue)
    queue.put(exchange("2"))
    assert queue.claim() is None
    pass_time(module.CLAIM_S + 1)
    again = claimed(queue)
    assert (again.name, keys(again), again.attempts) == (lost.name, ["1"], 2)


def test_a_renewed_claim_does_not_expire(queue: Outbox, pass_time: Callable[[float], None]) -> None:
    queue.put(exchange("1"))
    batch = claimed(queue)
    pass_time(module.CLAIM_S - 1)
    queue.renew(batch)
    pass_time(module.CLAIM_S + 1)
    assert queue.claim() is None


def test_who_has_lost_a_claim_leaves_the_next_one_alone(queue: Outbox, engine: Engine) -> None:
    """A server that was reloaded while its LLM thought: its thread comes back late."""
    queue.put(exchange("k"))
    late = claimed(queue)
    expire(engine)
    current = claimed(queue)
    assert current.name == late.name
    before = rows(engine, "state, ready_at, claim_expires, error")
    queue.done(late)
    with pytest.raises(ClaimLost):
        queue.renew(late)
    queue.retry(late, "slow")
    queue.dead(late, "slow")
    assert rows(engine, "state, ready_at, claim_expires, error") == before
    queue.done(current)
    assert rows(engine, "state") == [("done",)]


# Another answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["pending", "retry", "dead"])
def test_another_answer_takes_the_place_of_one_that_is_not_read_yet(
    queue: Outbox, state: str, pass_time: Callable[[float], None]
) -> None:
    queue.put(exchange("a"))
    if state != "pending":
        batch = claimed(queue)
        queue.retry(batch, "down") if state == "retry" else queue.dead(batch, "never")
    assert not queue.put(exchange("a", answer="better"), renews=True)
    if state == "dead":
        queue.revive(batch.name)
    pass_time(3600)
    assert answers(claimed(queue)) == [("better", False)]


def test_another_answer_to_what_is_being_read_comes_after_it(
    queue: Outbox, pass_time: Callable[[float], None]
) -> None:
    queue.put(exchange("a"))
    first = claimed(queue)
    for answer in ("better", "best"):
        assert not queue.put(exchange("a", answer=answer), renews=True)
    assert queue.done(first)
    again = claimed(queue)
    assert answers(again) == [("best", True)]
    queue.put(exchange("a", answer="at last"), renews=True)
    queue.retry(again, "down")
    queue.put(exchange("a", answer="at the very last"), renews=True)
    pass_time(3600)
    assert answers(claimed(queue)) == [("at the very last", True)]


# Waiting for a chat to be quiet -------------------------------------------------------------------


def test_a_chat_is_read_when_it_is_quiet(queue: Outbox, pass_time: Callable[[float], None]) -> None:
    queue.put(exchange("1"), **WAITS)
    pass_time(20)
    queue.put(exchange("2"), **WAITS)
    pass_time(40)
    assert queue.claim() is None, "the second message moved the moment for both"
    pass_time(51)
    assert keys(queue.claim()) == ["1", "2"]


def test_a_full_batch_does_not_wait(queue: Outbox) -> None:
    for key in "123":
        queue.put(exchange(key), wait_s=30, batch_max=3)
    assert keys(queue.claim()) == ["1", "2", "3"]


def test_going_on_in_another_chat_ends_the_wait(queue: Outbox) -> None:
    queue.put(exchange("1", chat="c1"), **WAITS)
    queue.put(exchange("2", chat="c2"), **WAITS)
    assert keys(queue.claim()) == ["1"]


def test_beginning_another_chat_ends_the_wait(queue: Outbox) -> None:
    queue.put(exchange("1", chat="c1"), **WAITS)
    queue.put(exchange("2", chat="c1", user="bob"), **WAITS)
    assert not queue.leave_others("ada", "c1")
    assert queue.claim() is None
    assert queue.leave_others("ada", "c2")
    assert not queue.leave_others("ada", "c2"), "once"
    assert [keys(queue.claim()), keys(queue.claim())] == [["1"], []]


def test_hurry_ends_the_wait_of_all(queue: Outbox) -> None:
    queue.put(exchange("1"), **WAITS)
    queue.put(exchange("2", user="bob"), **WAITS)
    assert queue.claim() is None
    queue.hurry()
    assert [keys(queue.claim()), keys(queue.claim())] == [["1"], ["2"]]


# Edited messages ----------------------------------------------------------------------------------


def version(message: str, *, said_at: float, follows: str = "start", chat: str = "c1") -> Exchange:
    return replace(exchange(f"ada\n{chat}\n{message}", chat=chat), follows=follows, said_at=said_at)


def versions(batch: Batch | None) -> list[tuple[str, tuple[str, ...]]]:
    """Its messages, each with those whose memories are to be taken back."""
    return [] if batch is None else [(item.message_id, item.replaces) for item in batch.exchanges]


def test_an_edited_message_takes_the_place_of_one_that_waits(queue: Outbox, engine: Engine) -> None:
    queue.put(version("original", said_at=1), **WAITS)
    queue.put(version("edited", said_at=2), **WAITS)
    queue.hurry()
    assert versions(queue.claim()) == [("edited", ())]
    assert rows(engine, "state, exchange is null")[0] == ("done", True)


@pytest.mark.parametrize("state", ["claimed", "retry", "done", "dead"])
def test_an_edited_message_names_what_is_to_be_taken_back(queue: Outbox, state: str) -> None:
    queue.put(version("original", said_at=1))
    first = claimed(queue)
    if state != "claimed":
        end: dict[str, Callable[[], object]] = {
            "done": lambda: queue.done(first),
            "retry": lambda: queue.retry(first, "down"),
            "dead": lambda: queue.dead(first, "never"),
        }
        end[state]()
    queue.put(version("edited", said_at=2))
    if state in ("claimed", "retry"):
        assert queue.claim() is None, "the original comes first"
        return
    assert queue.counts() == Counts(pending=1, dead=0)
    assert not queue.revive(first.name)
    assert versions(queue.claim()) == [("edited", ("original",))], "it may have been made in part"


def test_the_originals_answer_may_come_last(queue: Outbox) -> None:
    assert queue.put(version("edited", said_at=2))
    assert not queue.put(version("original", said_at=1))
    assert versions(queue.claim()) == [("edited", ())]


def test_only_versions_of_one_message_replace_each_other(queue: Outbox) -> None:
    queue.put(version("first", said_at=1))
    queue.put(version("second", said_at=2, follows="answer"))
    queue.put(version("elsewhere", said_at=3, chat="c2"))
    queue.put(replace(version("untold", said_at=4), follows=""))
    queue.put(replace(version("bobs", said_at=5), user_id="bob"))
    assert queue.counts().pending == 5


def test_what_came_before_its_user_was_erased_is_not_put(queue: Outbox, engine: Engine) -> None:
    """It waited elsewhere meanwhile: in a file, for the database to come back."""
    with engine.begin() as connection:
        asked = {"user_id": "ada", "whole": True, "memory_ids": "[]", "batches": "[]", "locations": "[]"}
        connection.execute(erasures.insert().values(**asked, asked_at=100.0))
    assert not queue.put(exchange("before"), since=99.0)
    assert queue.put(exchange("after"), since=101.0)
    assert queue.put(exchange("another's", user="bob"), since=99.0)
    assert queue.put(exchange("now"))
