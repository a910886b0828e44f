"""Calls and tokens of each day and model, kept in the state database: its table `llm_days`."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from ..config.prices import Price, costs
from ..core.events import Emit, Event, Job, failed
from ..state import add_up, llm_days, reading

_EVERY_S = 5.0  # between writes
_NAME = 200  # characters of a model's name that are kept


class Used(NamedTuple):
    """What one model used on one day."""

    calls: int
    tokens_in: int
    tokens_out: int


class Ledger:
    """Adds up in memory and writes now and then, on the thread that asked an LLM: it has waited longer.

    Processes that share the database add to the same days. A process that is killed loses what it
    counted since its last write.
    """

    def __init__(
        self,
        engine: Engine,
        emit: Emit,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """emit: is told when the database cannot be written or read."""
        self._engine, self._emit, self._now, self._clock = engine, emit, now, clock
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._new: Counter[tuple[str, str, str]] = Counter()  # by day, model and column
        self._closed = False
        self._next_write = -float("inf")

    def __call__(self, event: Event) -> None:
        if (usage := event.usage) is not None:
            self.add(usage.model, usage.tokens_in, usage.tokens_out)

    def add(self, model: str, tokens_in: int, tokens_out: int) -> None:
        """Counts one call. Never raises."""
        day = self._now().date().isoformat()
        with self._lock:
            for name, by in zip(Used._fields, (1, tokens_in, tokens_out), strict=True):
                self._new[day, model[:_NAME], name] += by
            due = not self._closed and self._clock() >= self._next_write
        if due:
            self.flush()

    def flush(self) -> None:
        """Writes what is new. Never raises; what cannot be written is kept for the next time."""
        with self._writing:
            with self._lock:
                new, self._new = self._new, Counter()
                self._next_write = self._clock() + _EVERY_S
            try:
                self._write(new)
            except SQLAlchemyError as error:
                with self._lock:
                    self._new += new
                self._emit(failed(Job.COSTS, error))

    def close(self) -> None:
        """Writes what is new, and nothing after that."""
        with self._lock:
            self._closed = True
        self.flush()

    def described(self, prices: Mapping[str, Price]) -> str:
        """ "today 12 calls, 3,400 tokens, about $0.002; yesterday ..." by UTC; "" if there were none."""
        self.flush()
        today = self._now().date()
        try:
            used = {name: self.of(today - timedelta(days=ago)) for ago, name in enumerate(_NAMES)}
        except SQLAlchemyError as error:
            self._emit(failed(Job.COSTS, error))
            return ""
        return "; ".join(f"{name} {_details(models, prices)}" for name, models in used.items() if models)

    def of(self, day: date) -> dict[str, Used]:
        """What has been written of each model on a day (UTC)."""
        columns = (llm_days.c[name] for name in ("model", *Used._fields))
        with reading(self._engine).connect() as connection:
            rows = connection.execute(select(*columns).where(llm_days.c.day == day.isoformat()))
            return {model: Used(*used) for model, *used in rows}

    def _write(self, new: Mapping[tuple[str, str, str], int]) -> None:
        if not new:
            return
        # In one order everywhere: two processes would else wait for each other's rows.
        keys = sorted({(day, model) for day, model, _ in new})
        rows = [
            {"day": day, "model": model, **{name: new.get((day, model, name), 0) for name in Used._fields}}
            for day, model in keys
        ]
        with self._engine.begin() as connection:
            add_up(connection, llm_days, rows)


_NAMES = ("today", "yesterday")


def _details(models: Mapping[str, Used], prices: Mapping[str, Price]) -> str:
    calls, tokens_in, tokens_out = (sum(column) for column in zip(*models.values(), strict=True))
    details = [f"{calls:,} calls", f"{tokens_in + tokens_out:,} tokens"]
    price = costs({name: (used.tokens_in, used.tokens_out) for name, used in models.items()}, prices)
    return ", ".join([*details, *([price] if price else [])])
