"""What every backend must do when something behind it fails: say whose it is to mend, not what was said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from owui_memory.core.errors import Drop, MemoryFault, Retry, TellAdmin
from owui_memory.core.memory import Memory
from tests.unit.backends.contract import KEY, SECRET, Case, listed, said


@pytest.mark.parametrize(
    ("status", "reaction"),
    [(401, TellAdmin), (422, Drop), (429, Retry), (500, Retry)],  # all of them: test_faults.py
)
def test_an_error_answer_says_what_to_do(case: Case, status: int, reaction: type[MemoryFault]) -> None:
    """For those calls that ask somebody with every backend; all calls over HTTP: test_contract_http.py."""
    backend, memory_id = case.backend, case.backend.store("ada", Memory("", "I own a boat."))
    calls: list[Callable[[], object]] = [
        lambda: backend.search("ada", SECRET, 5),
        lambda: backend.add("ada", said(SECRET), infer=True, batch="batch-1"),
        lambda: backend.store("ada", Memory("", SECRET)),
        lambda: backend.replace(memory_id, SECRET, expires=""),
    ]

    for call in calls:
        with case.failing(status), pytest.raises(MemoryFault) as raised:
            call()
        assert type(raised.value) is reaction
        assert str(status) in str(raised.value)
        assert "giraffe" not in f"{raised.value} {raised.value.hint}"
    assert listed(backend) == ["I own a boat."]


@pytest.mark.slow
def test_what_is_slow_is_tried_again_later(case: Case) -> None:
    case.impatient()

    with case.hanging(), pytest.raises(Retry, match="took too long"):
        case.backend.search("ada", SECRET, 5)


def test_what_is_down_is_tried_again_later(case: Case) -> None:
    case.stop()

    with pytest.raises(Retry, match="cannot be reached") as searching:
        case.backend.search("ada", SECRET, 5)
    with pytest.raises(Retry, match="cannot be reached"):
        case.backend.add("ada", said(SECRET), infer=False, batch="batch-1")

    assert searching.value.hint


def test_the_status_names_every_part(case: Case) -> None:
    parts = case.backend.check()

    assert [part.name for part in parts] == ["backend", "store", "embedder", "LLM"]
    assert all(part.ok for part in parts)
    assert all(part.detail for part in parts)


def test_the_status_tells_a_failing_part_and_does_not_raise(case: Case) -> None:
    with case.failing(401):
        parts = case.backend.check()

    ill = [part for part in parts if not part.ok]
    assert [part.name for part in ill] in (["backend"], ["embedder"])
    assert "401" in ill[0].detail
    assert ill[0].hint
    assert KEY not in repr(parts)


def test_closing_twice_is_harmless(case: Case) -> None:
    case.backend.search("ada", "dog", 5)

    case.backend.close()
    case.backend.close()
