"""Calls and tokens of each day survive a restart, add up over processes, and cost what the prices say."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from owui_memory.config.prices import Price, costs, read_prices
from owui_memory.core.events import Event, EventKind, Usage
from owui_memory.observe.costs import Costs
from owui_memory.observe.ledger import Ledger, Used
from owui_memory.state import open_state
from tests.harness.places import Place

TODAY = date(2026, 11, 24)
PRICES = {"mini": Price(0.40, 1.60)}


class Clocks:
    """Times that a test sets."""

    def __init__(self) -> None:
        self.now, self.seconds = datetime(2026, 11, 24, 12, tzinfo=UTC), 0.0


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_state(tmp_path)
    yield engine
    engine.dispose()


def ledger(engine: Engine, clocks: Clocks, failures: list[str] | None = None) -> Ledger:
    def observe(event: Event) -> None:
        assert failures is not None, event
        failures.append(str(event.job))

    return Ledger(engine, observe, now=lambda: clocks.now, clock=lambda: clocks.seconds)


def test_today_and_yesterday(engine: Engine, clocks: Clocks) -> None:
    kept = ledger(engine, clocks)
    assert kept.described(PRICES) == "", "of days without calls"
    clocks.now -= timedelta(days=1)
    kept.add("mini", 10, 5)
    clocks.now += timedelta(days=1)
    for _ in range(12):
        kept.add("mini", 1_000, 200)
    assert kept.described(PRICES) == (
        "today 12 calls, 14,400 tokens, about $0.009; yesterday 1 calls, 15 tokens, under $0.001"
    )
    assert kept.described({}) == "today 12 calls, 14,400 tokens; yesterday 1 calls, 15 tokens"
    kept.add("other", 3, 4)
    assert kept.described(PRICES).startswith(
        "today 13 calls, 14,407 tokens, about $0.009 without other (not in llm_prices)"
    )
    clocks.now += timedelta(days=2)
    assert kept.described(PRICES) == ""


def test_it_is_written_every_few_seconds_and_at_the_end(engine: Engine, clocks: Clocks) -> None:
    kept, reader = ledger(engine, clocks), ledger(engine, clocks)
    kept.add("mini", 1, 1)
    assert reader.of(TODAY) == {"mini": Used(1, 1, 1)}
    clocks.seconds = 4.9
    kept.add("mini", 1, 1)
    assert reader.of(TODAY) == {"mini": Used(1, 1, 1)}, "not yet"
    clocks.seconds = 5.0
    kept.add("other", 7, 8)
    assert reader.of(TODAY) == {"mini": Used(2, 2, 2), "other": Used(1, 7, 8)}
    kept.add("mini", 1, 0)
    kept.close()
    assert reader.of(TODAY)["mini"] == Used(3, 3, 2)
    clocks.seconds = 100.0
    kept.add("mini", 1, 1)
    assert reader.of(TODAY)["mini"] == Used(3, 3, 2), "after the end nothing is written"


def test_a_restart_and_another_process_add_to_the_same_day(tmp_path: Path, clocks: Clocks) -> None:
    for _ in range(2):
        with contextlib.closing(ledger(engine := open_state(tmp_path), clocks)) as kept:
            kept.add("mini", 10, 1)
        engine.dispose()
    one, other = open_state(tmp_path), open_state(tmp_path)
    for engine in (one, other):
        ledger(engine, clocks).add("mini", 10, 1)
    assert ledger(one, clocks).of(TODAY) == {"mini": Used(4, 40, 4)}
    one.dispose()
    other.dispose()


def test_replicas_on_postgresql_add_to_the_same_day(shared_place: Place, clocks: Clocks) -> None:
    engines = [shared_place.open() for _ in range(4)]

    def count(engine: Engine) -> None:
        kept = ledger(engine, clocks)
        for _ in range(20):
            for model in ("mini", "other"):
                kept.add(model, 1_000_000_000, 1)
            kept.flush()

    with ThreadPoolExecutor(4) as replicas:
        list(replicas.map(count, engines))
    assert ledger(engines[0], clocks).of(TODAY) == {
        "mini": Used(80, 80_000_000_000, 80),
        "other": Used(80, 80_000_000_000, 80),
    }
    for engine in engines:
        engine.dispose()


def test_what_cannot_be_written_is_kept(engine: Engine, clocks: Clocks) -> None:
    failures: list[str] = []
    kept = ledger(engine, clocks, failures)
    kept.add("mini", 1, 1)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE llm_days RENAME TO hidden")
    clocks.seconds = 10
    kept.add("mini", 2, 2)
    assert failures == ["costs"]
    assert kept.described(PRICES) == ""
    assert failures[1:] == ["costs", "costs"]
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO llm_days")
    kept.flush()
    assert kept.of(TODAY) == {"mini": Used(2, 3, 3)}


def test_a_very_long_name_of_a_model_is_cut(engine: Engine, clocks: Clocks) -> None:
    kept = ledger(engine, clocks)
    kept(Event(EventKind.LLM_CALLED, usage=Usage("m" * 500, 30, 3, False)))
    kept(Event(EventKind.COMMAND))
    assert kept.of(TODAY) == {"m" * 200: Used(1, 30, 3)}


def test_calls_that_read_no_exchange_are_in_no_average() -> None:
    average = Costs()
    for usage in (Usage("mini", 30, 3, False), Usage("mini", 100, 10, False, for_exchanges=True)):
        average(Event(EventKind.LLM_CALLED, usage=usage))
    assert average.described(exchanges=2) == (
        "since the start 0.50 calls and 55 tokens (50 in, 5 out) per exchange; "
        "mini: 2 calls, 130 tokens in, 13 out"
    )


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("", {}),
        ("gpt-4.1-mini 0.40 1.60", {"gpt-4.1-mini": Price(0.4, 1.6)}),
        ("a 1 2, b 0 0,", {"a": Price(1, 2), "b": Price(0, 0)}),
        ("a 1 2\nb 3 4; c:8b .5 1e-3", {"a": Price(1, 2), "b": Price(3, 4), "c:8b": Price(0.5, 0.001)}),
    ],
)
def test_prices(text: str, prices: dict[str, Price]) -> None:
    assert read_prices(text) == prices


@pytest.mark.parametrize(("price", "told"), [(0, "about $0.00"), (2, "about $2.00"), (1e-4, "under $0.001")])
def test_dollars(price: float, told: str) -> None:
    assert costs({"qwen3:8b": (1_000_000, 1_000)}, {"qwen3:8b": Price(price, 0)}) == told
