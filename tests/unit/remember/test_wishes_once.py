"""A wish that says what another says, or takes its place, becomes one with it: by the bundled embedder."""

import json
from collections.abc import Iterator

import pytest

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.memory import Memory
from owui_memory.remember.verbatim import decide_verbatim
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.remember.mind import Mind, batch, is_ours

BRIEF, SHORT, LONG = (
    "The user wants answers to be brief.",
    "The user prefers short answers.",
    "The user prefers long answers.",
)


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mind]:
    with ScriptedLLM() as llm:
        mind = Mind(llm, tmp_path_factory.mktemp("data"))
        mind.backend.close()
        settings = Valves(**llm.reads())
        mind.backend = LibraryBackend.open(settings, tmp_path_factory.mktemp("bundled"))
        yield mind
        mind.close()


@pytest.fixture
def mind(bundled: Mind) -> Mind:
    bundled.backend.erase("ada")
    return bundled


def wishes(mind: Mind, name: str, *texts: str) -> None:
    operations = [{"op": "add", "text": text, "kind": "preference"} for text in texts]
    mind.llm.clear()
    mind.llm.when(is_ours, json.dumps({"operations": operations}))
    mind.reconciles(batch("About my answers, please.", name=name))


@pytest.mark.parametrize(
    ("stored", "said", "left"),
    [
        (BRIEF, [SHORT], [SHORT]),
        (SHORT, [LONG], [LONG]),  # the later one holds
        (SHORT, ["The user wants answers in German."], [SHORT, "The user wants answers in German."]),
        ("The user wants answers in French.", ["The user wants answers in German."], None),
        ("The user wants at most 3 options.", ["The user wants at most 5 options."], None),
        (SHORT, ["The user prefers short code comments."], None),
        (SHORT, [BRIEF, SHORT], [SHORT]),
        ("The user's dog is called Rex.", [BRIEF, SHORT], ["The user's dog is called Rex.", SHORT]),
    ],
)
def test_near_copies_of_a_wish_become_one(
    mind: Mind, stored: str, said: list[str], left: list[str] | None, request: pytest.FixtureRequest
) -> None:
    kind = "fact" if "dog" in stored else "preference"
    mind.backend.store("ada", Memory("", stored, batch="before", kind=kind))
    wishes(mind, request.node.name, *said)
    assert mind.texts() == sorted([stored, *said] if left is None else left)


def test_without_an_llm_too(mind: Mind) -> None:
    mind.backend.store(
        "ada", Memory("", "Please always cite your sources.", batch="before", kind="preference")
    )
    said = batch("Always include sources.")
    mind.making.make(mind.backend, said, lambda: decide_verbatim(mind.backend, said))
    assert mind.texts() == ["Always include sources."]


def test_another_scope_has_wishes_of_its_own(mind: Mind) -> None:
    mind.backend.store("ada", Memory("", BRIEF, batch="before", kind="preference", scope="persona:poet"))
    wishes(mind, "scoped", SHORT)
    assert mind.texts() == sorted([BRIEF, SHORT])
