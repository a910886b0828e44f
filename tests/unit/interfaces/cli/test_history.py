"""`owui-memory import --user`: a past that comes along."""

from pathlib import Path

import pytest

from tests.unit.interfaces.cli.desk import DOG, Refused, Run, rows

ARCHIVE = str(Path(__file__).parents[3] / "fixtures" / "history" / "chatgpt.json")


def test_it_is_told_before_and_taken_back_as_a_whole(run: Run) -> None:
    told = run("import", ARCHIVE, "--user", "ada")
    assert "3 exchanges in 2 chats and 0 memories are new" in told
    assert "Said from 2024-06-03 to 2024-06-04." in told
    assert "Nothing was imported yet: --yes imports it." in told
    assert "has begun" in run("import", ARCHIVE, "--user", "ada", "--yes")
    assert "Nothing in it is new." in run("import", ARCHIVE, "--user", "ada", "--yes")
    (one,) = rows(run, "imports", "ada")
    assert (one["source"], one["name"], one["count"], one["left"]) == ("ChatGPT", "chatgpt.json", 3, 3)
    with pytest.raises(Refused, match="no such import"):
        run("undo-import", "bob", one["import_id"][:8])
    run("remember", "ada", DOG)  # so that there is a home for memories
    assert rows(run, "undo-import", "ada", one["import_id"][:8]) == {"undone": 3}
    assert "Nothing was imported." in run("imports")


@pytest.mark.parametrize(
    ("file", "why"), [("missing.zip", "There is no file missing.zip"), ("open-webui", "webui_url")]
)
def test_what_cannot_be_read_is_told(run: Run, file: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        run("import", file, "--user", "ada")
