"""Archives that were sent are kept for an hour."""

import io
import os
from pathlib import Path

import pytest

from owui_memory.manage.history.uploads import Uploads


def test_what_is_too_old_is_pruned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uploads = Uploads(tmp_path)
    uploads.prune()
    old, new = (uploads.keep(user, io.BytesIO(b"x")) for user in ("ada", "bob"))
    os.utime(old, (1, 1))
    gone = new.parent / "removed-meanwhile"
    there = Path.glob
    monkeypatch.setattr(Path, "glob", lambda folder, what: [gone, *there(folder, what)])
    uploads.prune()
    assert (old.exists(), new.exists()) == (False, True)


def test_what_comes_after_an_erasure_stays(tmp_path: Path) -> None:
    """Other servers hear of it later, when its user may have sent something new."""
    uploads = Uploads(tmp_path)
    kept = uploads.keep("ada", io.BytesIO(b"x"))
    os.utime(kept, (100, 100))
    uploads.drop("ada", before=99)
    assert uploads.find("ada", kept.name) == kept
    uploads.drop("ada", before=101)
    assert uploads.find("ada", kept.name) is None
