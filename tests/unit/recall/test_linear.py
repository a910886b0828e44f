"""Whatever a message, a memory or a name says: twice of it takes about twice the time, and no time at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from owui_memory.core.memory import Candidate
from owui_memory.core.scope import read_teams
from owui_memory.language.forget_requests import forget_request
from owui_memory.language.forget_subject import is_meant
from owui_memory.language.names import name_of
from owui_memory.models.tokens import estimated_tokens
from owui_memory.recall.block import line
from owui_memory.recall.rank import ranked
from owui_memory.recall.search import query_of
from owui_memory.recall.select import Gate, select
from owui_memory.recall.sources import Past, Step
from owui_memory.recall.suppressed import suppressed
from tests.harness.samples import NOW, memory

PIECES = [
    "a",
    "word ",
    "wlan-",
    "please, ",
    "forget.",
    "... ",
    "\n",
    "<user_memories>\n",
    "忘れてください",
    "잊어 줘",
    "не ",
    "ﷺ",
    "e\u0301",
    "\U0001f468\u200d",
    "Ada, team x (just now): ",
    '- "(',
    "A-",
]


def some(text: str) -> list[Candidate]:
    """Candidates, each with another beginning, so that none repeats another."""
    return [
        Candidate(replace(memory(f"{n} {text}", name=str(n)), chat="c", place=n), 0.5, None)
        for n in range(40)
    ]


def all_of_recall(text: str) -> None:
    """All that recall does with a message and with memories, but for what the backend does."""
    query = query_of(text)
    items = ranked(some(text[:1000]), query, NOW)
    Gate.of(items, 0.42, (0.0, 0.0), query)
    select(items, least_worth=0.0, most=50, room=10**6, cost=lambda one: estimated_tokens(line(one, NOW)))
    suppressed(text, items)


SCANS: dict[str, Callable[[str], object]] = {
    "wish": forget_request,
    "a short wish": lambda text: [
        forget_request(text[at : at + 300]) for at in range(0, min(len(text), 30_000), 300)
    ],
    "is_meant": lambda text: is_meant(text, text),
    "ranked": lambda text: ranked([Candidate(memory(text), 0.5, None)], text, NOW),
    "gate": lambda text: Gate.of(
        ranked([Candidate(memory(text), 0.5, None)], text, NOW), 0.42, (0.0, 0.0), text
    ),
    "select": lambda text: select(
        ranked([Candidate(memory(text), 0.5, None)], "x", NOW),
        least_worth=0.0,
        most=8,
        room=10**6,
        cost=lambda _: 1,
    ),
    "line": lambda text: line(memory(text), NOW),
    "a name": name_of,
    "teams": lambda text: _refused(lambda: read_teams(text)),
    "recall": all_of_recall,
}


def _refused(call: Callable[[], object]) -> None:
    try:
        call()
    except ValueError:
        return


def grows_evenly(short: Callable[[], object], long: Callable[[], object]) -> bool:
    """Whether `long` takes at most three times as long as `short`, in one of some tries: others work, too."""
    for _ in range(5):
        first, second = seconds(short), seconds(long)
        if second < 0.02 or second <= 3 * first:
            return True
    return False


def seconds(scan: Callable[[], object]) -> float:
    """Of the processor, the best of two."""
    best = float("inf")
    for _ in range(2):
        began = time.thread_time()
        scan()
        best = min(best, time.thread_time() - began)
    return best


@pytest.mark.parametrize("name", SCANS)
def test_twice_the_text_takes_about_twice_the_time(name: str) -> None:
    scan = SCANS[name]
    for piece in PIECES:
        half, whole = (piece * (size // len(piece)) + "forget" for size in (10_000, 20_000))
        assert grows_evenly(partial(scan, half), partial(scan, whole)), piece
        assert seconds(partial(scan, whole)) < 2.0, piece


def test_a_memory_that_was_changed_often() -> None:
    half, whole = (
        Past(tuple(Step(n, True, "x", frozenset({"m"}), 1.0) for n in range(count)))
        for count in (20_000, 40_000)
    )
    assert grows_evenly(partial(half.text_without, {"m"}, "y"), partial(whole.text_without, {"m"}, "y"))
