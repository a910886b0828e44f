"""Files that programs send land in their user's folder, and in nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from owui_memory.documents.inbox import Inbox, RejectedError


@pytest.mark.parametrize("user_id", ["", "*", "../ada", "a/../bob", "ada/saved", ".ada", "a\x00b"])
def test_who_has_no_folder_is_sent_nothing(tmp_path: Path, user_id: str) -> None:
    with pytest.raises(RejectedError):
        Inbox(tmp_path).receive(user_id, "a.html")
    assert list(tmp_path.iterdir()) == []
