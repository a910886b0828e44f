"""What is remembered in any of mem0's forms can be taken back, and what is gone there is no obstacle."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from owui_memory.backends.base import Backend
from owui_memory.config.settings import Valves
from owui_memory.core.change import Change
from owui_memory.core.memory import Memory
from owui_memory.remember.apply import Changes
from owui_memory.remember.backlog import Counts
from owui_memory.remember.journal import Journal
from tests.harness.places import opened as database
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.backends.contract import KEY, REMOTES, Case, listed, opened
from tests.unit.remember.mind import batch
from tests.unit.remember.story import said
from tests.unit.remember.workbench import Bench


@pytest.fixture(params=["sqlite", *REMOTES], scope="module")
def shared(
    request: pytest.FixtureRequest, _running_llm: ScriptedLLM, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Case]:
    with opened(request.param, request, _running_llm, tmp_path_factory.mktemp(request.param)) as case:
        yield case


@pytest.fixture
def case(shared: Case, scripted_llm: ScriptedLLM) -> Case:
    """Each of mem0's forms, which knows nothing of Ada."""
    shared.backend.erase("ada")
    return shared


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    engine = database(tmp_path)
    yield Journal(engine)
    engine.dispose()


@pytest.fixture(params=["mem0", "verbatim"])
def extraction(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def working(case: Case, extraction: str, tmp_path: Path) -> Iterator[Bench]:
    """A writer on the backend, which remembers by mem0's extraction or word for word."""
    settings = case.settings
    if case.behind:
        settings = Valves(backend=case.kind, backend_url=case.behind.url, backend_api_key=KEY)
    bench = Bench(tmp_path, settings.model_copy(update={"extraction": extraction}), case.backend)
    yield bench
    bench.writer.stop(5)  # the backend is the others', too
    bench.engine.dispose()


def bits(backend: Backend) -> set[str]:
    """Where Ada lives, however it is worded."""
    return {memory.text.rstrip(".").split()[-1] for memory in backend.list_all("ada")}


def test_an_edited_message_is_taken_back_and_what_others_removed_is_no_obstacle(
    case: Case, working: Bench
) -> None:
    for at, town in enumerate(("Lisbon", "Porto", "Faro"), 1):
        if town == "Faro":
            case.backend.erase("ada")
        working.outbox.put(said(f"I live in {town}.", name=f"m{at}", at=float(at)))
        working.drain()
        assert bits(case.backend) == {town}
        assert working.metrics.counts().get("changes taken back after an edit", 0) == at - 1
    assert working.outbox.counts() == Counts(pending=0, dead=0)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("extraction", ["mem0"])
@pytest.mark.parametrize("shared", ["server"], indirect=True)
def test_a_message_whose_taking_back_failed_is_tried_again(case: Case, working: Bench) -> None:
    working.outbox.put(said("I live in Lisbon.", name="m1", at=1.0))
    working.drain()

    with case.behind.fail(503, method="DELETE"):
        working.outbox.put(said("I live in Porto.", name="m2", at=2.0))
        working.fails(2)
        assert bits(case.backend) == {"Lisbon"}
    working.drain()

    assert bits(case.backend) == {"Porto"}
    assert working.outbox.counts() == Counts(pending=0, dead=0)


def test_what_vanishes_while_it_is_changed_counts_as_changed(
    case: Case, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = case.backend
    ids = [
        backend.store("ada", Memory("", text)) for text in ("Lives in Lisbon.", "Drinks tea.", "Plays chess.")
    ]
    seen = backend.get

    def gone_a_moment_later(memory_id: str) -> Memory | None:
        monkeypatch.setattr(backend, "get", seen)
        memory = seen(memory_id)
        backend.remove(memory_id)
        return memory

    monkeypatch.setattr(backend, "get", gone_a_moment_later)
    first = Change("b1", 0, "ada", "replace", ids[0], before="Lives in Lisbon.", after="Lives in Porto.")
    backend.remove(ids[1])
    decided = [
        first,
        replace(first, position=1, op="remove", memory_id=ids[1], before="Drinks tea.", after=""),
        replace(first, position=2, op="add", memory_id="", before="", after="Has a dog."),
    ]

    Changes(journal).make(backend, batch("Whatever.", name="b1"), lambda: decided)

    assert [change.made for change in journal.of_batch("b1")] == [True, True, True]
    assert listed(backend) == ["Plays chess.", "Has a dog."]


def test_a_change_is_made_once_whatever_its_text(case: Case, journal: Journal) -> None:
    """Halves of characters and NUL come back from mem0 as something else."""
    said_once = batch("Whatever.", name="b1")
    odd = Change("b1", 0, "ada", "add", "", before="", after="Half a \ud83e, and \0.")
    case.backend.store("ada", Memory("", odd.after, batch="b1"))

    Changes(journal).make(case.backend, replace(said_once, attempts=2), lambda: [odd])

    assert listed(case.backend) == ["Half a \ufffd, and \ufffd."]


def test_a_memory_whose_id_was_not_told_is_taken_back_by_its_text(case: Case, journal: Journal) -> None:
    for text in ("Drinks tea.", "Plays chess."):
        case.backend.store("ada", Memory("", text, batch="b1"))
    added = Change("b1", 0, "ada", "add", "", before="", after="Drinks tea.", source="m1", made=True)
    journal.intend([added])

    assert Changes(journal).retract(case.backend, "ada", {"m1"}) == 1
    assert Changes(journal).retract(case.backend, "ada", {"m1"}) == 0

    assert listed(case.backend) == ["Plays chess."]
