"""The queue: put once, claimed by one, never lost, in readable states."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, text

from owui_memory.core.errors import ClaimLost
from owui_memory.core.exchange import Batch, Exchange
from owui_memory.remember import outbox as module
from owui_memory.remember.backlog import Counts
from owui_memory.remember.outbox import Outbox
from owui_memory.state import erasures


@pytest.fixture
def queue(engine: Engine) -> Outbox:
    return Outbox(engine)


def exchange(key: str, *, user: str = "ada", chat: str = "c1") -> Exchange:
    return Exchange(
        key=key, user_id=user, chat_id=chat, user_text=f"I said {key}.", assistant_text="ok", said_at=1.0
    )


def keys(batch: Batch | None) -> list[str]:
    return [] if batch is None else [item.key for item in batch.exchanges]


def rows(engine: Engine, columns: str) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"select {columns} from outbox order by id"))]


def test_a_key_is_put_once_even_after_it_is_done(queue: Outbox) -> None:
    assert queue.put(exchange("k"))
    assert not queue.put(exchange("k"))
    batch = queue.claim()
    assert batch is not None
    queue.done(batch)
    assert not queue.put(replace(exchange("k"), assistant_text="regenerated"))
    assert queue.claim() is None


def test_a_batch_is_one_chat_in_order(queue: Outbox) -> None:
    for key, chat in (("1", "c1"), ("2", "c1"), ("3", "c2"), ("4", "c1")):
        queue.put(exchange(key, chat=chat))
    claimed = []
    while batch := queue.claim():
        claimed.append(keys(batch))
        queue.done(batch)
    assert claimed == [["1", "2"], ["3"], ["4"]]


def test_a_user_is_worked_on_by_one_at_a_time(queue: Outbox) -> None:
    for key, user, chat in (("1", "ada", "c1"), ("2", "ada", "c2"), ("3", "bob", "c3")):
        queue.put(exchange(key, user=user, chat=chat))
    first = queue.claim()
    assert keys(first) == ["1"]
    assert keys(queue.claim()) == ["3"]
    assert queue.claim() is None
    assert first is not None
    queue.done(first)
    assert keys(queue.claim()) == ["2"]


def test_done_forgets_the_text_and_keeps_the_key(queue: Outbox, engine: Engine) -> None:
    queue.put(exchange("k"))
    batch = queue.claim()
    assert batch is not None
    queue.done(batch)
    assert rows(engine, "key, state, exchange") == [("k", "done", None)]
    assert queue.counts() == Counts(pending=0, dead=0)


def test_dead_is_kept_with_its_reason(queue: Outbox, engine: Engine) -> None:
    queue.put(exchange("k"))
    batch = queue.claim()
    assert batch is not None
    queue.dead(batch, "the store is gone")
    assert queue.counts() == Counts(pending=0, dead=1)
    state, error, kept = rows(engine, "state, error, exchange")[0]
    assert (state, error) == ("dead", "the store is gone")
    assert json.loads(kept)["user_text"] == "I said k."


def test_a_retry_is_the_same_batch_later(queue: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.put(exchange("1"))
    first = queue.claim()
    assert first is not None
    queue.retry(first, "down")
    queue.put(exchange("2"))
    now = time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + 2)
    again = queue.claim()
    assert again is not None
    assert (again.name, keys(again), again.attempts) == (first.name, ["1"], 2)


def test_pauses_grow_up_to_a_limit(queue: Outbox, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr(module.time, "time", lambda: now)
    queue.put(exchange("k"))
    pauses = []
    for _ in range(14):
        batch = queue.claim()
        assert batch is not None
        queue.retry(batch, "down")
        ready_at = rows(engine, "ready_at")[0][0]
        pauses.append(ready_at - now)
        now = ready_at
    for attempt, pause in enumerate(pauses):
        most = min(2.0**attempt, 300.0)
        assert most / 2 <= pause <= most + 1e-6


def test_the_ten_thousandth_try_fails_as_the_first(queue: Outbox) -> None:
    queue.put(exchange("k"))
    batch = queue.claim()
    assert batch is not None
    with queue._engine.begin() as connection:
        connection.execute(text("update outbox set attempts = 10000"))
    queue.retry(replace(batch, attempts=10_000), "down")
    assert queue.pending_batches()[0].error == "down"


def test_who_has_lost_a_claim_leaves_the_next_one_alone(queue: Outbox, engine: Engine) -> None:
    """A server that was reloaded while its LLM thought: its thread comes back late."""
    queue.put(exchange("k"))
    late = queue.claim()
    assert late is not None
    with engine.begin() as connection:
        connection.execute(text("update outbox set claim_expires = 0"))
    current = queue.claim()
    assert current is not None
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


@pytest.mark.parametrize("state", ["pending", "retry", "dead"])
def test_another_answer_takes_the_place_of_one_that_is_not_read_yet(
    queue: Outbox, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.put(exchange("a"))
    if state != "pending":
        batch = queue.claim()
        assert batch is not None
        queue.retry(batch, "down") if state == "retry" else queue.dead(batch, "never")
    assert not queue.put(replace(exchange("a"), assistant_text="better"), renews=True)
    if state == "dead":
        queue.revive(batch.name)
    later = time.time() + 3600
    monkeypatch.setattr(module.time, "time", lambda: later)
    again = queue.claim()
    assert again is not None
    assert [one.assistant_text for one in again.exchanges] == ["better"]


def test_another_answer_to_what_is_being_read_comes_after_it(
    queue: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.put(exchange("a"))
    first = queue.claim()
    for answer in ("better", "best"):
        assert not queue.put(replace(exchange("a"), assistant_text=answer), renews=True)
    assert first is not None
    assert queue.done(first)
    again = queue.claim()
    assert again is not None
    assert [(one.assistant_text, one.again) for one in again.exchanges] == [("best", True)]
    queue.put(replace(exchange("a"), assistant_text="at last"), renews=True)
    queue.retry(again, "down")
    queue.put(replace(exchange("a"), assistant_text="at the very last"), renews=True)
    later = time.time() + 3600
    monkeypatch.setattr(module.time, "time", lambda: later)
    again = queue.claim()
    assert again is not None
    assert [one.assistant_text for one in again.exchanges] == ["at the very last"]


def test_a_crashed_claim_comes_back_as_the_same_batch(queue: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.put(exchange("1"))
    lost = queue.claim()
    queue.put(exchange("2"))
    assert queue.claim() is None
    now = time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + module.CLAIM_S + 1)
    again = queue.claim()
    assert lost is not None
    assert again is not None
    assert (again.name, keys(again), again.attempts) == (lost.name, ["1"], 2)


def test_a_renewed_claim_does_not_expire(queue: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.put(exchange("1"))
    batch = queue.claim()
    assert batch is not None
    now = time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + module.CLAIM_S - 1)
    queue.renew(batch)
    monkeypatch.setattr(module.time, "time", lambda: now + module.CLAIM_S + 1)
    assert queue.claim() is None


def test_a_chat_is_read_when_it_is_quiet(queue: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    start = time.time()
    clock = [start]
    monkeypatch.setattr(module.time, "time", lambda: clock[0])
    queue.put(exchange("1"), wait_s=30, batch_max=8)
    clock[0] = start + 20
    queue.put(exchange("2"), wait_s=30, batch_max=8)
    clock[0] = start + 40
    assert queue.claim() is None, "the second message moved the moment for both"
    clock[0] = start + 51
    assert keys(queue.claim()) == ["1", "2"]


def test_a_full_batch_does_not_wait(queue: Outbox) -> None:
    for key in "123":
        queue.put(exchange(key), wait_s=30, batch_max=3)
    assert keys(queue.claim()) == ["1", "2", "3"]


def test_going_on_in_another_chat_ends_the_wait(queue: Outbox) -> None:
    queue.put(exchange("1", chat="c1"), wait_s=30, batch_max=8)
    queue.put(exchange("2", chat="c2"), wait_s=30, batch_max=8)
    assert keys(queue.claim()) == ["1"]


def test_many_threads_claim_each_exchange_once(queue: Outbox) -> None:
    for number in range(40):
        queue.put(exchange(str(number), user=f"u{number % 10}", chat=f"c{number}"))
    claimed: list[str] = []

    def work() -> None:
        while batch := queue.claim():
            claimed.extend(keys(batch))
            queue.done(batch)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work()
    assert sorted(claimed, key=int) == [str(number) for number in range(40)]


def test_nothing_overtakes_what_waits_for_its_retry(queue: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.put(exchange("1"))
    first = queue.claim()
    assert first is not None
    queue.retry(first, "down")
    queue.put(exchange("2", chat="c2"))
    queue.put(exchange("3", user="bob"))
    assert keys(queue.claim()) == ["3"], "another user does not wait"
    assert queue.claim() is None
    now = time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + 2)
    again = queue.claim()
    assert keys(again) == ["1"]
    assert again is not None
    queue.done(again)
    assert keys(queue.claim()) == ["2"]


def test_what_was_given_up_holds_nothing_up(queue: Outbox) -> None:
    queue.put(exchange("1"))
    batch = queue.claim()
    assert batch is not None
    queue.dead(batch, "never")
    queue.put(exchange("2"))
    assert keys(queue.claim()) == ["2"]


def test_beginning_another_chat_ends_the_wait(queue: Outbox) -> None:
    queue.put(exchange("1", chat="c1"), wait_s=30, batch_max=8)
    queue.put(exchange("2", chat="c1", user="bob"), wait_s=30, batch_max=8)
    assert not queue.leave_others("ada", "c1")
    assert queue.claim() is None
    assert queue.leave_others("ada", "c2")
    assert not queue.leave_others("ada", "c2"), "once"
    assert keys(queue.claim()) == ["1"]
    assert queue.claim() is None


def test_hurry_ends_the_wait_of_all(queue: Outbox) -> None:
    queue.put(exchange("1"), wait_s=30, batch_max=8)
    queue.put(exchange("2", user="bob"), wait_s=30, batch_max=8)
    assert queue.claim() is None
    queue.hurry()
    assert [keys(queue.claim()), keys(queue.claim())] == [["1"], ["2"]]


# Edited messages ----------------------------------------------------------------------------------


def version(message: str, *, said_at: float, follows: str = "start", chat: str = "c1") -> Exchange:
    return replace(exchange(f"ada\n{chat}\n{message}", chat=chat), follows=follows, said_at=said_at)


def messages(batch: Batch | None) -> list[str]:
    return [] if batch is None else [item.message_id for item in batch.exchanges]


def test_an_edited_message_takes_the_place_of_one_that_waits(queue: Outbox, engine: Engine) -> None:
    queue.put(version("original", said_at=1), wait_s=30, batch_max=8)
    queue.put(version("edited", said_at=2), wait_s=30, batch_max=8)
    queue.hurry()
    batch = queue.claim()
    assert messages(batch) == ["edited"]
    assert batch is not None
    assert batch.exchanges[0].replaces == ()
    assert rows(engine, "state, exchange is null")[0] == ("done", True)


@pytest.mark.parametrize("state", ["claimed", "retry", "done"])
def test_an_edited_message_names_what_is_to_be_taken_back(queue: Outbox, state: str) -> None:
    queue.put(version("original", said_at=1))
    first = queue.claim()
    assert first is not None
    if state == "done":
        queue.done(first)
    elif state == "retry":
        queue.retry(first, "down")
    queue.put(version("edited", said_at=2))
    if state == "done":
        batch = queue.claim()
        assert batch is not None
        assert batch.exchanges[0].replaces == ("original",)
    else:
        assert queue.claim() is None, "the original comes first"


def test_an_edited_message_takes_what_was_given_up_with_it(queue: Outbox) -> None:
    queue.put(version("original", said_at=1))
    batch = queue.claim()
    assert batch is not None
    queue.dead(batch, "never")
    queue.put(version("edited", said_at=2))
    assert queue.counts() == Counts(pending=1, dead=0)
    assert not queue.revive(batch.name)
    edited = queue.claim()
    assert edited is not None
    assert edited.exchanges[0].replaces == ("original",), "it may have been made in part"


def test_the_originals_answer_may_come_last(queue: Outbox) -> None:
    assert queue.put(version("edited", said_at=2))
    assert not queue.put(version("original", said_at=1))
    assert messages(queue.claim()) == ["edited"]


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
