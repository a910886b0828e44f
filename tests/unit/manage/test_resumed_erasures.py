"""An erasure that is taken up again, after a kill, takes nothing that its user has said since."""

from pathlib import Path

from owui_memory.core.change import Change
from owui_memory.manage.erasure.erasures import Erasures
from owui_memory.remember.journal import Journal
from tests.harness.places import opened


def test_the_journal_keeps_what_was_learned_since(tmp_path: Path) -> None:
    engine = opened(tmp_path)
    erasures, journal = Erasures(engine), Journal(engine)

    def learn(text: str) -> None:
        journal.intend([Change(f"batch of {text}", 0, "ada", "add", "", "", text)])

    learn("I like black tea.")
    erasure, _ = erasures.begin_user("ada")
    learn("I like green tea.")
    erasures.finish_user(erasure, fresh=False)
    assert [change.after for change in journal.of_user("ada")] == ["I like green tea."]
    erasures.finish_user(erasure, fresh=True)
    assert journal.of_user("ada") == []
    engine.dispose()
