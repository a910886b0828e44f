"""`owui-memory make`."""

import pytest

from tests.unit.interfaces.cli.desk import Know, Refused, Run


def test_what_can_be_made_and_made(run: Run, know: Know) -> None:
    know(kim=["I collect stamps of Macau."], ada=["I sail."])
    assert "reading-list" in run("make", "kim")
    made = run("make", "kim", "cv", "--language", "de")
    assert "- I collect stamps of Macau. [1]" in made
    assert "## Quellen" in made
    with pytest.raises(Refused, match="Nothing is known"):
        run("make", "bob", "week")
