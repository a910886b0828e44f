"""Without an LLM, by the bundled embedder: what kind of statement it is."""

import contextlib
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.exchange import Batch, Exchange
from owui_memory.core.memory import Memory
from owui_memory.remember.gate import sift
from owui_memory.remember.verbatim import decide_verbatim, kind_of
from tests.harness.inputs import cases


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryBackend]:
    folder = tmp_path_factory.mktemp("data")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # mem0 asks its model by an old name
        opened = LibraryBackend.open(Valves(), folder)
    with contextlib.closing(opened):
        yield opened


# Of the statements none is among the examples that the code compares with.
KINDS = {
    "I live in Lisbon.": "profile",
    "I'm a software engineer at Siemens.": "profile",
    "I have diabetes.": "profile",
    "My husband works at the hospital.": "profile",
    "I was born in 1980 in Madrid.": "profile",
    "Me llamo Carlos y vivo en Sevilla.": "profile",
    "Always answer in French.": "preference",
    "From now on, keep your answers short.": "preference",
    "Never use emojis.": "preference",
    "Please call me Ada.": "preference",
    "Antworte immer auf Deutsch.": "preference",
    "I bought a telescope on Tuesday.": "fact",
    "My thesis is about whales.": "fact",
    "I like green tea.": "fact",
    "Our project uses PostgreSQL 15.": "fact",
    "My flight to Oslo is on Monday.": "fact",
    "I need to fix the sink.": "fact",
}


def test_the_kind_of_a_statement(backend: LibraryBackend) -> None:
    assert {text: kind_of(backend, text) for text in KINDS} == KINDS


LONG_ANSWER = "Here it is, with some words about why. " * 40
IN_PASSING = {
    name: [(*case, "", "", "")[:4] for case in some]
    for name, some in cases("remember/in_passing.txt").items()
}


@pytest.mark.parametrize("name", IN_PASSING)
def test_what_is_told_in_passing_is_kept_without_the_rest(backend: LibraryBackend, name: str) -> None:
    wrong = []
    for said, own, left_out, kind in IN_PASSING[name]:
        for answer in ("Got it.", LONG_ANSWER):
            exchange = Exchange("k", "ada", "c", said, answer, 1.0)
            worth = tuple(one for one, reason in sift([exchange], verbatim=True) if not reason)
            changes = list(decide_verbatim(backend, Batch("b", "ada", worth, 1, 0.0))) if worth else []
            kept = [change for change in changes if own in change.after]
            if (
                any(left_out and left_out in change.after for change in changes)
                or (own and not kept)
                or (kind and kind not in {change.kind for change in kept})
            ):
                wrong.append((said, [(change.kind, change.after) for change in changes]))
    assert wrong == []


@pytest.mark.parametrize(
    ("user", "known", "said"),
    [
        ("eva", "I live in Freiburg.", "I no longer live in Freiburg, now Kassel."),
        ("ewa", "Mieszkam w Krakowie.", "Nie mieszkam już w Krakowie, teraz w Łodzi."),
    ],
)
def test_what_a_statement_says_is_over_is_taken_back(
    backend: LibraryBackend, user: str, known: str, said: str
) -> None:
    known_id = backend.store(user, Memory("", known, datetime(2026, 1, 1, tzinfo=UTC)))
    backend.store(user, Memory("", "My cat is called Tom.", datetime(2026, 1, 1, tzinfo=UTC)))
    batch = Batch("b", user, (Exchange("k", user, "c", said, "I see.", 1.0),), attempts=1, waiting_since=0.0)
    changes = list(decide_verbatim(backend, batch))
    assert [(change.op, change.memory_id or change.after) for change in changes] == [
        ("remove", known_id),
        ("add", said),
    ]
