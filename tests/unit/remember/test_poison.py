"""One exchange that can never be remembered: it is set aside after few tries, and holds nobody up."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from owui_memory.core.errors import Drop, Retry, RetryFew
from owui_memory.core.exchange import Exchange
from owui_memory.remember.backlog import Counts
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request
from tests.harness.waiting import wait_until
from tests.unit.remember.mind import add, is_ours
from tests.unit.remember.workbench import Bench

pytestmark = pytest.mark.usefixtures("quick")

POISON = "My poison is called hemlock."
GOOD = ["I live in Lisbon.", "My dog is called Rex.", "I play the cello.", "My sister works in Oslo."]

RAISED: dict[str, Callable[[], BaseException]] = {
    "unforeseen": lambda: UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed"),
    "a panic of native code": lambda: type("PanicException", (BaseException,), {})("hemlock"),
    "doubtful": lambda: RetryFew("This may never work."),
    "hopeless": lambda: Drop("This can never work."),
}


def poison(bench: Bench, raised: Callable[[], BaseException]) -> None:
    """The backend cannot bear one text, however it comes to it."""
    for name in ("search", "similarities", "store", "extract"):
        called = getattr(bench.backend, name)

        def bears(*values: Any, _called: Callable[..., Any] = called, **named: Any) -> Any:
            if "hemlock" in repr((values, named)):
                raise raised()
            return _called(*values, **named)

        setattr(bench.backend, name, bears)


def say(bench: Bench, texts: list[str], *, user: str = "ada", together: bool) -> None:
    """In one batch, or each in a batch of its own."""
    for number, text in enumerate(texts):
        key, chat = f"{user}\nc\n{number}", "c" if together else f"c{number}"
        wait_s = 0.05 if together else 0.0
        bench.outbox.put(Exchange(key, user, chat, text, "ok", float(number)), wait_s=wait_s, batch_max=100)


@pytest.mark.parametrize(
    ("raised", "together"), [*((name, True) for name in RAISED), ("unforeseen", False), ("doubtful", False)]
)
def test_it_is_set_aside_and_the_others_go_on(bench: Bench, raised: str, together: bool) -> None:
    poison(bench, RAISED[raised])
    say(bench, [*GOOD[:2], POISON, *GOOD[2:]], together=together)
    say(bench, GOOD[:1], user="bob", together=together)
    bench.drain()
    assert bench.texts() == sorted(GOOD)
    assert bench.texts("bob") == GOOD[:1]
    assert bench.outbox.counts() == Counts(pending=0, dead=1)
    (dead,) = bench.outbox.dead_batches()
    assert [exchange.user_text for exchange in dead.exchanges] == [POISON], "it is kept"
    assert "hemlock" not in dead.error


def test_what_its_user_says_next_is_remembered_while_it_waits(bench: Bench) -> None:
    poison(bench, lambda: ValueError("hemlock"))
    say(bench, [POISON], together=False)
    bench.fails(1)
    bench.say(GOOD[0], key="ada\nc9\n9")
    wait_until(lambda: bench.texts() == GOOD[:1], what="the next one is remembered")
    bench.drain()
    assert bench.outbox.counts() == Counts(pending=0, dead=1)
    assert bench.metrics.counts()["failed remembering"] == 4, "few tries"


def test_what_fails_for_one_while_others_fare_well_waits_apart_and_is_not_given_up(bench: Bench) -> None:
    """An outage hits everybody: what does not, need not hold its user up."""
    poison(bench, lambda: Retry("The store cannot be reached."))
    say(bench, [POISON, *GOOD], together=False)
    bench.fails(1)
    for number in range(3):
        bench.say(GOOD[0], key=f"bob\nc\n{number}", user=f"bob-{number}")
    wait_until(lambda: bench.texts() == sorted(GOOD), what="the others go on")
    bench.fails(12)
    assert bench.outbox.counts() == Counts(pending=1, dead=0)


def test_what_breaks_inside_the_store_is_set_aside_too(bench: Bench) -> None:
    store: Any = bench.backend._memory.vector_store
    put = store.put

    def bears(*values: Any, **named: Any) -> Any:
        if "hemlock" in repr((values, named)):
            raise MemoryError("hemlock")
        return put(*values, **named)

    store.put = bears
    say(bench, [POISON, *GOOD], together=False)
    bench.drain()
    assert bench.texts() == sorted(GOOD)
    assert bench.outbox.counts() == Counts(pending=0, dead=1)


def test_what_hits_everybody_keeps_its_order(bench: Bench, scripted_llm: ScriptedLLM) -> None:
    with scripted_llm.fault("embeddings", status=503):
        say(bench, GOOD, together=False)
        bench.fails(5)
        assert bench.outbox.counts() == Counts(pending=len(GOOD), dead=0)
        assert [len(batch.exchanges) for batch in bench.outbox.pending_batches()] == [1] * len(GOOD)
        assert [batch.attempts for batch in bench.outbox.pending_batches()][1:] == [0] * 3, "none overtakes"
    bench.drain()
    assert [change.after for change in bench.journal.of_user("ada")] == GOOD


def test_a_change_that_cannot_be_made_leaves_the_others_of_its_batch(
    read: Bench, scripted_llm: ScriptedLLM
) -> None:
    """They were decided together, so the batch cannot be split any more."""
    texts = ["The user lives in Lisbon.", "The user drinks hemlock.", "The user plays the cello."]
    added = [add(text) for text in texts]
    scripted_llm.when(is_ours, json.dumps({"operations": added}))
    store = read.backend.store

    def bears(user_id: str, new: Any) -> str:
        if "hemlock" in new.text:
            raise ValueError(new.text)
        return store(user_id, new)

    read.backend.store = bears
    say(read, ["I live in Lisbon. I drink hemlock. I play the cello.", GOOD[1]], together=True)
    read.drain()
    assert read.texts() == [texts[0], texts[2]]
    assert read.outbox.counts() == Counts(pending=0, dead=2)


def test_an_answer_that_cannot_be_read_holds_up_nothing(read: Bench, scripted_llm: ScriptedLLM) -> None:
    def mind(request: Request) -> str:
        new = request.last_user_text.partition("New messages:")[2]
        if "hemlock" in request.text:
            return "I would rather not say."
        found = [add(f"They said: {text}") for text in GOOD if text in new]
        return json.dumps({"operations": found})

    scripted_llm.when(is_ours, mind)
    say(read, [*GOOD[:2], POISON, *GOOD[2:]], together=True)
    read.drain()
    assert read.texts() == sorted(f"They said: {text}" for text in GOOD)
    assert read.outbox.counts() == Counts(pending=0, dead=1)
