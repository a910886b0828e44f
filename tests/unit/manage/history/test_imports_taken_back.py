"""What imports may not do: change what was said later, outlive their undoing, or leave anything behind."""

from collections.abc import Iterator

import pytest

from owui_memory.core.change import FORGET
from owui_memory.core.errors import Drop
from owui_memory.core.exchange import IMPORTS, Exchange
from owui_memory.core.memory import Memory
from owui_memory.manage.erasure.erasures import Erasures
from owui_memory.manage.history.entries import Chat, Said
from owui_memory.manage.history.formats import OPEN_WEBUI, Found
from owui_memory.manage.history.imports import Imports
from owui_memory.remember.episodes import Episodes
from owui_memory.remember.later import Later
from owui_memory.state import journal
from owui_memory.state.switches_table import Switches
from tests.unit.manage.history.test_imports import drain, kept
from tests.unit.remember.workbench import Bench

OLD, NEW = 1_500_000_000.0, 1_700_000_000.0


def chat(name: str, *texts: str, model: str = "", source: str = "chatgpt") -> Found:
    said = tuple(Said(f"{name}{at}", "user", text, OLD + at, model=model) for at, text in enumerate(texts))
    return Found(Chat(name, "", said, OLD), source, source)


def test_what_it_says_more_than_once_goes_with_it(bench: Bench, imports: Imports) -> None:
    bees = "I keep bees in Porto."
    begun = imports.begin("maren", lambda: [chat("a", bees), chat("b", bees)])
    drain(bench)
    assert any(bees in text for text in kept(bench))
    assert imports.undo("maren", begun.id, bench.live) == 2
    assert kept(bench) == {}


@pytest.mark.parametrize("first", [0, 1])
def test_what_two_of_them_say_goes_with_the_second(bench: Bench, imports: Imports, first: int) -> None:
    bees = "I keep bees in Porto."
    begun = [imports.begin("maren", lambda name=name: [chat(name, bees)]) for name in "ab"]
    drain(bench)
    imports.undo("maren", begun[first].id, bench.live)
    assert sum(bees in text for text in kept(bench)) == 2
    imports.undo("maren", begun[1 - first].id, bench.live)
    assert kept(bench) == {}


def test_old_chats_take_nothing_away_that_was_said_later(bench: Bench, imports: Imports) -> None:
    told = ("I live in Freiburg.", "Always use metric units in your answers.", "My dog is called Rex.")
    for name, text in enumerate(told):
        bench.outbox.put(Exchange(f"maren\nc\n{name}", "maren", "c", text, "", NEW))
    drain(bench)
    before = kept(bench).keys()
    assert len(before) == 2 * len(told)
    old = ("I no longer live in Freiburg.", "Always use imperial units in your answers.")
    imports.begin(
        "maren", lambda: [chat(text, text) for text in (*old, "Please forget that my dog is called Rex.")]
    )
    drain(bench)
    assert before <= kept(bench).keys()
    assert "preference Always use imperial units in your answers." not in kept(bench)


def test_what_old_chats_forgot_themselves_is_not_final(bench: Bench, imports: Imports) -> None:
    imports.begin("maren", lambda: [chat("a", "My dog is called Rex.")])
    imports.begin("maren", lambda: [chat("c", "", "", "Please forget that my dog is called Rex.")])
    drain(bench)
    assert not any(text.startswith("fact") for text in kept(bench))
    with bench.engine.connect() as connection:
        ops = [row.op for row in connection.execute(journal.select())]
    assert "remove" in ops
    assert FORGET not in ops


@pytest.mark.parametrize("by", ["undo", "erasure"])
def test_what_is_taken_back_while_it_is_read_ends_there(bench: Bench, imports: Imports, by: str) -> None:
    def archive() -> Iterator[Found]:
        calls.append(1)
        yield from (chat(f"a{at}", f"I know the number {at}.") for at in range(20))
        if len(calls) == 2 and by == "undo":
            imports.undo("maren", imports.all("maren")[0].import_id, bench.live)
        elif len(calls) == 2:
            Erasures(bench.engine).begin_user("maren")
        yield from (chat(f"b{at}", f"I know the letter {at}.") for at in range(20))

    calls: list[int] = []
    with pytest.raises(Drop, match="taken back"):
        imports.begin("maren", archive)
    assert bench.outbox.counts().later == 0


@pytest.mark.parametrize("state", ["pending", "postponed", "dead", "claimed"])
def test_what_a_failing_batch_has_stored_goes_too(bench: Bench, imports: Imports, state: str) -> None:
    begun = imports.begin("maren", lambda: [chat("a", "I keep bees in Porto.")])
    Later(bench.engine, bench.outbox).promote(10)
    batch = bench.outbox.claim()
    Episodes(bench.engine).keep(bench.backend, batch, lambda: None)
    bench.backend.store("maren", Memory("", "I keep bees in Porto.", batch=batch.name))
    assert len(kept(bench)) == 2
    if state != "claimed":
        give_up = {"pending": "retry", "postponed": "postpone", "dead": "dead"}[state]
        getattr(bench.outbox, give_up)(batch, "the LLM is down")
    assert imports.undo("maren", begun.id, bench.live) == 1
    assert (kept(bench), imports.all()) == ({}, [])
    assert bench.outbox.was_erased(batch)


def test_a_batch_that_is_split_is_of_its_import_still(bench: Bench, imports: Imports) -> None:
    imports.begin("maren", lambda: [chat("a", "I keep bees.", "I keep goats.")])
    Later(bench.engine, bench.outbox).promote(10)
    batch = bench.outbox.claim()
    assert batch is not None
    bench.outbox.split(batch, "the LLM is down")
    one = bench.outbox.claim()
    assert (len(one.exchanges), one.name.startswith(IMPORTS)) == (1, True)


def test_what_models_answered_that_are_left_out_is_not_taken(bench: Bench, imports: Imports) -> None:
    Switches(bench.engine).set_model("maren", "work", False)
    told = imports.preview(
        "maren",
        lambda: [chat(model, "I keep bees.", model=model, source=OPEN_WEBUI) for model in ("work", "home")],
    )
    assert (told.exchanges, told.skipped) == (1, {"the model was left out": 1})
