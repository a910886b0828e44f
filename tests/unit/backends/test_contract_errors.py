"""What every backend must do when something behind it fails: say whose it is to mend, not what was said."""

from collections.abc import Callable

import pytest

from owui_memory.core.errors import Drop, MemoryFault, Retry, TellAdmin
from owui_memory.core.memory import Memory
from tests.unit.backends.contract import KEY, SECRET, Case, keep, listed, said


def test_an_error_answer_says_what_to_do(own_case: Case) -> None:
    """For those calls that ask somebody with every backend; all calls over HTTP: test_contract_http.py."""
    backend = own_case.backend
    memory_id = backend.store("ada", Memory("", "I own a boat."))
    calls: list[Callable[[], object]] = [
        lambda: backend.search("ada", SECRET, 5),
        lambda: backend.extract("ada", said(SECRET), batch="batch-1"),
        lambda: backend.store("ada", Memory("", SECRET)),
        lambda: backend.replace(memory_id, SECRET, expires=""),
    ]
    for status, reaction in ((401, TellAdmin), (422, Drop), (429, Retry)):  # all of them: test_faults.py
        for call in calls:
            with own_case.failing(status), pytest.raises(MemoryFault) as raised:
                call()
            assert type(raised.value) is reaction
            assert str(status) in str(raised.value)
            assert "giraffe" not in f"{raised.value} {raised.value.hint}"
    assert listed(backend) == ["I own a boat."]


@pytest.mark.slow
def test_what_is_slow_is_tried_again_later(own_case: Case) -> None:
    own_case.impatient()
    with own_case.hanging(), pytest.raises(Retry, match="took too long"):
        own_case.backend.search("ada", SECRET, 5)


def test_the_status_names_every_part_and_what_fails_and_does_not_raise(own_case: Case) -> None:
    parts = own_case.backend.check()
    assert [part.name for part in parts] == ["backend", "store", "embedder", "LLM"]
    assert all(part.ok and part.detail for part in parts)

    with own_case.failing(401):
        parts = own_case.backend.check()
    ill = [part for part in parts if not part.ok]
    assert [part.name for part in ill if part.name != "LLM"] in (["backend"], ["embedder"])
    assert "401" in ill[0].detail
    assert ill[0].hint
    assert KEY not in repr(parts)

    own_case.stop()
    with pytest.raises(Retry, match="cannot be reached") as searching:
        own_case.backend.search("ada", SECRET, 5)
    with pytest.raises(Retry, match="cannot be reached"):
        keep(own_case.backend, "ada", SECRET, batch="batch-1")
    assert searching.value.hint
    own_case.backend.close()  # and once more at the end of the test
